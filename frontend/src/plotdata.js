// @ts-check
// A chart of the JSON shaped for drawing: order of lines, ranges of axes, where a limit goes. Pure.

/** @typedef {import("./api.js").Chart} Chart */

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {import("./api.js").Role} role
 * @property {number} index position among the lines of its kind: depth for layers
 * @property {number} layers how many layers the chart has
 * @property {boolean} emphasized
 * @property {number} nth which of the emphasized lines (or of the runs) it is, from 0: it decides about the dashes
 * @property {boolean} faded another line is emphasized
 * @property {boolean} sparse recorded at fewer than half of the steps, as a value per epoch is: its points are drawn
 */

/**
 * Lines and columns in drawing order: the edges of a band first, emphasized lines last, on top of the others.
 *
 * A null stays null, a gap, where the value was not finite. Curves of different cadence share their steps, so a null
 * where another curve has a value only means that this one was not recorded there: it becomes undefined, which uPlot
 * draws across. Layers are recorded together, and each null of theirs is a gap.
 * @param {Chart} chart
 * Parts of a stack are drawn on top of each other, and read as they were recorded.
 * @param {string[]} emphasized names of lines
 * @returns {{columns: [number[], ...(number | null | undefined)[][]], drawn: [number[], ...(number | null | undefined)[][]], lines: Line[], band: [number, number] | null, zero: Zero | null}}
 *   columns: as recorded; drawn: as drawn; band: columns of the high and the low edge
 */
export function plotData(chart, emphasized) {
  const wanted = new Set(emphasized);
  const curves = chart.series.filter((series) => series.role !== "layer" && !isEdge(series));
  const recordedAt = chart.steps.map((_step, i) => curves.some((series) => series.values[i] !== null));
  let emphasizedSoFar = 0;
  const any = chart.series.some((series) => wanted.has(series.name));
  const layers = chart.series.filter((series) => series.role === "layer").length;
  /** @type {Record<string, number>} */
  const seen = { layer: 0, edge: 0, other: 0 };
  const entries = chart.series.map((series) => {
    const kind = series.role === "layer" ? "layer" : isEdge(series) ? "edge" : "other";
    const recorded = series.values.reduce((/** @type {number} */ n, value) => (value === null ? n : n + 1), 0);
    /** @type {Line} */
    const line = {
      name: series.name,
      role: series.role,
      index: seen[kind]++,
      layers,
      emphasized: wanted.has(series.name),
      nth: series.role === "run" ? seen[kind] - 1 : wanted.has(series.name) ? emphasizedSoFar++ : 0,
      faded: any && !wanted.has(series.name),
      sparse: series.role !== "run" && recorded * 2 < series.values.length,
    };
    // A logarithmic axis has no place for a negative value.
    const asRecorded = kind === "layer" && !(chart.log && series.values.some((value) => value !== null && value < 0)); // nearly all of them
    const values = asRecorded ? series.values : series.values.map((value, i) => {
      if (value === null && kind !== "layer" && (recordedAt[i] || series.role === "reference")) return undefined;
      return chart.log && value !== null && value < 0 ? null : value;
    });
    return { line, values, rank: kind === "edge" ? 0 : line.emphasized ? 2 : 1 };
  });
  entries.sort((a, b) => a.rank - b.rank);
  const high = entries.findIndex(({ line }) => line.role === "high");
  const low = entries.findIndex(({ line }) => line.role === "low");
  const columns = entries.map(({ values }) => values);
  const zero = zeroOf(chart);
  const drawn = chart.log ? columns.map((values) => (zero === null ? values : values.map((value) => (value === 0 ? zero.at : value)))) : columns.map((values, k) => (entries[k].line.role === "part" ? stacked(columns.slice(0, k + 1)) : values));
  return {
    columns: [chart.steps, ...columns],
    drawn: [chart.steps, ...drawn],
    lines: entries.map(({ line }) => line),
    band: high >= 0 && low >= 0 ? [high + 1, low + 1] : null,
    zero,
  };
}

/** @typedef {{at: number, low: number, range: [number, number]}} Zero at: where it is drawn, below `low`, where the axis breaks off */

/**
 * A place for zero on a logarithmic axis, which has none of its own; null when it needs none.
 * @param {Chart} chart
 * @returns {Zero | null}
 */
function zeroOf({ log, series, limits }) {
  const values = /** @type {number[]} */ (series.flatMap((one) => one.values).filter((value) => value !== null && value >= 0));
  const positive = values.filter((value) => value > 0);
  if (!log || positive.length === 0 || positive.length === values.length) return null;
  const least = positive.reduce((a, b) => Math.min(a, b));
  const most = positive.reduce((a, b) => Math.max(a, b));
  const [low, high] = logRange(least, most, limits.map(({ value }) => value));
  const part = Math.log10(high / low) / 8;
  return { at: low / 10 ** part, low, range: [low / 10 ** (1.4 * part), high] };
}

