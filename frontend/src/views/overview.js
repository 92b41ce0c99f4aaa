// @ts-check
// The list of runs: each with its leading finding, its loss as a spark line, and when it last wrote.

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { sparkPath } from "../plotdata.js";
import { SEVERITY, TEXT, age, count, countsInWords, noFindings, visible, whole } from "../text.js";
import { Mark, Name, Prose } from "./parts.js";

/** @typedef {import("../api.js").RunSummary} RunSummary */

/**
 * @param {{runs: RunSummary[], selected: string, now: number, choose: (run: string) => void}} props
 */
export function RunList({ runs, selected, now, choose }) {
  const [filter, setFilter] = useState("");
  const [open, setOpen] = useState(false); // matters on narrow screens only
  const shown = runs.filter((run) => matches(run, filter));
  return html`<nav class="runs ${open ? "open" : ""}" aria-label=${TEXT.runs}>
    <button type="button" class="toggle plain" aria-expanded=${open} aria-controls="runs" onClick=${() => setOpen(!open)}>
      ${count(runs.length, "run")}
    </button>
    <div class="panel" id="runs">
      <div class="tools">
        <input
          type="search"
          aria-label=${TEXT.filter}
          placeholder="Filter runs"
          value=${filter}
          onInput=${(/** @type {{currentTarget: HTMLInputElement}} */ event) => setFilter(event.currentTarget.value)}
        />
        <span class="muted" role="status">${filter === "" ? count(runs.length, "run") : `${shown.length} of ${runs.length}`}</span>
      </div>
      <ul>
        ${shown.map(
          (run) => html`<li key=${run.run}>
            <${RunButton}
              run=${run}
              current=${run.run === selected}
              now=${now}
              choose=${() => {
                setOpen(false);
                choose(run.run);
              }}
            />
          </li>`,
        )}
      </ul>
      ${shown.length === 0 && html`<p class="muted pad">${TEXT.noMatch}</p>`}
    </div>
  </nav>`;
}

/**
 * @param {RunSummary} run
 * @param {string} filter
 */
function matches(run, filter) {
  const words = filter.toLowerCase().split(/\s+/);
  const text = `${run.run} ${run.leading?.rule ?? ""} ${run.leading?.code ?? ""} ${run.leading?.severity ?? ""}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/**
 * @param {{run: RunSummary, current: boolean, now: number, choose: () => void}} props
 */
function RunButton({ run, current, now, choose }) {
  const found = countsInWords(run.counts);
  const kind = run.problem !== "" ? "unreadable" : (run.leading?.severity ?? "clear");
  const word = run.problem !== "" ? TEXT.unreadable : run.leading ? SEVERITY[run.leading.severity] : TEXT.noFindings;
  const facts = [
    run.problem !== "" ? "" : found,
    run.last_step === null ? "" : `step ${whole(run.last_step)}`,
    age(run.last_wall_time, now),
  ].filter((fact) => fact !== "");
  return html`<button type="button" class="run" data-run=${run.run} aria-current=${current ? "true" : undefined} onClick=${choose}>
    <${Mark} kind=${kind} word=${word} />
    <span class="name" title=${visible(run.run)}><${Name} name=${run.run} limit=${48} /></span>
    <${Spark} values=${run.spark} />
    <span class="headline">
      ${run.problem !== ""
        ? html`<${Prose} text=${run.problem} />`
        : run.leading
          ? html`<${Prose} text=${run.leading.headline} />`
          : noFindings(run.unknown)}
    </span>
    <span class="facts">${facts.join(" · ")}</span>
  </button>`;
}

/** @param {{values: (number | null)[]}} props */
function Spark({ values }) {
  const path = sparkPath(values, 52, 16);
  return html`<svg class="spark" viewBox="-1 -1 54 18" width="54" height="18" aria-hidden="true"><path d=${path} /></svg>`;
}
