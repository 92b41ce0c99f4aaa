"""Each step moves the weights too far.

## What it sees

By how much a step changes the weights of the larger layers, relative to their size (the median over layers and steps), and
whether that does harm: the run is no better than a constant, or worse than it was.

## Why it matters

Steps that are too long jump over what they are looking for. The loss stays high, oscillates, or rises.

## What to do first

Divide the learning rate by what the measured ratio is too large: about 0.001 to 0.01 of the weights per step is usual.

## When it is wrong

The first steps from zero, and layers of a few weights, may move by more than their size: both are left out. A run that
learns with long steps is not accused.

## Source

Stanford CS231n notes ("Ratio of weights:updates", about 1e-3). Limits: docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.layers import large_enough, median_ratio, with_kernels
from tb_nndiag.progress import SIGNALS, least_left, now_left
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run

USUAL = 3e-3  # of the weights per step, in the middle of what healthy runs do: what a fix aims at


@rule(
    "NND204",
    severity="error",
    reads=["updates", "loss"],
    may_read=[*SIGNALS, "optimizer"],
    explains=[
        "nan-loss", "exploding-gradients", "dead-units", "saturated-units", "diverging-loss", "loss-plateau", "constant-output", "vanishing-gradients", "underfitting",
        "learning-rate-too-low", "overfitting",
    ],
)  # fmt: skip
def learning_rate_too_high(
    run: Run,
    *,
    ceiling: Annotated[float, Limit("update over the weights per step, median of the early records", "ratio", "docs/calibration.md", chart="updates")] = 0.1,
    stuck: Annotated[float, Limit("share of the constant prediction's loss that must be left", "share", "docs/calibration.md")] = 0.9,
    early: Annotated[float, Limit("records that count as early", "records", "docs/calibration.md")] = 20,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know the layers")
    layers = large_enough(run, "updates") or with_kernels(run, "updates")
    if not layers:
        return None
    updates = run["updates"]
    if len(updates) < 5:
        raise NotEnoughData(f"needs 5 records, has {len(updates)}")
    ratio = median_ratio(run, layers)
    moving = ratio[: int(early)]
    typical = float(np.median(np.where(np.isfinite(moving), moving, np.inf)[: max(5, len(moving))]))
    if not typical > ceiling:
        return None
    left = now_left(run)
    if not left > stuck:
        return None
    return None if least_left(run) < 0 else _finding(run, layers, ratio, typical, left, ceiling, stuck)


def _finding(run: Run, layers: list[str], ratio: np.ndarray, typical: float, left: float, ceiling: float, stuck: float) -> Finding:
    updates = run["updates"]
    rate = run["optimizer"].last(0, "learning_rate") if "optimizer" in run else float("nan")
    better = rate * min(USUAL / typical, 0.1) if np.isfinite(typical) else rate / 10
    better = float(f"{better:.0e}") if np.isfinite(better) else float("nan")
    high = np.flatnonzero(ratio > ceiling)
    record = int(high[0]) if len(high) else 0
    last = int(updates.steps[high[-1]]) if len(high) else int(updates.steps[-1])
    return Finding(
        headline=f"A step moves the weights by {number(typical)} of their size at the start (limit: {number(ceiling)}), at a learning rate of {number(rate)}, and the run has not learned: {number(left)} of a constant prediction's loss is left.",
        why="Steps that are too long jump over what they are looking for; the loss stays high, oscillates, or rises.",
        evidence=[
            Evidence("update over the weights, median of layers and early records", typical, ceiling, "ratio", "updates", "run", int(updates.steps[record])),
            Evidence("loss of the held rows over that of the best constant prediction", left, stuck, "share", "gap", "run", run.last_step),
        ],
        fixes=[
            Fix(f"Lower the learning rate to {number(better)}.", f"A step would then move the weights by about {number(USUAL)} of their size.", f"keras.optimizers.{run.card.optimizer.name if run.card and run.card.optimizer else 'Adam'}(learning_rate={better:.1g})"),
            Fix("If it must be high later on, warm it up.", "The first steps are the dangerous ones.", f"keras.optimizers.schedules.CosineDecay(0.0, decay_steps=10_000, warmup_target={better:.1g}, warmup_steps=500)"),
        ],
        first_step=updates.began(record),
        last_step=max(last, updates.began(record)),
        active=bool(ratio[-1] > ceiling),
    )  # fmt: skip