/**
 * The value that each line has at every step: such a chart is said in a sentence. Null when a line moves, or has gaps.
 * @param {Chart} chart
 * @returns {{name: string, value: number}[] | null} a single one without a name when all are the same
 */
export function constants({ steps, series }) {
  const found = series.map(({ name, role, values }) => {
    const value = values.find((each) => each !== null);
    const stays = !isEdge({ role }) && values.every((each) => each === value || (each === null && role !== "layer"));
    return stays && value != null ? { name, value } : null;
  });
  if (steps.length < 2 || found.includes(null)) return null;
  const all = /** @type {{name: string, value: number}[]} */ (found);
  if (all.length > 1 && all.every(({ value }) => value === all[0].value)) return [{ name: "", value: all[0].value }];
  return all.length > 6 ? null : all;
}

/**
 * Where labels at the right end of their lines stand so that none covers another: above the line, below it, or further off.
 * @param {{y: number, wide: number}[]} labels
 * @param {{right: number, top: number, bottom: number}} box
 * @param {number} high of a label
 * @returns {{x: number, y: number}[]} the upper left corner of each
 */
export function dodged(labels, { right, top, bottom }, high) {
  /** @type {number[]} */
  const taken = [];
  return labels.map(({ y, wide }) => {
    const tries = labels.flatMap((_label, k) => [y - (k + 1) * high, y + k * high + 2]).map((each) => Math.min(bottom - high, Math.max(top, each)));
    const at = tries.find((each) => taken.every((other) => Math.abs(other - each) >= high)) ?? tries[0];
    taken.push(at);
    return { x: right - wide, y: at };
  });
}

/** @param {(number | null | undefined)[][]} parts */
function stacked(parts) {
  return parts[0].map((_value, i) => parts.reduce((sum, values) => sum + (values[i] ?? 0), 0));
}

/**
 * Whether a line is an edge of the band around the training line, and not a curve by itself.
 * @param {{role: string}} line
 */
export function isEdge({ role }) {
  return role === "low" || role === "high";
}

/**
 * The range of the y axis: all data with some air, and each limit that does not squash the data. What hardly moves looks flat.
 * @param {number | null} min smallest value in view; above zero on a logarithmic axis
 * @param {number | null} max
 * @param {boolean} log
 * @param {(number | null)[]} limits
 * @param {boolean} [close] the reader looks closely: every movement is to be seen
 * @returns {[number, number]}
 */
export function yRange(min, max, log, limits, close = false) {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return log ? [0.1, 1] : [0, 1];
  return log ? logRange(min, max, limits) : linearRange(min, max, limits, close);
}

/**
 * @param {number} min
 * @param {number} max
 * @param {(number | null)[]} limits
 * @returns {[number, number]}
 */
function logRange(min, max, limits) {
  let low = Math.log10(Math.max(min, Number.MIN_VALUE));
  let high = Math.log10(Math.max(max, min));
  const reach = 3 + 1.5 * (high - low); // decades
  for (const limit of limits) {
    if (limit === null || limit <= 0) continue;
    const at = Math.log10(limit);
    if (at > high && at - high <= reach) high = at;
    if (at < low && low - at <= reach) low = at;
  }
  const air = Math.max(0.1, (high - low) * 0.06, (0.8 - (high - low)) / 2); // so that some round number is in view
  return [10 ** (low - air), 10 ** (high + air)];
}

/**
 * @param {number} min
 * @param {number} max
 * @param {(number | null)[]} limits
 * @param {boolean} close
 * @returns {[number, number]}
 */
function linearRange(min, max, limits, close) {
  let low = min;
  let high = max;
  const reach = Math.max((max - min) * 2, Math.abs(max) * 0.5); // beyond this the curve would look flat
  for (const limit of limits) {
    if (limit === null) continue;
    if (limit > high && limit - max <= reach) high = limit;
    if (limit < low && min - limit <= reach) low = limit;
  }
  const fromZero = low >= 0 && low <= high / 2;
  if (high === low) return fromZero ? [0, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1];
  const flat = close ? 0 : (0.06 * Math.max(Math.abs(high), Math.abs(low)) - (high - low)) / 2;
  const air = Math.max(flat, (high - low) * 0.08);
  return [fromZero ? 0 : low - air, high + air];
}

/**
 * The steps around `step`, wide enough to see what came before and after.
 * @param {number[]} steps strictly increasing
 * @param {number} step
 * @returns {[number, number] | null} null when all of them may stay in view
 */
