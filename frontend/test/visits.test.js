// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { NEVER, changeInWords, changes, looked, newsInWords, sinceWhen } from "../src/visits.js";

/**
 * @param {string} run
 * @param {Partial<import("../src/api.js").RunSummary>} part
 * @returns {import("../src/api.js").RunSummary}
 */
function summary(run, part = {}) {
  return {
    run, leading: null, leads: {}, counts: { error: 0, warning: 0, hint: 0 }, fired: [], families: {}, unknown: 0, crashed: [],
    first_wall_time: 100, last_wall_time: 200, last_step: 10, ended: true, best_val_loss: null, spark: [], pending: false, problem: "", ...part,
  };
}

/** @type {Record<string, import("../src/api.js").Severity>} */
const TWO = { "dead-units": "error", overfitting: "warning" };
const RUNS = [summary("fine"), summary("sick", { leads: TWO })];
const HOUR = 3600;

/**
 * What a reader is told who saw RUNS an hour ago, after a way through JSON.
 * @param {import("../src/api.js").RunSummary[]} runs
 */
function told(...runs) {
  const kept = JSON.parse(JSON.stringify(looked(NEVER, RUNS, 1000, true)));
  const { before } = looked(kept, runs, 1000 + HOUR, true);
  const { news, gone } = changes(before, runs);
  return { line: newsInWords(news, gone), rows: Object.fromEntries([...news].map(([run, change]) => [run, changeInWords(change)])) };
}

test("a first visit has nothing to compare with", () => {
  const first = looked(NEVER, RUNS, 1000, true);
  assert.deepEqual(changes(first.before, RUNS), { news: new Map(), gone: [] });
});

test("nothing is said when nothing changed", () => {
  assert.deepEqual(told(...RUNS), { line: "", rows: {} });
});

test("runs that came, went on and are gone are told", () => {
  const { line, rows } = told(summary("fine", { last_step: 1210 }), summary("new", { leads: TWO }));
  assert.equal(line, "1 new run, 1 run went on, 1 run gone (`sick`)");
  assert.deepEqual(rows, { fine: "+1,200 steps", new: "new" });
});

test("findings that came, went and weigh otherwise are told", () => {
  const leads = /** @type {const} */ ({ overfitting: "hint", "nan-loss": "error" });
  const { line, rows } = told(RUNS[0], summary("sick", { leads }));
  assert.equal(line, "1 new finding, 1 finding of another severity, 1 finding gone");
  assert.deepEqual(rows, { sick: "new: nan-loss · now hint: overfitting · gone: dead-units" });
});

test("a run that was trained anew under its old name is new", () => {
  assert.deepEqual(told(RUNS[0], summary("sick", { first_wall_time: 900, leads: {} })).rows, { sick: "new" });
});

test("a run that is not judged yet, or cannot be read, has lost no finding", () => {
  const waits = { first_wall_time: null, pending: true };
  assert.deepEqual(told(RUNS[0], summary("sick", waits)).rows, {});
  assert.deepEqual(told(RUNS[0], summary("sick", { ...waits, pending: false, problem: "It is gone." })).rows, {});
});

test("who reloads the page within half an hour is still on the same visit", () => {
  const first = looked(NEVER, [RUNS[0]], 1000, true);
  const second = looked(first, RUNS, 1000 + HOUR, true);
  const reloaded = looked(second, RUNS, 1000 + HOUR + 60, true);
  assert.deepEqual([...changes(reloaded.before, RUNS).news.keys()], ["sick"]);
  const third = looked(reloaded, RUNS, 1000 + 2 * HOUR, true);
  assert.deepEqual([...changes(third.before, RUNS).news.keys()], []);
});

test("what was judged while the reader was there is seen, and what was not is new next time", () => {
  const first = looked(NEVER, [RUNS[0], summary("sick", { pending: true })], 1000, true);
  assert.deepEqual([...changes(looked(first, RUNS, 1000 + HOUR, true).before, RUNS).news.keys()], ["sick"]);
});

test("runs that TensorBoard has not read yet are not forgotten", () => {
  const first = looked(NEVER, RUNS, 1000, true);
  const starting = looked(first, [RUNS[0]], 1000 + HOUR, false);
  const { before } = looked(starting, RUNS, 1000 + 2 * HOUR, true);
  assert.deepEqual([...changes(before, RUNS).news.keys()], []);
});

test("a run may have any name", () => {
  const runs = [summary("__proto__"), summary("constructor", { leads: TWO })];
  const kept = JSON.parse(JSON.stringify(looked(NEVER, runs, 1000, true)));
  const { before } = looked(kept, runs, 1000 + HOUR, true);
  assert.deepEqual(changes(before, runs), { news: new Map(), gone: [] });
  assert.equal(newsInWords(new Map(), ["a\u202eb", "c", "d", "e"]), "4 runs gone (`a[U+202E]b`, `c`, `d` …)");
  assert.equal(sinceWhen({ at: 0, runs: [] }, 2 * HOUR), "Since you last looked (2 h ago):");
});
