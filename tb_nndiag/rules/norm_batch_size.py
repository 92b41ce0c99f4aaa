"""Batch normalization takes its statistics over a few values only.

## What it sees

The run card: the batch size and, for each trainable batch normalization, how many positions of a row there are for each channel.
Their product is the number of values over which mean and variance are taken.

## Why it matters

Over one value the mean is the value itself and the layer puts out the same for all rows: nothing behind it can be learned. Over
a few, mean and variance are noise, and differ from those that are used for predictions.

## What to do first

A larger batch; or layer or group normalization, which do not look at other rows.

## When it is wrong

Small batches do train, slowly and with noise: a run that has learned well gets a hint. Images have many positions for each
channel; they are counted.

## Source

Wu & He 2018 (group normalization): the error of batch normalization grows as batches get small. Limits:
docs/calibration.md.
"""

from __future__ import annotations

import math
from typing import Annotated

from tb_nndiag import snippets
from tb_nndiag.layers import names
from tb_nndiag.progress import HARM, SIGNALS, evidence_of_harm, harmed, now_left
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Layer, Run


@rule(
    "NND711",
    severity="warning",
    reads=["loss"],
    may_read=SIGNALS,
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "disconnected-layer",
        "learning-rate-too-low",
        "mode-mismatch",
        "vanishing-gradients",
    ],
)
def norm_batch_size(
    run: Run,
    *,
    few: Annotated[float, Limit("values over which mean and variance are taken", "values", "docs/calibration.md")] = 3,
    stuck: Annotated[float, HARM] = 0.9,
    some: Annotated[
        float,
        Limit("share of the constant prediction's loss left that makes it a warning", "share", "docs/calibration.md"),
    ] = 0.3,
    patience: Annotated[float, Limit("steps before the rule speaks", "steps", "docs/calibration.md")] = 100,
) -> Finding | None:
    if run.card is None or not run.card.batch_size:
        raise NotEnoughData("needs a run card with the batch size")
    if run.last_step < patience:
        raise NotEnoughData(f"needs {number(patience)} steps, has {run.last_step}")
    size = run.card.batch_size
    norms = [p for p in run.card.layers if p.class_name == "BatchNormalization" and p.trainable_parameters]
    thin = [layer for layer in norms if 0 < size * _positions(layer) <= few]
    if not thin:
        return None
    harm = harmed(run, some)
    values = size * _positions(thin[0])
    step = run.last_step
    return Finding(
        headline=(
            f"`{thin[0].name}`{f' and {len(thin) - 1} more' if len(thin) > 1 else ''} normalizes over"
            f" {number(values)} value{'' if values == 1 else 's'} (limit: more than {number(few)}): the batch has"
            f" {size} row{'' if size == 1 else 's'}."
        ),
        why=(
            "The mean of one value is the value itself: what is left after subtracting it is zero for every row."
            if values == 1
            else "Mean and variance of so few values are mostly noise, and predictions are made with other ones."
        ),
        evidence=[
            *(
                Evidence("values for one mean", size * _positions(layer), few, "values", "card", layer.name, 0)
                for layer in thin[:5]
            ),
            *([evidence_of_harm(now_left(run), some, step)] if harm else []),
        ],
        fixes=[
            Fix(
                f"Use a batch of 32 rows instead of {size}.",
                "Then mean and variance say something about the data. (The learning rate may be larger then.)",
                *snippets.fit(batch_size=32),
            ),
            Fix(
                f"Replace {names(thin)} by layer normalization.",
                "It normalizes each row by itself.",
                *snippets.both(*(snippets.replace(layer, "LayerNormalization") for layer in thin)),
            ),
        ],
        first_step=0,
        last_step=step,
        severity="" if harmed(run, stuck) else "warning" if harm else "hint",
    )


def _positions(layer: Layer) -> int:
    """For how many positions of a row each channel is computed; 0 when that varies."""
    inner = layer.output_shape[1:-1]
    return 0 if any(size < 0 for size in inner) else math.prod(inner)
