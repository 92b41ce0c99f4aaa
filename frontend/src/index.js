// @ts-check
// The entry: TensorBoard imports this module into an empty page and calls `render`.

import uplotCss from "uplot/dist/uPlot.min.css";
import { html } from "htm/preact";
import { render as mount } from "preact";
import { embedded } from "./api.js";
import { App } from "./app.js";
import css from "./style.css";
import { TEXT } from "./text.js";

// Tighter than TensorBoard's own policy: no eval, no form, no moved base, no string that becomes markup or script.
const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

export function render() {
  add("meta", { httpEquiv: "Content-Security-Policy", content: POLICY });
  add("meta", { name: "viewport", content: "width=device-width, initial-scale=1" });
  add("style", { textContent: `${uplotCss}\n${css}` });
  document.documentElement.lang = "en";
  document.title = TEXT.title;
  const root = document.createElement("div");
  root.id = "nndiag";
  document.body.append(root);
  mount(html`<${App} />`, root);
}

/**
 * @param {string} tag
 * @param {object} properties
 */
function add(tag, properties) {
  document.head.append(Object.assign(document.createElement(tag), properties));
}

// A saved report carries its data in the page, and nobody calls its entry.
if (embedded() !== null) render();
