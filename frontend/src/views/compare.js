// @ts-check
// Two to four runs side by side.

import { html } from "htm/preact";
import { useMemo, useState } from "preact/hooks";
import { findings, overlaid, perLayer, results, settings } from "../compare.js";
import { lineColor } from "../palette.js";
import { KIND, TEXT, shortNumber, since, visible, whole } from "../text.js";
import { ChartFigure, EVERYTHING } from "./chart.js";
import { Mark, Name, Prose } from "./parts.js";

/** @typedef {import("../api.js").RunDetail} RunDetail */

/**
 * @param {{runs: RunDetail[], theme: import("../palette.js").Theme, cursor: import("../cursor.js").Cursor, open: (run: string) => void, close: () => void, openRule: (rule: string) => void}} props
 */
export function Compare({ runs, theme, cursor, open, close, openRule }) {
  const [look, setLook] = useState(EVERYTHING);
  const change = (/** @type {any} */ part) => setLook((old) => ({ ...old, ...part }));
  const rows = useMemo(() => settings(runs), [runs]);
  const found = useMemo(() => findings(runs), [runs]);
  const layers = useMemo(() => perLayer(runs), [runs]);
  const reached = useMemo(() => results(runs), [runs]);
  const charts = useMemo(() => overlaid(runs), [runs]);
  const differing = rows.filter((row) => row.differs);
  const same = rows.filter((row) => !row.differs);
  const head = html`<thead>
    <tr>
      <td />
      ${runs.map(
        ({ run }, i) => html`<th scope="col">
          <span class="swatch" style=${{ borderColor: lineColor("run", i, theme) }} />
          <button type="button" class="link" onClick=${() => open(run)}><${Name} name=${run} limit=${40} /></button>
        </th>`,
      )}
    </tr>
  </thead>`;
  const figure = (/** @type {import("../api.js").Chart} */ chart) =>
    html`<${ChartFigure} key=${chart.id} chart=${chart} places=${[]} look=${look} setLook=${change} theme=${theme} cursor=${cursor} />`;
  return html`<div class="page compare">
    <p class="crumbs"><button type="button" class="link" data-back onClick=${close}>← ${TEXT.allRuns}</button></p>
    <header class="about"><h2>${TEXT.compare} ${whole(runs.length)} ${TEXT.runs.toLowerCase()}</h2></header>
    <section>
      <h3>${TEXT.findings}</h3>
      ${found.length === 0 && html`<p>${TEXT.noFindingsAnywhere}</p>`}
      ${found.length > 0 &&
      html`<${Sides} label=${TEXT.findings}>${head}
        <tbody>
          ${found.map(
            ({ rule, code, answers, change }) => html`<tr>
              <th scope="row"><button type="button" class="link rule" onClick=${() => openRule(rule)}>${visible(code)} ${visible(rule)}</button></th>
              ${answers.map(
                (answer, i) => html`<td>
                  ${answer === undefined
                    ? "–"
                    : answer.status === "fires"
                      ? html`<${Mark} kind=${answer.severity} /> ${KIND[answer.severity]}${answer.explained_by === "" ? "" : `, ${TEXT.follows} ${visible(answer.explained_by)}`} <span class="muted">${since(answer)}</span>`
                      : html`<${Mark} kind=${answer.status} /> ${TEXT.answers[answer.status]}`}
                  ${change[i] !== "" && html` <b class="change ${change[i]}">${TEXT[/** @type {"gained" | "lost" | "absent"} */ (change[i])]}</b>`}
                </td>`,
              )}
            </tr>`,
          )}
        </tbody>
      <//>`}
    </section>
    ${reached.length > 0 &&
    html`<section>
      <h3>${TEXT.results}</h3>
      <${Sides} label=${TEXT.results}>${head}
        <tbody>
          ${reached.map(
            ({ name, last, best }) => html`<tr>
              <th scope="row">${visible(name)}</th>
              ${last.map((value, i) => html`<td>${shortNumber(value)}${best[i] !== null && best[i] !== value && html` <span class="muted">${TEXT.best} ${shortNumber(best[i])}</span>`}</td>`)}
            </tr>`,
          )}
        </tbody>
      <//>
    </section>`}
    <section>
      <h3>${TEXT.differing}</h3>
      ${differing.length === 0
        ? html`<p>${TEXT.nothingDiffers}</p>`
        : html`<${Sides} label=${TEXT.differing}>${head}<tbody>${differing.map((row) => html`<${Setting} ...${row} />`)}</tbody><//>`}
      ${same.length > 0 &&
      html`<details>
        <summary>${TEXT.same} (${same.length})</summary>
        <dl class="facts">${same.map(({ name, values }) => html`<div><dt>${visible(name)}</dt><dd><${Prose} text=${values[0]} /></dd></div>`)}</dl>
      </details>`}
    </section>
    <section class="others">
      <h3>${TEXT.allCharts}</h3>
      <div class="charts">
        ${charts.map(figure)}
      </div>
      ${layers.map((row) => html`<div class="charts row" key=${row[0].id}>${row.map(figure)}</div>`)}
    </section>
  </div>`;
}

/** @param {{label: string, children?: any}} props */
function Sides({ label, children }) {
  return html`<div class="scroll sides" tabindex="0" role="region" aria-label=${label}><table>${children}</table></div>`;
}

/** @param {{name: string, values: string[]}} props */
function Setting({ name, values }) {
  return html`<tr><th scope="row">${visible(name)}</th>${values.map((value) => html`<td>${value === "" ? "–" : html`<${Prose} text=${value} />`}</td>`)}</tr>`;
}
