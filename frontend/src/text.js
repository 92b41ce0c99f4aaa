// @ts-check
// Every English sentence of the page, and the pure functions that turn data into words.

export const TEXT = {
  title: "Diagnosis",
  loading: "Reading the runs …",
  loadingRun: "Reading this run …",
  loadingRuns: "Reading these runs …",
  loadingRule: "Reading the rule's page …",
  retry: "Try again",
  back: "Back",
  copy: "Copy",
  copied: "Copied",
  copyByHand: "Selected: press Ctrl+C",
  runs: "Runs",
  run: "Run",
  allRuns: "All runs",
  filter: "Filter runs by name or finding",
  filterShort: "Filter runs",
  severity: "Severity",
  rule: "Rule",
  anyRule: "any",
  order: "Order",
  loss: "Loss",
  step: "Step",
  duration: "Duration",
  lastData: "Last data",
  training: "still training",
  pending: "Not judged yet",
  showMore: "Show 100 more",
  noMatch: "No run matches this filter.",
  sortAnew: "Sort again",
  newsOnly: "Show these only",
  dismiss: "Dismiss",
  noFindings: "No findings",
  noFindingsHere: "No finding names this layer.",
  noFindingsAnywhere: "No rule found anything in these runs.",
  notJudged: "Not judged",
  unreadable: "Could not be read",
  missing: "Not here",
  savedReport: "saved",
  notEnded: "No end recorded: stopped or cut off",
  ended: "Training ended",
  problems: "Part of this run could not be read",
  stale: "What is shown was read earlier.",
  timeline: "Findings over the training",
  findings: "Findings",
  why: "Why it matters",
  evidence: "Evidence",
  measured: "Measured",
  compared: "Compared",
  above: "above",
  below: "below",
  stayed: "what it did stayed",
  notBack: "it has not come back since",
  bestValidation: "Best val. loss",
  matched: "also found:",
  wholeRun: "whole run",
  firstFix: "What to do first",
  otherFixes: "What else may help",
  mendFirst: "Mend the finding above first; these probably go with it.",
  wrong: "Does this not fit your run?",
  wrongHeading: "When it is wrong", // the heading of that section on a rule's page
  rulePage: "All about this rule",
  ignore: "To ignore this rule",
  optIn: "Off by default. To let it look, put this into pyproject.toml:",
  ignoreHow: "To ignore the rule, put this into pyproject.toml and say why:",
  limits: "Limits",
  limitColumns: ["Name", "Default", "What it is", "Measured in"],
  explains: "Findings that it may explain",
  show: "Show in charts",
  showAll: "Show all",
  options: "Options",
  logScale: "Log scale",
  smooth: "Smooth",
  smoothed: "smoothed",
  cutOff: "peaks cut off",
  table: "Data table",
  csvHasAll: "the CSV file has all",
  savePng: "Save as PNG",
  saveCsv: "Save as CSV",
  latest: "latest",
  always: "at every step:",
  allValues: "all values are",
  aLimit: "limit",
  profile: "right: at the cursor",
  notFinite: "not finite",
  highlight: "Layer to highlight",
  chartKeys: "Arrow keys move the cursor, plus and minus zoom, 0 shows all steps, Escape shows everything.",
  otherCharts: "Other charts",
  allCharts: "Charts",
  notPrinted: "Not printed: the charts",
  optional: "Optional: off by default, or in need of an experiment",
  clear: "Checked and found clear",
  unknown: "Could not be checked, and what would help",
  ignored: "Ignored, and why",
  ignoredNote: "Found all the same; the settings of this run or of the reader say that it does not count.",
  crashed: "Rules that failed",
  crashedNote: "A failed rule says nothing about the run.",
  model: "Model",
  layer: "Layer",
  output: "output",
  layerBefore: "← Layer before",
  layerAfter: "Layer after →",
  unknownLayer: "The run card does not name this layer.",
  frozen: "frozen",
  noParameters: "no parameters",
  largestGradient: "largest gradient of an observed step:",
  compare: "Compare",
  pickTwo: "Mark two to four runs to compare",
  differing: "Settings that differ",
  same: "Settings that are the same",
  nothingDiffers: "All recorded settings are the same.",
  follows: "follows from",
  gained: "gained",
  lost: "gone",
  absent: "not here",
  results: "Results",
  best: "best",
  answers: { fires: "found", clear: "clear", unknown: "not checked", crashed: "rule failed", ignored: "ignored" },
  emptyTitle: "No run with diagnosis data yet",
  emptyLead: "Add one line to the training, and the findings appear here while it runs.",
  emptyLogdir: "Then let TensorBoard look at the folder above the runs:",
  emptyWaiting: "This page looks again every 5 seconds. A run that was trained without the callback cannot be judged afterwards.",
  brokenPage: "This part of the page failed and is not shown.",
};

