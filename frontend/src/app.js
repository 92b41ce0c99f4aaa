// @ts-check
// The whole page: where the reader is, when to ask again, and which view answers.

import { html } from "htm/preact";
import { useCallback, useEffect, useErrorBoundary, useMemo, useRef, useState } from "preact/hooks";
import { embedded, fetchOverview, fetchRules, fetchRun, fetchRuns, fetchStamp, latest } from "./api.js";
import { createCursor } from "./cursor.js";
import { NOWHERE, applyTheme, compareKey, comparedRuns, currentPlace, keep, kept, rememberPlace, watchPlace, watchReload, watchTheme } from "./host.js";
import { lookWhileVisible, pageIsVisible } from "./live.js";
import { EVERY_RUN } from "./runs.js";
import { TEXT, age, clock, label, visible } from "./text.js";
import { NEVER, changes, looked } from "./visits.js";
import { EVERYTHING } from "./views/chart.js";
import { Compare } from "./views/compare.js";
import { Empty, Failure, Loading } from "./views/empty.js";
import { LayerPage } from "./views/model.js";
import { Overview } from "./views/overview.js";
import { Prose } from "./views/parts.js";
import { RulePage } from "./views/rule.js";
import { RunPage, lookAt } from "./views/run.js";
import { RunList } from "./views/runlist.js";

/** @typedef {import("./api.js").RunDetail} RunDetail */
/** @typedef {import("./api.js").RunSummary} RunSummary */
/** @typedef {import("./host.js").Place} Place */
/**
 * @template T
 * @typedef {{data: T | null, error: string}} Answer
 */

const PERIOD = 5_000;

