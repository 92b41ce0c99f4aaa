// @ts-check
// The page of one run: what it is, what was found and when, every chart, and what was checked besides.

import { html } from "htm/preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { whenIdle } from "../live.js";
import { stepsOf, windowAround } from "../plotdata.js";
import { TEXT, age, atStep, duration, healthyLine, isTraining, visible } from "../text.js";
import { grouped, places } from "../verdicts.js";
import { ChartFigure, EVERYTHING } from "./chart.js";
import { ModelColumn } from "./model.js";
import { Mark, Name, Prose } from "./parts.js";
import { Timeline } from "./timeline.js";
import { QuietList, VerdictCard } from "./verdict.js";

/** @typedef {import("../api.js").RunDetail} RunDetail */
/** @typedef {import("../api.js").Verdict} Verdict */
/** @typedef {import("../api.js").Chart} Chart */
/** @typedef {import("../host.js").Place} Place */
/** @typedef {import("./chart.js").Look} Look */

/**
 * What the charts show at a place of the address.
 * @param {RunDetail} detail
 * @param {Place} place
 * @returns {Look}
 */
export function lookAt(detail, place) {
  const layers = place.layer === "" ? [] : [place.layer];
  const verdict = detail.verdicts.find(({ rule, status }) => rule === place.verdict && status === "fires");
  if (verdict === undefined) return { ...EVERYTHING, layers };
  const last = detail.last_step;
  const range = stepsOf(verdict, last);
  const ends = /** @type {[number, number]} */ ([verdict.first_step ?? 0, verdict.active ? (last ?? 0) : (verdict.last_step ?? 0)]);
  const isAll = ends[0] <= 1 && ends[1] >= (last ?? 0);
  const all = layers.length > 0 ? layers : places(verdict);
  const step = place.step === "" ? null : Number(place.step);
  if (step === null || !Number.isFinite(step)) return { range, step: null, band: isAll ? null : ends, layers: all };
  const chart = verdict.charts.map((id) => detail.charts.find((each) => each.id === id)).find((found) => found !== undefined);
  return { range: chart === undefined ? range : windowAround(chart.steps, step), step, band: isAll ? null : ends, layers: all };
}

/**
 * @param {{detail: RunDetail, rules: import("../api.js").Rules | null, now: number, theme: import("../palette.js").Theme, cursor: import("../cursor.js").Cursor, place: Place, go: (change: Partial<Place>) => void, look: Look, setLook: import("./chart.js").SetLook}} props
 */
