// @ts-check
// When to look again: every period while someone can see the page, at once when it comes back into view.

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
