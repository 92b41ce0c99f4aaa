// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { isFlat, scaleOf, share } from "../src/heat.js";
import { createCursor } from "../src/cursor.js";
import { heatColor, luminance } from "../src/palette.js";

/**
 * @param {(number | null)[][]} rows
 * @param {boolean} log
 * @returns {import("../src/api.js").Chart}
 */
function chart(rows, log) {
  const series = rows.map((values, i) => ({ name: `layer_${i}`, role: /** @type {const} */ ("layer"), values }));
  return { id: "x", title: "", y_label: "", unit: "", log, steps: rows[0].map((_, i) => i), series, limits: [], marks: [], bounds: null, top: null };
}

test("a logarithmic scale goes from the smallest positive value to the largest, and zero is its lower end", () => {
  const scale = scaleOf(chart([[0, 1e-6], [null, 1]], true));
  assert.deepEqual(scale, { min: -6, max: 0, log: true, broken: true });
  assert.deepEqual([0, 1e-6, 1e-3, 1, 100].map((value) => share(value, scale)), [0, 0, 0.5, 1, 1]);
});

test("shares are colored from none to all, whatever was seen", () => {
  assert.deepEqual(scaleOf(chart([[0.2, 0.3]], false)), { min: 0, max: 1, log: false, broken: false });
  assert.deepEqual(scaleOf(chart([[null, null]], true)), { min: 0, max: 1, log: true, broken: true });
});

test("one and the same value everywhere is no map", () => {
  assert.equal(isFlat(chart([[0, 0], [0, 0]], false)), true);
  assert.equal(isFlat(chart([[0, 0], [0, 0.1]], false)), false);
});

test("more is darker on white and lighter on dark, without exception", () => {
  for (const theme of /** @type {const} */ (["light", "dark"])) {
    const ramp = Array.from({ length: 33 }, (_, i) => luminance(heatColor(i / 32, theme)));
    for (let i = 1; i < ramp.length; i++) assert.ok(theme === "light" ? ramp[i] < ramp[i - 1] : ramp[i] > ramp[i - 1], `${theme} ${i}`);
  }
});

test("everybody who watches the cursor hears of a move once, until they stop", () => {
  const cursor = createCursor();
  /** @type {(number | null)[]} */
  const heard = [];
  const stop = cursor.watch((step) => heard.push(step));
  cursor.move(3);
  cursor.move(3);
  cursor.move(null);
  stop();
  cursor.move(5);
  assert.deepEqual(heard, [3, null]);
  assert.equal(cursor.step(), 5);
});
