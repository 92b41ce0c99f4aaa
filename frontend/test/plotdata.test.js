// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, csv, dodged, evenly, nearest, plotData, smoothed, sparkPath, stepsOf, valueAt, windowAround, yRange } from "../src/plotdata.js";

/**
 * @param {Partial<import("../src/api.js").Chart>} part
 * @returns {import("../src/api.js").Chart}
 */
function chart(part) {
  return { id: "x", title: "X", y_label: "", unit: "", log: false, steps: [1, 2, 3, 4], series: [], limits: [], marks: [], bounds: null, top: null, ...part };
}

const layers = ["a", "b", "c"].map((name, i) => ({ name, role: /** @type {const} */ ("layer"), values: [i, i, i, i] }));

test("an emphasized layer is drawn last, keeps its depth, and fades the others", () => {
  const { columns, lines } = plotData(chart({ series: layers }), ["a"]);
  assert.deepEqual(lines.map((line) => line.name), ["b", "c", "a"]);
  assert.deepEqual(lines.map((line) => line.index), [1, 2, 0]);
  assert.deepEqual(lines.map((line) => line.faded), [true, true, false]);
  assert.deepEqual(columns[3], [0, 0, 0, 0]);
});

test("several emphasized layers are told apart by their number", () => {
  assert.deepEqual(plotData(chart({ series: layers }), ["b", "a"]).lines.map((line) => line.nth), [0, 0, 1]);
});

test("a name that is not in the chart fades nothing", () => {
  assert.ok(plotData(chart({ series: layers }), ["zzz"]).lines.every((line) => !line.faded));
});

test("the edges of the band come first and are found wherever the order put them", () => {
  const series = /** @type {import("../src/api.js").ChartSeries[]} */ ([
    { name: "loss", role: "train", values: [2, 2, 2, 2] },
    { name: "min", role: "low", values: [1, 1, 1, 1] },
    { name: "max", role: "high", values: [3, 3, 3, 3] },
  ]);
  const { band, columns, lines } = plotData(chart({ series }), []);
  assert.deepEqual(band, [2, 1]);
  assert.deepEqual(columns[2], [3, 3, 3, 3]);
  assert.equal(lines[2].index, 0, "the first curve has the first color, whatever stands before it");
});

test("a value per epoch is a line and not a set of gaps", () => {
  const series = /** @type {import("../src/api.js").ChartSeries[]} */ ([
    { name: "loss", role: "train", values: [2, null, 2, 2] },
    { name: "val_loss", role: "val", values: [null, null, null, 3] },
  ]);
  const { lines, columns } = plotData(chart({ series }), []);
  assert.deepEqual(lines.map((line) => line.sparse), [false, true]);
  assert.deepEqual(columns[2], [undefined, null, undefined, 3]);
});

test("a value that was not finite is a gap, one that was not recorded is not", () => {
  const series = /** @type {import("../src/api.js").ChartSeries[]} */ ([
    { name: "loss", role: "train", values: [2, null, null, 2] },
    { name: "val_loss", role: "val", values: [null, 3, null, null] },
  ]);
  const { columns } = plotData(chart({ series }), []);
  assert.deepEqual(columns.slice(1), [[2, undefined, null, 2], [undefined, 3, null, undefined]]);
  const { columns: ofLayers } = plotData(chart({ series: series.map((s) => ({ ...s, role: "layer" })) }), []);
  assert.deepEqual(ofLayers[1], [2, null, null, 2]);
});

test("a logarithmic chart drops negative values and keeps zeros", () => {
  const series = [{ name: "a", role: /** @type {const} */ ("layer"), values: [-1, 0, null, 1] }];
  assert.deepEqual(plotData(chart({ log: true, series }), []).columns[1], [null, 0, null, 1]);
});

test("a limit near the data is in view, one far away does not squash it", () => {
  const [low, high] = yRange(1, 2, false, [2.5, 1000]);
  assert.ok(high > 2.5 && high < 4);
  assert.ok(low < 1);
  const [bottom, top] = yRange(1e-7, 1e-5, true, [1e-3, 1e20]);
  assert.ok(top > 1e-3 && top < 1e-1);
  assert.ok(bottom < 1e-7 && bottom > 1e-9);
});

