// @ts-check
// One chart on one canvas: uPlot, plus limits, marks, a band and our colors.

import "./language.js";
import uPlot from "uplot";
import { depthColor, lineColor } from "./palette.js";
import { dodged, isEdge, yRange } from "./plotdata.js";
import { shortNumber, shorten, tick, visible, whole } from "./text.js";

/** @typedef {import("./api.js").Chart} Chart */
/** @typedef {import("./plotdata.js").Line} Line */
/** @typedef {import("./palette.js").Theme} Theme */

/**
 * @typedef {object} Options
 * @property {ReturnType<typeof import("./plotdata.js").plotData>} data of the chart
 * @property {Theme} theme
 * @property {import("./cursor.js").Cursor} cursor the step that all charts of the page point at
 * @property {{left: number, right: number, height: number}} room beside the plot, and its height
 * @property {(index: number | null, line: Line | null) => void} onCursor line: the one nearest to the pointer
 * @property {(range: [number, number] | null) => void} onRange the reader chose steps, or asked for all of them
 */

/**
 * @typedef {object} Plot
 * @property {(chart: Chart, data: Options["data"]) => void} update new data for the same lines
 * @property {(look: Pick<import("./views/chart.js").Look, "range" | "step" | "band">) => void} look
 * @property {(name: string) => void} point at a line, as a pointer near it does; "" at none
 * @property {(width: number) => void} resize
 * @property {(theme: Theme) => void} paint draw in the colors of a theme, which the page has already
 * @property {() => void} destroy
 */

const STEP = 26; // room for that word
export const ROOM = { left: 54, right: 22, height: 208 };
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/**
 * @param {Line} line
 * @param {Theme} theme
 */
export function colorOf(line, theme) {
  return line.role === "layer" ? depthColor(line.index, line.layers, theme) : lineColor(line.role, line.index, theme);
}

/**
 * @param {HTMLElement} node
 * @param {Chart} first
 * @param {number} width
 * @param {Options} options
 * @returns {Plot}
 */