export function App() {
  const [theme, setTheme] = useState(applyTheme);
  const [place, setPlace] = useState(currentPlace);
  const [look, setLook] = useState(EVERYTHING);
  const [filter, setFilter] = useState(EVERY_RUN);
  const [picked, setPicked] = useState(() => comparedRuns(currentPlace().compare));
  const cursor = useMemo(createCursor, []);
  const { overview, rules, now, reloads, again } = useLive(setTheme);

  const runs = overview.data?.runs ?? [];
  const only = runs.length === 1 ? runs[0].run : "";
  const visit = useVisit(overview.data, now);
  const compared = comparedRuns(place.compare);
  const open = compared.length > 1 ? undefined : runs.find((run) => run.run === (place.run || only));
  const detail = useDetail(open, reloads);
  const sides = useSides(compared, reloads, overview.data);

  const go = (/** @type {Partial<Place>} */ change, isStep = "run" in change || "rule" in change || "page" in change || "compare" in change) => {
    const next = { ...place, ...change };
    setPlace(next);
    rememberPlace(next, isStep);
    if (!isStep) return;
    window.scrollTo(0, 0);
    document.querySelector("main")?.focus({ preventScroll: true });
  };
  useEffect(() => watchPlace(setPlace), []);
  useEffect(() => {
    setLook(detail?.data ? lookAt(detail.data, place) : EVERYTHING);
  }, [detail?.data?.run, place.verdict, place.step, place.layer]);
  const changeLook = (/** @type {Partial<import("./views/chart.js").Look>} */ part) => {
    if (part === EVERYTHING) go({ verdict: "", step: "", layer: "" }, false);
    else if (part.layers !== undefined) go({ layer: part.layers[0] ?? "" }, false);
    setLook((old) => ({ ...old, ...part }));
  };

  const view = viewName(overview, place, open, detail, sides, compared, rules);
  useEffect(() => {
    const { dataset } = document.documentElement;
    dataset.view = view;
    if (view.startsWith("loading")) delete dataset.ready;
    else dataset.ready = "true";
  }, [view, detail]);

  const openRun = (/** @type {string} */ run) => go({ ...NOWHERE, run });
  const openRule = (/** @type {string} */ rule) => go({ rule });
  const home = () => go(NOWHERE);
  const pick = (/** @type {string} */ run) => setPicked((old) => (old.includes(run) ? old.filter((other) => other !== run) : [...old, run]));
  const page = rules?.rules.find(({ rule, code }) => place.rule === rule || place.rule === code);
  const beside = (view === "run" || view === "layer" || view === "loading-run" || view === "broken") && runs.length > 1;
  const stale = overview.data !== null && overview.error !== "" ? overview.error : (detail?.data && detail.error) || "";
  const written = embedded()?.written;
  clock.fixed = written !== undefined;
  return html`<div class="shell ${beside ? "" : "alone"}">
    <div class="side">
      <header class="brand">
        <h1>${TEXT.title}</h1>
        ${overview.data !== null && html`<span class="muted">${visible(overview.data.version)}</span>`}
        ${written !== undefined && html`<span class="muted">${TEXT.savedReport} ${age(written, now)}</span>`}
      </header>
      ${beside &&
      html`<${RunList}
        runs=${runs}
        filter=${filter}
        news=${visit.news}
        setText=${(/** @type {string} */ text) => setFilter({ ...filter, text })}
        selected=${open?.run ?? ""}
        now=${now}
        open=${openRun}
        overview=${home}
      />`}
    </div>
    <main tabindex="-1">
      <p id="chart-keys" class="unseen">${TEXT.chartKeys}</p>
      ${stale !== "" &&
      html`<div class="notice" role="status">
        <p><b>${TEXT.stale}</b> <${Prose} text=${stale} /></p>
        <button type="button" class="plain" onClick=${again}>${TEXT.retry}</button>
      </div>`}
      <${Guarded} key=${JSON.stringify([view, open?.run, place.rule])}>
        ${view === "loading" && html`<${Loading} text=${TEXT.loading} />`}
        ${view === "loading-run" && html`<${Loading} text=${TEXT.loadingRun} />`}
        ${view === "loading-runs" && html`<${Loading} text=${TEXT.loadingRuns} />`}
        ${view === "loading-rule" && html`<${Loading} text=${TEXT.loadingRule} />`}
        ${view === "error" && html`<${Failure} title=${TEXT.unreadable} sentence=${overview.error || (sides?.error ?? "")} retry=${again} />`}
        ${view === "empty" && html`<${Empty} />`}
        ${view === "missing" && html`<${Failure} title=${TEXT.missing} sentence=${missing(place)} retry=${home} word=${TEXT.allRuns} />`}
        ${view === "broken" && html`<${Failure} title=${`${label(open?.run ?? "").text}: ${TEXT.unreadable.toLowerCase()}`} sentence=${open?.problem || (detail?.error ?? "")} retry=${again} />`}
        ${view === "overview" &&
        html`<${Overview} runs=${runs} rules=${rules} filter=${filter} setFilter=${(/** @type {any} */ change) => setFilter({ ...filter, ...change })} picked=${picked} pick=${pick} compare=${() => go({ ...NOWHERE, compare: compareKey(picked) })} open=${openRun} now=${now} visit=${visit} />`}
        ${view === "run" &&
        html`<${RunPage} key=${open?.run} detail=${detail?.data} rules=${rules} now=${now} theme=${theme} cursor=${cursor} place=${place} go=${go} look=${look} setLook=${changeLook} />`}
        ${view === "layer" &&
        html`<${LayerPage} detail=${detail?.data} name=${place.layer} look=${look} setLook=${changeLook} theme=${theme} cursor=${cursor} open=${(/** @type {string} */ layer) => go({ layer, page: "layer" })} close=${() => go({ page: "", layer: "" })} showVerdict=${(/** @type {any} */ verdict) => go({ page: "", layer: "", step: "", verdict: verdict.rule })} />`}
        ${view === "rule" && html`<${RulePage} page=${page} close=${() => go({ rule: "" })} open=${openRule} />`}
        ${view === "compare" && html`<${Compare} runs=${sides?.data} theme=${theme} cursor=${cursor} open=${openRun} close=${home} openRule=${openRule} />`}
      <//>
    </main>
  </div>`;
}

