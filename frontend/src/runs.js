// @ts-check
// Which runs the lists show, and in which order. Pure.

/** @typedef {import("./api.js").RunSummary} RunSummary */
/** @typedef {import("./api.js").Severity} Severity */
/** @typedef {"worst" | "latest" | "name" | "longest" | "best"} Order */
/** @typedef {{text: string, severity: Severity | "healthy" | "", rule: string, order: Order, news: boolean}} Filter news: only what is new */

/** @type {Filter} */
export const EVERY_RUN = { text: "", severity: "", rule: "", order: "worst", news: false };

/** @type {(Severity | "unreadable" | "pending" | "clear")[]} */
const WORST_FIRST = ["error", "warning", "unreadable", "hint", "pending", "clear"];

/**
 * The worst thing there is to say about a run.
 * @param {RunSummary} run
 */
export function kindOf(run) {
  if (run.problem !== "") return "unreadable";
  return run.leading?.severity ?? (run.pending ? "pending" : "clear");
}

/**
 * The runs that pass the filter, in its order.
 * @param {RunSummary[]} runs
 * @param {Filter} filter
 * @param {Map<string, any>} [news] by run
 */
export function arranged(runs, filter, news) {
  return runs.filter((run) => passes(run, filter) && (!filter.news || !news?.size || news.has(run.run))).sort(ORDERS[filter.order]);
}

/**
 * The same runs with those of `names` where they stood; others follow.
 * @param {RunSummary[]} runs
 * @param {string[]} names
 */
export function asBefore(runs, names) {
  const place = new Map(names.map((name, i) => [name, i]));
  const at = (/** @type {RunSummary} */ { run }) => place.get(run) ?? names.length;
  return [...runs].sort((a, b) => at(a) - at(b));
}

/** @type {Record<Order, (a: RunSummary, b: RunSummary) => number>} */
const ORDERS = {
  worst: (a, b) => WORST_FIRST.indexOf(kindOf(a)) - WORST_FIRST.indexOf(kindOf(b)) || ORDERS.latest(a, b),
  latest: (a, b) => (b.last_wall_time ?? 0) - (a.last_wall_time ?? 0) || ORDERS.name(a, b),
  name: (a, b) => a.run.localeCompare(b.run, "en", { numeric: true }),
  best: (a, b) => (a.best_val_loss ?? Infinity) - (b.best_val_loss ?? Infinity) || ORDERS.name(a, b),
  longest: (a, b) => secondsOf(b) - secondsOf(a) || ORDERS.name(a, b),
};

/**
 * How long a run has been recorded.
 * @param {RunSummary} run
 */
export function secondsOf(run) {
  return run.first_wall_time === null || run.last_wall_time === null ? 0 : run.last_wall_time - run.first_wall_time;
}

/**
 * @param {RunSummary} run
 * @param {Filter} filter
 */
function passes(run, { text, severity, rule }) {
  if (rule !== "" && !run.fired.includes(rule)) return false;
  if (severity === "healthy" ? kindOf(run) !== "clear" : severity !== "" && run.counts[severity] === 0) return false;
  const haystack = `${run.run} ${run.fired.join(" ")} ${run.leading?.code ?? ""} ${run.leading?.severity ?? ""} ${run.problem}`.toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => haystack.includes(word));
}

/**
 * What a run's other findings have to do with the filter: those that it found the run by, beside the leading one.
 * @param {RunSummary} run
 * @param {Filter} filter
 */
export function matched({ fired, leading }, { text, rule }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return fired.filter((each) => each !== leading?.rule && (each === rule || words.some((word) => each.includes(word))));
}

/**
 * How many runs each rule has fired in, and in how many of them as a consequence; the commonest first.
 * @param {RunSummary[]} runs
 * @returns {[string, number, number][]}
 */
export function firedRules(runs) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  for (const run of runs) for (const rule of run.fired) seen.set(rule, (seen.get(rule) ?? 0) + 1);
  const leads = (/** @type {string} */ rule) => runs.filter((run) => rule in run.leads).length;
  return [...seen].map(([rule, n]) => /** @type {[string, number, number]} */ ([rule, n, n - leads(rule)])).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0], "en"));
}