export const EXAMPLE_FIT = `from keras_callbacks import Diagnosis
model.fit(x, y, callbacks=[Diagnosis("logs/run1")])`;

export const EXAMPLE_LOGDIR = "tensorboard --logdir logs";

/** What a run, or a finding, is. */
export const KIND = {
  error: "Error",
  warning: "Warning",
  hint: "Hint",
  clear: "No findings",
  unreadable: "Could not be read",
  pending: "Not judged yet",
};

/** @type {Record<import("./api.js").Says, string>} */
export const SAYS = {
  error: "error",
  warning: "warning",
  hint: "hint",
  follows: "follows from another finding",
  crashed: "a rule failed",
  unknown: "not all could be checked",
  clear: "clear",
};

/** @type {Record<import("./runs.js").Order, string>} */
export const ORDERS = { worst: "worst first", latest: "latest first", name: "by name", longest: "longest first", best: "lowest validation loss first" };

const STILL = 15 * 60; // seconds without data after which a training without an end is taken for cut off

/**
 * Whether a run seems to go on: it has not said goodbye, and wrote not long ago.
 * @param {{ended: boolean, last_wall_time: number | null}} run
 * @param {number} now seconds since 1970
 */
export function isTraining({ ended, last_wall_time }, now) {
  return !ended && last_wall_time !== null && now - last_wall_time < STILL;
}

/** @param {number} step */
export function atStep(step) {
  return `step ${whole(step)}`;
}

// Bidirectional controls and zero-width characters can make one name look like another.
const HIDDEN = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060\u2066-\u2069\ufeff]/g;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * Shows what would otherwise act on the page or hide: control, bidirectional and zero-width characters.
 * @param {string} text
 * @param {{lines?: boolean}} [options] lines: keep line breaks and tabs, as in code
 */
export function visible(text, { lines = false } = {}) {
  return text
    .replace(CONTROL, (char) => {
      if (lines && (char === "\n" || char === "\t")) return char;
      const code = char.charCodeAt(0);
      if (code < 0x20) return String.fromCharCode(0x2400 + code);
      return code === 0x7f ? "\u2421" : codePoint(code);
    })
    .replace(HIDDEN, (char) => codePoint(char.charCodeAt(0)))
    .replace(LONE_SURROGATE, "\ufffd");
}

/** @param {number} code */
function codePoint(code) {
  return `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
}

/**
 * Cuts the middle out of a long name: its beginning and its end tell most.
 * @param {string} text
 * @param {number} [limit] characters that stay, the ellipsis included
 */
export function shorten(text, limit = 80) {
  const chars = Array.from(text);
  if (chars.length <= limit) return text;
  const head = Math.ceil((limit - 1) * 0.6);
  return `${chars.slice(0, head).join("")}…${chars.slice(chars.length - (limit - 1 - head)).join("")}`;
}

/**
 * A name as it may stand on the page: visible and not endless; `title` holds all of it when something was cut.
 * @param {string} text
 * @param {number} [limit]
 * @returns {{text: string, title: string | undefined}}
 */
export function label(text, limit = 80) {
  const shown = visible(text);
  const short = shorten(shown, limit);
  return { text: short === "" ? "(no name)" : short, title: short === shown ? undefined : shorten(shown, 2000) };
}

/**
 * Splits `text` at its backticks. A backtick without a partner stays a character.
 * @param {string} text
 * @returns {{code: boolean, text: string}[]}
 */
export function codeSpans(text) {
  const parts = text.split("`");
  if (parts.length % 2 === 0) {
    const tail = parts.pop();
    parts.push(`${parts.pop()}\`${tail}`);
  }
  return parts.map((part, i) => ({ code: i % 2 === 1, text: part })).filter((part) => part.text !== "");
}

/**
 * `3 runs`, `1 run`, `12,000 steps`.
 * @param {number} n
 * @param {string} noun singular
 * @param {string} [plural]
 */
