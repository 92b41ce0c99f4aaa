// @ts-check
// Verdicts in the order they are read: findings with their consequences folded in, then the rest by status.

/** @typedef {import("./api.js").Verdict} Verdict */
/** @typedef {{verdict: Verdict, consequences: Verdict[]}} Finding */

/**
 * @param {Verdict[]} verdicts in reading order
 * @returns {{findings: Finding[], unknown: Verdict[], crashed: Verdict[], clear: Verdict[], ignored: Verdict[]}}
 */
export function grouped(verdicts) {
  const fired = verdicts.filter((verdict) => verdict.status === "fires");
  const byRule = new Map(fired.map((verdict) => [verdict.rule, verdict]));
  /** @type {Map<Verdict, Finding>} */
  const findings = new Map();
  for (const verdict of fired) {
    if (root(verdict, byRule) === verdict) findings.set(verdict, { verdict, consequences: [] });
  }
  for (const verdict of fired) {
    const cause = root(verdict, byRule);
    if (cause !== verdict) findings.get(cause)?.consequences.push(verdict);
  }
  /** @param {Verdict["status"]} status */
  const having = (status) => verdicts.filter((verdict) => verdict.status === status);
  return {
    findings: [...findings.values()],
    unknown: having("unknown"),
    crashed: having("crashed"),
    clear: having("clear"),
    ignored: having("ignored"),
  };
}

/**
 * The finding at the end of the chain of causes; a chain that bites its tail ends where it started.
 * @param {Verdict} verdict
 * @param {Map<string, Verdict>} byRule
 */
function root(verdict, byRule) {
  const seen = new Set([verdict]);
  let at = verdict;
  for (;;) {
    const cause = at.explained_by === "" ? undefined : byRule.get(at.explained_by);
    if (cause === undefined) return at;
    if (seen.has(cause)) return verdict;
    seen.add(cause);
    at = cause;
  }
}

/**
 * The names that the evidence of a verdict points to; `run` is no place in a chart.
 * @param {Verdict} verdict
 */
export function places(verdict) {
  return [...new Set(verdict.evidence.map((piece) => piece.where))].filter((where) => where !== "" && where !== "run");
}
