// @ts-check
// The pages without a run: nothing recorded yet, still reading, and could not read.

import { html } from "htm/preact";
import { EXAMPLE_FIT, EXAMPLE_LOGDIR, TEXT } from "../text.js";
import { Code, Mark, Prose } from "./parts.js";

export function Empty() {
  return html`<section class="message">
    <h2>${TEXT.emptyTitle}</h2>
    <p>${TEXT.emptyLead}</p>
    <${Code} code=${EXAMPLE_FIT} what="the line that records a training" />
    <p>${TEXT.emptyLogdir}</p>
    <${Code} code=${EXAMPLE_LOGDIR} what="the command that starts TensorBoard" />
    <p class="muted">${TEXT.emptyWaiting}</p>
  </section>`;
}

/** @param {{text: string}} props */
export function Loading({ text }) {
  return html`<p class="loading" role="status">${text}</p>`;
}

/**
 * @param {{title: string, sentence: string, retry: () => void, word?: string}} props
 */
export function Failure({ title, sentence, retry, word = TEXT.retry }) {
  return html`<section class="message" role="alert">
    <h2><${Mark} kind="unreadable" /> ${title}</h2>
    <p><${Prose} text=${sentence} /></p>
    <button type="button" class="plain" onClick=${retry}>${word}</button>
  </section>`;
}
