// @ts-check
// A chart with its title, its legend and what can be done with it. The legend reads the values at the cursor, or the last ones.

import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { DASH_STYLES, ROOM, colorOf, createPlot, xRange } from "../chart.js";
import { saveCsv, savePicture } from "../export.js";
import { LEFT, RIGHT, isFlat } from "../heat.js";
import { depthGradient, lineColor } from "../palette.js";
import { constants, evenly, isEdge, nearest, plotData, smoothed, valueAt } from "../plotdata.js";
import { soon } from "../live.js";
import { TEXT, atStep, label, shortNumber, visible, whole } from "../text.js";
import { HeatMap } from "./heatmap.js";
import { Name } from "./parts.js";

/** @typedef {import("../api.js").Chart} Chart */
/** @typedef {import("../plotdata.js").Line} Line */

/**
 * @typedef {object} Look what the reader looks at, shared by all charts of a run
 * @property {[number, number] | null} range steps in view; null: all
 * @property {number | null} step
 * @property {[number, number] | null} band steps of the chosen finding
 * @property {string[]} layers the highlighted ones
 */

/** @type {Look} */
export const EVERYTHING = { range: null, step: null, band: null, layers: [] };

/** @typedef {(change: Partial<Look>) => void} SetLook */

const FEWEST_MAPPED = 4; // fewer layers are told apart as lines
const MOST_ROWS = 60; // of the data table; the file has all of them

/** @typedef {{chart: Chart, places: string[], look: Look, setLook: SetLook, theme: import("../palette.js").Theme, cursor: import("../cursor.js").Cursor}} Props places: lines to emphasize while the reader has chosen none */

/** @param {Props} props */
export function ChartFigure(props) {
  const { chart } = props;
  const values = useMemo(() => constants(chart), [chart]);
  if (values === null) return html`<${Plotted} ...${props} />`;
  return html`<figure class="chart constant" data-chart=${chart.id}>
    <figcaption><span><b class="title">${visible(chart.title)}</b> <span class="muted">${axisInWords({ ...chart, log: false }, false)}</span></span></figcaption>
    <p class="legend">
      <span class="at">${TEXT.always}</span>
      ${values.map(({ name, value }) => html`<span>${name === "" ? TEXT.allValues : html`<${Name} name=${name} limit=${32} />`} <b>${withUnit(value, chart.unit)}</b></span>`)}
      ${chart.limits.map(({ label: text }) => html`<span class="muted">${TEXT.aLimit} ${visible(text)}</span>`)}
    </p>
  </figure>`;
}

/**
 * What the reader sees is drawn at once, every other chart when there is nothing else to do.
 * @param {Props} props
 */
function Plotted(props) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [due, setDue] = useState(false);
  useLayoutEffect(() => soon(/** @type {HTMLElement} */ (place.current), () => setDue(true)), []);
  if (due) return html`<${Figure} ...${props} />`;
  return html`<figure class="chart waiting" ref=${place} data-chart=${props.chart.id}><figcaption><b class="title">${visible(props.chart.title)}</b></figcaption><div class="plot" /></figure>`;
}

