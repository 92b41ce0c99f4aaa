// @ts-check
// Small elements that several views use. Every text is a child, so a name can never become markup.

import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { sparkPath } from "../plotdata.js";
import { KIND, TEXT, codeSpans, label, visible, whole } from "../text.js";

/** @typedef {import("../api.js").Severity} Severity */

/** @typedef {Severity | "clear" | "unreadable" | "pending" | "follows" | "unknown" | "crashed"} Kind */

/** @type {Record<Kind, import("preact").VNode>} */
const SHAPES = {
  error: html`<path class="fill" d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" /><path class="cut" d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" />`,
  warning: html`<path class="fill" d="M8 1.2 15.4 14.4H.6z" /><path class="cut" d="M8 6v4M8 11.6v1" />`,
  hint: html`<circle class="ring" cx="8" cy="8" r="6.2" /><path class="stroke" d="M8 7.2v4.2M8 4.4v1" />`,
  clear: html`<circle class="ring" cx="8" cy="8" r="6.2" /><path class="stroke" d="M5 8.3l2.1 2.1L11.2 6" />`,
  unreadable: html`<circle class="ring dashed" cx="8" cy="8" r="6.2" /><path class="stroke" d="M5.5 8h5" />`,
  pending: html`<circle class="ring dashed" cx="8" cy="8" r="6.2" />`,
  follows: html`<path class="stroke" d="M3 3v5.5h9M9.4 5.6l3 2.9-3 2.9" />`,
  unknown: html`<path class="stroke" d="M5.5 8h5" />`,
  crashed: html`<path class="stroke" d="M4.5 4.5l7 7M11.5 4.5l-7 7" />`,
};

/**
 * A severity as a shape, so that color is never the only sign. `word` is read aloud in its place.
 * @param {{kind: Kind, word?: string}} props
 */
export function Mark({ kind, word }) {
  const role = word === undefined ? { "aria-hidden": "true" } : { role: "img", "aria-label": word };
  const title = word === undefined ? undefined : html`<title>${word}</title>`;
  return html`<svg class="mark ${kind}" viewBox="0 0 16 16" width="16" height="16" ...${role}>${title}${SHAPES[kind]}</svg>`;
}

/**
 * Prose of a verdict: backticks become code. A name in it may be as long as its author liked.
 * @param {{text: string}} props
 */
export function Prose({ text }) {
  return codeSpans(text).map((part) => {
    const { text: shown, title } = label(part.text, part.code ? 120 : 2000);
    return part.code ? html`<code title=${title}>${shown}</code>` : shown;
  });
}

/**
 * A name from the user's program or disk. It breaks after its own separators first.
 * @param {{name: string, limit?: number}} props
 */
export function Name({ name, limit }) {
  const { text, title } = label(name, limit);
  return html`<bdi title=${title}>${text.split(/(?<=[/_.:-])/).map((part, i) => html`${i > 0 && html`<wbr />`}${part}`)}</bdi>`;
}

/**
 * A block of code with a button that copies it.
 * @param {{code: string, what: string}} props what: the code's purpose, for the button's accessible name
 */
export function Code({ code, what }) {
  const block = useRef(/** @type {HTMLElement | null} */ (null));
  const [state, setState] = useState(TEXT.copy);
  useEffect(() => {
    if (state === TEXT.copy) return;
    const timer = setTimeout(() => setState(TEXT.copy), 2500);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code);
      setState(TEXT.copied);
    } catch {
      // No permission, or no secure context: leave the code selected for the reader's own hands.
      if (block.current !== null) getSelection()?.selectAllChildren(block.current);
      setState(TEXT.copyByHand);
    }
  };
  return html`<div class="code">
    <pre tabindex="0"><code ref=${block}>${visible(code, { lines: true })}</code></pre>
    <button type="button" class="quiet" onClick=${copy} aria-label="${TEXT.copy}: ${what}">
      <span aria-live="polite">${state}</span>
    </button>
  </div>`;
}

/**
 * The word and shape of a severity.
 * @param {{severity: Severity}} props
 */
export function SeverityWord({ severity }) {
  return html`<span class="severity ${severity}"><${Mark} kind=${severity} />${KIND[severity]}</span>`;
}

const AT_ONCE = 100;

/**
 * A long list of rows, a hundred at a time.
 * @param {{items: any[], tag: "ul" | "tbody", row: (item: any) => any}} props
 */
export function More({ items, tag, row }) {
  const [most, setMost] = useState(AT_ONCE);
  const left = items.length - most;
  const button = html`<button type="button" class="plain" data-more onClick=${() => setMost(most + AT_ONCE)}>${TEXT.showMore} (${whole(left)})</button>`;
  return html`<${tag}>
    ${items.slice(0, most).map(row)}
    ${left > 0 && (tag === "ul" ? html`<li class="more">${button}</li>` : html`<tr class="more"><td colspan="20">${button}</td></tr>`)}
  </${tag}>`;
}

/** @param {{values: (number | null)[]}} props */
export function Spark({ values }) {
  const path = sparkPath(values, 52, 16);
  return html`<svg class="spark" viewBox="-1 -1 54 18" width="54" height="18" aria-hidden="true"><path d=${path} /></svg>`;
}