/**
 * The overview and the rules' pages, asked for again when the server says that something changed.
 * @param {(theme: import("./palette.js").Theme) => void} setTheme
 */
function useLive(setTheme) {
  const [overview, setOverview] = useState(/** @type {Answer<import("./api.js").Overview>} */ ({ data: null, error: "" }));
  const [rules, setRules] = useState(/** @type {import("./api.js").Rules | null} */ (null));
  const [reloads, setReloads] = useState(0);
  const [now, setNow] = useState(Date.now() / 1000);
  const asked = useRef(true); // by the reader or by TensorBoard: then all is read again, changed or not
  const looker = useRef(/** @type {ReturnType<typeof lookWhileVisible> | null} */ (null));

  useEffect(() => {
    const askStamp = latest(fetchStamp);
    const askOverview = latest(fetchOverview);
    const askRules = latest(fetchRules);
    let isFirst = true; // then the names of the runs come before their verdicts
    let stamp = ""; // of the overview on the page, once all of its runs are judged
    const look = async () => {
      if (!asked.current) {
        const status = await askStamp();
        if (status === null) return;
        setNow(Date.now() / 1000);
        // A failed look keeps what is on the page, and says so.
        if (status.data === null) return setOverview((old) => ({ ...old, error: status.error }));
        setOverview((old) => (old.error === "" ? old : { ...old, error: "" }));
        if (status.data === stamp) return;
      }
      if (asked.current) {
        setReloads((n) => n + 1);
        askRules().then((answer) => answer?.data && setRules(answer.data));
      }
      asked.current = false;
      for (;;) {
        const answer = await askOverview(!isFirst);
        isFirst = false;
        if (answer === null) return;
        setNow(Date.now() / 1000);
        setOverview((old) => (answer.data === null ? { data: old.data, error: answer.error } : answer));
        const rest = answer.data?.runs.some((run) => run.pending);
        stamp = answer.data === null || rest ? "" : answer.data.stamp;
        if (!rest || !pageIsVisible()) return;
      }
    };
    looker.current = lookWhileVisible(look, PERIOD);
    watchTheme(setTheme);
    watchReload(() => again());
    return () => looker.current?.stop();
  }, []);

  const again = useCallback(() => {
    asked.current = true;
    looker.current?.now();
  }, []);
  return { overview, rules, now, reloads, again };
}

/** @typedef {{before: import("./visits.js").Sight | null, news: import("./visits.js").News, gone: string[], dismiss: () => void}} Visit */

const MINUTE = 60;
const LOADED = 30; // seconds without another run: TensorBoard, when it has just started, still reads

/**
 * What is new since the reader's last visit, and remembers this one.
 * @param {import("./api.js").Overview | null} overview
 * @param {number} now
 * @returns {Visit}
 */
function useVisit(overview, now) {
  const place = overview?.place ?? "";
  const visits = useRef(NEVER);
  const saved = useRef({ place: "", at: 0, overview: /** @type {object | null} */ (null) });
  const listed = useRef({ runs: -1, since: 0 });
  const [before, setBefore] = useState(NEVER.before);
  const runs = overview?.runs ?? [];
  if (listed.current.runs !== runs.length) listed.current = { runs: runs.length, since: now };
  const all = now - listed.current.since >= LOADED;
  useEffect(() => {
    if (overview === null || place === "" || !pageIsVisible()) return;
    const isFirst = saved.current.place !== place;
    if (isFirst) visits.current = kept(place) ?? NEVER;
    if (!isFirst && saved.current.overview === overview && now - saved.current.at < MINUTE) return;
    try {
      visits.current = looked(visits.current, runs, now, all);
      changes(visits.current.before, runs);
    } catch {
      visits.current = looked(NEVER, runs, now, all); // what was kept is not ours, or was damaged
    }
    saved.current = { place, at: now, overview };
    setBefore(visits.current.before);
    keep(place, visits.current);
  }, [overview, now]);
  const dismiss = () => {
    visits.current = { ...visits.current, before: null };
    setBefore(null);
    keep(place, visits.current);
  };
  const { news, gone } = useMemo(() => changes(before, runs), [before, overview]);
  return { before, news, gone: all ? gone : [], dismiss };
}

