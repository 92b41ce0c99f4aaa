// @ts-check
// What is new since the reader last looked: runs, and findings that nothing else explains. Pure; host.js keeps it in the browser.

import { count, duration, visible, whole } from "./text.js";

/** @typedef {import("./api.js").RunSummary} RunSummary */
/** @typedef {{from: number | null, step: number | null, leads: Record<string, string>}} Seen of a run: first wall time, last step, rule → severity */
/** @typedef {{at: number, runs: [string, Seen][]}} Sight all runs at a time */
/** @typedef {{before: Sight | null, last: Sight | null}} Visits before: what this visit is compared with; last: what was seen last */
/** @typedef {{isNew: boolean, steps: number, gained: string[], lost: string[], weighs: [string, string][]}} Change weighs: rules whose severity is another */
/** @typedef {Map<string, Change>} News by run */

const AWAY = 30 * 60; // seconds; who comes back sooner is still looking

/** @type {Visits} */
export const NEVER = { before: null, last: null };

/**
 * @param {Visits} visits
 * @param {RunSummary[]} runs as the reader sees them now
 * @param {number} now seconds since 1970
 * @param {boolean} all whether these are all runs; else those that were known and are missing may still come
 * @returns {Visits}
 */
export function looked({ before, last }, runs, now, all) {
  const known = new Map(last?.runs);
  /** @type {[string, Seen][]} */
  const seen = [];
  for (const run of runs) {
    const old = known.get(run.run);
    // Of a run that is not judged, the findings are not known yet.
    if (!run.pending && run.problem === "") seen.push([run.run, { from: run.first_wall_time, step: run.last_step, leads: run.leads }]);
    else if (old !== undefined) seen.push([run.run, { ...old, step: run.last_step ?? old.step }]);
    else if (!run.pending) seen.push([run.run, { from: null, step: null, leads: {} }]);
    known.delete(run.run);
  }
  if (!all) seen.push(...known);
  return { before: last !== null && now - last.at > AWAY ? last : before, last: { at: now, runs: seen } };
}

/**
 * @param {Sight | null} before
 * @param {RunSummary[]} runs
 * @returns {{news: News, gone: string[]}}
 */
export function changes(before, runs) {
  /** @type {News} */
  const news = new Map();
  if (before === null) return { news, gone: [] };
  const known = new Map(before.runs);
  for (const run of runs) {
    const old = known.get(run.run);
    known.delete(run.run);
    const isNew = old === undefined || (old.from !== null && run.first_wall_time !== null && old.from !== run.first_wall_time);
    const was = isNew ? {} : old.leads;
    const is = run.pending || run.problem !== "" ? was : isNew ? {} : run.leads;
    const change = {
      isNew,
      steps: isNew ? 0 : Math.max(0, (run.last_step ?? 0) - (old.step ?? run.last_step ?? 0)),
      gained: Object.keys(is).filter((rule) => !Object.hasOwn(was, rule)),
      lost: Object.keys(was).filter((rule) => !Object.hasOwn(is, rule)),
      weighs: Object.entries(is).filter(([rule, severity]) => Object.hasOwn(was, rule) && was[rule] !== severity),
    };
    if (isNew || change.steps + change.gained.length + change.lost.length + change.weighs.length > 0) news.set(run.run, change);
  }
  return { news, gone: [...known.keys()] };
}

/**
 * The line above the list: `3 new runs, 1 new finding, 1 finding gone`.
 * @param {News} news
 * @param {string[]} gone
 */
export function newsInWords(news, gone) {
  const all = [...news.values()];
  const sum = (/** @type {(change: Change) => number} */ of) => all.reduce((total, change) => total + of(change), 0);
  const fresh = sum(({ isNew }) => Number(isNew));
  const gained = sum((change) => change.gained.length);
  const lost = sum((change) => change.lost.length);
  const weighs = sum((change) => change.weighs.length);
  const grown = sum(({ steps }) => Number(steps > 0));
  const named = gone.slice(0, 3).map((run) => `\`${visible(run)}\``).join(", ") + (gone.length > 3 ? " …" : "");
  return [
    fresh > 0 && count(fresh, "new run"),
    gained > 0 && count(gained, "new finding"),
    weighs > 0 && `${count(weighs, "finding")} of another severity`,
    lost > 0 && `${count(lost, "finding")} gone`,
    grown > 0 && `${count(grown, "run")} went on`,
    gone.length > 0 && `${count(gone.length, "run")} gone (${named})`,
  ]
    .filter(Boolean)
    .join(", ");
}

/**
 * What is new about one run, in a few words.
 * @param {Change} change
 */
export function changeInWords({ isNew, steps, gained, lost, weighs }) {
  return [
    isNew && "new",
    gained.length > 0 && `new: ${gained.join(", ")}`,
    ...weighs.map(([rule, severity]) => `now ${severity}: ${rule}`),
    lost.length > 0 && `gone: ${lost.join(", ")}`,
    steps > 0 && `+${whole(steps)} steps`,
  ]
    .filter(Boolean)
    .map((text) => visible(String(text)))
    .join(" · ");
}

/**
 * @param {Sight} before
 * @param {number} now
 */
export function sinceWhen({ at }, now) {
  return `Since you last looked (${duration(now - at)} ago):`;
}
