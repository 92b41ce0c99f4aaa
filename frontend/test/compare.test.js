// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { findings, overlaid, perLayer, results, settings } from "../src/compare.js";

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

/** @param {[string, string][]} layers name and settings */
function model(layers, activation = "relu") {
  return { card: { facts: [], layers: layers.map(([name, words]) => ({ name, class_name: "Dense", activation, parameters: 1, trainable: true, output_shape: "? x 3", settings: words })) } };
}

test("settings of layers that differ are told layer by layer", () => {
  const rows = settings([detail("a", model([["in", "kernel HeNormal"], ["out", "rate 1"]])), detail("b", model([["in", ""], ["out", "rate 1"]]))]);
  assert.deepEqual(rows[0], { name: "layer settings", values: ["`in` kernel HeNormal", "`in` –"], differs: true });
});

test("what another model does not have is not gone", () => {
  const [sick, clear] = [verdicts([["x", "fires"]]), verdicts([["x", "clear"]])];
  const change = (/** @type {any} */ other) => findings([detail("a", { ...sick, ...model([["in", ""]]) }), detail("b", { ...clear, ...other })])[0].change[1];
  assert.equal(change(model([["in", "kernel HeNormal"]])), "lost");
  assert.equal(change(model([["in", ""]], "tanh")), "absent");
});

test("the last and the best value of each loss and metric stand side by side", () => {
  const chart = (/** @type {string} */ id, /** @type {any} */ bounds, /** @type {string} */ name, /** @type {any[]} */ values) => ({ id, bounds, title: id, series: [{ name, role: "val", values }], steps: [1, 2, 3] });
  const runs = [
    detail("a", { charts: [chart("loss", null, "validation", [3, 1, 2]), chart("metrics", [0, 1], "val_accuracy", [0.5, 0.7, null])] }),
    detail("b", { charts: [chart("metrics", null, "val_mae", [5, 4, 3]), chart("gradients", null, "dense", [1, 1, 1])] }),
  ];
  assert.deepEqual(results(runs), [
    { name: "loss, validation", last: [2, null], best: [1, null] },
    { name: "val_accuracy", last: [0.7, null], best: [0.7, null] },
    { name: "val_mae", last: [null, 3], best: [null, null] },
  ]);
});

test("charts of layers stand side by side on one axis", () => {
  const chart = (/** @type {string} */ id, /** @type {any[]} */ values, /** @type {any} */ bounds = null) => ({ id, bounds, log: bounds === null, title: "T", series: [{ name: "dense", role: "layer", values }], steps: [1, 2], limits: [{}] });
  const rows = perLayer([
    detail("a", { charts: [chart("gradients", [1e-3, 0]), chart("units", [0, 0.5], [0, 1]), chart("loss", [1, 1])] }),
    detail("b", { charts: [chart("gradients", [null, 3])] }),
  ]);
  assert.deepEqual(rows.map((row) => row.map(({ id, title }) => [id, title])), [[["gradients: a", "a: T"], ["gradients: b", "b: T"]], [["units: a", "a: T"]]]);
  assert.ok(rows[0].every(({ bounds }) => bounds !== null && bounds[0] < 1e-3 && bounds[1] > 3 && bounds[1] === rows[0][0].bounds?.[1]));
  assert.deepEqual(rows[1][0].bounds, [0, 1]);
});

test("curves of the same name are laid over each other at their own steps", () => {
  const chart = (/** @type {number[]} */ steps, /** @type {any[]} */ series) => ({ charts: [{ id: "loss", title: "Loss", y_label: "", unit: "", log: false, steps, series, limits: [], marks: [], bounds: null, top: null }] });
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
