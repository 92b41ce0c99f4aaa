// @ts-check
// Layers in forward order against steps, and beside it the profile over the layers at the cursor.

import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { inkOf, xRange } from "../chart.js";
import { LEFT, RIGHT, drawMap, drawProfile, layersOf, scaleOf } from "../heat.js";
import { heatGradient } from "../palette.js";
import { nearest } from "../plotdata.js";
import { TEXT, shortNumber, visible } from "../text.js";

/** @typedef {import("../api.js").Chart} Chart */

/**
 * @param {{chart: Chart, look: import("./chart.js").Look, theme: import("../palette.js").Theme, cursor: import("../cursor.js").Cursor, index: number, point: (layer: string) => void, choose: (layer: string) => void}} props
 *   index: of the record whose profile is shown; point, choose: a layer was pointed at ("": none any more), or clicked
 */
export function HeatMap({ chart, look, theme, cursor, index, point, choose }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const map = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const profile = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const hair = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, setWidth] = useState(0);
  const [pointed, setPointed] = useState("");
  const layers = layersOf(chart);
  const height = Math.min(280, Math.max(96, layers.length * 15));
  const range = xRange(chart.steps, look.range, look.step);

  useLayoutEffect(() => {
    const element = /** @type {HTMLElement} */ (box.current);
    const fit = () => element.clientWidth > 0 && setWidth(Math.floor(element.clientWidth));
    fit(); // in the same frame, where there is room already
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (width === 0 || map.current === null) return;
    const { text, limit, chosen } = inkOf();
    drawMap(map.current, chart, { width, height, range, theme, chosen: look.layers, ink: { text, broken: limit, chosen } });
  }, [chart, width, height, theme, range[0], range[1], look.layers]);

  useLayoutEffect(() => {
    if (profile.current === null) return;
    const { text, limit, chosen, grid } = inkOf();
    drawProfile(profile.current, chart, index, { height, chosen: [...look.layers, pointed], ink: { text, grid, limit, chosen, line: text } });
  }, [chart, index, height, theme, look.layers, pointed]);

  useEffect(() => {
    const wide = width - LEFT - RIGHT;
    const follow = (/** @type {number | null} */ step) => {
      if (hair.current === null) return;
      const at = step === null ? -1 : (step - range[0]) / (range[1] - range[0]);
      hair.current.style.display = at < 0 || at > 1 ? "none" : "";
      hair.current.style.transform = `translateX(${LEFT + wide * at}px)`;
    };
    follow(cursor.step());
    return cursor.watch(follow);
  }, [cursor, width, range[0], range[1]]);

  /** @param {PointerEvent} event */
  const under = (event) => {
    const { left, top } = /** @type {HTMLElement} */ (box.current).getBoundingClientRect();
    const across = (event.clientX - left - LEFT) / (width - LEFT - RIGHT);
    const layer = layers[Math.floor(((event.clientY - top) / height) * layers.length)]?.name ?? "";
    const step = across < 0 || across > 1 ? null : chart.steps[nearest(chart.steps, range[0] + across * (range[1] - range[0]))];
    return { layer, step };
  };
  const onMove = (/** @type {PointerEvent} */ event) => {
    const { layer, step } = under(event);
    cursor.move(step);
    setPointed(layer);
    point(layer); // after the cursor, whose move ends what was pointed at
  };
  const onLeave = () => {
    setPointed("");
    point("");
    cursor.move(null);
  };

  const { min, max, log, broken } = scaleOf(chart);
  const end = (/** @type {number} */ value) => shortNumber(log ? 10 ** value : value);
  const one = layers.find(({ name }) => name === pointed);
  return html`<div class="heat" aria-hidden="true">
    <div class="maps" ref=${box} style=${{ height: `${height}px` }} onPointerMove=${onMove} onPointerLeave=${onLeave} onClick=${(/** @type {PointerEvent} */ event) => choose(under(event).layer)}>
      <canvas class="map" ref=${map} />
      <canvas class="profile" ref=${profile} />
      <span class="hair" ref=${hair} style="display: none" />
    </div>
    <div class="scale">
      <span>${end(min)}</span><span class="bar" style=${{ background: heatGradient(theme) }} /><span>${end(max)}${log ? ` (${TEXT.logScale.toLowerCase()})` : ""}</span>
      ${broken && html`<span class="broken" /><span>${TEXT.notFinite}</span>`}
      <span class="pointed">${one === undefined ? TEXT.profile : html`<b>${visible(one.name)}</b> ${shortNumber(one.values[index])}`}</span>
    </div>
  </div>`;
}
