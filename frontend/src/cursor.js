// @ts-check
// The step that the reader points at, shared by every chart of a page. No state of a component: it changes with each move of the pointer.

/**
 * @typedef {object} Cursor
 * @property {() => number | null} step
 * @property {(step: number | null) => void} move
 * @property {(moved: (step: number | null) => void) => () => void} watch returns what ends it
 */

/** @returns {Cursor} */
export function createCursor() {
  /** @type {number | null} */
  let at = null;
  /** @type {Set<(step: number | null) => void>} */
  const watchers = new Set();
  return {
    step: () => at,
    move(step) {
      if (step === at) return;
      at = step;
      for (const moved of watchers) moved(step);
    },
    watch(moved) {
      watchers.add(moved);
      return () => watchers.delete(moved);
    },
  };
}
