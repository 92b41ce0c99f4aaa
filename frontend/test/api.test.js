// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { Sentence, checked, latest } from "../src/api.js";
import { NOWHERE, compareKey, comparedRuns, hashWithPlace, placeInHash } from "../src/host.js";
import { guardLanguage } from "../src/language.js";

test("an earlier answer that comes late is dropped, and its request aborted", async () => {
  /** @type {((value: string) => void)[]} */
  const resolve = [];
  /** @type {AbortSignal[]} */
  const signals = [];
  const ask = latest((signal, /** @type {string} */ _run) => {
    signals.push(signal);
    return new Promise((done) => resolve.push(done));
  });
  const first = ask("a");
  const second = ask("b");
  resolve[1]("b's data");
  resolve[0]("a's data");
  assert.equal(await first, null);
  assert.deepEqual(await second, { data: "b's data", error: "" });
  assert.deepEqual(signals.map((signal) => signal.aborted), [true, false]);
});

test("the server's sentence is the error, and other failures get one of ours", async () => {
  assert.throws(() => checked(false, 404, { error: "There is no run called `x`." }), { message: "There is no run called `x`." });
  assert.throws(() => checked(false, 500, null), /status 500/);
  assert.throws(() => checked(true, 200, null), /not JSON/);
  assert.throws(() => checked(true, 200, { format: 2 }), /format 1, and TensorBoard sent format 2/);
  assert.deepEqual(checked(true, 200, { format: 1 }), { format: 1 });
  const ask = latest(async () => {
    throw new Sentence("It is gone.");
  });
  assert.deepEqual(await ask(), { data: null, error: "It is gone." });
});

test("a place survives the address, whatever is in it", () => {
  for (const name of ["a/b", "a&b=c", "#x", "<script>", "ü 🙂", "p.nndiag.run=x"]) {
    const place = { ...NOWHERE, run: name, layer: name, step: "12" };
    const hash = hashWithPlace("#nndiag", place, "nndiag");
    assert.match(hash, /^#nndiag&p\.nndiag\.run=/);
    assert.deepEqual(placeInHash(hash), place);
  }
});

test("what else stands in the hash is TensorBoard's and stays", () => {
  const hash = hashWithPlace("#timeseries&p.other.x=1&p.nndiag.run=old&_smoothing=0.5&p.nndiag.layer=a", { ...NOWHERE, run: "new" }, "nndiag");
  assert.equal(hash, "#timeseries&p.other.x=1&_smoothing=0.5&p.nndiag.run=new");
  assert.equal(hashWithPlace("", { ...NOWHERE, run: "a" }, "nndiag"), "#nndiag&p.nndiag.run=a");
  assert.equal(hashWithPlace("", { ...NOWHERE, run: "a" }, ""), "#p.nndiag.run=a");
});

test("a hash without a place, or with a broken one, is nowhere", () => {
  assert.deepEqual(placeInHash(""), NOWHERE);
  assert.deepEqual(placeInHash("#nndiag&p.nndiag.other=1"), NOWHERE);
  assert.deepEqual(placeInHash("#nndiag&p.nndiag.run=%E0%A4%A"), NOWHERE);
});

test("compared runs survive the address, whatever they are called", () => {
  assert.deepEqual(comparedRuns(compareKey(["a,b", "c%2C", "ü"])), ["a,b", "c%2C", "ü"]);
  assert.deepEqual(comparedRuns(""), []);
  assert.deepEqual(comparedRuns("%E0%A4%A"), []);
});

test("an odd language of the browser is replaced, a good one stays", () => {
  const odd = { language: "en-US@posix" };
  guardLanguage(odd);
  assert.equal(odd.language, "en-US");
  const good = { language: "de-CH" };
  guardLanguage(good);
  assert.equal(good.language, "de-CH");
});
