// @ts-check
// A chart with its title and its legend. The legend reads the values at the pointer, or the last ones.

import { html } from "htm/preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { DASH_STYLES, colorOf, createPlot } from "../chart.js";
import { depthGradient, lineColor } from "../palette.js";
import { isEdge, plotData, valueAt } from "../plotdata.js";
import { label, shortNumber, visible, whole } from "../text.js";
import { Name } from "./parts.js";

/** @typedef {import("../api.js").Chart} Chart */
/** @typedef {import("../plotdata.js").Line} Line */

/**
 * @typedef {object} Look what the reader looks at, shared by all charts of a run
 * @property {[number, number] | null} range steps in view; null: all
 * @property {number | null} step
 * @property {string} layer the highlighted layer, or ""
 */

/** @typedef {(change: Partial<Look>) => void} SetLook */

/**
 * @param {{chart: Chart, places: string[], look: Look, setLook: SetLook, theme: import("../palette.js").Theme, group: string}} props
 *   places: lines to emphasize while the reader has chosen none
 */
export function ChartFigure({ chart, places, look, setLook, theme, group }) {
  const node = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {import("../chart.js").Plot | null} */ (null));
  const newest = useRef({ chart, look });
  newest.current = { chart, look };
  const [cursor, setCursor] = useState({ index: /** @type {number | null} */ (null), line: /** @type {Line | null} */ (null) });

  const emphasized = look.layer === "" ? places : [look.layer];
  const layers = chart.series.filter((series) => series.role === "layer").map((series) => series.name);
  const shape = JSON.stringify([chart.id, chart.log, chart.series.map((s) => [s.name, s.role]), emphasized, theme]);
  const data = useMemo(() => plotData(chart, emphasized), [chart, shape]);

  useEffect(() => {
    const element = /** @type {HTMLElement} */ (node.current);
    const observer = new ResizeObserver(() => {
      const width = Math.floor(element.clientWidth);
      if (width === 0) return; // a hidden tab
      if (plot.current !== null) return plot.current.resize(width);
      plot.current = createPlot(element, newest.current.chart, width, {
        emphasized,
        theme,
        group,
        onCursor: (index, line) => setCursor({ index, line }),
        onRange: (range) => setLook({ range }),
      });
      plot.current.look(newest.current.look.range, newest.current.look.step);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape, group]);

  useEffect(() => plot.current?.update(chart), [chart]);
  useEffect(() => plot.current?.look(look.range, look.step), [look.range, look.step, chart]);

  const moved = look.range !== null || look.step !== null || look.layer !== "";
  return html`<figure class="chart" data-chart=${chart.id}>
    <figcaption>
      <span class="title">${visible(chart.title)}</span>
      <span class="muted">${visible(chart.y_label)}${chart.log ? ", log scale" : ""}</span>
      ${moved && html`<button type="button" class="quiet" onClick=${() => setLook({ range: null, step: null, layer: "" })}>Show all</button>`}
    </figcaption>
    <div class="plot" ref=${node} role="img" aria-label=${described(chart)}></div>
    <${Legend} data=${data} cursor=${cursor} theme=${theme} />
    ${layers.length > 1 && html`<${LayerRamp} layers=${layers} chosen=${look.layer} theme=${theme} choose=${(/** @type {string} */ layer) => setLook({ layer })} />`}
  </figure>`;
}

/**
 * The chart in words, for those who cannot see the canvas.
 * @param {Chart} chart
 */
function described(chart) {
  const steps = chart.steps.length === 0 ? "" : `, steps ${whole(chart.steps[0])} to ${whole(chart.steps[chart.steps.length - 1])}`;
  const names = chart.series.slice(0, 6).map((series) => label(series.name, 30).text);
  const more = chart.series.length > 6 ? ` and ${chart.series.length - 6} more` : "";
  return `Chart: ${visible(chart.title)}, ${visible(chart.y_label)}${steps}. Lines: ${names.join(", ")}${more}.`;
}

/**
 * @param {{data: ReturnType<typeof plotData>, cursor: {index: number | null, line: Line | null}, theme: import("../palette.js").Theme}} props
 */
function Legend({ data, cursor, theme }) {
  const { columns, lines, band } = data;
  const shown = lines
    .map((line, i) => ({ line, column: columns[i + 1] }))
    .filter(({ line }) => (line.role === "layer" ? line.emphasized || line.name === cursor.line?.name : !isEdge(line)))
    .slice(-8);
  const step = cursor.index === null ? undefined : columns[0][cursor.index];
  if (shown.length === 0 && step === undefined) return html`<div class="legend" />`;
  return html`<div class="legend">
    <span class="at">${step === undefined ? "latest" : `step ${whole(step)}`}</span>
    ${shown.map(
      ({ line, column }) => html`<span class="entry">
        <span class="swatch ${line.role}" style=${{ borderColor: colorOf(line, theme), borderTopStyle: line.role === "reference" ? "dashed" : DASH_STYLES[line.nth % DASH_STYLES.length] }} />
        <span><${Name} name=${line.name} limit=${32} /> <b>${shortNumber(valueAt(column, cursor.index))}</b></span>
      </span>`,
    )}
    ${band !== null &&
    html`<span class="entry">
      <span class="swatch band" style=${{ background: lineColor("train", 0, theme) }} />
      <span>
        <${Name} name=${lines[band[1] - 1].name} limit=${32} />${" to "}<${Name} name=${lines[band[0] - 1].name} limit=${32} />${" "}
        <b>${shortNumber(valueAt(columns[band[1]], cursor.index))} to ${shortNumber(valueAt(columns[band[0]], cursor.index))}</b>
      </span>
    </span>`}
  </div>`;
}

/**
 * Which color is which depth, and a choice of one layer for hands without a pointer.
 * @param {{layers: string[], chosen: string, theme: import("../palette.js").Theme, choose: (layer: string) => void}} props
 */
function LayerRamp({ layers, chosen, theme, choose }) {
  return html`<div class="ramp">
    <${Name} name=${layers[0]} limit=${18} />
    <span class="bar" style=${{ background: depthGradient(theme) }} aria-hidden="true" />
    <${Name} name=${layers[layers.length - 1]} limit=${18} />
    <select
      aria-label="Layer to highlight"
      value=${chosen}
      onChange=${(/** @type {{currentTarget: HTMLSelectElement}} */ event) => choose(event.currentTarget.value)}
    >
      <option value="">all ${layers.length} layers</option>
      ${layers.map((name) => html`<option value=${name} selected=${name === chosen}>${label(name, 40).text}</option>`)}
    </select>
  </div>`;
}
