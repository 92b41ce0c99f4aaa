"""The training ended while the loss was still falling, far from what can be reached.

## What it sees

A training that has ended: how much of the best constant prediction's loss is left, whether it was still falling, and whether the
validation loss was at its lowest, and whether something ended it then, before its last epoch. Beside it the number of steps, and how far they can have moved the weights: a few dozen, or a fifth of the weights' size, are too
few for any network that starts anew.

## Why it matters

Nothing else need be wrong. What looks like a bad network is one that was stopped early.

## What to do first

Train for more epochs, with early stopping to end it. Smaller batches make more steps of the same epoch.

## When it is wrong

A trial of a few steps is short on purpose. A problem that is mostly noise has a high floor, and the last bit of falling does
not change much: without a handful of steps as its cause this is a hint.

## Source

Limits: what was left, and how it fell, on the healthy runs of docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.layers import median, median_ratio, with_updates_to_judge
from tb_nndiag.progress import SIGNALS, evidence_of_harm, now_left, room, still_falling
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import callback, fit, train_on


@rule(
    "NND503",
    severity="warning",
    reads=["loss", "gap", "baseline"],
    may_read=["updates", *SIGNALS],
    explains=["underfitting"],
)
def undertrained(
    run: Run,
    *,
    much: Annotated[
        float, Limit("share of the constant prediction's loss that is left", "share", "docs/calibration.md")
    ] = 0.65,
    falling: Annotated[
        float,
        Limit("fall over the last third of the records, over the constant's loss", "share", "docs/calibration.md"),
    ] = 0.05,
    half: Annotated[
        float, Limit("share left where the steps were too few for most networks", "share", "docs/calibration.md, docs/zoo.md: 0.35 and less")
    ] = 0.5,
    few: Annotated[float, Limit("steps that are too few for most networks", "steps", "docs/calibration.md")] = 100,
    short: Annotated[
        float, Limit("median update over the weights, times the steps: how far they can have come", "ratio", "docs/calibration.md")
    ] = 0.2,
    some: Annotated[
        float, Limit("share left where a callback ended the training in the best epoch so far", "share", "judgment: one in ten early stops of healthy runs leaves more")
    ] = 0.2,
    lost: Annotated[float, Limit("share left from which on it was never trained at all, but ran away", "share", "judgment")] = 3.0,
) -> Finding | None:  # fmt: skip
    left, way = now_left(run), _way(run)
    few_steps = run.last_step < few or way < short
    stopped = run.ended and not few_steps and _stopped_in_its_best_epoch(run)
    least = some if stopped else half if run.last_step < few else much
    if not least < left < lost:
        return None
    if not run.ended:
        raise NotEnoughData("the training has not ended")
    assert run.card is not None  # without one it has not ended
    if run.card.stopped:
        raise NotEnoughData(f"the training was stopped for another finding: {run.card.stopped}")
    gap, whole = run["gap"], room(run)
    val = gap.of_run("val")
    if np.isfinite(val).any() and np.nanargmin(val) < len(val) - max(1, len(val) // 4):
        return None
    if not (_fell(run) > 0.2 * falling * whole if few_steps else still_falling(run, least=falling * whole)):
        return None
    if stopped:
        return _stopped_too_early(run, left, some)
    step, epochs = int(gap.steps[-1]), max(int(gap.last(0, "epoch")), 1)
    return Finding(
        headline=(
            f"The training ended after {run.last_step:,} steps ({epochs} epochs) while the loss was falling, at {left:.0%} of the"
            f" best constant prediction's (limit: {least:.0%})."
        ),
        why=(
            f"In {run.last_step} steps no weight can get far from where it began."
            if few_steps
            else "It had not arrived: the validation loss was about at its lowest as well."
        ),
        evidence=[
            evidence_of_harm(left, least, step),
            *([Evidence("steps of the whole training", run.last_step, few, "steps", "loss", "run", step)] if run.last_step < few else []),
            *([Evidence("update over the weights, times the steps", way, short, "ratio", "updates", "run", step)] if way < short else []),
        ],
        fixes=[
            Fix(
                f"Train for {max(10 * epochs, 30)} epochs, and stop when the validation loss no longer falls.",
                "The loss was still falling when the training ended.",
                *train_on(max(10 * epochs, 30), patience=max(5, epochs)),
            ),
            *_smaller_batches(run),
        ],
        first_step=1,
        last_step=step,
        severity="" if few_steps else "hint",
    )  # fmt: skip


def _stopped_in_its_best_epoch(run: Run) -> bool:
    """Whether the training ended before its last epoch although the validation loss had just reached its lowest value."""
    assert run.card is not None  # without one it has not ended
    gap = run["gap"]
    val = gap.of_run("val")
    return bool(gap.last(0, "epoch") < run.card.epochs and np.isfinite(val).any() and np.nanargmin(val) == len(val) - 1)


def _stopped_too_early(run: Run, left: float, some: float) -> Finding:
    assert run.card is not None
    gap = run["gap"]
    step, epoch = int(gap.steps[-1]), int(gap.last(0, "epoch"))
    return Finding(
        headline=(
            f"The training was ended in epoch {epoch} of {run.card.epochs}, its best one, while the loss was falling, at {left:.0%} of the"
            f" best constant prediction's (limit: {some:.0%})."
        ),
        why="What ended it looks at something else than the validation loss, or looks in the wrong direction, or waits for too few epochs.",
        evidence=[
            evidence_of_harm(left, some, step),
            Evidence("epoch in which it was ended", epoch, run.card.epochs, "epochs", "gap", "run", step),
        ],
        fixes=[
            Fix(
                "Let the callback that ends the training follow the validation loss, and wait for some epochs.",
                "A loss is to be `min`, a score `max`; `auto` tells them apart by the name alone.",
                *callback(
                    "EarlyStopping",
                    monitor="val_loss",
                    mode="min",
                    patience=max(5, epoch // 2),
                    restore_best_weights=True,
                ),
            )
        ],
        first_step=1,
        last_step=step,
    )


def _way(run: Run) -> float:
    """How far the weights can have come, over their size; NaN when it is not known."""
    if "updates" not in run:
        return float("nan")
    layers = with_updates_to_judge(run)
    return median(median_ratio(run, layers)) * run.last_step if layers else float("nan")


def _fell(run: Run) -> float:
    """By how much the batches' loss fell from the second third of the records to the last, whatever their noise."""
    loss = run["loss"].of_run("mean")
    if len(loss) < 2:
        return 0.0
    third = max(len(loss) // 3, 1)
    return float(np.mean(loss[-2 * third : -third]) - np.mean(loss[-third:]))


def _smaller_batches(run: Run) -> list[Fix]:
    size = run.card.batch_size if run.card else 0
    if size < 64:
        return []
    return [
        Fix(
            f"Use batches of {size // 4} rows instead of {size}.",
            "That makes 4 times as many steps of the same epochs.",
            *fit(batch_size=size // 4),
        )
    ]
