// @ts-check
// The page of one run: what it is, what was found, every chart, and what was checked besides.

import { html } from "htm/preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { windowAround } from "../plotdata.js";
import { TEXT, age, count, healthyLine, visible, whole } from "../text.js";
import { grouped, places } from "../verdicts.js";
import { ChartFigure } from "./chart.js";
import { Mark, Name, Prose } from "./parts.js";
import { QuietList, VerdictCard } from "./verdict.js";

/** @typedef {import("../api.js").RunDetail} RunDetail */
/** @typedef {import("../api.js").Verdict} Verdict */
/** @typedef {import("../api.js").Chart} Chart */
/** @typedef {import("./chart.js").Look} Look */

/** @type {Look} */
const EVERYTHING = { range: null, step: null, layer: "" };

/**
 * @param {{detail: RunDetail, now: number, theme: import("../palette.js").Theme}} props
 */
export function RunPage({ detail, now, theme }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const [look, setLook] = useState(EVERYTHING);
  const change = (/** @type {Partial<Look>} */ part) => setLook((old) => ({ ...old, ...part }));
  const { findings, unknown, crashed, clear } = useMemo(() => grouped(detail.verdicts), [detail]);
  const charts = new Map(detail.charts.map((chart) => [chart.id, chart]));
  const beside = new Set(findings.flatMap(({ verdict }) => verdict.charts));
  const others = detail.charts.filter((chart) => !beside.has(chart.id));

  /** @type {import("./verdict.js").Show} */
  const show = (verdict, piece) => {
    const chart = verdict.charts.map((id) => charts.get(id)).find((found) => found !== undefined);
    if (chart === undefined) return;
    const place = piece === null ? places(verdict)[0] : places({ ...verdict, evidence: [piece] })[0];
    const step = piece === null ? verdict.first_step : piece.step;
    setLook({ layer: place ?? "", step, range: step === null ? null : windowAround(chart.steps, step) });
    const card = root.current?.querySelector(`[data-verdict="${CSS.escape(verdict.rule)}"]`);
    const at = `[data-chart="${CSS.escape(chart.id)}"]`;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    (card?.querySelector(at) ?? root.current?.querySelector(at))?.scrollIntoView({
      block: "nearest",
      behavior: still ? "auto" : "smooth",
    });
  };

  /**
   * @param {Chart} chart
   * @param {string[]} emphasized
   */
  const figure = (chart, emphasized) =>
    html`<${ChartFigure} key=${chart.id} chart=${chart} places=${emphasized} look=${look} setLook=${change} theme=${theme} group=${detail.run} />`;

  return html`<div class="page" ref=${root}>
    <${RunHeader} detail=${detail} now=${now} />
    ${detail.problems.length > 0 &&
    html`<section class="notice" aria-label=${TEXT.problems}>
      <p><b>${TEXT.problems}</b></p>
      <ul>${detail.problems.map((problem) => html`<li><${Prose} text=${problem} /></li>`)}</ul>
    </section>`}
    ${findings.map(({ verdict, consequences }) => {
      const own = verdict.charts.map((id) => charts.get(id)).filter((chart) => chart !== undefined);
      return html`<${VerdictCard} key=${verdict.rule} verdict=${verdict} consequences=${consequences} show=${show}>
        ${own.length > 0 && html`<div class="beside">${own.map((chart) => figure(/** @type {Chart} */ (chart), places(verdict)))}</div>`}
      <//>`;
    })}
    ${findings.length === 0 &&
    detail.verdicts.length > 0 &&
    html`<p class="healthy"><${Mark} kind=${clear.length === 0 ? "unreadable" : "clear"} /><span><b>${clear.length === 0 ? TEXT.notJudged : TEXT.noFindings}.</b> ${healthyLine(clear.length, unknown.length)}</span></p>`}
    ${others.length > 0 &&
    html`<section class="others">
      <h3>${beside.size > 0 ? TEXT.otherCharts : TEXT.allCharts}</h3>
      <div class="charts">${others.map((chart) => figure(chart, []))}</div>
    </section>`}
    <div class="lists">
      <${QuietList} title=${TEXT.crashed} note=${TEXT.crashedNote} verdicts=${crashed} kind="unreadable" open=${true} />
      <${QuietList} title=${TEXT.unknown} verdicts=${unknown} kind="unreadable" />
      <${QuietList} title=${TEXT.clear} verdicts=${clear} kind="clear" />
    </div>
  </div>`;
}

/** @param {{detail: RunDetail, now: number}} props */
function RunHeader({ detail, now }) {
  const facts = detail.card?.facts ?? [];
  const layers = detail.card?.layers ?? [];
  const last = age(detail.last_wall_time, now);
  return html`<header class="about">
    <h2><${Name} name=${detail.run} limit=${120} /></h2>
    <p class="state">
      <span class="dot ${detail.ended ? "" : "running"}" aria-hidden="true" />
      <span>${detail.ended ? TEXT.ended : TEXT.notEnded}</span>
      ${detail.last_step !== null && html`<span>step ${whole(detail.last_step)}</span>`}
      ${last !== "" && html`<span>last data ${last}</span>`}
    </p>
    ${facts.length > 0 && html`<${Facts} facts=${facts.slice(0, 6)} />`}
    ${(facts.length > 6 || layers.length > 0) &&
    html`<details class="setup">
      <summary>${TEXT.setup}${layers.length > 0 ? `, ${count(layers.length, "layer")}` : ""}</summary>
      ${facts.length > 6 && html`<${Facts} facts=${facts.slice(6)} />`}
      ${layers.length > 0 && html`<${Layers} layers=${layers} />`}
    </details>`}
  </header>`;
}

/** @param {{facts: {name: string, value: string}[]}} props */
function Facts({ facts }) {
  return html`<dl class="facts">
    ${facts.map(
      ({ name, value }) => html`<div>
        <dt>${visible(name)}</dt>
        <dd><${Name} name=${value} limit=${160} /></dd>
      </div>`,
    )}
  </dl>`;
}

/** @param {{layers: import("../api.js").Layer[]}} props */
function Layers({ layers }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Layers of the model">
    <table class="layers">
      <thead>
        <tr>
          <th scope="col">Layer</th>
          <th scope="col">Class</th>
          <th scope="col">Activation</th>
          <th scope="col">Output shape</th>
          <th scope="col" class="number">Parameters</th>
        </tr>
      </thead>
      <tbody>
        ${layers.map(
          (layer) => html`<tr>
            <td><code><${Name} name=${layer.name} limit=${60} /></code></td>
            <td><${Name} name=${layer.class_name} limit=${40} /></td>
            <td>${visible(layer.activation || "–")}</td>
            <td>${shapeInWords(layer.output_shape)}</td>
            <td class="number">${whole(layer.parameters)}${layer.trainable || layer.parameters === 0 ? "" : " (frozen)"}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** @param {import("../api.js").Layer["output_shape"]} shape */
function shapeInWords(shape) {
  if (shape === null) return "–";
  return typeof shape === "string" ? visible(shape) : `(${shape.map((size) => size ?? "batch").join(", ")})`;
}