/** @param {Props} props */
function Figure({ chart: given, places, look, setLook, theme, cursor }) {
  const figure = useRef(/** @type {HTMLElement | null} */ (null));
  const node = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {import("../chart.js").Plot | null} */ (null));
  const [at, setAt] = useState({ index: /** @type {number | null} */ (null), line: /** @type {Line | null} */ (null) });
  const [log, setLog] = useState(given.log);
  const [smooth, setSmooth] = useState(false);
  const [table, setTable] = useState(false);

  const chart = useMemo(() => ({ ...(smooth ? smoothed(given) : given), log }), [given, log, smooth]);
  const layers = given.series.filter((series) => series.role === "layer").map((series) => series.name);
  const chosen = look.layers.filter((layer) => layers.includes(layer));
  const emphasized = chosen.length > 0 ? chosen : places;
  const mapped = useMemo(() => layers.length >= FEWEST_MAPPED && !isFlat(chart), [chart]);
  const shape = useMemo(() => JSON.stringify([chart.id, chart.log, smooth, chart.series.map((s) => [s.name, s.role]), emphasized]), [chart, String(emphasized)]);
  const data = useMemo(() => plotData(chart, emphasized), [chart, shape]);
  const newest = useRef({ chart, data, look, theme, setLook });
  newest.current = { chart, data, look, theme, setLook };
  const drawn = useRef(/** @type {Partial<typeof newest.current>} */ ({})); // what the plot shows

  useLayoutEffect(() => plot.current?.paint(theme), [theme]); // at once: a page that is printed waits for nothing
  useLayoutEffect(() => {
    const element = /** @type {HTMLElement} */ (node.current);
    let wide = 0;
    const fit = () => {
      const width = Math.floor(element.clientWidth);
      if (width === 0 || width === wide) return; // a hidden tab
      wide = width;
      if (plot.current !== null) return plot.current.resize(width);
      plot.current = createPlot(element, newest.current.chart, width, {
        data: newest.current.data,
        theme: newest.current.theme,
        cursor,
        room: mapped ? { left: LEFT, right: RIGHT, height: 150 } : ROOM,
        onCursor: (index, line) => setAt((now) => (now.index === index && now.line === line ? now : { index, line })),
        onRange: (range) => setLook({ range }),
      });
      plot.current.look(newest.current.look);
      drawn.current = { ...newest.current };
    };
    fit(); // in the same frame, where there is room already
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape, cursor]);

  useEffect(() => {
    if (drawn.current.data !== data) plot.current?.update(chart, data);
    drawn.current.data = data;
  }, [data]);
  useEffect(() => {
    if (drawn.current.look !== look || drawn.current.chart !== chart) plot.current?.look(look);
    Object.assign(drawn.current, { look, chart });
  }, [look.range, look.step, look.band, chart]);

  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { steps } = chart;
    const now = cursor.step() ?? look.step ?? steps[steps.length - 1];
    const here = nearest(steps, now);
    const [from, to] = xRange(steps, look.range, look.step);
    const far = event.shiftKey ? 10 : 1;
    const go = (/** @type {number} */ index) => cursor.move(steps[Math.min(steps.length - 1, Math.max(0, index))]);
    /** @param {number} factor */
    const zoom = (factor) => setLook({ range: [Math.max(steps[0], now - (now - from) * factor), Math.min(steps[steps.length - 1], now + (to - now) * factor)] });
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowLeft: () => go(here - far),
      ArrowRight: () => go(here + far),
      Home: () => go(0),
      End: () => go(steps.length - 1),
      "+": () => zoom(0.5),
      "=": () => zoom(0.5),
      "-": () => zoom(2),
      0: () => setLook({ range: null }),
      Escape: () => setLook(EVERYTHING),
    };
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };

  // Each move of the pointer renders this anew; of a hundred layers, the choice among them need not be.
  const ramp = useMemo(
    () => layers.length > 1 && html`<${LayerRamp} layers=${layers} chosen=${chosen} theme=${theme} choose=${(/** @type {string} */ layer) => newest.current.setLook({ layers: layer === "" ? [] : [layer] })} />`,
    [given, String(chosen), theme],
  );
  const index = at.index ?? chart.steps.length - 1;
  const moved = look.range !== null || look.step !== null || look.band !== null || String(chosen) !== String(chosen.length > 0 ? places : []);
  return html`<figure class="chart ${mapped ? "mapped" : ""}" data-chart=${chart.id} ref=${figure}>
    <figcaption>
      <span><b class="title">${visible(chart.title)}</b> <span class="muted">${axisInWords(chart, smooth)}</span></span>
      <span class="actions">
        ${moved && html`<button type="button" class="quiet" onClick=${() => setLook(EVERYTHING)}>${TEXT.showAll}</button>`}
        <${Menu} title=${visible(chart.title)}>
          <label><input type="checkbox" checked=${log} onChange=${() => setLog(!log)} /> ${TEXT.logScale}</label>
          <label><input type="checkbox" checked=${smooth} onChange=${() => setSmooth(!smooth)} /> ${TEXT.smooth}</label>
          <label><input type="checkbox" checked=${table} onChange=${() => setTable(!table)} /> ${TEXT.table}</label>
          <button type="button" onClick=${() => savePicture(/** @type {HTMLElement} */ (figure.current), chart)}>${TEXT.savePng}</button>
          <button type="button" onClick=${() => saveCsv(given)}>${TEXT.saveCsv}</button>
        <//>
      </span>
    </figcaption>
    <div class="pair">
    ${mapped &&
    html`<${HeatMap} chart=${chart} look=${look} theme=${theme} cursor=${cursor} index=${index} point=${(/** @type {string} */ layer) => plot.current?.point(layer)} choose=${(/** @type {string} */ layer) => setLook({ layers: chosen.length === 1 && chosen[0] === layer ? [] : [layer] })} />`}
    <div
      class="plot ${mapped ? "below" : ""}"
      ref=${node}
      tabindex="0"
      role="slider"
      aria-label=${described(chart)}
      aria-valuemin=${chart.steps[0]}
      aria-valuemax=${chart.steps[chart.steps.length - 1]}
      aria-valuenow=${chart.steps[index]}
      aria-valuetext=${inWords(data, index, chart.unit)}
      aria-describedby="chart-keys"
      onKeyDown=${onKeyDown}
      onBlur=${() => cursor.move(null)}
    ></div>
    </div>
    <${Legend} data=${data} at=${at} theme=${theme} unit=${chart.unit} />
    ${ramp}
    ${table && html`<${DataTable} chart=${chart} />`}
  </figure>`;
}

