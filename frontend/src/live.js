// @ts-check
// When to look again: every period while someone can see the page, at once when it comes back into view. And what can wait.

/** TensorBoard keeps a hidden tab's frame alive, with no height. */
export function pageIsVisible() {
  return window.innerHeight > 0 && document.visibilityState === "visible";
}

/**
 * @param {() => void} look
 * @param {number} period milliseconds
 * @returns {{now: () => void, stop: () => void}} now: look at once, or as soon as the page is visible
 */
export function lookWhileVisible(look, period) {
  let due = 0;
  const check = () => {
    if (!pageIsVisible() || performance.now() < due) return;
    due = performance.now() + period;
    look();
  };
  const timer = setInterval(check, 1000);
  window.addEventListener("resize", check);
  document.addEventListener("visibilitychange", check);
  check();
  return {
    now() {
      due = 0;
      check();
    },
    stop() {
      clearInterval(timer);
      window.removeEventListener("resize", check);
      document.removeEventListener("visibilitychange", check);
    },
  };
}

/** @type {Set<() => void>} */
const waiting = new Set();

/**
 * Does it at once when the element is in view or comes into it, otherwise when the page is idle, one after another.
 * @param {HTMLElement} element
 * @param {() => void} act
 * @returns {() => void} what calls it off
 */
export function soon(element, act) {
  const { top, bottom } = element.getBoundingClientRect();
  if (bottom > 0 && top < window.innerHeight) {
    act();
    return () => {};
  }
  const off = () => {
    observer.disconnect();
    waiting.delete(now);
  };
  const now = () => {
    off();
    act();
  };
  const observer = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && now());
  observer.observe(element);
  if (waiting.add(now).size === 1) whenIdle(one);
  return off;
}

function one() {
  const [first] = waiting;
  first?.();
  if (waiting.size > 0) whenIdle(one);
}

/**
 * After what is to be seen has been drawn.
 * @param {() => void} act
 */
export function whenIdle(act) {
  if ("requestIdleCallback" in window) requestIdleCallback(act, { timeout: 1000 });
  else setTimeout(act, 50); // Safari
}
