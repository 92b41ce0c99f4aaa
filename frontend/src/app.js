// @ts-check
// The whole page: which run is open, when to ask again, and which view answers.

import { html } from "htm/preact";
import { useCallback, useEffect, useErrorBoundary, useRef, useState } from "preact/hooks";
import { fetchOverview, fetchRun, latest } from "./api.js";
import { applyTheme, rememberRun, selectedRun, watchReload, watchSelectedRun, watchTheme } from "./host.js";
import { lookWhileVisible } from "./live.js";
import { TEXT, label, visible } from "./text.js";
import { Empty, Failure, Loading } from "./views/empty.js";
import { RunList } from "./views/overview.js";
import { Prose } from "./views/parts.js";
import { RunPage } from "./views/run.js";

/** @typedef {import("./api.js").Overview} Overview */
/** @typedef {import("./api.js").RunDetail} RunDetail */
/** @typedef {import("./api.js").RunSummary} RunSummary */

const PERIOD = 10_000;
const narrow = () => window.matchMedia("(max-width: 860px)"); // as in style.css

export function App() {
  const [theme, setTheme] = useState(applyTheme);
  const [overview, setOverview] = useState({ data: /** @type {Overview | null} */ (null), error: "" });
  const [detail, setDetail] = useState({ run: "", data: /** @type {RunDetail | null} */ (null), error: "" });
  const [chosen, setChosen] = useState(selectedRun);
  const [reloads, setReloads] = useState(0);
  const [now, setNow] = useState(Date.now() / 1000);
  const asked = useRef(false); // by the reader or by TensorBoard: then the open run is read again, changed or not
  const looker = useRef(/** @type {ReturnType<typeof lookWhileVisible> | null} */ (null));

  useEffect(() => {
    const askOverview = latest(fetchOverview);
    const look = async () => {
      const answer = await askOverview();
      if (answer === null) return;
      setNow(Date.now() / 1000);
      if (asked.current) setReloads((n) => n + 1);
      asked.current = false;
      // A failed look keeps what is on the page, and says so.
      setOverview((old) => (answer.data === null ? { data: old.data, error: answer.error } : answer));
    };
    looker.current = lookWhileVisible(look, PERIOD);
    watchTheme(setTheme);
    watchReload(() => again());
    const unwatch = watchSelectedRun((run) => run !== "" && setChosen(run));
    return () => {
      unwatch();
      looker.current?.stop();
    };
  }, []);

  const again = useCallback(() => {
    asked.current = true;
    looker.current?.now();
  }, []);

  const runs = overview.data?.runs ?? [];
  const open = runs.find((run) => run.run === chosen) ?? newest(runs);
  // What a run's page depends on: as long as none of it changes, nobody asks for the page again.
  const version = open && JSON.stringify([open.run, open.last_step, open.last_wall_time, open.ended, open.problem, reloads]);

  const askRun = useRef(latest(fetchRun));
  useEffect(() => {
    if (open === undefined) return;
    const run = open.run;
    askRun.current(run).then((answer) => {
      if (answer === null) return;
      setDetail((old) => (answer.data === null && old.run === run && old.data !== null ? { ...old, error: answer.error } : { run, ...answer }));
    });
  }, [version]);

  const choose = (/** @type {string} */ run) => {
    setChosen(run);
    rememberRun(run);
    window.scrollTo(0, 0);
    // On a narrow screen the list closes under the reader's finger or focus.
    if (narrow().matches) document.querySelector("main")?.focus({ preventScroll: true });
  };

  const current = open !== undefined && detail.run === open.run ? detail : null;
  const view = viewName(overview, open, current);
  useEffect(() => {
    const { dataset } = document.documentElement;
    dataset.view = view;
    if (view === "loading") delete dataset.ready;
    else dataset.ready = "true";
  }, [view, current]);

  const stale = overview.data !== null && overview.error !== "" ? overview.error : (current?.data && current.error) || "";
  return html`<div class="shell ${runs.length === 0 ? "alone" : ""}">
    <div class="side">
      <header class="brand">
        <h1>${TEXT.title}</h1>
        ${overview.data !== null && html`<span class="muted">${visible(overview.data.version)}</span>`}
      </header>
      ${runs.length > 0 && html`<${RunList} runs=${runs} selected=${open?.run ?? ""} now=${now} choose=${choose} />`}
    </div>
    <main tabindex="-1">
      ${stale !== "" &&
      html`<div class="notice" role="status">
        <p><b>${TEXT.stale}</b> <${Prose} text=${stale} /></p>
        <button type="button" class="plain" onClick=${again}>${TEXT.retry}</button>
      </div>`}
      <${Guarded} key=${open?.run ?? ""}>
        ${view === "loading" && html`<${Loading} text=${overview.data === null ? TEXT.loading : TEXT.loadingRun} />`}
        ${view === "error" && html`<${Failure} title=${TEXT.unreadable} sentence=${overview.error} retry=${again} />`}
        ${view === "empty" && html`<${Empty} />`}
        ${view === "broken" && html`<${Failure} title=${`${label(open?.run ?? "").text}: ${TEXT.unreadable.toLowerCase()}`} sentence=${open?.problem || (current?.error ?? "")} retry=${again} />`}
        ${view === "run" && current?.data && html`<${RunPage} key=${current.run} detail=${current.data} now=${now} theme=${theme} />`}
      <//>
    </main>
  </div>`;
}

/**
 * @param {{data: Overview | null, error: string}} overview
 * @param {RunSummary | undefined} open
 * @param {{data: RunDetail | null, error: string} | null} current the open run's detail, once there is an answer
 * @returns {"loading" | "error" | "empty" | "broken" | "run"}
 */
function viewName(overview, open, current) {
  if (overview.data === null) return overview.error === "" ? "loading" : "error";
  if (open === undefined) return "empty";
  if (current === null) return "loading";
  if (current.data === null) return "broken";
  return open.problem !== "" && current.data.verdicts.length === 0 && current.data.charts.length === 0 ? "broken" : "run";
}

/** @param {RunSummary[]} runs */
function newest(runs) {
  /** @type {RunSummary | undefined} */
  let best;
  for (const run of runs) {
    if (best === undefined || (run.last_wall_time ?? 0) > (best.last_wall_time ?? 0)) best = run;
  }
  return best;
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
