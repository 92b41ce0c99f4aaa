"""The loss has not moved for a good part of the training: it has converged.

## What it sees

The held training rows' loss at the ends of epochs, in a run that has learned: since when it has stayed about where it is now.

## Why it matters

The epochs since then cost time and change little. That is no fault: it is what a finished training looks like, and why the rule is off
by default.

## What to do first

Stop there (early stopping), or lower the learning rate when the loss no longer falls: what looks like the floor is often the width of
the steps.

## When it is wrong

Validation metrics may still improve while the training loss stands still, and a restart or a later stage of a schedule may be meant
to come.

## Source

Keras, `ReduceLROnPlateau` and `EarlyStopping`. Limits: judgment; that it speaks on healthy runs is the reason for which it is off.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.progress import SIGNALS, left_over, now_left
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import callback


@rule("NND407", severity="hint", reads=["loss", "gap", "baseline"], may_read=SIGNALS, opt_in=True)
def plateau_at_end(
    run: Run,
    *,
    near: Annotated[
        float, Limit("distance from the last loss that counts as none, over the constant's loss", "share", "judgment")
    ] = 0.01,
    long: Annotated[float, Limit("share of the training for which it stayed so near", "share", "judgment")] = 0.33,
    learned: Annotated[
        float, Limit("share of the constant prediction's loss that is left, at most", "share", "judgment")
    ] = 0.5,
    evaluations: Annotated[
        float, Limit("evaluations of the held rows before the rule speaks", "evaluations", "judgment")
    ] = 8,
) -> Finding | None:
    steps, shares = left_over(run)
    if len(steps) < evaluations:
        raise NotEnoughData(f"needs {number(evaluations)} evaluations of the held rows, has {len(steps)}")
    if now_left(run) >= learned:
        return None
    away = np.flatnonzero(~(np.abs(shares - shares[-1]) <= near))
    since, last = int(steps[away[-1] + 1]) if len(away) else int(steps[0]), int(steps[-1])
    if last - since < long * last:
        return None
    epoch = int(run["gap"].of_run("epoch")[np.searchsorted(steps, since)])
    return Finding(
        headline=(
            f"Since epoch {epoch} the loss has stayed within {near:.0%} of the best constant prediction's from where it is now:"
            f" {(last - since) / last:.0%} of the training (limit: {long:.0%})."
        ),
        why="It has converged, as far as this learning rate lets it.",
        evidence=[
            Evidence("steps since the loss came to rest, over all steps", (last - since) / last, long, "share", "gap", "run", since),
        ],
        fixes=[
            Fix(
                "Lower the learning rate when the loss no longer falls.",
                "Where the steps are wider than the valley, shorter ones get lower.",
                *callback("ReduceLROnPlateau", monitor="loss", factor=0.3, patience=5),
            ),
            Fix(
                "Or stop there.",
                "The epochs since then changed next to nothing.",
                *callback("EarlyStopping", monitor="val_loss", patience=10, restore_best_weights=True),
            ),
        ],
        first_step=since,
        last_step=last,
    )  # fmt: skip
