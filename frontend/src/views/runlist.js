// @ts-check
// The runs beside an open run: each with its leading finding, its loss as a spark line, and when it last wrote.

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { arranged, kindOf } from "../runs.js";
import { KIND, TEXT, age, count, countsInWords, visible, whole } from "../text.js";
import { useStill } from "./order.js";
import { Mark, More, Name, Prose, Spark } from "./parts.js";

/** @typedef {import("../api.js").RunSummary} RunSummary */

/**
 * @param {{runs: RunSummary[], filter: import("../runs.js").Filter, setText: (text: string) => void, news: import("../visits.js").News, selected: string, now: number, open: (run: string) => void, overview: () => void}} props
 */
export function RunList({ runs, filter, setText, news, selected, now, open, overview }) {
  const [unfolded, setUnfolded] = useState(false); // matters on narrow screens only
  const { shown, touch } = useStill(arranged(runs, filter, news), filter, runs);
  return html`<nav class="runs ${unfolded ? "open" : ""}" aria-label=${TEXT.runs}>
    <button type="button" class="toggle plain" aria-expanded=${unfolded} aria-controls="runs" onClick=${() => setUnfolded(!unfolded)}>
      ${count(runs.length, "run")}
    </button>
    <div class="panel" id="runs" ...${touch}>
      <div class="tools">
        <button type="button" class="quiet" data-all onClick=${overview}>${TEXT.allRuns}</button>
        <input
          type="search"
          aria-label=${TEXT.filter}
          placeholder=${TEXT.filterShort}
          value=${filter.text}
          onInput=${(/** @type {{currentTarget: HTMLInputElement}} */ event) => setText(event.currentTarget.value)}
        />
        <span class="muted" role="status">${shown.length === runs.length ? "" : `${whole(shown.length)} of ${whole(runs.length)}`}</span>
      </div>
      <${More} items=${shown} tag="ul" row=${(/** @type {RunSummary} */ run) =>
        html`<li key=${run.run}>
          <${RunButton}
            run=${run}
            current=${run.run === selected}
            now=${now}
            choose=${() => {
              setUnfolded(false);
              open(run.run);
            }}
          />
        </li>`} />
      ${shown.length === 0 && html`<p class="muted pad">${TEXT.noMatch}</p>`}
    </div>
  </nav>`;
}

/**
 * @param {{run: RunSummary, current: boolean, now: number, choose: () => void}} props
 */
function RunButton({ run, current, now, choose }) {
  const facts = [
    run.problem !== "" ? "" : countsInWords(run.counts, run.fired.length),
    age(run.last_wall_time, now),
  ].filter((fact) => fact !== "");
  return html`<button type="button" class="run" data-run=${run.run} aria-current=${current ? "true" : undefined} onClick=${choose}>
    <${Mark} kind=${kindOf(run)} word=${KIND[kindOf(run)]} />
    <span class="name" title=${visible(run.run)}><${Name} name=${run.run} limit=${48} /></span>
    <${Spark} values=${run.spark} />
    <span class="headline"><${Headline} run=${run} /></span>
    <span class="facts">${facts.join(" · ")}</span>
  </button>`;
}

/**
 * The leading verdict of a run in words, or why there is none.
 * @param {{run: RunSummary}} props
 */
export function Headline({ run }) {
  if (run.problem !== "") return html`<${Prose} text=${run.problem} />`;
  if (run.leading !== null) return html`<${Prose} text=${run.leading.headline} />`;
  return run.pending ? TEXT.pending : TEXT.noFindings;
}
