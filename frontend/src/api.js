// @ts-check
// The only module that fetches. It knows the routes, the shape of what they answer, and turns failures into sentences.

/** @typedef {"error" | "warning" | "hint"} Severity */
/** @typedef {{code: string, rule: string, severity: Severity, headline: string}} Leading */
/** @typedef {Severity | "follows" | "crashed" | "unknown" | "clear"} Says what a family of rules says about a run */

/**
 * @typedef {object} RunSummary one line of the overview
 * @property {string} run
 * @property {Leading | null} leading
 * @property {Record<string, Severity>} leads leading findings: rule → severity
 * @property {Record<Severity, number>} counts
 * @property {string[]} fired
 * @property {Record<string, Says>} families
 * @property {number} unknown
 * @property {string[]} crashed
 * @property {number | null} first_wall_time
 * @property {number | null} last_wall_time
 * @property {number | null} last_step
 * @property {boolean} ended
 * @property {number | null} best_val_loss
 * @property {(number | null)[]} spark
 * @property {boolean} pending
 * @property {string} problem
 */

/** @typedef {{format: number, version: string, place: string, stamp: string, runs: RunSummary[]}} Overview place: of the logdir, "" in a saved report; stamp: its status */

/**
 * @typedef {object} Evidence
 * @property {string} measure
 * @property {number | null} value
 * @property {string} value_text
 * @property {number | null} limit
 * @property {string} limit_text
 * @property {string} unit
 * @property {string} signal
 * @property {string} where
 * @property {number | null} step
 */

/** @typedef {{kind: string, target: string, value: any}} Change */
/** @typedef {{do: string, because: string, code: string, changes: Change[]}} Fix */

/**
 * @typedef {object} Verdict
 * @property {string} code
 * @property {string} rule
 * @property {Severity} severity
 * @property {"fires" | "clear" | "unknown" | "crashed" | "ignored"} status
 * @property {string} reason
 * @property {string} headline
 * @property {string} why
 * @property {Evidence[]} evidence
 * @property {Fix[]} fixes
 * @property {string} explained_by
 * @property {number | null} first_step
 * @property {number | null} last_step
 * @property {boolean} active
 * @property {string[]} charts
 * @property {number | null} [evaluated] the first evaluation, where nothing was seen before
 */

/** @typedef {"train" | "val" | "reference" | "low" | "high" | "layer" | "part" | "run"} Role */
/** @typedef {{name: string, role: Role, values: (number | null)[]}} ChartSeries */

/**
 * @typedef {object} Chart
 * @property {string} id
 * @property {string} title
 * @property {string} y_label
 * @property {string} unit
 * @property {boolean} log
 * @property {number[]} steps
 * @property {ChartSeries[]} series
 * @property {{value: number | null, label: string, fires: boolean}[]} limits fires: that rule found something
 * @property {{step: number, label: string}[]} marks
 * @property {[number, number] | null} bounds of the y axis, for shares; null: as the values are
 * @property {number | null} top of the y axis, below the highest peaks; null: the largest value
 */

/**
 * @typedef {object} Layer
 * @property {string} name
 * @property {string} class_name
 * @property {string} activation
 * @property {number} parameters
 * @property {boolean} trainable
 * @property {string} output_shape
 * @property {string} settings
 * @property {{value_text: string, step: number} | null} [largest_gradient] rms, at any observed step
 */

/** @typedef {{facts: {name: string, value: string}[], layers: Layer[]}} Card */

/**
 * @typedef {object} RunDetail
 * @property {number} format
 * @property {string} run
 * @property {string[]} problems
 * @property {number | null} first_wall_time
 * @property {number | null} last_wall_time
 * @property {number | null} last_step
 * @property {boolean} ended
 * @property {Card | null} card
 * @property {Verdict[]} verdicts
 * @property {string[]} optional unknown rules that are off by default, or need an experiment
 * @property {Record<string, {do: string, code: string}>} enable
 * @property {Chart[]} charts
 */

/**
 * @typedef {object} RulePage
 * @property {string} code
 * @property {string} rule
 * @property {Severity} severity
 * @property {string} family
 * @property {string} title
 * @property {{heading: string, paragraphs: string[]}[]} sections
 * @property {{name: string, default: string, unit: string, means: string, source: string}[]} limits
 * @property {boolean} opt_in it is off unless selected
 * @property {string[]} reads
 * @property {string[]} explains
 * @property {string} ignore
 */

