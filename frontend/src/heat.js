// @ts-check
// Layers x steps as colors, and the profile over the layers at one step. Drawing only; what is drawn stands in the chart.

import { heatColor } from "./palette.js";

/** @typedef {import("./api.js").Chart} Chart */
/** @typedef {import("./palette.js").Theme} Theme */

/** Room left and right of the map, the same as beside the curve below it, so that steps stand under steps. */
export const LEFT = 84;
export const RIGHT = 96;
const SHADES = 65; // as many as the scale has
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/**
 * @typedef {object} Scale
 * @property {number} min of the values, or of their logarithms
 * @property {number} max
 * @property {boolean} log
 * @property {boolean} broken some value is not finite
 */

/** @param {Chart} chart */
export function layersOf(chart) {
  return chart.series.filter((series) => series.role === "layer");
}

/**
 * Whether all layers have one and the same value: nothing to see in a map.
 * @param {Chart} chart
 */
export function isFlat(chart) {
  const layers = layersOf(chart);
  return layers.every(({ values }) => values.every((value) => value === layers[0].values[0]));
}

/** @type {WeakMap<Chart, Scale>} */
const scales = new WeakMap(); // each move of the pointer asks for one

/**
 * Which values are the ends of the color scale. A share runs from 0 to 1 whatever was seen.
 * @param {Chart} chart
 * @returns {Scale}
 */
export function scaleOf(chart) {
  let scale = scales.get(chart);
  if (scale === undefined) scales.set(chart, (scale = measured(chart)));
  return scale;
}

/**
 * @param {Chart} chart
 * @returns {Scale}
 */
function measured(chart) {
  let [min, max, broken] = [Infinity, -Infinity, false];
  for (const { values } of layersOf(chart)) {
    for (const value of values) {
      if (value === null) broken = true;
      if (value === null || (chart.log && value <= 0)) continue;
      const at = chart.log ? Math.log10(value) : value;
      min = Math.min(min, at);
      max = Math.max(max, at);
    }
  }
  if (min > max || (!chart.log && min >= 0 && max <= 1)) [min, max] = [0, 1];
  return { min, max: max > min ? max : min + 1, log: chart.log, broken };
}

/**
 * Where a value stands on the scale, 0 to 1. Zero has no logarithm: it is the lower end.
 * @param {number} value
 * @param {Scale} scale
 */
