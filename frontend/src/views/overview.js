// @ts-check
// Every run of the logdir against the families of rules.

import { html } from "htm/preact";
import { arranged, firedRules, kindOf, matched, secondsOf } from "../runs.js";
import { changeInWords, newsInWords, sinceWhen } from "../visits.js";
import { MOST_COMPARED } from "../compare.js";
import { KIND, ORDERS, SAYS, TEXT, age, count, duration, isTraining, shortNumber, visible, whole } from "../text.js";
import { useStill } from "./order.js";
import { Mark, More, Name, Prose, Spark } from "./parts.js";
import { Headline } from "./runlist.js";

/** @typedef {import("../api.js").RunSummary} RunSummary */
/** @typedef {import("../api.js").Rules} Rules */
/** @typedef {import("../runs.js").Filter} Filter */
/** @typedef {import("../app.js").Visit} Visit */

/**
 * @param {{runs: RunSummary[], rules: Rules | null, filter: Filter, setFilter: (change: Partial<Filter>) => void, picked: string[], pick: (run: string) => void, compare: () => void, open: (run: string) => void, now: number, visit: Visit}} props
 *   picked: runs to compare
 */
export function Overview({ runs, rules, filter, setFilter, picked, pick, compare, open, now, visit }) {
  const { shown, moved, sort, touch } = useStill(arranged(runs, filter, visit.news), filter, runs);
  const judged = runs.filter((run) => !run.pending).length;
  const validated = runs.some((run) => run.best_val_loss !== null);
  const crashed = runs.flatMap((run) => run.crashed);
  const used = new Set(runs.flatMap((run) => Object.keys(run.families)));
  const families = (rules?.families ?? []).filter(({ digit }) => used.has(digit));
  return html`<section class="overview">
    <${Since} visit=${visit} now=${now} filter=${filter} setFilter=${setFilter} />
    <${Filters} runs=${runs} filter=${filter} setFilter=${setFilter} />
    <div class="counts">
      <span role="status">${shown.length === runs.length ? count(runs.length, "run") : `${whole(shown.length)} of ${count(runs.length, "run")}`}${judged < runs.length ? `, ${whole(judged)} judged so far` : ""}</span>
      ${moved && html`<button type="button" class="quiet" data-sort onClick=${sort}>${TEXT.sortAnew}: ${ORDERS[filter.order]}</button>`}
      <button type="button" class="plain" data-compare disabled=${picked.length < 2} onClick=${compare}>
        ${picked.length < 2 ? TEXT.pickTwo : `${TEXT.compare} ${count(picked.length, "run")}`}
      </button>
    </div>
    <table class="grid" ...${touch}>
      <thead>
        <tr>
          <th scope="col"><span class="unseen">${TEXT.compare}</span></th>
          <${Sorted} order="name" filter=${filter} setFilter=${setFilter} words=${TEXT.run} />
          ${families.map(({ title }) => html`<th scope="col" class="family"><span>${title}</span></th>`)}
          <th scope="col" class="wide">${TEXT.loss}</th>
          ${validated && html`<${Sorted} order="best" filter=${filter} setFilter=${setFilter} words=${TEXT.bestValidation} kind="number wide" />`}
          <th scope="col" class="number wide">${TEXT.step}</th>
          <${Sorted} order="longest" filter=${filter} setFilter=${setFilter} words=${TEXT.duration} kind="number wide" />
          <${Sorted} order="latest" filter=${filter} setFilter=${setFilter} words=${TEXT.lastData} kind="number" />
        </tr>
      </thead>
      <${More} items=${shown} tag="tbody" row=${(/** @type {RunSummary} */ run) =>
        html`<${Row} key=${run.run} run=${run} families=${families} picked=${picked} validated=${validated} filter=${filter} pick=${pick} open=${open} now=${now} change=${visit.news.get(run.run)} />`} />
    </table>
    ${shown.length === 0 && html`<p class="muted pad">${TEXT.noMatch}</p>`}
    ${families.length > 0 && html`<p class="legend symbols">${Object.entries(SAYS).map(([says, words]) => html`<span class="entry"><${Mark} kind=${says} /> ${words}</span>`)}</p>`}
    ${crashed.length > 0 && html`<p class="muted pad">${TEXT.crashed}: ${[...new Set(crashed)].join(", ")}. ${TEXT.crashedNote}</p>`}
  </section>`;
}

/**
 * The head of a column by which the rows can be ordered.
 * @param {{order: Filter["order"], words: string, kind?: string, filter: Filter, setFilter: (change: Partial<Filter>) => void}} props
 */
function Sorted({ order, words, kind = "", filter, setFilter }) {
  return html`<th scope="col" class=${kind}><button type="button" class="head" title=${ORDERS[order]} aria-pressed=${filter.order === order} onClick=${() => setFilter({ order: filter.order === order ? "worst" : order })}>${words}</button></th>`;
}

/**
 * @param {{run: RunSummary, families: {digit: string, title: string}[], validated: boolean, filter: Filter, picked: string[], pick: (run: string) => void, open: (run: string) => void, now: number, change: import("../visits.js").Change | undefined}} props
 */
