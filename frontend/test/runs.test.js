// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { EVERY_RUN, arranged, asBefore, firedRules, kindOf, matched } from "../src/runs.js";

/**
 * @param {string} run
 * @param {Partial<import("../src/api.js").RunSummary>} part
 * @returns {import("../src/api.js").RunSummary}
 */
function summary(run, part = {}) {
  const counts = { error: 0, warning: 0, hint: 0 };
  return {
    run, leading: null, leads: {}, counts, fired: [], families: {}, unknown: 0, crashed: [], first_wall_time: 0, last_wall_time: 0,
    last_step: 1, ended: true, best_val_loss: null, spark: [], pending: false, problem: "", ...part,
  };
}

/** @param {import("../src/api.js").Severity} severity */
function found(severity, rule = "some-rule") {
  return {
    leading: { code: "X1", rule, severity, headline: "" },
    leads: { [rule]: severity },
    fired: [rule],
    counts: { error: 0, warning: 0, hint: 0, [severity]: 1 },
  };
}

const RUNS = [
  summary("fine", { last_wall_time: 9 }),
  summary("run10", { ...found("hint"), last_wall_time: 3 }),
  summary("run9", { ...found("error", "other-rule"), last_wall_time: 1 }),
  summary("late", { ...found("error"), last_wall_time: 5 }),
  summary("waits", { pending: true, first_wall_time: null, last_wall_time: 8 }),
  summary("broken", { problem: "It is gone.", last_wall_time: null }),
];

/** @param {Partial<import("../src/runs.js").Filter>} filter */
function names(filter) {
  return arranged(RUNS, { ...EVERY_RUN, ...filter }).map(({ run }) => run);
}

test("the worst run comes first, and of two alike the latest", () => {
  assert.deepEqual(names({}), ["late", "run9", "broken", "run10", "waits", "fine"]);
});

test("runs are ordered by name as people count, by time, or by duration", () => {
  assert.deepEqual(names({ order: "name" }), ["broken", "fine", "late", "run9", "run10", "waits"]);
  assert.deepEqual(names({ order: "latest" }), ["fine", "waits", "late", "run10", "run9", "broken"]);
  assert.deepEqual(names({ order: "longest" }).slice(0, 2), ["fine", "late"]);
});

test("a filter keeps the runs that pass all of it", () => {
  assert.deepEqual(names({ severity: "error" }), ["late", "run9"]);
  assert.deepEqual(names({ severity: "healthy" }), ["fine"]);
  assert.deepEqual(names({ rule: "some-rule" }), ["late", "run10"]);
  assert.deepEqual(names({ rule: "some-rule", severity: "error" }), ["late"]);
  assert.deepEqual(names({ text: "RUN other" }), ["run9"]);
  assert.deepEqual(names({ text: "gone" }), ["broken"]);
});

test("a run is shown with the findings that the filter found it by", () => {
  const run = summary("a", { ...found("error"), fired: ["some-rule", "loss-plateau", "other-rule"] });
  assert.deepEqual(matched(run, { ...EVERY_RUN, text: "plateau" }), ["loss-plateau"]);
  assert.deepEqual(matched(run, { ...EVERY_RUN, rule: "other-rule" }), ["other-rule"]);
  assert.deepEqual(matched(run, { ...EVERY_RUN, text: "some" }), [], "the leading finding is shown anyway");
  assert.deepEqual(matched(run, EVERY_RUN), []);
});

test("runs are ordered by their best validation loss, those without one last", () => {
  const runs = [summary("none"), summary("bad", { best_val_loss: 2 }), summary("good", { best_val_loss: 0 })];
  assert.deepEqual(arranged(runs, { ...EVERY_RUN, order: "best" }).map(({ run }) => run), ["good", "bad", "none"]);
});

test("a run that waits is not called healthy, and one that is judged anew keeps its verdict", () => {
  assert.equal(kindOf(summary("a", { pending: true })), "pending");
  assert.equal(kindOf(summary("a", { pending: true, ...found("error") })), "error");
});

test("rules are counted over all runs, the commonest first", () => {
  assert.deepEqual(firedRules(RUNS), [["some-rule", 2, 0], ["other-rule", 1, 0]]);
  const folded = summary("folded", { ...found("error"), fired: ["some-rule", "other-rule"] });
  assert.deepEqual(firedRules([...RUNS, folded]), [["some-rule", 3, 0], ["other-rule", 2, 1]], "one of two is a consequence");
});

test("rows stay where they stood, and those that came follow in the order that is wanted", () => {
  const wanted = arranged(RUNS, EVERY_RUN);
  assert.deepEqual(asBefore(wanted, ["fine", "gone", "late"]).map(({ run }) => run), ["fine", "late", "run9", "broken", "run10", "waits"]);
});

test("only what is new is shown when the reader asks, and all when nothing is", () => {
  const news = (/** @type {string[]} */ ...runs) => arranged(RUNS, { ...EVERY_RUN, news: true }, new Map(runs.map((run) => [run, {}]))).map(({ run }) => run);
  assert.deepEqual(news("fine", "run9"), ["run9", "fine"]);
  assert.equal(news().length, RUNS.length);
});