export function createPlot(node, first, width, { data, theme: firstTheme, cursor, room, onCursor, onRange }) {
  let chart = first;
  let theme = firstTheme;
  let { zero } = data;
  const { drawn, lines, band } = data;
  let ink = inkOf();
  const hasLayers = lines.some((line) => line.role === "layer");
  /** @type {[number, number] | null} */
  let range = null;
  /** @type {number | null} */
  let chosenStep = null;
  /** @type {[number, number] | null} */
  let marked = null;
  /** @type {number | null} */
  let index = null;
  /** @type {Line | null} */
  let near = null;
  let following = true; // another chart's pointer; at first, too, since a new chart has none of its own
  /** @type {uPlot.Axis.Splits} */
  const ticks = (_u, _axis, min, max) => {
    const found = logTicks(min, max);
    return zero === null || min > zero.at ? found : [zero.at, ...found.filter((value) => value >= /** @type {import("./plotdata.js").Zero} */ (zero).low)];
  };
  /** @type {uPlot.Axis.Filter} */
  const decades = (plot, splits) => decadesOf(plot, splits, zero?.at);
  const tell = () => {
    light(index !== null ? near : null);
    onCursor(index, hasLayers && index !== null ? near : null);
  };

  /** @type {Line | null} */
  let lit = null;
  const [halo, top] = ["halo", "lit"].map((name) => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", name);
    return path;
  });

  /** Draws the line nearest to the pointer above the others. @param {Line | null} line */
  function light(line) {
    if (line === null && lit === null) return;
    lit = line;
    const d = line === null ? "" : pathOf(u, lines.indexOf(line) + 1);
    halo.setAttribute("d", d);
    top.setAttribute("d", d);
    if (line !== null) top.style.stroke = colorOf(line, theme);
  }

  const u = new uPlot(
    {
      width,
      height: room.height,
      padding: [14, room.right, 0, 0],
      legend: { show: false },
      focus: { alpha: 1 }, // anything else would draw a hundred lines anew for each move of the pointer
      cursor: {
        y: false,
        points: { one: hasLayers, size: 7 },
        // A dot is where the legend's value was recorded: never later, and not on a level line.
        dataIdx: (plot, i, at) => {
          if (i === 0) return at;
          let k = at;
          while (k >= 0 && plot.data[i][k] === undefined) k--;
          return k < 0 || lines[i - 1].role === "reference" ? /** @type {any} */ (null) : k;
        },
        focus: { prox: hasLayers ? 40 : -1 },
        drag: { x: true, y: false, setScale: false },
        bind: {
          dblclick: () => () => {
            onRange(null);
            return null;
          },
        },
      },
      scales: {
        x: { time: false, range: () => xRange(chart.steps, range, chosenStep) },
        y: {
          distr: chart.log ? 3 : 1,
          clamp: (_u, _value, min) => min,
          range: (_u, min, max) => {
            if (zero !== null && min !== null && min <= zero.at) return zero.range;
            if (chart.bounds && range === null && !(chart.log && chart.bounds[0] <= 0)) return [chart.bounds[0], chart.bounds[1] * 1.04];
            const ends = yRange(min, max, chart.log, chart.limits.map((limit) => limit.value), range !== null);
            return chart.log || lines[0]?.role !== "part" ? ends : [0, chart.top ?? ends[1]];
          },
        },
      },
      series: [{}, ...lines.map((line) => seriesOf(line, () => theme, !chart.log))],
      bands: band === null ? (chart.log ? [] : lines.flatMap((line, i) => (i > 0 && line.role === "part" ? [{ series: [i + 1, i] }] : []))) : [{ series: band, fill: () => `${lineColor("train", 0, theme)}2b` }],
      axes: [
        {
          ...axis(() => ink),
          size: 26,
          space: 64,
          incrs: WHOLE_STEPS,
          // The word "step" stands at the right end; a number that it would cover gives way.
          values: (plot, splits) => {
            const [min, max] = xRange(chart.steps, range, chosenStep);
            const perPixel = (max - min) / (plot.width - room.left - room.right);
            return splits.map((step) => (step > max - perPixel * (4 * whole(step).length + STEP - 16) ? "" : whole(step)));
          },
        },
        {
          ...axis(() => ink),
          size: room.left,
          space: 32,
          ...(chart.log ? { splits: ticks, filter: decades, grid: { stroke: () => ink.grid, width: 1, filter: decades } } : {}),
          values: (_u, splits, _axis, _space, step) =>
            splits.map((value) => (value === null ? "" : chart.log ? shortNumber(value === zero?.at ? 0 : value) : tick(value, step))),
        },
      ],
      hooks: {
        ready: [() => follow(cursor.step())], // which may have moved before this chart was drawn
        drawClear: [(plot) => drawBand(plot, marked, ink)],
        draw: [
          (plot) => {
            drawOver(plot, chart, ink, chosenStep, zero);
            light(lit);
          },
        ],
        setCursor: [
          (plot) => {
            index = plot.cursor.idx ?? null;
            if (!following) cursor.move(index === null ? null : chart.steps[index]);
            tell();
          },
        ],
        setSeries: [
          (_u, at, change) => {
            if (!("focus" in change) || following) return;
            near = at === null ? null : (lines[at - 1] ?? null);
            tell();
          },
        ],
        setSelect: [
          (plot) => {
            const { left, width: wide } = plot.select;
            if (wide < 4) return;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            onRange([plot.posToVal(left, "x"), plot.posToVal(left + wide, "x")]);
          },
        ],
      },
    },
    drawn,
    node,
  );

  if (hasLayers) {
    const over = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    over.append(halo, top);
    u.over.prepend(over);
  }
  const follow = (/** @type {number | null} */ step) => {
    if (u.cursor.event && u.over.matches(":hover")) return; // it is this chart's own pointer
    following = true;
    near = null;
    u.setCursor(step === null ? { left: -10, top: -10 } : { left: u.valToPos(step, "x"), top: -1000 }, true);
    following = false;
  };
  const unwatch = cursor.watch(follow);

  return {
    update(next, { drawn, zero: place }) {
      chart = next;
      zero = place;
      u.setData(drawn);
    },
    look(next) {
      ({ range, step: chosenStep, band: marked } = next);
      const [min, max] = xRange(chart.steps, range, chosenStep);
      u.setScale("x", { min, max });
      u.redraw(false);
    },
    point(name) {
      const at = lines.findIndex((line) => line.name === name);
      u.setSeries(at < 0 ? null : at + 1, { focus: true });
    },
    paint(next) {
      theme = next;
      ink = inkOf();
      u.redraw();
    },
    resize(next) {
      u.setSize({ width: next, height: room.height });
    },
    destroy() {
      unwatch();
      u.destroy();
    },
  };
}

/**
 * A line as SVG path data, in pixels of the plot.
 * @param {uPlot} u
 * @param {number} at
 */
function pathOf(u, at) {
  let pen = "M";
  let path = "";
  u.data[at].forEach((value, i) => {
    if (value === undefined) return;
    if (value !== null) path += `${pen}${u.valToPos(u.data[0][i], "x").toFixed(1)} ${u.valToPos(value, "y").toFixed(1)}`;
    pen = value === null ? "M" : "L";
  });
  return path;
}

