// @ts-check
// What the page asks of TensorBoard around it: theme, the address, the reload button.
// The page may stand alone (a saved report) or in a frame that hides its parent, so every access is guarded.

/**
 * @typedef {object} Place where the reader is, as the address remembers it; "" is nowhere in particular
 * @property {string} run the open run
 * @property {string} verdict the rule whose finding the charts show
 * @property {string} step
 * @property {string} layer the highlighted layer
 * @property {"" | "layer"} page of the open run
 * @property {string} compare names of runs, each URI-encoded, with commas between
 * @property {string} rule whose page is open
 */

/** @type {Place} */
export const NOWHERE = { run: "", verdict: "", step: "", layer: "", page: "", compare: "", rule: "" };
const KEYS = /** @type {(keyof Place)[]} */ (Object.keys(NOWHERE));
const PREFIX = "p.nndiag."; // TensorBoard keeps such pairs in its address
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
 * The place in a hash such as `#nndiag&p.nndiag.run=a%2Fb`.
 * @param {string} hash
 * @returns {Place}
 */
export function placeInHash(hash) {
  const place = { ...NOWHERE };
  for (const token of hash.replace(/^#/, "").split("&")) {
    const key = KEYS.find((name) => token.startsWith(`${PREFIX}${name}=`));
    if (key === undefined) continue;
    try {
      Object.assign(place, { [key]: decodeURIComponent(token.slice(PREFIX.length + key.length + 1)) });
    } catch {
      // Not one of ours, or cut short by whoever passed it on.
    }
  }
  return place;
}

/**
 * `hash` with `place` in it; everything else in it is TensorBoard's and stays.
 * @param {string} hash
 * @param {Place} place
 * @param {string} tab put first when the hash names no tab; "" outside of TensorBoard
 */
export function hashWithPlace(hash, place, tab) {
  const tokens = hash
    .replace(/^#/, "")
    .split("&")
    .filter((token) => token !== "" && !KEYS.some((key) => token.startsWith(`${PREFIX}${key}=`)));
  if (tab !== "" && !tokens.some((token) => !token.includes("="))) tokens.unshift(tab);
  const ours = KEYS.filter((key) => place[key] !== "").map((key) => `${PREFIX}${key}=${encodeURIComponent(place[key])}`);
  return `#${[...tokens, ...ours].join("&")}`;
}

/** The place in the address. */
export function currentPlace() {
  return placeInHash(host().location.hash);
}

/**
 * @param {Place} place
 * @param {boolean} isStep whether "back" shall return to where the reader was
 */
export function rememberPlace(place, isStep) {
  try {
    const top = host();
    // The whole address, since our <base> would bend a bare "#...".
    const url = new URL(top.location.href);
    url.hash = hashWithPlace(top.location.hash, place, top === window ? "" : TAB);
    if (url.href === top.location.href) return;
    if (isStep) top.history.pushState(top.history.state, "", url.href);
    else top.history.replaceState(top.history.state, "", url.href);
  } catch {
    // A host that refuses costs the deep link and nothing else.
  }
}

/**
 * Calls back when the reader changes the address by hand or goes back in history.
 * @param {(place: Place) => void} changed
 */
export function watchPlace(changed) {
  const top = host();
  const listener = () => changed(currentPlace());
  top.addEventListener("popstate", listener);
  top.addEventListener("hashchange", listener);
  return () => {
    top.removeEventListener("popstate", listener);
    top.removeEventListener("hashchange", listener);
  };
}

/**
 * What this browser keeps for a logdir; null when there is nothing, or when it may not be asked.
 * @param {string} place
 */
export function kept(place) {
  try {
    return JSON.parse(localStorage.getItem(`nndiag ${place}`) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {string} place
 * @param {object} content
 */
export function keep(place, content) {
  try {
    localStorage.setItem(`nndiag ${place}`, JSON.stringify(content));
  } catch {
    // Blocked or full: then nothing is remembered.
  }
}

/** @param {string[]} runs */
export function compareKey(runs) {
  return runs.map(encodeURIComponent).join(",");
}

/** @param {string} key */
export function comparedRuns(key) {
  try {
    return key === "" ? [] : key.split(",").map(decodeURIComponent);
  } catch {
    return [];
  }
}

const system = () => window.matchMedia("(prefers-color-scheme: dark)");
const print = () => window.matchMedia("print");
let printing = false; // on paper everything is light

/**
 * Puts TensorBoard's theme, or the system's when the page stands alone, on our root element.
 * @returns {import("./palette.js").Theme}
 */
export function applyTheme() {
  const top = host();
  const dark = !printing && !print().matches && (top === window ? system().matches : top.document.body.classList.contains("dark-mode"));
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
  for (const begins of [true, false]) {
    window.addEventListener(begins ? "beforeprint" : "afterprint", () => {
      printing = begins;
      update();
    });
  }
  print().addEventListener("change", update);
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
  if (host() === window) return;
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
