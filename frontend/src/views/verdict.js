// @ts-check
// One finding: what happened, the numbers, why it matters, what to do, and what follows from it.

import { html } from "htm/preact";
import { TEXT, atStep, count, since, visible } from "../text.js";
import { Code, Mark, Name, Prose, SeverityWord } from "./parts.js";

/** @typedef {import("../api.js").Verdict} Verdict */
/** @typedef {import("../api.js").Evidence} Evidence */
/** @typedef {import("../api.js").RulePage} RulePage */
/** @typedef {(verdict: Verdict, piece: Evidence | null) => void} Show */

/**
 * @param {{verdict: Verdict, consequences: Verdict[], page: RulePage | undefined, selected: string, show: Show, openRule: (rule: string) => void, charts: (verdict: Verdict) => any}} props
 *   page: of the rule; selected: the rule whose finding the charts show; show: move the charts to a piece of evidence, or
 *   to all of it; charts: those that show a finding
 */
export function VerdictCard({ verdict, consequences, page, selected, show, openRule, charts }) {
  return html`<article class="verdict ${verdict.severity} ${selected === verdict.rule ? "selected" : ""}" data-verdict=${verdict.rule} aria-label=${`${verdict.code} ${verdict.rule}`}>
    <div class="body">
      <div class="words">
        <${Head} verdict=${verdict} level="h3" left=${consequences.some(({ active }) => active)} openRule=${openRule} />
        <${Substance} verdict=${verdict} show=${show} level="h4" />
        ${page !== undefined && html`<${Doubts} page=${page} openRule=${openRule} />`}
      </div>
      ${charts(verdict)}
    </div>
    ${consequences.length > 0 &&
    html`<details class="consequences" open=${consequences.some((each) => each.rule === selected)}>
      <summary>${count(consequences.length, "finding")} that likely ${consequences.length === 1 ? "follows" : "follow"} from this</summary>
      <p class="first">${TEXT.mendFirst}</p>
      ${consequences.map(
        (verdict) => html`<section key=${verdict.rule} class="consequence ${verdict.severity} ${selected === verdict.rule ? "selected" : ""}" data-verdict=${verdict.rule}>
          <${Head} verdict=${verdict} level="h4" selected=${selected} show=${show} openRule=${openRule} />
          <${EvidenceTable} verdict=${verdict} show=${show} />
          ${selected === verdict.rule && charts(verdict)}
        </section>`,
      )}
    </details>`}
  </article>`;
}

/**
 * @param {{verdict: Verdict, level: string, left?: boolean, selected?: string, show?: Show, openRule: (rule: string) => void}} props
 *   left: something that follows from it still holds; show: where its charts are not beside it
 */
function Head({ verdict, level, left = false, selected, show, openRule }) {
  const when = since(verdict, left);
  return html`<header>
    <p class="tags">
      <${SeverityWord} severity=${verdict.severity} />
      <button type="button" class="link rule" title=${TEXT.rulePage} onClick=${() => openRule(verdict.rule)}>${visible(verdict.code)} ${visible(verdict.rule)}</button>
      ${when !== "" && html`<span class="when ${verdict.active ? "" : "over"}">${when}</span>`}
      ${show !== undefined && verdict.charts.length > 0 &&
      html`<button type="button" class="quiet" data-show aria-pressed=${selected === verdict.rule} onClick=${() => show(verdict, null)}>${TEXT.show}</button>`}
    </p>
    <${level} class="headline"><${Prose} text=${verdict.headline} /></${level}>
  </header>`;
}

/**
 * When the rule is wrong about a run, and how to silence it.
 * @param {{page: RulePage, openRule: (rule: string) => void}} props
 */
function Doubts({ page, openRule }) {
  const wrong = page.sections.find(({ heading }) => heading === TEXT.wrongHeading);
  return html`<details class="doubts">
    <summary>${TEXT.wrong}</summary>
    ${wrong?.paragraphs.map((text) => html`<p><${Prose} text=${text} /></p>`)}
    <p class="muted">${TEXT.ignoreHow}</p>
    <${Code} code=${page.ignore} what=${`${TEXT.ignore}: ${visible(page.rule)}`} />
    <p><button type="button" class="link" onClick=${() => openRule(page.rule)}>${TEXT.rulePage}</button></p>
  </details>`;
}

