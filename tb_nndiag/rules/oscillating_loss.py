"""The loss goes up and down from epoch to epoch, by far more than it falls.

## What it sees

The loss of the held training rows at the end of each epoch, in inference mode: always the same rows, so that no luck of the
batches is in it. How far each value lies from the mean of its two neighbors, over the last half of the run.

## Why it matters

The steps leap over the valley and back. Which weights the training ends with is then a matter of luck.

## What to do first

A smaller learning rate, or one that decays; larger batches; clipping, where single steps throw it off.

## When it is wrong

Cyclic learning rates make the loss rise and fall on purpose. Where the loss is low in spite of it, this is a hint. That a loss rises
in some epochs is normal (docs/folklore.md).

## Source

Goodfellow, Bengio & Courville 2016, Deep Learning, section 8.3.1. Limits: docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.progress import SIGNALS, evidence_of_harm, floor_loss, room
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import a_tenth, decaying, learning_rate, optimizer, planned_steps


@rule("NND403", severity="warning", reads=["gap", "baseline"], may_read=[*SIGNALS, "optimizer"])
def oscillating_loss(
    run: Run,
    *,
    swing: Annotated[
        float,
        Limit("distance of a value from the mean of its neighbors, median, over the constant prediction's loss", "share", "docs/calibration.md"),
    ] = 0.03,
    rough: Annotated[float, Limit("that distance over the median loss", "ratio", "docs/calibration.md")] = 0.2,
    much: Annotated[
        float, Limit("median share of the constant's loss that is left, from which on it is no hint", "share", "docs/calibration.md")
    ] = 0.3,
    patience: Annotated[float, Limit("evaluations of the held rows before the rule speaks", "", "judgment")] = 18,
) -> Finding | None:  # fmt: skip
    gap = run["gap"]
    steps, shares = gap.steps, (gap.of_run("train") - gap.of_run("penalty") - floor_loss(run)) / room(run)
    if len(shares) < patience:
        raise NotEnoughData(f"needs {number(patience)} evaluations of the held rows, has {len(shares)}")
    late = shares[len(shares) // 2 :]
    away = np.abs(late[1:-1] - (late[:-2] + late[2:]) / 2)
    size, usual = float(np.median(away)), float(np.median(late))
    if not (size > swing and size > rough * usual):  # NaN > x is False: a loss that is not finite is another rule's
        return None
    step = int(steps[-1])
    return Finding(
        headline=(
            f"The loss of the same rows goes up and down: from epoch to epoch by {size:.0%} of a constant prediction's loss"
            f" (limit: {swing:.0%}), about a level of {usual:.0%}."
        ),
        why="Steps leap over the valley and back; with which weights the training ends is a matter of luck.",
        evidence=[
            Evidence("loss beside the mean of its neighbors, over a constant's", size, swing, "share", "gap", "run", step),
            Evidence("the same over the median loss", size / usual, rough, "ratio", "gap", "run", step),
            evidence_of_harm(usual, much, step),
        ],
        fixes=[
            a_tenth(run, "Shorter steps settle where these leap."),
            Fix(
                "Or let it decay until the training ends.",
                "Then it leaps as long as that helps, and settles at the end.",
                *decaying(run, learning_rate(run), planned_steps(run)),
            ),
            Fix(
                "Bound the norm of each weight's gradient at 1.",
                "If a few steps throw it off, they are shortened, and the others stay as they are.",
                *optimizer(run, learning_rate(run), clipnorm=1.0),
            ),
        ],
        first_step=int(steps[len(shares) // 2]),
        last_step=step,
        severity="" if usual > much else "hint",
    )  # fmt: skip
