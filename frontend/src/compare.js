// @ts-check
// Two to four runs side by side: what differs in their settings, which verdicts came and went, their curves in one chart. Pure.

/** @typedef {import("./api.js").RunDetail} RunDetail */
/** @typedef {import("./api.js").Chart} Chart */
/** @typedef {import("./api.js").Verdict} Verdict */

export const MOST_COMPARED = 4;
/** @type {string[]} */
const CURVES = ["train", "val", "part"];

/**
 * Settings by name, with one value a run; those that differ first.
 * @param {RunDetail[]} runs
 * @returns {{name: string, values: string[], differs: boolean}[]}
 */
export function settings(runs) {
  const all = runs.map((run) => new Map((run.card?.facts ?? []).map(({ name, value }) => [name, value])));
  const own = runs.map((run) => new Map((run.card?.layers ?? []).map(({ name, settings }) => [name, settings])));
  const differing = [...(own[0] ?? [])].filter(([name, first]) => own.some((layers) => (layers.get(name) ?? first) !== first));
  for (const [i, run] of runs.entries()) {
    if (!run.card) continue;
    all[i].set("layers", layersInWords(run.card.layers));
    const words = differing.filter(([name]) => own[i].has(name)).map(([name]) => `\`${name}\` ${own[i].get(name) || "–"}`);
    if (words.length > 0) all[i].set("layer settings", words.join("; "));
  }
  const names = [...new Set(all.flatMap((facts) => [...facts.keys()]))];
  const rows = names.map((name) => {
    const values = all.map((facts) => facts.get(name) ?? "");
    return { name, values, differs: new Set(values).size > 1 };
  });
  return [...rows.filter((row) => row.differs), ...rows.filter((row) => !row.differs)];
}

/** @param {import("./api.js").Layer[]} layers */
function layersInWords(layers) {
  return layers
    .map((layer) => [layer.class_name, layer.activation && `(${layer.activation})`, layer.trainable || layer.parameters === 0 ? "" : "frozen", lastSize(layer.output_shape)].filter(Boolean).join(" "))
    .join(" → ");
}

/** @param {string} shape */
function lastSize(shape) {
  return shape.split(" x ").pop() ?? "";
}

/**
 * Rules with a finding in any of the runs, each run's answer, and what changed from the first run to each other one.
 * @param {RunDetail[]} runs
 * What another model does not have is not gone.
 * @returns {{rule: string, code: string, answers: (Verdict | undefined)[], change: ("" | "gained" | "lost" | "absent")[]}[]}
 */
export function findings(runs) {
  const byRule = runs.map((run) => new Map(run.verdicts.map((verdict) => [verdict.rule, verdict])));
  const models = runs.map(({ card }) => card && layersInWords(card.layers));
  const fired = runs.flatMap((run) => run.verdicts.filter((verdict) => verdict.status === "fires"));
  return [...new Map(fired.map(({ rule, code }) => [rule, code]))].map(([rule, code]) => {
    const answers = byRule.map((answer) => answer.get(rule));
    const before = answers[0]?.status === "fires";
    const change = answers.map((answer, i) => {
      if ((answer?.status === "fires") === before || answer === undefined) return "";
      return !before ? "gained" : answer.status !== "clear" ? "" : models[i] === models[0] ? "lost" : "absent";
    });
    return { rule, code, answers, change };
  });
}

/**
 * The last and the best value of each loss and metric; which metric is better where it is high is known of shares alone.
 * @param {RunDetail[]} runs
 * @returns {{name: string, last: (number | null)[], best: (number | null)[]}[]}
 */
export function results(runs) {
  const of = runs.map(({ charts }) =>
    charts.filter(({ id }) => id === "loss" || id === "metrics").flatMap(({ id, bounds, series }) =>
      series.filter(({ role }) => CURVES.includes(role)).map(({ name, values }) => {
        const known = /** @type {number[]} */ (values.filter((value) => value !== null));
        const best = id === "loss" ? Math.min(...known) : bounds !== null ? Math.max(...known) : null;
        return { name: id === "loss" ? name.replace(/^(?!.*loss)/, "loss, ") : name, last: known[known.length - 1] ?? null, best };
      }),
    ),
  );
  return [...new Set(of.flat().map(({ name }) => name))].map((name) => {
    const found = of.map((one) => one.find((each) => each.name === name));
    return { name, last: found.map((each) => each?.last ?? null), best: found.map((each) => each?.best ?? null) };
  });
}

/**
 * The charts of layers: in each row one of each run, on the same axis.
 * @param {RunDetail[]} runs
 * @returns {Chart[][]}
 */
export function perLayer(runs) {
  const rows = ["gradients", "updates", "units"].map((id) => {
    const row = runs.flatMap(({ run, charts }) => charts.filter((chart) => chart.id === id).map((chart) => ({ ...chart, id: `${id}: ${run}`, title: `${run}: ${chart.title}`, limits: [] })));
    const values = row.flatMap(({ series }) => series.flatMap((one) => one.values)).filter((value) => value !== null && value > 0);
    const ends = /** @type {number[]} */ (values).reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, 0]);
    return row.map((chart) => ({ ...chart, bounds: chart.bounds ?? (ends[1] > 0 ? /** @type {[number, number]} */ ([ends[0] / 1.5, ends[1] * 1.5]) : null) }));
  });
  return rows.filter((row) => row.length > 0);
}

/**
 * One chart for each curve that two or more runs have: of each run its own line, by its name.
 * @param {RunDetail[]} runs
 * @returns {Chart[]}
 */
export function overlaid(runs) {
  /** @type {Map<string, {run: string, chart: Chart, role: string, values: (number | null)[]}[]>} */
  const curves = new Map();
  for (const { run, charts } of runs) {
    for (const chart of charts) {
      for (const { name, role, values } of chart.series) {
        if (!CURVES.includes(role)) continue;
        const key = `${chart.id}: ${name}`;
        curves.set(key, [...(curves.get(key) ?? []), { run, chart, role, values }]);
      }
    }
  }
  return [...curves].filter(([, of]) => of.length > 1).map(([key, of]) => {
    const recorded = of.flatMap(({ chart, values }) => chart.steps.filter((_step, i) => values[i] !== null));
    const steps = [...new Set(recorded)].sort((a, b) => a - b);
    const place = new Map(steps.map((step, i) => [step, i]));
    const series = of.map(({ run, chart, values }) => {
      /** @type {(number | null)[]} */
      const row = steps.map(() => null);
      chart.steps.forEach((step, i) => {
        if (values[i] !== null) row[/** @type {number} */ (place.get(step))] = values[i];
      });
      return { name: run, role: /** @type {const} */ ("run"), values: row };
    });
    const { title, y_label, unit } = of[0].chart;
    const name = key.slice(key.indexOf(": ") + 2);
    const alone = of[0].chart.series.filter(({ role }) => CURVES.includes(role)).length === 1;
    const log = of.some(({ chart, role }) => chart.log || role === "part"); // alone, a part is small beside the whole
    return { id: key, title: alone ? title : `${title}: ${name}`, y_label, unit, log, steps, series, limits: of[0].chart.limits, marks: [], bounds: of[0].chart.bounds, top: null };
  });
}