export function count(n, noun, plural = `${noun}s`) {
  return `${whole(n)} ${n === 1 ? noun : plural}`;
}

/** @param {number} n */
export function whole(n) {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/**
 * A number in at most three significant digits, as a reader would write it.
 * @param {number | null | undefined} value
 */
export function shortNumber(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 0.99995e-4) return exponent(value, 2);
  if (size >= 1000) return `${value < 0 ? "-" : ""}${whole(size)}`;
  return String(Number(value.toPrecision(3)));
}

/**
 * @param {number} value
 * @param {number} digits after the point, at most
 */
function exponent(value, digits) {
  const [mantissa, power] = value.toExponential(digits).split("e");
  return `${Number(mantissa)}e${power.replace("+", "")}`;
}

/**
 * A tick of an axis whose ticks are `step` apart: as many digits as tell neighbors apart, no more.
 * @param {number} value
 * @param {number} step
 */
export function tick(value, step) {
  if (value === 0) return "0";
  if (Math.abs(value) >= 1e6 || step < 1e-4) return exponent(value, 3);
  let digits = 0;
  while (digits < 6 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits++;
  return digits === 0 ? `${value < 0 ? "-" : ""}${whole(Math.abs(value))}` : value.toFixed(digits);
}

/**
 * `8 s`, `3 min`, `2 h`, `5 days`.
 * @param {number} seconds
 */
export function duration(seconds) {
  const s = Math.max(0, seconds);
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`;
  return count(Math.round(s / 86400), "day");
}

/** In a saved report times are written out: nobody knows when it is read. */
export const clock = { fixed: false };

/**
 * How long ago `wallTime` was. A clock that is ahead of ours reads as now.
 * @param {number | null | undefined} wallTime seconds since 1970
 * @param {number} now seconds since 1970
 */
export function age(wallTime, now) {
  if (wallTime === null || wallTime === undefined || !Number.isFinite(wallTime)) return "";
  if (clock.fixed) return new Date(wallTime * 1000 - new Date(wallTime * 1000).getTimezoneOffset() * 60_000).toISOString().slice(0, 16).replace("T", " ");
  return now - wallTime < 2 ? "just now" : `${duration(now - wallTime)} ago`;
}

/**
 * When a finding held, and whether it still does.
 * @param {{first_step: number | null, last_step: number | null, active: boolean, evaluated?: number | null}} verdict
 * @param {boolean} [left] whether something that follows from it still holds
 */
export function since({ first_step, last_step, active, evaluated }, left = false) {
  if (active && evaluated) return `since the first evaluation (${atStep(evaluated)})`;
  if (active && first_step !== null && first_step <= 1) return "from the start";
  if (active) return first_step === null ? "" : `since step ${whole(first_step)}`;
  const steps = first_step === last_step ? atStep(last_step ?? 0) : `steps ${whole(first_step ?? 0)} to ${whole(last_step ?? 0)}`;
  return `${steps}; ${left ? TEXT.stayed : TEXT.notBack}`;
}

/**
 * The findings of a run in words: `1 error, 2 hints`, or `1 cause, 8 consequences`.
 * @param {Record<import("./api.js").Severity, number>} counts of what leads
 * @param {number} fired how many there are in all
 */
export function countsInWords(counts, fired) {
  const causes = counts.error + counts.warning + counts.hint;
  if (fired > causes) return `${count(causes, "cause")}, ${count(fired - causes, "consequence")}`;
  const parts = /** @type {const} */ (["error", "warning", "hint"])
    .filter((severity) => counts[severity] > 0)
    .map((severity) => count(counts[severity], severity));
  return parts.join(", ");
}

/**
 * The line a run without findings gets.
 * @param {number} clear rules that looked
 * @param {number} unknown rules that could not
 * @param {number} optional rules that nobody asked
 */
export function healthyLine(clear, unknown, optional) {
  if (clear === 0) return "No rule had enough data to look.";
  const rest = [unknown > 0 && `${whole(unknown)} could not look`, optional > 0 && `${whole(optional)} ${optional === 1 ? "is" : "are"} optional`].filter(Boolean);
  return `${count(clear, "rule")} looked, none found anything.${rest.length > 0 ? ` ${rest.join(", ")}: see below.` : ""}`;
}