/** @typedef {{families: {digit: string, title: string}[], rules: RulePage[]}} Rules */

const FORMAT = 1;

/** @typedef {{overview: Overview, rules: Rules, details: Record<string, RunDetail>, written: number}} Report */

/** @type {Report | null | undefined} */
let report;

/**
 * The data of a saved report, when the page is one: the JSON of all routes in an element `nndiag-data`.
 * @returns {Report | null}
 */
export function embedded() {
  if (report === undefined) {
    const element = document.getElementById("nndiag-data");
    report = element === null ? null : /** @type {Report} */ (JSON.parse(element.textContent ?? ""));
  }
  return report;
}

/**
 * @param {AbortSignal} signal
 * @param {boolean} judge whether the server shall judge some of the runs that are left first
 * @returns {Promise<Overview>}
 */
export async function fetchOverview(signal, judge) {
  return embedded()?.overview ?? getJson(judge ? "./runs" : "./runs?judge=no", signal);
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<string>} another one when the overview may have changed
 */
export async function fetchStamp(signal) {
  return embedded()?.overview.stamp ?? (await getJson("./status", signal)).stamp;
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<Rules>}
 */
export async function fetchRules(signal) {
  return embedded()?.rules ?? getJson("./rules", signal);
}

/**
 * @param {AbortSignal} signal
 * @param {string[]} runs
 * @returns {Promise<RunDetail[]>}
 */
export async function fetchRuns(signal, runs) {
  return Promise.all(runs.map((run) => fetchRun(signal, run)));
}

/**
 * @param {AbortSignal} signal
 * @param {string} run
 * @returns {Promise<RunDetail>}
 */
export async function fetchRun(signal, run) {
  const saved = embedded();
  if (saved === null) return getJson(`./run?run=${encodeURIComponent(run)}`, signal);
  if (!Object.hasOwn(saved.details, run)) throw new Sentence(`This report has no run called \`${run}\`.`);
  return saved.details[run];
}

/** An error whose message may stand on the page as it is. */
export class Sentence extends Error {}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function getJson(url, signal) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(url, { signal, headers: { accept: "application/json" } });
  } catch {
    throw new Sentence("TensorBoard does not answer. It may have been stopped, or the connection is gone.");
  }
  /** @type {any} */
  let body;
  try {
    body = await response.json();
  } catch {
    body = null;
  }
  return checked(response.ok, response.status, body);
}

/**
 * What the server said, or a Sentence about why it cannot be used.
 * @param {boolean} ok
 * @param {number} status
 * @param {any} body parsed JSON, or null when it was none
 */
export function checked(ok, status, body) {
  if (!ok) {
    if (typeof body?.error === "string" && body.error !== "") throw new Sentence(body.error);
    throw new Sentence(`TensorBoard answered with status ${status} and no explanation.`);
  }
  if (body === null) throw new Sentence("The answer of TensorBoard could not be read: it is not JSON.");
  if (body.format !== FORMAT) {
    throw new Sentence(
      `This page reads format ${FORMAT}, and TensorBoard sent format ${body.format}. Restart TensorBoard and reload the page.`,
    );
  }
  return body;
}

/**
 * Makes `load` answer the last question only: an earlier call is aborted, and resolves to null whatever it brings.
 * @template {any[]} A
 * @template T
 * @param {(signal: AbortSignal, ...args: A) => Promise<T>} load
 * @returns {(...args: A) => Promise<{data: T, error: ""} | {data: null, error: string} | null>}
 */
export function latest(load) {
  let turn = 0;
  /** @type {AbortController | null} */
  let running = null;
  return async (...args) => {
    const mine = ++turn;
    running?.abort();
    running = new AbortController();
    try {
      const data = await load(running.signal, ...args);
      return mine === turn ? { data, error: "" } : null;
    } catch (error) {
      if (mine !== turn) return null;
      const known = error instanceof Sentence;
      if (!known) console.error(error);
      return { data: null, error: known ? error.message : "The answer of TensorBoard could not be used." };
    }
  };
}