export function windowAround(steps, step) {
  if (steps.length <= 40) return null;
  const reach = Math.max(10, Math.round(steps.length / 10));
  const at = nearest(steps, step);
  // The step itself may lie beyond what the chart recorded.
  return [Math.min(step, steps[Math.max(0, at - reach)]), Math.max(step, steps[Math.min(steps.length - 1, at + reach)])];
}

/**
 * Index of the entry nearest to `step`.
 * @param {number[]} steps strictly increasing, not empty
 * @param {number} step
 */
export function nearest(steps, step) {
  let low = 0;
  let high = steps.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] < step) low = middle + 1;
    else high = middle;
  }
  return low > 0 && step - steps[low - 1] <= steps[low] - step ? low - 1 : low;
}

/**
 * What a column held at an index: its last record until then. Null when that was not finite.
 * @param {(number | null | undefined)[]} column
 * @param {number | null} index null: the last finite value of all
 */
export function valueAt(column, index) {
  for (let i = index ?? column.length - 1; i >= 0; i--) {
    const value = column[i];
    if (value === undefined || (value === null && index === null)) continue;
    return value;
  }
  return null;
}

/**
 * The points of a spark line as SVG path data, in a box of `width` x `height`. A null lifts the pen.
 * @param {(number | null)[]} values
 * @param {number} width
 * @param {number} height
 */
export function sparkPath(values, width, height) {
  const known = /** @type {number[]} */ (values.filter((value) => value !== null));
  if (known.length === 0) return "";
  const min = Math.min(...known);
  const max = Math.max(...known);
  const span = Math.max(max - min, 0.2 * Math.abs(max)) || 1; // a flat run looks flat
  const dx = values.length > 1 ? width / (values.length - 1) : 0;
  let pen = "M";
  let path = "";
  values.forEach((value, i) => {
    if (value === null) {
      pen = "M";
      return;
    }
    path += `${pen}${(i * dx).toFixed(1)} ${(height - ((value - min) / span) * height).toFixed(1)}`;
    if (pen === "M") path += "h0.1"; // a lone point is still seen
    pen = "L";
  });
  return path;
}

/**
 * The chart with each curve as its moving mean over about a twentieth of its records. What is not finite stays a gap.
 * @param {Chart} chart
 * @returns {Chart}
 */
export function smoothed(chart) {
  const series = chart.series
    .filter((one) => !isEdge(one))
    .map((one) => (one.role === "reference" ? one : { ...one, values: movingMean(one.values) }));
  return { ...chart, series };
}

/** @param {(number | null)[]} values */
function movingMean(values) {
  const known = values.map((_value, i) => i).filter((i) => values[i] !== null);
  const reach = Math.max(1, Math.round(known.length / 40));
  /** @type {(number | null)[]} */
  const mean = values.map(() => null);
  known.forEach((at, k) => {
    const near = known.slice(Math.max(0, k - reach), k + reach + 1);
    mean[at] = near.reduce((sum, i) => sum + /** @type {number} */ (values[i]), 0) / near.length;
  });
  return mean;
}

/**
 * The chart as a spreadsheet reads it: a column of steps, then one for each line.
 * @param {Chart} chart
 */
export function csv(chart) {
  /** @param {string | number | null} cell */
  const quoted = (cell) => {
    const text = cell === null ? "" : String(cell);
    // A name that begins like a formula must not become one.
    const safe = typeof cell === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const rows = chart.steps.map((step, i) => [step, ...chart.series.map(({ values }) => values[i])]);
  return [["step", ...chart.series.map(({ name }) => name)], ...rows].map((row) => row.map(quoted).join(",")).join("\n") + "\n";
}

/**
 * Indexes of at most `most` records, evenly over all, the first and the last among them.
 * @param {number} records
 * @param {number} most
 */
export function evenly(records, most) {
  if (records <= most) return Array.from({ length: records }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (records - 1)) / (most - 1)));
}

/**
 * The steps that show a finding: from its first to its last, with some air.
 * @param {{first_step: number | null, last_step: number | null}} verdict
 * @param {number | null} last the run's last step
 * @returns {[number, number] | null} null when that is most of the run: all of it may stay in view
 */
export function stepsOf({ first_step, last_step }, last) {
  if (first_step === null || last_step === null || last === null) return null;
  const air = Math.max(5, (last_step - first_step) * 0.25, last * 0.05);
  const range = /** @type {[number, number]} */ ([Math.max(0, first_step - air), Math.min(last, last_step + air)]);
  return range[1] - range[0] > 0.6 * last ? null : range;
}
