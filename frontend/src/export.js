// @ts-check
// A chart as a file: its numbers, or its picture.

import { csv } from "./plotdata.js";
import { visible } from "./text.js";

/** @typedef {import("./api.js").Chart} Chart */

/** @param {Chart} chart */
export function saveCsv(chart) {
  save(new Blob([csv(chart)], { type: "text/csv" }), `${fileName(chart)}.csv`);
}

/**
 * What the canvases of a figure show, below the chart's title and above its legend.
 * @param {HTMLElement} figure
 * @param {Chart} chart
 */
export function savePicture(figure, chart) {
  const ratio = devicePixelRatio;
  const plots = [...figure.querySelectorAll(".maps, .uplot")].map((part) => [...part.querySelectorAll("canvas")]);
  const width = Math.max(...plots.flat().map((canvas) => canvas.width)) + 24 * ratio;
  const height = plots.reduce((sum, canvases) => sum + canvases[0].height + 8 * ratio, 0);
  const picture = document.createElement("canvas");
  const ctx = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  const style = getComputedStyle(figure);
  const small = `${11 * ratio}px sans-serif`;

  ctx.font = small;
  const end = { x: 12 * ratio, y: 30 * ratio + height };
  const entries = [...figure.querySelectorAll(".legend .entry")].map((entry) => {
    const text = (entry.textContent ?? "").replace(/\s+/g, " ").trim();
    const room = ctx.measureText(text).width + 28 * ratio;
    if (end.x > 12 * ratio && end.x + room > width) Object.assign(end, { x: 12 * ratio, y: end.y + 16 * ratio });
    const at = { ...end };
    end.x += room;
    const swatch = /** @type {HTMLElement | null} */ (entry.querySelector(".swatch"));
    return { text, ...at, color: swatch?.style.borderColor || swatch?.style.background || "" };
  });

  picture.width = width;
  picture.height = end.y + 22 * ratio;
  ctx.fillStyle = style.getPropertyValue("--paper");
  ctx.fillRect(0, 0, picture.width, picture.height);
  ctx.fillStyle = style.getPropertyValue("--text");
  ctx.font = `600 ${13 * ratio}px sans-serif`;
  ctx.fillText([chart.title, chart.y_label].filter(Boolean).map((text) => visible(text)).join(" · "), 12 * ratio, 20 * ratio);
  let top = 30 * ratio;
  for (const canvases of plots) {
    const left = canvases[0].getBoundingClientRect().left;
    for (const canvas of canvases) ctx.drawImage(canvas, 12 * ratio + (canvas.getBoundingClientRect().left - left) * ratio, top);
    top += canvases[0].height + 8 * ratio;
  }
  ctx.font = small;
  for (const { text, x, y, color } of entries) {
    ctx.fillStyle = color;
    ctx.fillRect(x, y + 4 * ratio, 10 * ratio, 3 * ratio);
    ctx.fillStyle = style.getPropertyValue("--text");
    ctx.fillText(text, x + 14 * ratio, y + 10 * ratio);
  }
  picture.toBlob((blob) => blob !== null && save(blob, `${fileName(chart)}.png`), "image/png");
}

/** @param {Chart} chart */
function fileName(chart) {
  return chart.id.replace(/[^\w-]+/g, "_").slice(0, 60);
}

/**
 * @param {Blob} content
 * @param {string} name
 */
function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
