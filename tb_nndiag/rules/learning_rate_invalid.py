"""The learning rate is zero or negative, or its schedule ended long before the training did.

## What it sees

The learning rate of every observed step: below zero anywhere, zero from the first step to the last, or next to zero (over the
run's largest) for a good part of the steps at the end.

## Why it matters

With a negative rate every step climbs. With a rate of zero no step is made at all: the epochs pass, the network stays.

## What to do first

Give a positive rate. If it comes from a schedule, count its steps in batches, not in epochs, and let it span the training.

## When it is wrong

A rate that ends near zero is how a schedule should end, and reducing it on a plateau is a common practice: a run that has
come to rest by then gets a hint at most, and so does one with validation data whose rate a callback sets. A warm-up that begins at zero is not meant.

## Source

Keras' documentation of learning rate schedules: their steps are batches. Limits: docs/calibration.md; the healthy runs with a
warm-up and a cosine end at zero with the last step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from tb_nndiag.progress import SIGNALS, against_constant, harmed, room, still_falling
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run, Series
from tb_nndiag.snippets import callback, decaying, fit, optimizer


@rule(
    "NND206",
    severity="error",
    reads=["optimizer"],
    may_read=SIGNALS,
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "diverging-loss",
        "nan-loss",
        "nan-weights",
        "exploding-gradients",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "dead-units",
        "saturated-units",
        "vanishing-gradients",
    ],
)
def learning_rate_invalid(
    run: Run,
    *,
    gone: Annotated[
        float, Limit("learning rate over the largest of the run that counts as zero", "ratio", "docs/calibration.md")
    ] = 1e-4,
    long: Annotated[
        float, Limit("share of the steps that were made at such a rate, at the end", "share", "docs/calibration.md")
    ] = 0.2,
    stuck: Annotated[
        float,
        Limit(
            "share of the constant prediction's loss that must be left for a schedule that ended to be an error",
            "share",
            "docs/calibration.md",
        ),
    ] = 0.9,
    much: Annotated[
        float,
        Limit(
            "share that must be left for it to be a warning, if the loss was falling", "share", "docs/calibration.md"
        ),
    ] = 0.3,
    most: Annotated[
        float,
        Limit(
            "share of the steps in vain from which on a schedule is to blame, whether or not the loss was falling",
            "share",
            "judgment",
        ),
    ] = 0.5,
    falling: Annotated[
        float,
        Limit(
            "fall of the loss over the last third of the records before it ended, over the constant's loss",
            "share",
            "docs/calibration.md",
        ),
    ] = 0.02,
    records: Annotated[float, Limit("records before a rate of zero counts", "records", "judgment")] = 5,
) -> Finding | None:
    series = run["optimizer"]
    rates, step = series.of_run("learning_rate"), int(series.steps[-1])
    if (rates < 0).any():
        return _negative(run)
    if len(rates) < records:
        raise NotEnoughData(f"needs {number(records)} records, has {len(rates)}")
    largest = float(np.fmax.reduce(rates))
    if largest == 0:
        return _finding(
            f"The learning rate is 0 in all {step:,} steps (limit: more than 0): no step changes the network.",
            "What a step changes is the learning rate times its direction. Nothing was trained.",
            Evidence("learning rate", 0.0, 0.0, "", "optimizer", "run", step),
            [
                Fix(
                    "Give a learning rate above zero: 0.001 is a usual one.",
                    "If a schedule or a callback sets it, print what it returns for the first steps.",
                    *optimizer(run, 1e-3),
                )
            ],
            first_step=1,
        )
    since = series.since(rates < gone * largest)
    share = (step - since + 1) / step
    if not share >= long:
        return None
    scheduled = bool(run.card and run.card.optimizer and run.card.optimizer.schedule)
    # a callback may have lowered it because the validation loss stood still: then it is no cause
    alone = scheduled or not (run.card and run.card.validation)
    # a rate that falls to nothing brings the loss to rest by itself
    early = alone and harmed(run, much) and ((scheduled and share > most) or _was_falling(run, since, falling))
    severity = "" if scheduled and harmed(run, stuck) else "warning" if early else "hint"
    return _finding(
        f"From step {since:,} on the learning rate is {number(rates[-1])}, next to nothing beside the largest"
        f" ({number(largest)}): {share:.0%} of the steps were made in vain (limit: {long:.0%}).",
        f"The network stays as it was then{f', before it was done: {against_constant(run)}' if severity != 'hint' else ''}.",
        Evidence("share of the steps at a learning rate next to zero", share, long, "share", "optimizer", "run", step),
        _fixes_of_the_end(run, since, step, largest) if scheduled else _fixes_of_a_callback(largest),
        first_step=since,
        severity=severity,
    )


def _fixes_of_the_end(run: Run, since: int, step: int, largest: float) -> list[Fix]:
    an_epoch = run.card.steps_per_epoch if run.card else 0
    epochs = -(-since // an_epoch) if an_epoch else 0
    return [
        Fix(
            f"Let the schedule end with the training, after {step:,} steps.",
            "A schedule counts batches, not epochs.",
            *decaying(run, largest, step),
        ),
        Fix(
            f"Or stop the training where it ends, {f'after {epochs} epochs' if epochs else f'at step {since:,}'}.",
            "The steps after it cost time and change nothing.",
            *(fit(epochs=epochs) if epochs else ()),
        ),
    ]


def _fixes_of_a_callback(largest: float) -> list[Fix]:
    least = float(f"{largest / 1000:.1g}")
    return [
        Fix(
            "Stop the training when lowering the rate no longer helps.",
            "The steps after that cost time and change nothing.",
            *callback("EarlyStopping", monitor="val_loss", patience=10, restore_best_weights=True),
        ),
        Fix(
            f"Or give the callback that lowers it a least rate: {number(least)}, a thousandth of the largest.",
            "Then the later epochs still change something.",
            *callback("ReduceLROnPlateau", min_lr=least),
        ),
    ]


def _was_falling(run: Run, until: int, share: float) -> bool:
    """Whether the loss was still falling before that step, by this share of the constant prediction's."""
    before = {
        name: Series(
            series.columns, series.stats, series.steps[series.steps < until], series.values[series.steps < until]
        )
        for name, series in run.series.items()
    }
    try:
        return still_falling(replace(run, series=before), least=share * room(run))
    except NotEnoughData:  # harm that is not known is none
        return False


