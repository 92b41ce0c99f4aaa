// @ts-check
// One finding: what happened, the numbers, why it matters, what to do, and what follows from it.

import { html } from "htm/preact";
import { TEXT, count, since, visible, whole } from "../text.js";
import { Code, Mark, Name, Prose, SeverityWord } from "./parts.js";

/** @typedef {import("../api.js").Verdict} Verdict */
/** @typedef {import("../api.js").Evidence} Evidence */
/** @typedef {(verdict: Verdict, piece: Evidence | null) => void} Show */

/**
 * @param {{verdict: Verdict, consequences: Verdict[], show: Show, children?: any}} props
 *   children: the charts beside it; show: move the charts to a piece of evidence, or to all of it
 */
export function VerdictCard({ verdict, consequences, show, children }) {
  return html`<article class="verdict ${verdict.severity}" data-verdict=${verdict.rule} aria-label=${`${verdict.code} ${verdict.rule}`}>
    <div class="body">
      <div class="words">
        <${Head} verdict=${verdict} level="h3" />
        <${Substance} verdict=${verdict} show=${show} level="h4" />
      </div>
      ${children}
    </div>
    ${consequences.length > 0 &&
    html`<details class="consequences">
      <summary>${count(consequences.length, "finding")} that likely ${consequences.length === 1 ? "follows" : "follow"} from this</summary>
      <p class="first">${TEXT.mendFirst}</p>
      ${consequences.map(
        (verdict) => html`<section key=${verdict.rule} class="consequence ${verdict.severity}" data-verdict=${verdict.rule}>
          <${Head} verdict=${verdict} level="h4" />
          <${EvidenceTable} verdict=${verdict} show=${show} />
        </section>`,
      )}
    </details>`}
  </article>`;
}

/** @param {{verdict: Verdict, level: string}} props */
function Head({ verdict, level }) {
  const when = since(verdict);
  return html`<header>
    <p class="tags">
      <${SeverityWord} severity=${verdict.severity} />
      <span class="rule">${visible(verdict.code)} ${visible(verdict.rule)}</span>
      ${when !== "" && html`<span class="when ${verdict.active ? "" : "over"}">${when}</span>`}
    </p>
    <${level} class="headline"><${Prose} text=${verdict.headline} /></${level}>
  </header>`;
}

/** @param {{verdict: Verdict, show: Show, level: string}} props */
function Substance({ verdict, show, level }) {
  return html`<${EvidenceTable} verdict=${verdict} show=${show} />
    ${verdict.why !== "" &&
    html`<${level} class="label">${TEXT.why}</${level}>
      <p class="why"><${Prose} text=${verdict.why} /></p>`}
    ${verdict.fixes.length > 0 &&
    html`<${level} class="label">${TEXT.fixes}</${level}>
      <ol class="fixes">
        ${verdict.fixes.map(
          (fix) => html`<li>
            <p class="do"><${Prose} text=${fix.do} /></p>
            ${fix.because !== "" && html`<p class="because"><${Prose} text=${fix.because} /></p>`}
            ${fix.code !== "" && html`<${Code} code=${fix.code} what=${visible(fix.do)} />`}
          </li>`,
        )}
      </ol>`}`;
}

/** @param {{verdict: Verdict, show: Show}} props */
function EvidenceTable({ verdict, show }) {
  if (verdict.evidence.length === 0) return null;
  return html`<table class="evidence">
    <thead>
      <tr>
        <th scope="col">${TEXT.evidence}</th>
        <th scope="col" class="number">Measured</th>
        <th scope="col" class="number">Limit</th>
      </tr>
    </thead>
    <tbody>
      ${verdict.evidence.map((piece) => html`<${EvidenceRow} piece=${piece} show=${verdict.charts.length === 0 ? null : () => show(verdict, piece)} />`)}
    </tbody>
  </table>
  ${verdict.charts.length > 0 &&
  html`<p class="show"><button type="button" class="quiet" onClick=${() => show(verdict, null)}>${TEXT.show}</button></p>`}`;
}

/** @param {{piece: Evidence, show: (() => void) | null}} props */
function EvidenceRow({ piece, show }) {
  const where = piece.where === "run" || piece.where === "" ? "whole run" : html`<code><${Name} name=${piece.where} limit=${60} /></code>`;
  const step = piece.step === null ? "" : `step ${whole(piece.step)}`;
  return html`<tr class=${show === null ? "" : "live"} onClick=${show}>
    <td>
      <span class="measure"><${Prose} text=${piece.measure} /></span>
      <span class="place">
        ${where}
        ${step !== "" &&
        (show === null
          ? html` · ${step}`
          : html` · <button type="button" class="link" aria-label="Show ${step} in charts" onClick=${(/** @type {Event} */ event) => {
                event.stopPropagation(); // the row around it would show it a second time
                show();
              }}>${step}</button>`)}
      </span>
    </td>
    <td class="number value">${visible(piece.value_text)} <span class="unit">${["ratio", "share"].includes(piece.unit) ? "" : visible(piece.unit)}</span></td>
    <td class="number ${piece.limit_text.length > 20 ? "long" : ""}"><${Unbroken} text=${visible(piece.limit_text)} /></td>
  </tr>`;
}

/**
 * Text that may wrap between its words, and never inside of `1e-03`.
 * @param {{text: string}} props
 */
function Unbroken({ text }) {
  return text.split(" ").map((word, i) => html`${i === 0 ? "" : " "}<span class="unbroken">${word}</span>`);
}

/**
 * Rules that gave no finding, as a list that opens.
 * @param {{title: string, note?: string, verdicts: Verdict[], open?: boolean, kind: "clear" | "unreadable"}} props
 */
export function QuietList({ title, note, verdicts, open = false, kind }) {
  if (verdicts.length === 0) return null;
  return html`<details class="rules" open=${open}>
    <summary><h3>${title} <span class="muted">(${verdicts.length})</span></h3></summary>
    ${note !== undefined && html`<p class="muted">${note}</p>`}
    <ul class=${kind}>
      ${verdicts.map(
        (verdict) => html`<li key=${verdict.rule} data-rule=${verdict.rule}>
          <${Mark} kind=${kind} />
          <span class="rule">${visible(verdict.code)} ${visible(verdict.rule)}</span>
          ${verdict.reason !== "" && html`<span class="reason"><${Prose} text=${verdict.reason} /></span>`}
        </li>`,
      )}
    </ul>
  </details>`;
}