export function RunPage({ detail, rules, now, theme, cursor, place, go, look, setLook }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const [drawn, setDrawn] = useState(false); // the charts in view; what is below and beside them comes afterwards
  useEffect(() => whenIdle(() => setDrawn(true)), []);
  const { findings, unknown: silent, crashed, clear, ignored } = useMemo(() => grouped(detail.verdicts), [detail]);
  const unknown = silent.filter(({ rule }) => !detail.optional.includes(rule));
  const optional = silent.filter((verdict) => !unknown.includes(verdict));
  const fired = findings.flatMap(({ verdict, consequences }) => [verdict, ...consequences]);
  const beside = new Set(findings.flatMap(({ verdict }) => verdict.charts));
  const others = detail.charts.filter((chart) => !beside.has(chart.id));
  const pages = new Map((rules?.rules ?? []).map((page) => [page.rule, page]));
  const layers = detail.card?.layers ?? [];
  const openRule = (/** @type {string} */ rule) => go({ rule });

  /** @param {string} rule */
  const scrollTo = (rule) => {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    root.current?.querySelector(`[data-verdict="${CSS.escape(rule)}"]`)?.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
  };
  useEffect(() => {
    if (place.verdict !== "") scrollTo(place.verdict);
  }, []);

  /** @type {import("./verdict.js").Show} */
  const show = (verdict, piece) => {
    const layer = piece === null ? undefined : places({ ...verdict, evidence: [piece] })[0];
    const step = piece === null || piece.step === null ? "" : String(piece.step);
    if (piece === null && place.verdict === verdict.rule) return go({ verdict: "", step: "", layer: "" });
    go({ verdict: verdict.rule, step, layer: layer ?? "" });
  };

  /**
   * @param {Chart} chart
   * @param {string[]} emphasized
   */
  const figure = (chart, emphasized) =>
    html`<${ChartFigure} key=${chart.id} chart=${chart} places=${emphasized} look=${look} setLook=${setLook} theme=${theme} cursor=${cursor} />`;

  /** @param {Verdict} verdict */
  const chartsOf = (verdict) => {
    const own = detail.charts.filter(({ id }) => verdict.charts.includes(id));
    own.sort((a, b) => verdict.charts.indexOf(a.id) - verdict.charts.indexOf(b.id));
    return own.length > 0 && html`<div class="beside">${own.map((chart) => figure(chart, places(verdict)))}</div>`;
  };

  return html`<div class="page run-page ${layers.length > 0 ? "with-model" : ""}" ref=${root}>
    <div class="main">
      <${RunHeader} detail=${detail} now=${now} />
      ${detail.problems.length > 0 &&
      html`<section class="notice" aria-label=${TEXT.problems}>
        <p><b>${TEXT.problems}</b></p>
        <ul>${detail.problems.map((problem) => html`<li><${Prose} text=${problem} /></li>`)}</ul>
      </section>`}
      ${fired.length > 0 &&
      html`<${Timeline} verdicts=${fired} last=${detail.last_step ?? 0} marks=${detail.charts.find(({ id }) => id === "loss")?.marks ?? []} selected=${place.verdict} cursor=${cursor} choose=${(/** @type {Verdict} */ verdict) => {
        show(verdict, null);
        requestAnimationFrame(() => scrollTo(verdict.rule));
      }} />`}
      ${findings.map(
        ({ verdict, consequences }) =>
          html`<${VerdictCard} key=${verdict.rule} verdict=${verdict} consequences=${consequences} page=${pages.get(verdict.rule)} selected=${place.verdict} show=${show} openRule=${openRule} charts=${chartsOf} />`,
      )}
      ${findings.length === 0 &&
      detail.verdicts.length > 0 &&
      html`<p class="healthy"><${Mark} kind=${clear.length === 0 ? "unreadable" : "clear"} /><span><b>${clear.length === 0 ? TEXT.notJudged : TEXT.noFindings}.</b> ${healthyLine(clear.length, unknown.length, optional.length)}</span></p>`}
      ${others.length > 0 &&
      html`<section class="others">
        <h3>${beside.size > 0 ? TEXT.otherCharts : TEXT.allCharts}</h3>
        <div class="charts">${others.map((chart) => figure(chart, []))}</div>
      </section>`}
      ${others.length > 0 && html`<p class="printed muted">${TEXT.notPrinted} ${others.map(({ title }) => visible(title)).join(", ")}</p>`}
      ${drawn && html`<div class="lists">
        <${QuietList} title=${TEXT.crashed} note=${TEXT.crashedNote} verdicts=${crashed} kind="unreadable" openRule=${openRule} />
        <${QuietList} title=${TEXT.unknown} verdicts=${unknown} enable=${detail.enable} kind="unreadable" openRule=${openRule} />
        <${QuietList} title=${TEXT.optional} verdicts=${optional} enable=${detail.enable} kind="unreadable" openRule=${openRule} />
        <${QuietList} title=${TEXT.clear} verdicts=${clear} kind="clear" openRule=${openRule} />
        <${QuietList} title=${TEXT.ignored} note=${TEXT.ignoredNote} verdicts=${ignored} kind="unreadable" openRule=${openRule} />
      </div>`}
    </div>
    ${layers.length > 0 && drawn && html`<${ModelColumn} layers=${layers} verdicts=${detail.verdicts} open=${(/** @type {string} */ layer) => go({ page: "layer", layer })} />`}
  </div>`;
}

/** @param {{detail: RunDetail, now: number}} props */
function RunHeader({ detail, now }) {
  const facts = detail.card?.facts ?? [];
  const last = age(detail.last_wall_time, now);
  const training = isTraining(detail, now);
  const { first_wall_time: from, last_wall_time: to } = detail;
  return html`<header class="about">
    <h2><${Name} name=${detail.run} limit=${120} /></h2>
    <p class="state">
      <span class="dot ${training ? "running" : ""}" aria-hidden="true" />
      <span>${detail.ended ? TEXT.ended : training ? TEXT.training : TEXT.notEnded}</span>
      ${detail.last_step !== null && html`<span>${atStep(detail.last_step)}</span>`}
      ${from !== null && to !== null && html`<span>${duration(to - from)}</span>`}
      ${last !== "" && html`<span>${TEXT.lastData.toLowerCase()} ${last}</span>`}
    </p>
    ${facts.length > 0 &&
    html`<dl class="facts">
      ${facts.map(
        ({ name, value }) => html`<div>
          <dt>${visible(name)}</dt>
          <dd><${Name} name=${value} limit=${160} /></dd>
        </div>`,
      )}
    </dl>`}
  </header>`;
}