/**
 * @param {Chart} chart
 * @param {boolean} smooth
 */
function axisInWords(chart, smooth) {
  const unit = chart.unit === "" ? "" : `in ${visible(chart.unit)}`;
  return [visible(chart.y_label), unit, chart.log ? TEXT.logScale.toLowerCase() : "", smooth ? TEXT.smoothed : "", chart.top === null || chart.log ? "" : TEXT.cutOff].filter((part) => part !== "").join(", ");
}

/**
 * What can be done with a chart; closes when the focus leaves it.
 * @param {{title: string, children?: any}} props
 */
function Menu({ title, children }) {
  const details = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  const close = (/** @type {FocusEvent} */ event) => {
    const { current } = details;
    if (current !== null && event.relatedTarget !== null && !current.contains(/** @type {Node} */ (event.relatedTarget))) current.open = false;
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || details.current === null) return;
    details.current.open = false;
    details.current.querySelector("summary")?.focus();
  };
  return html`<details class="menu" ref=${details} onFocusOut=${close} onKeyDown=${onKeyDown}>
    <summary aria-label="${TEXT.options}: ${title}" title=${TEXT.options}>⋯</summary>
    <div class="items">${children}</div>
  </details>`;
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
 * The values at a record, as they are read aloud.
 * @param {ReturnType<typeof plotData>} data
 * @param {number} index
 * @param {string} unit
 */
function inWords({ columns, lines }, index, unit) {
  const named = lines.map((line, i) => ({ line, value: valueAt(columns[i + 1], index) })).filter(({ line }) => !line.faded && !isEdge(line));
  return `${atStep(columns[0][index])}: ${named.slice(0, 5).map(({ line, value }) => `${label(line.name, 30).text} ${withUnit(value, unit)}`).join(", ")}`;
}

/**
 * @param {number | null} value
 * @param {string} unit
 */
