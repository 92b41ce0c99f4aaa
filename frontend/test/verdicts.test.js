// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { grouped, places } from "../src/verdicts.js";

/**
 * @param {string} rule
 * @param {Partial<import("../src/api.js").Verdict>} [part]
 * @returns {import("../src/api.js").Verdict}
 */
function verdict(rule, part = {}) {
  return {
    code: "NND000",
    rule,
    severity: "error",
    status: "fires",
    reason: "",
    headline: "",
    why: "",
    evidence: [],
    fixes: [],
    explained_by: "",
    first_step: null,
    last_step: null,
    active: true,
    charts: [],
    ...part,
  };
}

/** @param {import("../src/api.js").Verdict[]} verdicts */
const names = (verdicts) => verdicts.map(({ rule }) => rule);

test("a consequence of a consequence is folded under the first cause", () => {
  const { findings } = grouped([verdict("a"), verdict("b", { explained_by: "a" }), verdict("c", { explained_by: "b" }), verdict("d")]);
  assert.deepEqual(findings.map((finding) => [finding.verdict.rule, names(finding.consequences)]), [["a", ["b", "c"]], ["d", []]]);
});

test("a finding whose cause did not fire leads", () => {
  const { findings } = grouped([verdict("a", { status: "clear" }), verdict("b", { explained_by: "a" })]);
  assert.deepEqual(findings.map((finding) => finding.verdict.rule), ["b"]);
});

test("findings that explain each other are all shown", () => {
  const { findings } = grouped([verdict("a", { explained_by: "b" }), verdict("b", { explained_by: "a" }), verdict("c", { explained_by: "c" })]);
  assert.deepEqual(findings.map((finding) => finding.verdict.rule), ["a", "b", "c"]);
});

test("what hangs on findings that explain each other is shown as well", () => {
  const { findings } = grouped([verdict("a", { explained_by: "b" }), verdict("b", { explained_by: "a" }), verdict("c", { explained_by: "a" })]);
  const shown = findings.flatMap((finding) => [finding.verdict.rule, ...names(finding.consequences)]);
  assert.deepEqual(shown.sort(), ["a", "b", "c"]);
});

test("the other statuses are kept apart", () => {
  const { findings, unknown, crashed, clear, ignored } = grouped([
    verdict("a", { status: "unknown" }),
    verdict("b", { status: "crashed" }),
    verdict("c", { status: "clear" }),
    verdict("d", { status: "ignored" }),
  ]);
  assert.deepEqual([findings.length, names(unknown), names(crashed), names(clear), names(ignored)], [0, ["a"], ["b"], ["c"], ["d"]]);
});

test("places are layers, each once, and never the run", () => {
  const piece = { measure: "", value: 1, value_text: "1", limit: 1, limit_text: "1", unit: "", signal: "", step: 1 };
  const evidence = ["dense", "run", "dense", "", "dense_1"].map((where) => ({ ...piece, where }));
  assert.deepEqual(places(verdict("a", { evidence })), ["dense", "dense_1"]);
});