test("what hardly moves looks flat until the reader looks closely", () => {
  const [low, high] = yRange(2.3, 2.31, false, []);
  assert.ok(high - low > 0.1);
  const [near, far] = yRange(2.3, 2.31, false, [], true);
  assert.ok(far - near < 0.02);
});

test("zero has a place of its own below a break of a logarithmic axis", () => {
  const series = [{ name: "a", role: /** @type {const} */ ("layer"), values: [1, 1e-4, 0, null] }];
  const { columns, drawn, zero } = plotData(chart({ series, log: true, limits: [{ value: 1e-5, label: "x", fires: false }] }), []);
  assert.ok(zero !== null && zero.range[0] < zero.at && zero.at < zero.low && zero.low < 1e-5 && zero.range[1] > 1);
  assert.deepEqual(columns[1], [1, 1e-4, 0, null], "the legend reads what was recorded");
  assert.deepEqual(drawn[1], [1, 1e-4, zero.at, null]);
  assert.equal(plotData(chart({ series, log: false }), []).zero, null);
  assert.equal(plotData(chart({ series: [{ ...series[0], values: [1, 2, 3, 4] }], log: true }), []).zero, null);
});

test("lines that never move are told in words", () => {
  const line = (/** @type {string} */ name, /** @type {(number | null)[]} */ values, role = "layer") => /** @type {import("../src/api.js").ChartSeries} */ ({ name, role, values });
  assert.deepEqual(constants(chart({ series: [line("a", [0, 0, 0, 0]), line("b", [0, 0, 0, 0])] })), [{ name: "", value: 0 }]);
  assert.deepEqual(constants(chart({ series: [line("a", [1, 1, 1, 1]), line("b", [0.5, null, null, 0.5], "reference")] })), [{ name: "a", value: 1 }, { name: "b", value: 0.5 }]);
  assert.equal(constants(chart({ series: [line("a", [1, 1, 1, 1]), line("b", [0, 0, 0, 1])] })), null);
  assert.equal(constants(chart({ series: [line("a", [1, 1, null, 1])] })), null, "a layer's gap is to be seen");
  assert.equal(constants(chart({ series: [line("a", [1, 1, 1, 1], "train"), line("b", [1, 1, 1, 1], "low")] })), null);
  assert.equal(constants(chart({ steps: [1], series: [line("a", [1])] })), null);
});

test("no label of a limit is dropped, and none covers another", () => {
  const box = { right: 200, top: 0, bottom: 150 };
  const found = dodged([{ y: 40, wide: 90 }, { y: 42, wide: 50 }, { y: 44, wide: 50 }, { y: 0, wide: 20 }, { y: 150, wide: 20 }], box, 13);
  assert.equal(found.length, 5);
  for (const [i, one] of found.entries()) {
    assert.ok(one.y >= 0 && one.y + 13 <= 150);
    for (const other of found.slice(i + 1)) assert.ok(Math.abs(one.y - other.y) >= 13);
  }
  assert.deepEqual(found[0], { x: 110, y: 27 });
});

test("a share starts at zero, a flat line has height, and no data still has axes", () => {
  assert.equal(yRange(0.1, 0.9, false, [])[0], 0);
  for (const flat of [0, 5, -5]) {
    const [low, high] = yRange(flat, flat, false, []);
    assert.ok(low <= flat && flat <= high && low < high);
  }
  const [low, high] = yRange(1e-3, 1e-3, true, []);
  assert.ok(low <= 5e-4 && high >= 2e-3, "a constant has round numbers around it");
  assert.deepEqual(yRange(null, null, false, []), [0, 1]);
  assert.deepEqual(yRange(Infinity, -Infinity, true, [null]), [0.1, 1]);
});

test("a step is shown with its surroundings, and a short chart stays whole", () => {
  const steps = Array.from({ length: 200 }, (_, i) => 2 * i);
  assert.deepEqual(windowAround(steps, 200), [160, 240]);
  assert.deepEqual(windowAround(steps, 0), [0, 40]);
  assert.deepEqual(windowAround(steps, 1e9), [358, 1e9]);
  assert.equal(windowAround(steps.slice(0, 40), 10), null);
});

