"""The first loss is far above that of a network that knows nothing.

## What it sees

The loss of the first batch against that of an answer that gives every class the same share, or the shares that they have,
whichever is larger. For cross-entropies.

## Why it matters

An untrained network should be unsure. One that starts out sure, and wrong, has to unlearn it first: inputs that are too
large, weights that start too large, or classes that do not fit the output.

## What to do first

Scale the inputs; then start the output layer with its default initializer.

## When it is wrong

The first batch of a run that goes on from earlier weights, or one of very few rows, may be anything: the latter are not judged.
A run may recover, which is why this is a hint.

## Source

Stanford CS231n notes, "look for correct loss at chance performance". Healthy runs: up to 3.7 times. Limits:
docs/calibration.md.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from tb_nndiag import snippets
from tb_nndiag.progress import SIGNALS, reference_loss
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run

CLASSIFYING = ("BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy")


@rule("NND707", severity="hint", reads=["loss", "baseline"], may_read=[*SIGNALS, "inputs"])
def initial_loss(
    run: Run,
    *,
    most: Annotated[
        float, Limit("first batch's loss over that of an undecided answer", "ratio", "docs/calibration.md")
    ] = 8,
    heavy: Annotated[
        float, Limit("penalty over the first loss, above which what is left cannot be told", "share", "judgment")
    ] = 0.5,
    rows: Annotated[float, Limit("rows of the batch that are needed to judge", "rows", "judgment")] = 8,
) -> Finding | None:
    if run.card is None or len(run.card.losses) != 1 or run.card.losses[0].name not in CLASSIFYING:
        raise NotEnoughData("needs a run card with one cross-entropy")
    if run.card.batch_size < rows:
        raise NotEnoughData(f"needs a batch of {number(rows)} rows, has {run.card.batch_size}")
    loss = run["loss"]
    if loss.steps[0] != 1:
        raise NotEnoughData("the first step was not observed")
    penalty = run["gap"].of_run("penalty")[0] if "gap" in run else 0.0
    if penalty > heavy * loss.of_run("first")[0]:
        raise NotEnoughData("most of the first loss is a penalty, which is known at the end of the epoch only")
    layer = run.card.output_layer
    undecided = math.log(max(layer.units if layer else 0, 2))  # more than a constant's, where classes are rare
    first, usual = float(loss.of_run("first")[0] - np.nan_to_num(penalty)), max(reference_loss(run), undecided)
    ratio = first / usual
    if not ratio > most:
        return None
    return Finding(
        headline=(
            f"The first batch has a loss of {number(first)}, {number(ratio)} times that of an undecided"
            f" answer ({number(usual)}; limit: {number(most)} times)."
        ),
        why="Before it has learned anything, the network is sure, and wrong; it has to unlearn that first.",
        evidence=[
            Evidence(
                "loss of the first batch over that of an undecided answer",
                ratio,
                most,
                "ratio",
                "loss",
                "run",
                1,
            ),
        ],
        fixes=[
            Fix(
                "Scale the inputs to mean 0 and standard deviation 1.",
                "Large inputs make large predictions.",
                *snippets.standardized(run),
            ),
            *(
                [
                    Fix(
                        f"Start `{layer.name}` with its default initializer.",
                        "Weights that start large make the first answers extreme.",
                        *snippets.layer(layer, kernel_initializer="glorot_uniform"),
                    )
                ]
                if layer
                else []
            ),
        ],
        first_step=1,
        last_step=1,
        active=False,
    )