export function share(value, { min, max, log }) {
  const at = log ? (value > 0 ? Math.log10(value) : -Infinity) : value;
  return Math.min(1, Math.max(0, (at - min) / (max - min)));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
function sized(canvas, width, height) {
  const ratio = devicePixelRatio;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    Object.assign(canvas, { width: w, height: h });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return ctx;
}

/**
 * The map: one row a layer, first layer at the top; each record reaches to the next. Names stand left of it.
 * @param {HTMLCanvasElement} canvas
 * @param {Chart} chart
 * @param {{width: number, height: number, range: [number, number], theme: Theme, chosen: string[], ink: {text: string, broken: string, chosen: string}}} options
 */
export function drawMap(canvas, chart, { width, height, range, theme, chosen, ink }) {
  const ctx = sized(canvas, width, height);
  const layers = layersOf(chart);
  const scale = scaleOf(chart);
  const row = height / layers.length;
  const wide = width - LEFT - RIGHT;
  const pixels = Math.max(1, Math.round(wide * devicePixelRatio));
  const colors = Array.from({ length: SHADES }, (_, i) => bytes(heatColor(i / (SHADES - 1), theme)));
  const broken = bytes(ink.broken);
  const image = new ImageData(pixels, layers.length);
  const cells = new Uint32Array(image.data.buffer);
  /** @param {number} step */
  const x = (step) => Math.min(pixels, Math.max(0, Math.round((pixels * (step - range[0])) / (range[1] - range[0]))));
  chart.steps.forEach((step, i) => {
    const from = x(step);
    const to = Math.min(pixels, Math.max(from + 1, x(chart.steps[i + 1] ?? Infinity))); // a pixel at least; the next record may take it
    layers.forEach(({ values }, k) => {
      const value = values[i];
      cells.fill(value === null ? broken : colors[Math.round(share(value, scale) * (SHADES - 1))], k * pixels + from, k * pixels + to);
    });
  });
  const small = document.createElement("canvas");
  Object.assign(small, { width: pixels, height: layers.length });
  small.getContext("2d")?.putImageData(image, 0, 0);
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(small, LEFT, 0, wide, height);
  const every = Math.ceil(13 / row);
  ctx.font = `11px ${FONT}`;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  layers.forEach(({ name }, k) => {
    const isChosen = chosen.includes(name);
    if (k % every !== 0 && !isChosen) return;
    ctx.fillStyle = isChosen ? ink.chosen : ink.text;
    ctx.fillText(fitted(ctx, name, LEFT - 10), LEFT - 6, Math.min(height - 6, Math.max(6, (k + 0.5) * row)));
    if (isChosen) {
      ctx.strokeStyle = ink.chosen;
      ctx.lineWidth = 1.5;
      ctx.strokeRect(LEFT + 0.75, k * row + 0.75, wide - 1.5, Math.max(2, row - 1.5));
    }
  });
}

/**
 * A color as a pixel holds it.
 * @param {string} color #rrggbb
 */
function bytes(color) {
  return parseInt(`ff${color.slice(5, 7)}${color.slice(3, 5)}${color.slice(1, 3)}`, 16);
}

/**
 * The end of a name tells layers apart: the beginning gives way.
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} name
 * @param {number} room
 */
function fitted(ctx, name, room) {
  if (ctx.measureText(name).width <= room) return name;
  let end = name.slice(-40);
  while (end.length > 1 && ctx.measureText(`…${end}`).width > room) end = end.slice(1);
  return `…${end}`;
}

/**
 * The values of all layers at one record, beside the rows of the map: small left, large right.
 * @param {HTMLCanvasElement} canvas
 * @param {Chart} chart
 * @param {number} index of the record
 * @param {{height: number, chosen: string[], ink: {text: string, grid: string, limit: string, line: string, chosen: string}}} options
 */
export function drawProfile(canvas, chart, index, { height, chosen, ink }) {
  const width = RIGHT - 12;
  const ctx = sized(canvas, width, height);
  const layers = layersOf(chart);
  const scale = scaleOf(chart);
  const row = height / layers.length;
  /** @param {number} value */
  const x = (value) => 3 + (width - 6) * share(value, scale);
  ctx.strokeStyle = ink.grid;
  ctx.lineWidth = 1;
  ctx.strokeRect(0.5, 0.5, width - 1, height - 1);

  const curves = chart.series.filter((series) => series.role === "reference").map((series) => ({ value: series.values[index], fires: false }));
  ctx.setLineDash([4, 3]);
  for (const { value: limit, fires } of [...chart.limits, ...curves]) {
    if (limit === null || share(limit, scale) <= 0 || share(limit, scale) >= 1) continue;
    ctx.strokeStyle = fires ? ink.limit : ink.text;
    ctx.beginPath();
    ctx.moveTo(x(limit), 0);
    ctx.lineTo(x(limit), height);
    ctx.stroke();
  }
  ctx.setLineDash([]);

  ctx.strokeStyle = ink.line;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  let pen = false;
  layers.forEach(({ values }, k) => {
    const value = values[index];
    if (value === null) {
      pen = false;
      return;
    }
    if (pen) ctx.lineTo(x(value), (k + 0.5) * row);
    else ctx.moveTo(x(value), (k + 0.5) * row);
    pen = true;
  });
  ctx.stroke();
  layers.forEach(({ name, values }, k) => {
    const value = values[index];
    const isChosen = chosen.includes(name);
    if (value === null || (row < 5 && !isChosen)) return;
    ctx.fillStyle = isChosen ? ink.chosen : ink.line;
    ctx.beginPath();
    ctx.arc(x(value), (k + 0.5) * row, isChosen ? 3.5 : 2, 0, 7);
    ctx.fill();
  });
}