test("the nearest step is found between, before and after the steps", () => {
  assert.deepEqual([0, 5, 14, 16, 99].map((step) => nearest([5, 10, 20], step)), [0, 0, 1, 2, 2]);
});

test("the legend reads the pointer's value, and the last known one without a pointer", () => {
  assert.equal(valueAt([1, 2, null], 1), 2);
  assert.equal(valueAt([1, 2, null], 2), null);
  assert.equal(valueAt([1, 2, null], null), 2);
  assert.equal(valueAt([null], null), null);
  assert.equal(valueAt([1, undefined, undefined], 2), 1, "a value per epoch holds until the next one");
  assert.equal(valueAt([1, null, undefined], 2), null);
});

test("a spark line lifts its pen at a missing value and stands flat without a range", () => {
  assert.equal(sparkPath([0, null, 1], 10, 10), "M0.0 10.0h0.1M10.0 0.0h0.1");
  assert.equal(sparkPath([2, 2], 10, 10), "M0.0 10.0h0.1L10.0 10.0");
  assert.equal(sparkPath([], 10, 10), "");
  assert.equal(sparkPath([null], 10, 10), "");
});

test("smoothing keeps the mean, the gaps and the limits, and leaves the band out", () => {
  const values = Array.from({ length: 100 }, (_, i) => (i === 50 ? null : i % 2));
  const steps = values.map((_, i) => i);
  const reference = { name: "limit", role: /** @type {const} */ ("reference"), values };
  const smooth = smoothed(chart({ steps, series: [{ name: "a", role: "train", values }, { name: "low", role: "low", values }, reference] }));
  assert.deepEqual(smooth.series.map(({ name }) => name), ["a", "limit"]);
  assert.equal(smooth.series[0].values[50], null);
  assert.ok(smooth.series[0].values.slice(10, 40).every((value) => value !== null && Math.abs(value - 0.5) < 0.15));
  assert.equal(smooth.series[1], reference);
});

test("a spreadsheet gets each value in its place, and no formula from a name", () => {
  const text = csv(chart({ steps: [1, 2], series: [{ name: "=1+1", role: "train", values: [0.5, null] }, { name: 'a,"b"', role: "val", values: [-1, 2] }] }));
  assert.equal(text, `step,'=1+1,"a,""b"""\n1,0.5,-1\n2,,2\n`);
});

test("rows of a long table are spread evenly from the first to the last", () => {
  assert.deepEqual(evenly(3, 5), [0, 1, 2]);
  const some = evenly(1000, 60);
  assert.equal(new Set(some).size, 60);
  assert.deepEqual([some[0], some[59]], [0, 999]);
});

test("a short finding is zoomed to, and one over most of the run is not", () => {
  assert.deepEqual(stepsOf({ first_step: 100, last_step: 110 }, 1000), [50, 160]);
  assert.deepEqual(stepsOf({ first_step: 1, last_step: 5 }, 1000), [0, 55]);
  assert.equal(stepsOf({ first_step: 1, last_step: 900 }, 1000), null);
  assert.equal(stepsOf({ first_step: null, last_step: 9 }, 1000), null);
});

test("the parts of a stack are drawn on top of each other and read as they are", () => {
  const series = /** @type {import("../src/api.js").ChartSeries[]} */ ([
    { name: "computing", role: "part", values: [5, 2, null, 2] },
    { name: "waiting", role: "part", values: [0, 1, 1, 1] },
  ]);
  const { columns, drawn } = plotData(chart({ series }), []);
  assert.deepEqual(columns.slice(1), [[5, 2, undefined, 2], [0, 1, 1, 1]]);
  assert.deepEqual(drawn.slice(1), [[5, 2, 0, 2], [5, 3, 1, 3]]);
  const log = plotData(chart({ series, log: true }), []);
  assert.deepEqual(log.drawn[1], log.columns[1]);
  assert.deepEqual(log.drawn[2].slice(1), [1, 1, 1], "only zero moves to a place of its own");
});
