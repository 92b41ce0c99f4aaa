// @ts-check
// The whole training as a strip: each finding is a band from its first to its last step.

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { TEXT, atStep, since, visible, whole } from "../text.js";
import { Mark } from "./parts.js";

/** @typedef {import("../api.js").Verdict} Verdict */

/**
 * @param {{verdicts: Verdict[], last: number, marks: {step: number, label: string}[], selected: string, cursor: import("../cursor.js").Cursor, choose: (verdict: Verdict) => void}} props
 *   verdicts: findings in reading order; last: the run's last step; selected: a rule
 */
export function Timeline({ verdicts, last, marks, selected, cursor, choose }) {
  const hair = useRef(/** @type {HTMLElement | null} */ (null));
  const share = (/** @type {number} */ step) => `${((100 * Math.min(last, Math.max(0, step))) / Math.max(1, last)).toFixed(2)}%`;

  useEffect(() => {
    const follow = (/** @type {number | null} */ step) => {
      if (hair.current === null) return;
      hair.current.style.display = step === null ? "none" : "";
      if (step !== null) hair.current.style.left = share(step);
    };
    follow(cursor.step());
    return cursor.watch(follow);
  }, [cursor, last]);

  return html`<section class="timeline" aria-label=${TEXT.timeline}>
    <ul>
      ${verdicts.map((verdict) => {
        const first = verdict.evaluated ?? verdict.first_step ?? 0;
        const end = verdict.active ? last : (verdict.last_step ?? last);
        return html`<li key=${verdict.rule}>
          <button type="button" class="strip ${verdict.explained_by === "" ? "" : "follows"}" data-band=${verdict.rule} aria-pressed=${selected === verdict.rule} onClick=${() => choose(verdict)}>
            <span class="who"><${Mark} kind=${verdict.severity} word=${verdict.severity} /> <span class="rule">${visible(verdict.rule)}</span></span>
            <span class="track">
              <span class="band ${verdict.severity} ${verdict.active ? "active" : ""}" style=${{ left: share(first <= 1 ? 0 : first), width: `max(4px, calc(${share(end)} - ${share(first <= 1 ? 0 : first)}))` }} />
            </span>
            <span class="unseen">${since(verdict, verdicts.some((other) => other.explained_by === verdict.rule && other.active))}</span>
          </button>
        </li>`;
      })}
    </ul>
    <div class="axis" aria-hidden="true">
      <span class="hair" ref=${hair} style="display: none" />
      <span class="end">${atStep(0)}</span>
      ${marks.slice(0, 1).filter(({ step }) => step > 0.13 * last && step < 0.9 * last).map(({ step, label }) => html`<span class="at ${step > 0.7 * last ? "late" : ""}" style=${{ left: share(step) }}><span>${visible(label)}</span></span>`)}
      <span class="end">${whole(last)}</span>
    </div>
  </section>`;
}
