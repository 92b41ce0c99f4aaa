// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { findings, overlaid, settings } from "../src/compare.js";

/**
 * @param {string} run
 * @param {object} part
 * @returns {import("../src/api.js").RunDetail}
 */
function detail(run, part) {
  return /** @type {any} */ ({ run, card: null, verdicts: [], charts: [], ...part });
}

/** @param {[string, string][]} answers rule and status */
function verdicts(answers) {
  return { verdicts: answers.map(([rule, status]) => ({ rule, status, code: rule })) };
}

test("settings that differ come first, and a missing one differs", () => {
  const card = (/** @type {string} */ rate, /** @type {any[]} */ more) => ({ card: { layers: [], facts: [{ name: "batch", value: "32" }, { name: "rate", value: rate }, ...more] } });
  const rows = settings([detail("a", card("0.1", [])), detail("b", card("1", [{ name: "seed", value: "3" }]))]);
  assert.deepEqual(rows.map(({ name, values, differs }) => [name, values, differs]), [
    ["rate", ["0.1", "1"], true],
    ["seed", ["", "3"], true],
    ["batch", ["32", "32"], false],
    ["layers", ["", ""], false],
  ]);
});

test("a finding is gained or gone against the first run, and what could not be checked is neither gone", () => {
  const runs = [
    detail("a", verdicts([["x", "fires"], ["y", "clear"], ["z", "clear"]])),
    detail("b", verdicts([["x", "clear"], ["y", "fires"], ["z", "clear"]])),
    detail("c", verdicts([["x", "unknown"], ["y", "clear"], ["z", "clear"]])),
  ];
  assert.deepEqual(findings(runs).map(({ rule, change }) => [rule, ...change]), [
    ["x", "", "lost", ""],
    ["y", "", "gained", ""],
  ]);
});

test("curves of the same name are laid over each other at their own steps", () => {
  const chart = (/** @type {number[]} */ steps, /** @type {any[]} */ series) => ({ charts: [{ id: "loss", title: "Loss", y_label: "", unit: "", log: false, steps, series, limits: [], marks: [], top: null }] });
  const line = (/** @type {string} */ name, /** @type {string} */ role, /** @type {any[]} */ values) => ({ name, role, values });
  const charts = overlaid([
    detail("a", chart([1, 2, 3], [line("batch", "train", [1, 2, null]), line("only a's", "val", [1, 1, 1]), line("floor", "reference", [1, 1, 1])])),
    detail("b", chart([2, 4], [line("batch", "train", [7, 8])])),
  ]);
  assert.equal(charts.length, 1);
  assert.deepEqual(charts[0].steps, [1, 2, 4]);
  assert.deepEqual(charts[0].series, [
    { name: "a", role: "run", values: [1, 2, null] },
    { name: "b", role: "run", values: [null, 7, 8] },
  ]);
});
