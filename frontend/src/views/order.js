// @ts-check
// Rows that stand still: nothing moves while runs are judged, or under the reader's hand.

import { useRef, useState } from "preact/hooks";
import { asBefore } from "../runs.js";

/** @typedef {import("../api.js").RunSummary} RunSummary */

/**
 * The runs in an order that changes when the reader asks for it (another filter, or `sort`), and by itself once every run is
 * judged and neither pointer nor keyboard are among the rows.
 * @param {RunSummary[]} wanted
 * @param {import("../runs.js").Filter} filter
 * @param {RunSummary[]} runs all of them
 * @returns {{shown: RunSummary[], moved: boolean, sort: () => void, touch: object}}
 *   moved: it is not the order that was wanted; touch: what the element around the rows listens to
 */
export function useStill(wanted, filter, runs) {
  const [, render] = useState({});
  const hand = useRef(false); // moves among the rows; one that rests there since before they came does not count
  const order = useRef({ filter: /** @type {object | null} */ (null), names: /** @type {string[]} */ ([]) });
  const busy = hand.current || runs.some((run) => run.pending);
  if (!busy || order.current.filter !== filter) order.current = { filter, names: wanted.map(({ run }) => run) };
  const shown = asBefore(wanted, order.current.names);
  const here = () => {
    hand.current = true;
  };
  const gone = () => {
    hand.current = false;
    render({});
  };
  return {
    shown,
    moved: shown.some((run, i) => run !== wanted[i]),
    sort() {
      order.current.filter = null;
      render({});
    },
    touch: {
      onPointerMove: here,
      onPointerLeave: gone,
      onKeyDown: here,
      onFocusOut: (/** @type {FocusEvent} */ event) => !(/** @type {Element} */ (event.currentTarget).contains(/** @type {Node | null} */ (event.relatedTarget))) && gone(),
    },
  };
}
