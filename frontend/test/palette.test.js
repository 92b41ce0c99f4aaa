// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BACKGROUND, contrast, depthColor, lineColor, luminance } from "../src/palette.js";

const THEMES = /** @type {const} */ (["light", "dark"]);

test("every layer is readable on its background, however deep the model is", () => {
  for (const theme of THEMES) {
    for (let i = 0; i < 100; i++) {
      const color = depthColor(i, 100, theme);
      assert.ok(contrast(color, BACKGROUND[theme]) >= 3, `${theme} layer ${i}: ${color}`);
    }
  }
});

test("lightness goes one way from input to output, so that depth is seen without hue", () => {
  for (const theme of THEMES) {
    const light = Array.from({ length: 20 }, (_, i) => luminance(depthColor(i, 20, theme)));
    assert.deepEqual(light, [...light].sort((a, b) => a - b));
  }
});

test("a model of one layer has a color", () => {
  assert.match(depthColor(0, 1, "light"), /^#[0-9a-f]{6}$/);
});

test("every other line is readable too, and neighbors differ", () => {
  for (const theme of THEMES) {
    for (let n = 0; n < 6; n++) {
      assert.ok(contrast(lineColor("train", n, theme), BACKGROUND[theme]) >= 3);
      assert.notEqual(lineColor("train", n, theme), lineColor("val", n + 1, theme));
    }
    assert.ok(contrast(lineColor("reference", 0, theme), BACKGROUND[theme]) >= 3);
  }
});

test("words on every surface of the page have a contrast of 4.5 in both themes", () => {
  const css = readFileSync(new URL("../src/style.css", import.meta.url), "utf8");
  const blocks = [...css.matchAll(/:root(?:\[data-theme="dark"\])? \{([^}]*)\}/g)].map((match) => match[1]);
  assert.equal(blocks.length, 2);
  blocks.forEach((block, i) => {
    const color = Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]));
    assert.equal(color.paper, BACKGROUND[THEMES[i]]);
    for (const ink of ["text", "muted", "accent", "error", "warning", "hint", "clear", "limit", "mark"]) {
      for (const surface of ["page", "side", "paper", "sunken", "hover", "warn-soft"]) {
        const ratio = contrast(color[ink], color[surface]);
        assert.ok(ratio >= 4.5, `${THEMES[i]}: ${ink} on ${surface} is ${ratio.toFixed(2)}`);
      }
    }
  });
});