/**
 * Every 1, 2 and 5 times a power of ten within the scale; uPlot's own ticks start at the scale's lower end, which
 * need not be near a round number.
 * @param {number} min
 * @param {number} max
 */
function logTicks(min, max) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power++) {
    for (const digit of [1, 2, 5]) {
      const value = Number(`${digit}e${power}`);
      if (value >= min && value <= max) ticks.push(value);
    }
  }
  return ticks;
}

/**
 * The powers of ten among the ticks of a logarithmic axis; all round ticks when there are fewer than two, every other
 * power (or fewer) when there is no room.
 * @param {uPlot} u
 * @param {number[]} splits
 * @param {number | undefined} zero where zero is drawn
 * @returns {(number | null)[]}
 */
function decadesOf(u, splits, zero) {
  const powers = splits.filter((value) => value !== zero && isPower(value));
  const room = Math.max(1, Math.floor(u.bbox.height / devicePixelRatio / 26));
  const every = Math.ceil(powers.length / room);
  return splits.map((value) => {
    if (value === zero) return value;
    if (powers.length < 2) return /^[125]e/.test(value.toExponential(3).replace(".000", "")) ? value : null;
    return isPower(value) && Math.round(Math.log10(value)) % every === 0 ? value : null;
  });
}

/** @param {number} value */
function isPower(value) {
  const power = Math.log10(value);
  return Math.abs(power - Math.round(power)) < 1e-6;
}

/** Dashes of emphasized lines, and their names in CSS. */
const DASHES = [[], [9, 4], [2, 3], [10, 3, 2, 3]];
export const DASH_STYLES = ["solid", "dashed", "dotted", "dashed"];

const WHOLE_STEPS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8].flatMap((power) => [power, 2 * power, 5 * power]);

/**
 * @param {number[]} steps
 * @param {[number, number] | null} range
 * @param {number | null} step kept in view while the reader has chosen no range
 * @returns {[number, number]}
 */
export function xRange(steps, range, step) {
  const first = steps[0] ?? 0;
  const last = steps[steps.length - 1] ?? 1;
  const [min, max] = range ?? [Math.min(first, step ?? first), Math.max(last, step ?? last)];
  return max > min ? [min, max] : [min - 1, max + 1];
}

/**
 * @param {Line} line
 * @param {() => Theme} theme
 * @param {boolean} stack whether the parts of a stack are on top of each other
 * @returns {uPlot.Series}
 */
function seriesOf(line, theme, stack) {
  const color = () => colorOf(line, theme());
  const edge = isEdge(line);
  const shade = () => (line.faded ? `${color()}${line.layers > 30 ? "1f" : "4d"}` : color());
  return {
    label: line.name,
    ...(stack && line.role === "part" ? { fill: () => `${color()}80` } : {}),
    stroke: edge ? "transparent" : shade,
    width: edge ? 0 : line.emphasized ? 2.5 : line.role === "layer" ? (line.layers > 30 ? 0.75 : 1.25) : 1.75,
    dash: line.role === "reference" ? [6, 4] : DASHES[line.nth % DASHES.length],
    points: edge || line.role === "reference" ? { show: false } : { show: line.sparse ? true : undefined, size: line.role === "layer" ? 4 : 5, fill: shade },
  };
}

/** @typedef {{text: string, grid: string, limit: string, quiet: string, mark: string, chosen: string, paper: string, band: string}} Ink */

/** @type {{theme: string | undefined, ink: Ink | null}} */
let known = { theme: "", ink: null }; // to ask for styles takes long, and each move of the pointer draws

/**
 * The colors of the theme as `style.css` has them; a canvas cannot use CSS variables.
 * @returns {Ink}
 */
export function inkOf() {
  const { theme } = document.documentElement.dataset;
  if (known.ink === null || known.theme !== theme) known = { theme, ink: readInk() };
  return /** @type {Ink} */ (known.ink);
}

function readInk() {
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const get = (name) => style.getPropertyValue(name).trim();
  return {
    text: get("--muted"),
    grid: get("--grid"),
    limit: get("--limit"),
    quiet: get("--quiet"),
    mark: get("--mark"),
    chosen: get("--accent"),
    paper: get("--paper"),
    band: get("--accent-soft"),
  };
}

/**
 * @param {() => Ink} ink
 * @returns {uPlot.Axis}
 */
function axis(ink) {
  return {
    stroke: () => ink().text,
    font: FONT,
    grid: { stroke: () => ink().grid, width: 1 },
    ticks: { show: false },
    gap: 6,
  };
}

