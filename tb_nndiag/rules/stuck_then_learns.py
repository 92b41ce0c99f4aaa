"""The loss stayed where it began for a long time, and then came down.

## What it sees

How long the batches had a loss about as high as that of the best constant prediction, in a run that has learned by now.

## Why it matters

Those steps were lost, and whether a training leaves such a plateau at all can be a matter of luck: another seed, a layer more, and it
stays there.

## What to do first

Look for what made the first steps useless: first weights that are too small or too large, sigmoid or tanh in many layers, no
normalization, a rate that is too low to begin with.

## When it is wrong

A warm-up of the learning rate begins slowly on purpose. Some problems have to be learned in one piece (parity, a long memory), and
every network waits before it does.

## Source

Saad & Solla 1995, plateaus while units are still alike. Limits: families `depth` and `saturated` of docs/calibration.md, whose runs
with few sigmoid layers begin so.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.layers import WEIGHTED
from tb_nndiag.progress import SIGNALS, batch_shares, now_left
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import insert, layer, learning_rate, optimizer


@rule("NND406", severity="hint", reads=["loss", "baseline"], may_read=["optimizer", *SIGNALS])
def stuck_then_learns(
    run: Run,
    *,
    stuck: Annotated[
        float, Limit("share of the constant prediction's loss that is no progress", "share", "judgment")
    ] = 0.95,
    learned: Annotated[float, Limit("share that is left now, at most", "share", "judgment")] = 0.5,
    long: Annotated[float, Limit("share of the training that it lasted", "share", "docs/calibration.md")] = 0.2,
    steps: Annotated[float, Limit("and how many steps at least", "steps", "docs/calibration.md")] = 100,
) -> Finding | None:
    at, shares = batch_shares(run, "mean")
    if len(at) < 10:
        raise NotEnoughData(f"needs 10 records of the loss, has {len(at)}")
    smooth = np.array([np.median(shares[max(i - 2, 0) : i + 3]) for i in range(len(shares))])
    below = np.flatnonzero(smooth < stuck)
    left = now_left(run)
    if not len(below) or left >= learned:
        return None
    until, last = int(at[below[0]]), run.last_step
    if until < steps or until < long * last:
        return None
    squashed = (
        [p for p in run.card.hidden if p.activation in ("sigmoid", "tanh") and p.class_name in WEIGHTED]
        if run.card
        else []
    )
    return Finding(
        headline=(
            f"For the first {until:,} of {last:,} steps ({until / last:.0%}, limit: {long:.0%}) the loss was no better than that of"
            f" the best constant prediction; {left:.0%} of it is left now."
        ),
        why="What was learned was learned after it: the steps before were lost, and another seed may not get away from there.",
        evidence=[
            Evidence("steps before the loss fell, over all steps", until / last, long, "share", "loss", "run", until),
            Evidence("steps before the loss fell", until, steps, "steps", "loss", "run", until),
        ],
        fixes=[
            *[
                Fix(
                    f"Replace the {p.activation} of `{p.name}` by relu with He initialization, and so in the other hidden layers.",
                    "Its slope does not shrink what passes it.",
                    *layer(p, "relu", kernel_initializer="he_normal"),
                )
                for p in squashed[:1]
            ],
            Fix(
                "Put a normalization between the layers.",
                "Then each layer gets inputs of a sensible size from the first step on.",
                *insert([p for p in run.card.hidden if p.class_name in WEIGHTED] if run.card else [], "BatchNormalization"),
            ),
            Fix(
                "Try three times the learning rate.",
                "On a plateau the gradients are small, and so are the steps.",
                *optimizer(run, 3 * learning_rate(run)),
            ),
        ],
        first_step=1,
        last_step=until,
        active=False,
    )  # fmt: skip