def _negative(run: Run) -> Finding:
    series = run["optimizer"]
    rates = series.of_run("learning_rate")
    below = np.flatnonzero(rates < 0)
    lowest = float(rates[below].min())
    at = int(series.steps[below[np.argmin(rates[below])]])
    usual = float(rates[0]) if rates[0] > 0 else -lowest
    return _finding(
        f"The learning rate is {number(lowest)} at step {at:,} (limit: more than 0): such a step goes uphill.",
        "A step against the gradient's advice makes the loss larger; the next one, from there, larger still.",
        Evidence("learning rate", lowest, 0.0, "", "optimizer", "run", at),
        [
            Fix(
                f"Use a positive learning rate: {number(usual)}.",
                "The optimizer itself subtracts the gradient: no sign is needed.",
                *optimizer(run, usual),
            ),
            Fix(
                "If a schedule computes it, let it stop at a small positive value.",
                "A line that falls goes through zero.",
                f"rate = max(rate, {usual / 100:.1g})",
            ),
        ],
        first_step=series.began(int(below[0])),
        last_step=int(series.steps[below[-1]]),
        active=bool(rates[-1] < 0),
    )


def _finding(
    headline: str,
    why: str,
    evidence: Evidence,
    fixes: list[Fix],
    *,
    first_step: int,
    last_step: int = 0,
    active: bool = True,
    severity: str = "",
) -> Finding:
    return Finding(headline, why, [evidence], fixes, first_step, last_step or evidence.step, active, severity)
