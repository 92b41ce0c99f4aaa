// @ts-check
// Bundles src/index.js and its styles into one module for the Python package, with the licenses of what is inside.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "tb_nndiag", "static");

/** @type {import("esbuild").Plugin} */
const cssAsText = {
  name: "css-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, target: "es2020" });
      // The page has its own legend.
      return { contents: code.trim().replace(/[^{}]*\.u-(legend|inline|marker)[^{}]*\{[^{}]*\}/g, ""), loader: "text" };
    });
  },
};

/** Indentation inside of templates is of no use to the reader of the bundle. @type {import("esbuild").Plugin} */
const unindented = {
  name: "unindented",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replace(/\n[ ]+/g, "\n").replace(/>\n</g, "><"),
    }));
  },
};

/**
 * uPlot keeps what no bundler can leave out and the page does not use: its legend, other ways to draw, axes of dates, scales
 * that choose their own ends.
 * @type {import("esbuild").Plugin}
 */
const uplotWithLinesOnly = {
  name: "uplot-with-lines-only",
  setup({ onLoad }) {
    onLoad({ filter: /uPlot\.esm\.js$/ }, async ({ path }) => {
      let code = await readFile(path, "utf8");
      /** @type {[RegExp, string][]} */
      const cuts = [
        [/const months = \[[^]*?(?=const onlyWhole)/, "const fmtDate = noop, tzDate = noop;\n"],
        [/const NL = [^]*?(?=function legendStroke)/, DATES.map((name) => `const ${name} = noop;\n`).join("")],
        [/\(paths\.(stepped|bars|spline) *= \w+\);|uPlot\.(join|sync|rangeAsinh|rangeNum|rangeLog|addGap|clipGaps) *= \w+;/g, ""],
      ];
      for (const [what, by] of cuts) code = code.replace(what, by);
      for (const name of UNUSED) code = code.replace(new RegExp(`^(\\t*)function ${name}\\([^]*?\\n\\1\\}`, "m"), `function ${name}() {}`);
      return { contents: code };
    });
  },
};
const DATES = ["timeIncrsMs", "timeIncrsS", "_timeAxisStampsMs", "_timeAxisStampsS", "timeAxisSplitsMs", "timeAxisSplitsS", "timeAxisStamps", "timeAxisVals", "timeAxisVal", "timeSeriesStamp", "timeSeriesVal", "_timeSeriesStamp"];
const UNUSED = ["rangeLog", "rangeAsinh", "initLegendRow", "setLegend", "snapNumX", "snapNumY", "snapLogY", "snapAsinhY", "asinhAxisSplits", "logAxisSplits", "log10AxisValsFilt", "log2AxisValsFilt", "numSeriesVal"];

const result = await build({
  absWorkingDir: here,
  entryPoints: ["src/index.js"],
  outfile: join(target, "index.js"),
  bundle: true,
  format: "esm",
  target: "es2020",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  plugins: [cssAsText, unindented, uplotWithLinesOnly],
});

const bundled = new Set(
  Object.keys(result.metafile.inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
);
const licenses = [...bundled].sort().map(async (name) => {
  const folder = join(here, "node_modules", name);
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  return `${name} ${version}\n\n${(await readFile(join(folder, "LICENSE"), "utf8")).trim()}\n`;
});
await mkdir(target, { recursive: true });
await writeFile(
  join(target, "THIRD_PARTY_LICENSES.txt"),
  `index.js contains the following packages.\n\n${(await Promise.all(licenses)).join(`\n${"-".repeat(78)}\n\n`)}`,
);
