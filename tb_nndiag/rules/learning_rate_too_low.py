"""The steps are too short to get anywhere.

## What it sees

By how much a step changes the weights, relative to their size (the median over layers and steps), in a run whose loss is
still as high as a constant prediction's, or higher.

## Why it matters

At a ten-thousandth of the weights per step, it takes ten thousand steps to change a network once.

## What to do first

Raise the learning rate by what the measured ratio is too small: about 0.001 to 0.01 of the weights per step is usual.

## When it is wrong

At the end of a schedule small steps are right: a run that has learned is not accused. Layers whose gradients vanish are
another rule's.

## Source

Stanford CS231n notes ("Ratio of weights:updates"). Healthy runs: 8e-4 to 1.8, median 6e-3. Limits: docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.layers import USUAL_UPDATE, median, median_ratio, with_updates_to_judge
from tb_nndiag.progress import SIGNALS, against_constant, evidence_of_harm, now_left, room, still_falling
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import learning_rate, optimizer, other_optimizer


@rule(
    "NND205",
    severity="error",
    reads=["updates", "loss"],
    may_read=[*SIGNALS, "optimizer"],
    explains=[*OUTCOMES, "class-imbalance", "stuck-then-learns"],
)
def learning_rate_too_low(
    run: Run,
    *,
    floor: Annotated[
        float,
        Limit(
            "update over the weights per step, median of layers and records",
            "ratio",
            "docs/calibration.md",
            chart="updates",
        ),
    ] = 3e-4,
    stuck: Annotated[
        float, Limit("share of the constant prediction's loss that must be left", "share", "docs/calibration.md")
    ] = 0.9,
    falling: Annotated[
        float,
        Limit(
            "fall over the last third of the records, over the constant's loss, that makes it a warning",
            "share",
            "docs/calibration.md",
        ),
    ] = 0.02,
    patience: Annotated[float, Limit("steps before the rule speaks", "steps", "docs/calibration.md")] = 40,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know the layers")
    if run.last_step < patience:
        raise NotEnoughData(f"needs {number(patience)} steps, has {run.last_step}")
    layers = with_updates_to_judge(run)
    if not layers:
        return None
    ratio = median_ratio(run, layers)
    typical = median(ratio)
    left = now_left(run)
    if not 0 < typical < floor or not left > stuck or not np.isfinite(left):
        return None
    updates = run["updates"]
    rate = learning_rate(run)
    better = float(f"{rate * min(USUAL_UPDATE / typical, 1e4):.0e}")
    low = np.flatnonzero(ratio < floor)
    return Finding(
        headline=(
            f"A step moves the weights by {number(typical)} of their size (limit: {number(floor)}), at a learning rate"
            f" of {number(rate)}, and little was learned: {against_constant(run)}."
        ),
        why=(
            f"At this pace it takes about {number(float(f'{1 / typical:.0e}'))} steps to change the network once; it"
            f" has had {run.last_step:,}."
        ),
        evidence=[
            Evidence(
                "update over the weights, median of layers and records",
                typical,
                floor,
                "ratio",
                "updates",
                "run",
                int(updates.steps[-1]),
            ),
            evidence_of_harm(left, stuck, run.last_step),
        ],
        fixes=[
            Fix(
                f"Raise the learning rate from {number(rate)} to {number(better)}.",
                f"A step would then move the weights by about {number(USUAL_UPDATE)} of their size.",
                *optimizer(run, better),
            ),
            Fix(
                "If that does not help, use Adam with its default rate.",
                "It adapts the length of the step to the size of the gradient.",
                *other_optimizer("Adam", learning_rate=0.001),
            ),
        ],
        first_step=updates.began(int(low[0])),
        last_step=int(updates.steps[low[-1]]),
        active=bool(ratio[-1] < floor),
        severity="warning" if still_falling(run, least=falling * room(run)) else "",
    )