/**
 * The open run's detail, once there is an answer; read again whenever the run changed.
 * @param {RunSummary | undefined} open
 * @param {number} reloads
 */
function useDetail(open, reloads) {
  const [detail, setDetail] = useState({ run: "", data: /** @type {RunDetail | null} */ (null), error: "" });
  const ask = useRef(latest(fetchRun));
  // What a run's page depends on: as long as none of it changes, nobody asks for the page again.
  const version = open && JSON.stringify([open.run, open.last_step, open.last_wall_time, open.ended, open.problem, reloads]);
  useEffect(() => {
    if (open === undefined) return;
    const run = open.run;
    ask.current(run).then((answer) => {
      if (answer === null) return;
      setDetail((old) => (answer.data === null && old.run === run && old.data !== null ? { ...old, error: answer.error } : { run, ...answer }));
    });
  }, [version]);
  return open !== undefined && detail.run === open.run ? detail : null;
}

/**
 * The details of the runs that are compared.
 * @param {string[]} compared
 * @param {number} reloads
 * @param {object | null} overview nothing is asked before there is one
 * @returns {Answer<RunDetail[]> | null}
 */
function useSides(compared, reloads, overview) {
  const key = compareKey(compared);
  const [sides, setSides] = useState({ key: "", data: /** @type {RunDetail[] | null} */ (null), error: "" });
  const ask = useRef(latest(fetchRuns));
  useEffect(() => {
    if (compared.length < 2 || overview === null) return;
    ask.current(compared).then((answer) => answer !== null && setSides({ key, ...answer }));
  }, [key, reloads, overview === null]);
  return sides.key === key ? sides : null;
}

/**
 * @param {Answer<import("./api.js").Overview>} overview
 * @param {Place} place
 * @param {RunSummary | undefined} open
 * @param {Answer<RunDetail> | null} detail the open run's, once there is an answer
 * @param {Answer<RunDetail[]> | null} sides
 * @param {string[]} compared
 * @param {import("./api.js").Rules | null} rules
 */
function viewName(overview, place, open, detail, sides, compared, rules) {
  if (overview.data === null) return overview.error === "" ? "loading" : "error";
  if (place.rule !== "") {
    if (rules === null) return "loading-rule";
    return rules.rules.some(({ rule, code }) => place.rule === rule || place.rule === code) ? "rule" : "missing";
  }
  if (overview.data.runs.length === 0) return "empty";
  if (compared.length > 1) return sides === null ? "loading-runs" : sides.data === null ? "error" : "compare";
  if (open === undefined) return place.run === "" ? "overview" : "missing";
  if (detail === null) return "loading-run";
  if (detail.data === null) return "broken";
  if (open.problem !== "" && detail.data.verdicts.length === 0 && detail.data.charts.length === 0) return "broken";
  return place.page === "layer" && place.layer !== "" ? "layer" : "run";
}

/** @param {Place} place */
function missing({ rule, run }) {
  return rule !== "" ? `There is no rule called \`${rule}\`.` : `There is no run called \`${run}\` below this logdir.`;
}

/**
 * A fault in one view costs that view.
 * @param {{children: any}} props
 */
function Guarded({ children }) {
  const [error, reset] = useErrorBoundary((cause) => console.error(cause));
  if (error === undefined) return children;
  return html`<${Failure} title=${TEXT.unreadable} sentence=${TEXT.brokenPage} retry=${reset} />`;
}
