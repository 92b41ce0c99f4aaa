// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import * as text from "../src/text.js";

test("backticks become code spans and an unpaired one stays a character", () => {
  assert.deepEqual(text.codeSpans("in `dense` and `x`"), [
    { code: false, text: "in " },
    { code: true, text: "dense" },
    { code: false, text: " and " },
    { code: true, text: "x" },
  ]);
  assert.deepEqual(text.codeSpans("an `odd` one ` stays"), [
    { code: false, text: "an " },
    { code: true, text: "odd" },
    { code: false, text: " one ` stays" },
  ]);
  assert.deepEqual(text.codeSpans("`"), [{ code: false, text: "`" }]);
  assert.deepEqual(text.codeSpans(""), []);
});

test("control, bidirectional and zero-width characters are shown and not obeyed", () => {
  assert.equal(text.visible("a\u0000b\u001b[31m\u007f"), "a␀b␛[31m␡");
  assert.equal(text.visible("rlo_\u202egpj.exe"), "rlo_[U+202E]gpj.exe");
  assert.equal(text.visible("a\u200bb\u0085"), "a[U+200B]b[U+0085]");
  assert.equal(text.visible("half \ud83d pair"), "half \ufffd pair");
  assert.equal(text.visible("whole 🙂 pair"), "whole 🙂 pair");
});

test("code keeps its line breaks and tabs, a name does not", () => {
  assert.equal(text.visible("a\n\tb", { lines: true }), "a\n\tb");
  assert.equal(text.visible("a\n\tb"), "a␊␉b");
});

test("a long name loses its middle and keeps all of itself in the title", () => {
  const name = `${"a".repeat(100)}end`;
  const { text: shown, title } = text.label(name, 20);
  assert.equal(Array.from(shown).length, 20);
  assert.match(shown, /^a+…a*end$/);
  assert.equal(title, name);
  assert.deepEqual(text.label("dense", 20), { text: "dense", title: undefined });
  assert.equal(text.label("").text, "(no name)");
});

test("a name is never cut inside of a character", () => {
  assert.equal(text.shorten("🙂".repeat(10), 5), "🙂🙂🙂…🙂");
});

test("numbers have three digits", () => {
  const cases = /** @type {const} */ ([
    [0, "0"],
    [0.123456, "0.123"],
    [6.123e-7, "6.12e-7"],
    [1e-4, "0.0001"],
    [Math.fround(1e-4), "0.0001"],
    [9.99e-5, "9.99e-5"],
    [12345.6, "12,346"],
    [-2500, "-2,500"],
    [3e9, "3e9"],
    [null, "–"],
    [NaN, "–"],
  ]);
  for (const [value, shown] of cases) assert.equal(text.shortNumber(value), shown);
});

test("ticks show as many digits as tell them apart", () => {
  assert.equal(text.tick(0.5, 0.1), "0.5");
  assert.equal(text.tick(0.51234, 0.00002), "5.123e-1");
  assert.equal(text.tick(0.25, 0.25), "0.25");
  assert.equal(text.tick(7.5, 2.5), "7.5");
  assert.equal(text.tick(-2000, 500), "-2,000");
  assert.equal(text.tick(12000, 2000), "12,000");
  assert.equal(text.tick(0, 1), "0");
});

test("ages and durations read well, and a clock ahead of ours reads as now", () => {
  assert.equal(text.age(100, 112), "12 s ago");
  assert.equal(text.age(100, 100 + 600), "10 min ago");
  assert.equal(text.age(100, 50), "just now");
  assert.equal(text.age(null, 50), "");
  assert.equal(text.duration(3 * 3600), "3 h");
  assert.equal(text.duration(86400 * 3), "3 days");
});

test("a finding says since when, and when it ended", () => {
  assert.equal(text.since({ first_step: 1200, last_step: 2000, active: true }), "since step 1,200");
  assert.equal(text.since({ first_step: 1, last_step: 2000, active: true }), "from the start");
  assert.equal(text.since({ first_step: 1, last_step: 852, active: true, evaluated: 71 }), "since the first evaluation (step 71)");
  assert.equal(text.since({ first_step: 2, last_step: 2000, active: true }), "since step 2");
  assert.equal(text.since({ first_step: 3, last_step: 9, active: false }), "steps 3 to 9; it has not come back since");
  assert.equal(text.since({ first_step: 1, last_step: 11, active: false }, true), "steps 1 to 11; what it did stayed");
  assert.equal(text.since({ first_step: 3, last_step: 3, active: false }), "step 3; it has not come back since");
  assert.equal(text.since({ first_step: null, last_step: null, active: true }), "");
});

test("counts are words with the right number", () => {
  assert.equal(text.count(1, "run"), "1 run");
  assert.equal(text.count(12000, "step"), "12,000 steps");
  assert.equal(text.countsInWords({ error: 1, warning: 0, hint: 2 }, 3), "1 error, 2 hints");
  assert.equal(text.countsInWords({ error: 0, warning: 0, hint: 0 }, 0), "");
  assert.equal(text.countsInWords({ error: 1, warning: 0, hint: 0 }, 9), "1 cause, 8 consequences");
});

test("a run without findings is called clear only by rules that looked", () => {
  assert.equal(text.healthyLine(14, 0, 0), "14 rules looked, none found anything.");
  assert.equal(text.healthyLine(54, 1, 12), "54 rules looked, none found anything. 1 could not look, 12 are optional: see below.");
  assert.equal(text.healthyLine(0, 13, 2), "No rule had enough data to look.");
});

test("a saved report writes times out", () => {
  text.clock.fixed = true;
  assert.match(text.age(1.8e9, 1.8e9 + 60), /^2027-01-1\d \d\d:\d\d$/);
  text.clock.fixed = false;
  assert.equal(text.age(1.8e9, 1.8e9 + 60), "60 s ago");
});

test("a training without an end goes on while it writes", () => {
  assert.equal(text.isTraining({ ended: false, last_wall_time: 1000 }, 1060), true);
  assert.equal(text.isTraining({ ended: false, last_wall_time: 1000 }, 100_000), false);
  assert.equal(text.isTraining({ ended: true, last_wall_time: 1000 }, 1000), false);
  assert.equal(text.isTraining({ ended: false, last_wall_time: null }, 1000), false);
});
