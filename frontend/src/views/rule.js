// @ts-check
// The page of a rule: what it sees, why it matters, when it is wrong, and its limits.

import { html } from "htm/preact";
import { TEXT, visible } from "../text.js";
import { Code, Prose, SeverityWord } from "./parts.js";

/** @typedef {import("../api.js").RulePage} RulePageData */

/**
 * @param {{page: RulePageData, close: () => void, open: (rule: string) => void}} props
 */
export function RulePage({ page, close, open }) {
  return html`<article class="page rulepage">
    <p class="crumbs"><button type="button" class="link" data-back onClick=${close}>← ${TEXT.back}</button></p>
    <header class="about">
      <h2><span class="rule">${page.code}</span> ${page.rule}</h2>
      <p class="tags"><${SeverityWord} severity=${page.severity} /> <span><${Prose} text=${page.title} /></span></p>
    </header>
    ${page.sections.map(
      ({ heading, paragraphs }) => html`<section>
        <h3>${heading}</h3>
        ${paragraphs.map((text) => (text.includes("\n") ? html`<${Code} code=${text} what=${heading} />` : html`<p><${Prose} text=${text} /></p>`))}
      </section>`,
    )}
    ${page.limits.length > 0 &&
    html`<section>
      <h3>${TEXT.limits}</h3>
      <div class="scroll" tabindex="0" role="region" aria-label=${TEXT.limits}>
        <table class="layers">
          <thead><tr>${TEXT.limitColumns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
          <tbody>
            ${page.limits.map(
              (limit) => html`<tr>
                <th scope="row"><code>${limit.name}</code></th>
                <td class="number">${limit.default} <span class="muted">${limit.unit}</span></td>
                <td class="wrap">${limit.means}</td>
                <td class="wrap muted">${limit.source}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </section>`}
    ${page.explains.length > 0 &&
    html`<section>
      <h3>${TEXT.explains}</h3>
      <p class="linked">${page.explains.map((rule) => html`<button type="button" class="link rule" onClick=${() => open(rule)}>${rule}</button> `)}</p>
    </section>`}
    ${page.opt_in &&
    html`<section>
      <p>${TEXT.optIn}</p>
      <${Code} code=${`[tool.nndiag]\nselect = ["${page.rule}"]`} what=${TEXT.optIn} />
    </section>`}
    <section>
      <h3>${TEXT.ignore}</h3>
      <p>${TEXT.ignoreHow}</p>
      <${Code} code=${page.ignore} what=${`${TEXT.ignore}: ${visible(page.rule)}`} />
    </section>
  </article>`;
}