/**
 * The steps of the finding that the reader chose, behind the lines.
 * @param {uPlot} u
 * @param {[number, number] | null} band
 * @param {Ink} ink
 */
function drawBand(u, band, ink) {
  if (band === null) return;
  const { left, top, width, height } = u.bbox;
  const [from, to] = band.map((step) => Math.min(left + width, Math.max(left, u.valToPos(step, "x", true))));
  u.ctx.fillStyle = ink.band;
  u.ctx.fillRect(from, top, Math.max(2 * devicePixelRatio, to - from), height);
}

/**
 * Limits, marks, the chosen step and the break below which zero is, above the lines.
 * @param {uPlot} u
 * @param {Chart} chart
 * @param {Ink} ink
 * @param {number | null} chosenStep
 * @param {import("./plotdata.js").Zero | null} zero
 */
function drawOver(u, chart, ink, chosenStep, zero) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const px = devicePixelRatio;
  ctx.save();
  ctx.font = FONT.replace("11px", `${11 * px}px`);
  ctx.textAlign = "left";
  ctx.lineWidth = px;

  ctx.textBaseline = "top";
  ctx.fillStyle = ink.text;
  ctx.fillText("step", left + width + (ROOM.right - STEP) * px, top + height + 6 * px);
  let floor = top + height;
  if (zero !== null && (u.scales.y.min ?? 0) < zero.at) {
    floor = Math.round(u.valToPos(zero.low, "y", true));
    ctx.fillStyle = ink.paper;
    ctx.fillRect(left, floor, width, 5 * px);
    for (const y of [floor, floor + 5 * px]) line(ctx, [left - 4 * px, y, left + width, y], ink.text, [2 * px, 2 * px]);
  }

  let labelEnd = -Infinity;
  const marks = chart.marks.map((mark) => ({ step: mark.step, text: shorten(visible(mark.label), 28), color: ink.mark }));
  if (chosenStep !== null) marks.push({ step: chosenStep, text: `step ${whole(chosenStep)}`, color: ink.chosen });
  marks.sort((a, b) => a.step - b.step);
  ctx.textBaseline = "bottom";
  for (const { step, text, color } of marks) {
    const x = Math.round(u.valToPos(step, "x", true));
    if (!(x >= left - 1 && x <= left + width + 1)) continue;
    line(ctx, [x, top, x, top + height], color, color === ink.chosen ? [] : [2 * px, 3 * px]);
    const wide = ctx.measureText(text).width;
    const at = Math.min(x, left + width - wide);
    if (at < labelEnd && color !== ink.chosen) continue; // the line stays, its label would cover another
    ctx.fillStyle = ink.paper;
    if (at < labelEnd) ctx.fillRect(at - 3 * px, 0, wide + 6 * px, top - px);
    ctx.fillStyle = color;
    ctx.fillText(text, at, top - 2 * px);
    labelEnd = at + wide + 8 * px;
  }

  const limits = chart.limits
    .flatMap(({ value, label, fires }) => {
      if (value === null) return [];
      const y = Math.round(u.valToPos(value, "y", true));
      if (Number.isNaN(y)) return [];
      const [above, below] = [y < top, y > floor];
      const text = `${above ? "↑ " : below ? "↓ " : ""}${shorten(visible(label), Math.min(50, Math.floor(width / px / 6)))}`;
      return [{ y: above ? top : below ? floor : y, out: above || below, text, wide: ctx.measureText(text).width, fires }];
    })
    .sort((a, b) => Number(b.fires) - Number(a.fires)); // what was found stands nearest to its line
  for (const { y, out, fires } of limits) {
    ctx.lineWidth = fires ? 1.5 * px : px;
    if (!out) line(ctx, [left, y, left + width, y], fires ? ink.limit : ink.quiet, [5 * px, 4 * px]);
  }
  ctx.textBaseline = "top";
  dodged(limits, { right: left + width - 4 * px, top: top + px, bottom: floor }, 13 * px).forEach(({ x, y }, i) => {
    ctx.globalAlpha = 0.85;
    ctx.fillStyle = ink.paper;
    ctx.fillRect(x - 2 * px, y, limits[i].wide + 4 * px, 12 * px);
    ctx.globalAlpha = 1;
    ctx.fillStyle = limits[i].fires ? ink.limit : ink.text;
    ctx.fillText(limits[i].text, x, y + px);
  });
  ctx.restore();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {[number, number, number, number]} ends x, y, x, y
 * @param {string} color
 * @param {number[]} dash
 */
function line(ctx, [x0, y0, x1, y1], color, dash) {
  ctx.beginPath();
  ctx.setLineDash(dash);
  ctx.strokeStyle = color;
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
  ctx.setLineDash([]);
}