function withUnit(value, unit) {
  return unit === "" || value === null ? shortNumber(value) : `${shortNumber(value)} ${visible(unit)}`;
}

/**
 * @param {{data: ReturnType<typeof plotData>, at: {index: number | null, line: Line | null}, theme: import("../palette.js").Theme, unit: string}} props
 */
function Legend({ data, at, theme, unit }) {
  const { columns, lines, band } = data;
  const shown = lines
    .map((line, i) => ({ line, column: columns[i + 1] }))
    .filter(({ line }) => (line.role === "layer" ? line.emphasized || line.layers < FEWEST_MAPPED || line.name === at.line?.name : !isEdge(line)))
    .slice(-8);
  const step = at.index === null ? undefined : columns[0][at.index];
  if (shown.length === 0 && step === undefined) return html`<div class="legend" />`;
  return html`<div class="legend">
    <span class="at">${step === undefined ? TEXT.latest : atStep(step)}</span>
    ${shown.map(
      ({ line, column }) => html`<span class="entry">
        <span class="swatch ${line.role}" style=${{ borderColor: colorOf(line, theme), background: line.role === "part" ? colorOf(line, theme) : "", borderTopStyle: line.role === "reference" ? "dashed" : DASH_STYLES[line.nth % DASH_STYLES.length] }} />
        <span><${Name} name=${line.name} limit=${32} /> <b>${withUnit(valueAt(column, at.index), unit)}</b></span>
      </span>`,
    )}
    ${band !== null &&
    html`<span class="entry">
      <span class="swatch band" style=${{ background: lineColor("train", 0, theme) }} />
      <span>
        <${Name} name=${lines[band[1] - 1].name} limit=${32} />${" to "}<${Name} name=${lines[band[0] - 1].name} limit=${32} />${" "}
        <b>${shortNumber(valueAt(columns[band[1]], at.index))} to ${shortNumber(valueAt(columns[band[0]], at.index))}</b>
      </span>
    </span>`}
  </div>`;
}

/**
 * Which color is which depth, and a choice of one layer for hands without a pointer.
 * @param {{layers: string[], chosen: string[], theme: import("../palette.js").Theme, choose: (layer: string) => void}} props
 */
function LayerRamp({ layers, chosen, theme, choose }) {
  const only = chosen.length === 1 ? chosen[0] : "";
  return html`<div class="ramp">
    <${Name} name=${layers[0]} limit=${18} />
    <span class="bar" style=${{ background: depthGradient(theme) }} aria-hidden="true" />
    <${Name} name=${layers[layers.length - 1]} limit=${18} />
    <select
      aria-label=${TEXT.highlight}
      value=${only}
      onChange=${(/** @type {{currentTarget: HTMLSelectElement}} */ event) => choose(event.currentTarget.value)}
    >
      <option value="">${chosen.length > 1 ? `${chosen.length} of ${layers.length} layers` : `all ${layers.length} layers`}</option>
      ${layers.map((name) => html`<option value=${name} selected=${name === only}>${label(name, 40).text}</option>`)}
    </select>
  </div>`;
}

/** @param {{chart: Chart}} props */
function DataTable({ chart }) {
  const rows = evenly(chart.steps.length, MOST_ROWS);
  const series = chart.series;
  return html`<div class="scroll data" tabindex="0" role="region" aria-label="${TEXT.table}: ${visible(chart.title)}">
    <table>
      <caption>${rows.length < chart.steps.length ? `${rows.length} of ${whole(chart.steps.length)} records; ${TEXT.csvHasAll}` : ""}</caption>
      <thead>
        <tr>
          <th scope="col" class="number">${TEXT.step}</th>
          ${series.map(({ name }) => html`<th scope="col" class="number"><${Name} name=${name} limit=${32} /></th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (i) => html`<tr>
            <th scope="row" class="number">${whole(chart.steps[i])}</th>
            ${series.map(({ values }) => html`<td class="number">${shortNumber(values[i])}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
