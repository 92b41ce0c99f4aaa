// @ts-check
// The model as its layers in forward order, and all that is known of one of them.

import { html } from "htm/preact";
import { places } from "../verdicts.js";
import { TEXT, atStep, count, visible, whole } from "../text.js";
import { ChartFigure, EVERYTHING } from "./chart.js";
import { Mark, Name, Prose } from "./parts.js";

/** @typedef {import("../api.js").Layer} Layer */
/** @typedef {import("../api.js").Verdict} Verdict */
/** @typedef {import("../api.js").RunDetail} RunDetail */

/**
 * @param {Verdict[]} verdicts
 * @param {string} layer
 */
function findingsOf(verdicts, layer) {
  return verdicts.filter((verdict) => verdict.status === "fires" && places(verdict).includes(layer));
}

/**
 * What it puts out for one row.
 * @param {Layer} layer
 */
function shapeInWords({ output_shape }) {
  return visible(output_shape.split(" x ").slice(1).join(" × ") || "–");
}

/** @param {Layer} layer */
function kindInWords(layer) {
  return [layer.class_name, layer.activation].filter((word) => word !== "").map((word) => visible(word)).join(", ");
}

/** @param {Layer} layer */
function sizeInWords(layer) {
  if (layer.parameters === 0) return TEXT.noParameters;
  return `${count(layer.parameters, "parameter")}${layer.trainable ? "" : `, ${TEXT.frozen}`}`;
}

/**
 * @param {{layers: Layer[], verdicts: Verdict[], open: (layer: string) => void}} props
 */
export function ModelColumn({ layers, verdicts, open }) {
  return html`<aside class="model" aria-label=${TEXT.model}>
    <h3>${TEXT.model} <span class="muted">${count(layers.length, "layer")}</span></h3>
    <ol>
      ${layers.map((layer) => {
        const found = findingsOf(verdicts, layer.name);
        return html`<li key=${layer.name}>
          <button type="button" data-layer=${layer.name} onClick=${() => open(layer.name)}>
            <code><${Name} name=${layer.name} limit=${40} /></code>
            <span class="marks">${found.map((verdict) => html`<${Mark} kind=${verdict.severity} word=${verdict.rule} />`)}</span>
            <span class="muted">${kindInWords(layer)} · ${shapeInWords(layer)} · ${layer.parameters === 0 ? TEXT.noParameters : whole(layer.parameters)}${layer.trainable || layer.parameters === 0 ? "" : ` (${TEXT.frozen})`}</span>
          </button>
        </li>`;
      })}
    </ol>
  </aside>`;
}

/**
 * @param {{detail: RunDetail, name: string, look: import("./chart.js").Look, setLook: import("./chart.js").SetLook, theme: import("../palette.js").Theme, cursor: import("../cursor.js").Cursor, open: (layer: string) => void, close: () => void, showVerdict: (verdict: Verdict) => void}} props
 */
export function LayerPage({ detail, name, look, setLook, theme, cursor, open, close, showVerdict }) {
  const layers = detail.card?.layers ?? [];
  const at = layers.findIndex((layer) => layer.name === name);
  const layer = layers[at];
  const found = findingsOf(detail.verdicts, name);
  const charts = detail.charts.filter((chart) => chart.series.some((series) => series.role === "layer" && series.name === name));
  const step = (/** @type {number} */ to, /** @type {string} */ words) =>
    html`<button type="button" class="quiet" disabled=${layers[to] === undefined} onClick=${() => open(layers[to].name)}>${words}</button>`;
  return html`<div class="page layer">
    <p class="crumbs"><button type="button" class="link" data-back onClick=${close}>← <${Name} name=${detail.run} limit=${60} /></button></p>
    <header class="about">
      <h2>${TEXT.layer} <code><${Name} name=${name} limit=${80} /></code></h2>
      ${layer === undefined
        ? html`<p class="muted">${TEXT.unknownLayer}</p>`
        : html`<p class="state">${kindInWords(layer)} · ${TEXT.output} ${shapeInWords(layer)} · ${sizeInWords(layer)} · ${at + 1} of ${layers.length}</p>
            ${layer.largest_gradient && html`<p class="state" data-largest-gradient>${TEXT.largestGradient} <b>${layer.largest_gradient.value_text}</b> (rms), ${atStep(layer.largest_gradient.step)}</p>`}
            <p class="steps">${step(at - 1, TEXT.layerBefore)} ${step(at + 1, TEXT.layerAfter)}</p>`}
    </header>
    ${found.length === 0 && html`<p class="healthy"><${Mark} kind="clear" /> ${TEXT.noFindingsHere}</p>`}
    ${found.map(
      (verdict) => html`<article class="verdict ${verdict.severity}">
        <p class="tags pad"><${Mark} kind=${verdict.severity} word=${verdict.severity} /> <button type="button" class="link rule" onClick=${() => showVerdict(verdict)}>${visible(verdict.code)} ${visible(verdict.rule)}</button></p>
        <p class="pad"><${Prose} text=${verdict.headline} /></p>
      </article>`,
    )}
    <div class="charts">
      ${charts.map((chart) => html`<${ChartFigure} key=${chart.id} chart=${chart} places=${[name]} look=${{ ...EVERYTHING, ...look, layers: [name] }} setLook=${(/** @type {any} */ change) => (change.layers?.[0] !== undefined && change.layers[0] !== name ? open(change.layers[0]) : setLook(change))} theme=${theme} cursor=${cursor} />`)}
    </div>
  </div>`;
}