function Row({ run, families, validated, filter, picked, pick, open, now, change }) {
  const kind = kindOf(run);
  const more = Object.keys(run.leads).length - 1;
  const others = matched(run, filter);
  const isPicked = picked.includes(run.run);
  return html`<tr class=${kind} onClick=${() => open(run.run)}>
    <td onClick=${(/** @type {Event} */ event) => event.stopPropagation()}>
      <input
        type="checkbox"
        aria-label="${TEXT.compare}: ${visible(run.run)}"
        checked=${isPicked}
        disabled=${!isPicked && (picked.length >= MOST_COMPARED || run.problem !== "")}
        onChange=${() => pick(run.run)}
      />
    </td>
    <th scope="row">
      <button type="button" class="link name" data-run=${run.run} onClick=${(/** @type {Event} */ event) => {
        event.stopPropagation(); // the row around it would open it a second time
        open(run.run);
      }}><${Name} name=${run.run} limit=${64} /></button>${change !== undefined && html` <span class="news">${changeInWords(change)}</span>`}
      <span class="headline"><${Mark} kind=${kind} word=${KIND[kind]} /> <${Headline} run=${run} />${more > 0 && html` <span class="muted">+ ${count(more, "more finding")}</span>`}</span>
      ${others.length > 0 && html`<span class="muted matched">${TEXT.matched} ${others.join(", ")}</span>`}
    </th>
    ${families.map(({ digit, title }) => {
      const says = run.families[digit];
      return html`<td class="family">${says !== undefined && html`<${Mark} kind=${says} word=${`${title}: ${SAYS[says]}`} />`}</td>`;
    })}
    <td class="wide"><${Spark} values=${run.spark} /></td>
    ${validated && html`<td class="number wide">${shortNumber(run.best_val_loss)}</td>`}
    <td class="number wide">${run.last_step === null ? "–" : whole(run.last_step)}</td>
    <td class="number wide">${run.first_wall_time === null ? "–" : duration(secondsOf(run))}</td>
    <td class="number when">${age(run.last_wall_time, now) || "–"}${isTraining(run, now) && html` <span class="still"><span class="dot running" aria-hidden="true" />${TEXT.training}</span>`}</td>
  </tr>`;
}

/**
 * What is new since the last visit, if anything is.
 * @param {{visit: Visit, now: number, filter: Filter, setFilter: (change: Partial<Filter>) => void}} props
 */
function Since({ visit: { before, news, gone, dismiss }, now, filter, setFilter }) {
  if (before === null || news.size + gone.length === 0) return null;
  return html`<p class="since" role="status">
    <span>${sinceWhen(before, now)} <${Prose} text=${newsInWords(news, gone)} /></span>
    ${news.size > 0 && html`<button type="button" class="quiet" data-news aria-pressed=${filter.news} onClick=${() => setFilter({ news: !filter.news })}>${TEXT.newsOnly}</button>`}
    <button type="button" class="quiet" data-dismiss onClick=${() => {
      dismiss();
      setFilter({ news: false });
    }}>${TEXT.dismiss}</button>
  </p>`;
}

/** @param {{runs: RunSummary[], filter: Filter, setFilter: (change: Partial<Filter>) => void}} props */
function Filters({ runs, filter, setFilter }) {
  const kinds = /** @type {const} */ (["error", "warning", "hint", "healthy"]);
  const having = (/** @type {Filter["severity"]} */ severity) => arranged(runs, { ...filter, severity }).length;
  return html`<div class="filters" role="search">
    <input
      type="search"
      aria-label=${TEXT.filter}
      placeholder=${TEXT.filter}
      value=${filter.text}
      onInput=${(/** @type {{currentTarget: HTMLInputElement}} */ event) => setFilter({ text: event.currentTarget.value })}
    />
    <span class="chips" role="group" aria-label=${TEXT.severity}>
      ${kinds.map(
        (severity) => html`<button
          type="button"
          class="chip"
          data-severity=${severity}
          aria-pressed=${filter.severity === severity}
          onClick=${() => setFilter({ severity: filter.severity === severity ? "" : severity })}
        ><${Mark} kind=${severity === "healthy" ? "clear" : severity} /> ${severity === "healthy" ? TEXT.noFindings : KIND[severity]} <b>${whole(having(severity))}</b></button>`,
      )}
    </span>
    <label>${TEXT.rule}
      <select value=${filter.rule} onChange=${(/** @type {{currentTarget: HTMLSelectElement}} */ event) => setFilter({ rule: event.currentTarget.value })}>
        <option value="">${TEXT.anyRule}</option>
        ${firedRules(runs).map(([rule, n, follows]) => html`<option value=${rule}>${rule} (${n}${follows > 0 ? `, ${follows} as a consequence` : ""})</option>`)}
      </select>
    </label>
    <label>${TEXT.order}
      <select value=${filter.order} onChange=${(/** @type {{currentTarget: HTMLSelectElement}} */ event) => setFilter({ order: /** @type {Filter["order"]} */ (event.currentTarget.value) })}>
        ${Object.entries(ORDERS).map(([order, words]) => html`<option value=${order}>${words}</option>`)}
      </select>
    </label>
  </div>`;
}
