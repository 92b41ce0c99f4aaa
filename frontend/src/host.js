// @ts-check
// What the page asks of TensorBoard around it: theme, the selected run in the address, the reload button.
// The page may stand alone (a saved report) or in a frame that hides its parent, so every access is guarded.

const RUN_KEY = "p.nndiag.run";
const TAB = "nndiag";

/** @returns {Window} the window whose address the reader sees */
function host() {
  try {
    void window.parent.location.hash; // throws when the parent is another origin's
    return window.parent;
  } catch {
    return window;
  }
}

/**
 * The run named in a hash such as `#nndiag&p.nndiag.run=a%2Fb`, or "".
 * @param {string} hash
 */
export function runInHash(hash) {
  for (const token of hash.replace(/^#/, "").split("&")) {
    if (!token.startsWith(`${RUN_KEY}=`)) continue;
    try {
      return decodeURIComponent(token.slice(RUN_KEY.length + 1));
    } catch {
      return "";
    }
  }
  return "";
}

/**
 * `hash` with `run` in it; everything else in it is TensorBoard's and stays.
 * @param {string} hash
 * @param {string} run
 * @param {string} tab put first when the hash names no tab; "" outside of TensorBoard
 */
export function hashWithRun(hash, run, tab) {
  const tokens = hash
    .replace(/^#/, "")
    .split("&")
    .filter((token) => token !== "" && !token.startsWith(`${RUN_KEY}=`));
  if (tab !== "" && !tokens.some((token) => !token.includes("="))) tokens.unshift(tab);
  return `#${[...tokens, `${RUN_KEY}=${encodeURIComponent(run)}`].join("&")}`;
}

/** @returns {string} the run named in the address, or "" */
export function selectedRun() {
  return runInHash(host().location.hash);
}

/** @param {string} run */
export function rememberRun(run) {
  try {
    const top = host();
    // The whole address, since our <base> would bend a bare "#...".
    const url = new URL(top.location.href);
    url.hash = hashWithRun(top.location.hash, run, top === window ? "" : TAB);
    top.history.replaceState(top.history.state, "", url.href);
  } catch {
    // A host that refuses costs the deep link and nothing else.
  }
}

/**
 * Calls back when the reader changes the address by hand or goes back in history.
 * @param {(run: string) => void} changed
 */
export function watchSelectedRun(changed) {
  const top = host();
  const listener = () => changed(selectedRun());
  top.addEventListener("hashchange", listener);
  return () => top.removeEventListener("hashchange", listener);
}

const system = () => window.matchMedia("(prefers-color-scheme: dark)");

/**
 * Puts TensorBoard's theme, or the system's when the page stands alone, on our root element.
 * @returns {import("./palette.js").Theme}
 */
export function applyTheme() {
  const top = host();
  const dark = top === window ? system().matches : top.document.body.classList.contains("dark-mode");
  const theme = dark ? "dark" : "light";
  document.documentElement.dataset.theme = theme;
  return theme;
}

/**
 * Calls back whenever the theme may have changed.
 * @param {(theme: import("./palette.js").Theme) => void} changed
 */
export function watchTheme(changed) {
  const top = host();
  const update = () => changed(applyTheme());
  // `prefers-color-scheme` in our frame does not follow TensorBoard's own switch.
  if (top === window) system().addEventListener("change", update);
  else new MutationObserver(update).observe(top.document.body, { attributes: true, attributeFilter: ["class"] });
}

/**
 * Calls back when TensorBoard has read its data again. Speaks the experimental plugin protocol: JSON strings over a
 * message port, and every message of the host wants a reply.
 * @param {() => void} reloaded
 */
export function watchReload(reloaded) {
  if (window.parent === window) return;
  const channel = new MessageChannel();
  const port = channel.port1;
  port.onmessage = (event) => {
    /** @type {any} */
    let message;
    try {
      message = JSON.parse(event.data);
    } catch {
      return;
    }
    if (message === null || typeof message !== "object" || message.isReply) return;
    port.postMessage(JSON.stringify({ type: message.type, id: message.id, payload: null, error: null, isReply: true }));
    if (message.type === "experimental.DataReloaded") reloaded();
  };
  try {
    window.parent.postMessage("experimental.bootstrap", "*", [channel.port2]);
  } catch {
    // Without the host's messages the page still looks by itself.
  }
}