/** @param {{verdict: Verdict, show: Show, level: string}} props */
function Substance({ verdict, show, level }) {
  return html`<${EvidenceTable} verdict=${verdict} show=${show} />
    ${verdict.why !== "" &&
    html`<${level} class="label">${TEXT.why}</${level}>
      <p class="why"><${Prose} text=${verdict.why} /></p>`}
    ${verdict.fixes.length > 0 &&
    html`<${level} class="label">${TEXT.firstFix}</${level}>
      <ol class="fixes"><${FixItem} fix=${verdict.fixes[0]} /></ol>
      ${verdict.fixes.length > 1 &&
      html`<details class="otherfixes">
        <summary>${TEXT.otherFixes} (${verdict.fixes.length - 1})</summary>
        <ol class="fixes" start="2">${verdict.fixes.slice(1).map((fix) => html`<${FixItem} fix=${fix} />`)}</ol>
      </details>`}`}`;
}

/** @param {{fix: import("../api.js").Fix}} props */
function FixItem({ fix }) {
  return html`<li>
    <p class="do"><${Prose} text=${fix.do} /></p>
    ${fix.because !== "" && html`<p class="because"><${Prose} text=${fix.because} /></p>`}
    ${fix.code !== "" && html`<${Code} code=${fix.code} what=${visible(fix.do)} />`}
  </li>`;
}

/** @param {{verdict: Verdict, show: Show}} props */
function EvidenceTable({ verdict, show }) {
  if (verdict.evidence.length === 0) return null;
  return html`<table class="evidence">
    <thead>
      <tr>
        <th scope="col">${TEXT.evidence}</th>
        <th scope="col" class="number">${TEXT.measured}</th>
        <th scope="col" class="number">${TEXT.compared}</th>
      </tr>
    </thead>
    <tbody>
      ${verdict.evidence.map((piece) => html`<${EvidenceRow} piece=${piece} show=${verdict.charts.length === 0 ? null : () => show(verdict, piece)} />`)}
    </tbody>
  </table>`;
}

/** @param {{piece: Evidence, show: (() => void) | null}} props */
function EvidenceRow({ piece, show }) {
  const where = piece.where === "run" || piece.where === "" ? TEXT.wholeRun : html`<code><${Name} name=${piece.where} limit=${60} /></code>`;
  const step = piece.step === null ? "" : atStep(piece.step);
  const limit = comparedInWords(piece);
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
    <td class="number ${limit.length > 20 ? "long" : ""}"><${Unbroken} text=${limit} /></td>
  </tr>`;
}

/**
 * On which side of its limit a value is.
 * @param {Evidence} piece
 */
function comparedInWords({ value, limit, limit_text }) {
  const side = value === null || limit === null || value === limit ? "" : value > limit ? `${TEXT.above} ` : `${TEXT.below} `;
  return side + visible(limit_text);
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
 * @param {{title: string, note?: string, verdicts: Verdict[], enable?: import("../api.js").RunDetail["enable"], open?: boolean, kind: "clear" | "unreadable", openRule: (rule: string) => void}} props
 *   enable: by rule, what lets it look
 */
export function QuietList({ title, note, verdicts, enable = {}, open = false, kind, openRule }) {
  if (verdicts.length === 0) return null;
  /** @type {Map<string, Verdict[]>} */
  const byLine = new Map();
  for (const verdict of verdicts) {
    const line = enable[verdict.rule]?.do ?? "";
    byLine.set(line, [...(byLine.get(line) ?? []), verdict]);
  }
  const code = (/** @type {Verdict} */ { rule }) => enable[rule]?.code ?? "";
  return html`<details class="rules" open=${open}>
    <summary><h3>${title} <span class="muted">(${verdicts.length})</span></h3></summary>
    ${note !== undefined && html`<p class="muted">${note}</p>`}
    ${[...byLine].map(
      ([line, of]) => html`<ul class=${kind}>
          ${of.map(
            (verdict) => html`<li key=${verdict.rule} data-rule=${verdict.rule}>
              <${Mark} kind=${kind} />
              <button type="button" class="link rule" onClick=${() => openRule(verdict.rule)}>${visible(verdict.code)} ${visible(verdict.rule)}</button>
              ${verdict.reason !== "" && html`<span class="reason"><${Prose} text=${verdict.reason} /></span>`}
            </li>`,
          )}
        </ul>
        ${line !== "" && html`<div class="enable"><p><${Prose} text=${line} /></p>${code(of[0]) !== "" && html`<${Code} code=${code(of[0])} what=${line} />`}</div>`}`,
    )}
  </details>`;
}
