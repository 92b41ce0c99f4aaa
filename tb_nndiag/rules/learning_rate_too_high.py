"""Each step moves the weights too far.

## What it sees

By how much a step changes the weights of the larger layers, relative to their size (the median over layers and steps), and
whether that does harm: the run is no better than a constant, or worse than it was. Steps that are far too long are a warning
where little was learned. And a rate that was right at first and rose until what had been learned was lost.

## Why it matters

Steps that are too long jump over what they are looking for. The loss stays high, oscillates, or rises.

## What to do first

Divide the learning rate by what the measured ratio is too large: about 0.001 to 0.01 of the weights per step is usual.

## When it is wrong

The first steps from zero, and layers of a few weights, may move by more than their size: both are left out. A run that
learns with long steps is not accused. Where the loss itself has no value for predictions within the bounds of their activation (the
logarithm of 0 in a loss of one's own), no rate is to blame: a hint.

## Source

Stanford CS231n notes ("Ratio of weights:updates", about 1e-3). Limits: docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.layers import USUAL_UPDATE, median, median_ratio, with_updates_to_judge
from tb_nndiag.progress import SIGNALS, against_constant, broken_by_its_loss, evidence_of_harm, now_left
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import decaying, learning_rate, optimizer, planned_steps


@rule(
    "NND204",
    severity="error",
    reads=["updates", "loss"],
    may_read=[*SIGNALS, "optimizer", "nonfinite"],
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "nan-loss",
        "exploding-gradients",
        "dead-units",
        "saturated-units",
        "diverging-loss",
        "vanishing-gradients",
        "learning-rate-too-low",
        "overfitting",
        "oscillating-loss",
        "memorizing-noise",
        "nan-weights",
        "loss-scale-collapse",
        "loss-spikes",
    ],
)
def learning_rate_too_high(
    run: Run,
    *,
    ceiling: Annotated[
        float,
        Limit(
            "update over the weights per step, early in the run, when it is no better than a constant",
            "ratio",
            "docs/calibration.md",
            chart="updates",
        ),
    ] = 0.06,
    stuck: Annotated[
        float, Limit("share of the constant prediction's loss that is left then", "share", "docs/calibration.md")
    ] = 0.9,
    brisk: Annotated[
        float, Limit("the same update, when the run is much worse than a constant", "ratio", "docs/calibration.md")
    ] = 0.02,
    worse: Annotated[
        float, Limit("share of the constant prediction's loss that is left then", "share", "docs/calibration.md")
    ] = 1.5,
    gross: Annotated[
        float,
        Limit("the same update, when the run learned little: a warning", "ratio", "docs/calibration.md, healthy"),
    ] = 0.2,
    poor: Annotated[
        float,
        Limit("share of the constant prediction's loss that is left then", "share", "docs/calibration.md, healthy"),
    ] = 0.5,
    rise: Annotated[
        float,
        Limit(
            "largest learning rate over that of the step with the lowest loss, of a rate that rose until all was lost",
            "ratio",
            "judgment",
        ),
    ] = 3,
    early: Annotated[
        float,
        Limit(
            "records that count as early; the larger median, of these or of the first 5, is taken",
            "records",
            "docs/calibration.md",
        ),
    ] = 20,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know the layers")
    layers = with_updates_to_judge(run)
    if not layers:
        return None
    updates = run["updates"]
    if len(updates) < 5:
        raise NotEnoughData(f"needs 5 records, has {len(updates)}")
    ratio = median_ratio(run, layers)
    beginning = ratio[: int(early)]
    if not np.isfinite(beginning).any():
        return None  # it broke before the first step was made
    # units that die after the first steps stop moving, so the first few count for themselves
    few, more = median(beginning[:5]), median(beginning)
    typical, judged, left = float(np.fmax(few, more)), len(beginning) if not few > more else 5, now_left(run)
    if not np.isfinite(left) and not _grew(run, worse):
        brisk = ceiling  # it broke without having grown: only steps that are too long by themselves explain that
    levels = ((ceiling, stuck, "nothing"), (brisk, worse, "nothing"), (gross, poor, "little"))
    reached = [level for level in levels if typical > level[0] and left > level[1]]
    if not reached:
        return _rose(run, ratio, ceiling, rise, stuck)
    limit, most_left, learned = reached[0]
    rate = learning_rate(run)
    first_step = ratio[ratio > 0][0]  # later ones may be those of an explosion
    better = float(f"{rate * min(USUAL_UPDATE / first_step, 0.1):.0e}")
    high = np.flatnonzero(~(ratio <= limit))  # NaN counts as high: what was thrown away cannot be measured
    return Finding(
        headline=(
            f"A step moves the weights by {number(typical)} of their size at the start (limit: {number(limit)}), at a"
            f" learning rate of {number(rate)}, and {learned} was learned: {against_constant(run)}."
        ),
        why="Steps that are too long jump over what they are looking for; the loss stays high, oscillates, or rises.",
        evidence=[
            Evidence(
                f"update over the weights, median of the layers and of the first {judged} records",
                typical,
                limit,
                "ratio",
                "updates",
                "run",
                int(updates.steps[np.nanargmin(abs(beginning[:judged] - typical))]),  # that shows it
            ),
            evidence_of_harm(left, most_left, run.last_step),
        ],
        fixes=[
            Fix(
                f"Lower the learning rate from {number(rate)} to {number(better)}.",
                f"The first step moved the weights by {number(first_step)} of their size; at that rate it is about"
                f" {number(first_step * better / rate)}.",
                *optimizer(run, better),
            ),
            Fix(
                "If even that is too much at the start, warm it up.",
                "The first steps are the dangerous ones.",
                *decaying(run, better, planned_steps(run), warmed_up=True),
            ),
        ],
        first_step=1,  # it is judged by how the run begins
        last_step=int(updates.steps[high[-1]]),
        active=not ratio[-1] <= limit,
        severity="hint" if broken_by_its_loss(run) else "warning" if learned == "little" else "",
    )


def _grew(run: Run, times: float) -> bool:
    """Whether the loss grew from its first record to the last one that was finite."""
    loss = run["loss"].of_run("mean")
    finite = loss[np.isfinite(loss)]
    return bool(len(finite) and finite[-1] > times * finite[0])


def _rose(run: Run, ratio: np.ndarray, ceiling: float, rise: float, stuck: float) -> Finding | None:
    """A rate that was right at first, and rose until what had been learned was lost.

    ratio: (records of `updates`,) update over the weights, median of the layers
    """
    loss = run["loss"].of_run("mean")
    if "optimizer" not in run or not now_left(run) > stuck or not np.isfinite(loss).any():
        return None
    updates, rates = run["updates"], run["optimizer"]
    best = int(run["loss"].steps[np.nanargmin(loss)])
    before = float(rates.of_run("learning_rate")[rates.steps <= best][-1])
    later = np.where(rates.steps > best, rates.of_run("learning_rate"), 0.0)
    too_long = np.flatnonzero((updates.steps > best) & (ratio > ceiling))
    if not len(too_long) or not later.max() > rise * before:
        return None
    first, top = int(too_long[0]), int(np.argmax(later))
    return Finding(
        headline=(
            f"The learning rate rose from {number(before)} at step {best:,}, where the loss was lowest, to {number(later[top])}: at"
            f" step {updates.steps[first]:,} a step moves the weights by {number(ratio[first])} of their size (limit:"
            f" {number(ceiling)}), and what was learned is lost: {against_constant(run)}."
        ),
        why="Steps that are too long jump over what they are looking for, and in the end out of reach of it.",
        evidence=[
            Evidence(
                "update over the weights, median of the layers",
                float(ratio[first]),
                ceiling,
                "ratio",
                "updates",
                "run",
                int(updates.steps[first]),
            ),
            Evidence(
                "largest learning rate over that of the lowest loss",
                float(later[top] / before),
                rise,
                "ratio",
                "optimizer",
                "run",
                int(rates.steps[top]),
            ),
        ],
        fixes=[
            Fix(
                f"Let the learning rate fall from {number(before)}, rather than rise.",
                "With it the loss was lowest.",
                *decaying(run, before, planned_steps(run)),
            ),
            Fix(
                "If the schedule was to find a learning rate, take it out for the training itself.",
                "Such a test ends when the loss runs away; its result is the rate before that.",
                *optimizer(run, before),
            ),
        ],
        first_step=best,
        last_step=run.last_step,
    )
