"""Targets and predictions differ in shape, and the loss compares every row with every other one.

## What it sees

Rank and last dimension of the targets and of the predictions, and the loss of predicting every target exactly: where that is
higher than the loss of a constant, the loss does not compare a prediction with its own target. Where a `train_step` of one's own computes
the loss, so that it is not known, whether the predictions stay as good as the same for every row.

## Why it matters

Targets of shape (n,) minus predictions of shape (n, 1) are an (n, n) table: each prediction is compared with all targets of
the batch. The best that a network can do then is their mean. The loss falls a little, and nothing warns.

## What to do first

Give targets the shape of the predictions.

## When it is wrong

Keras' own losses, and plain functions given as a loss, get targets of the predictions' rank: there (n,) beside (n, 1) is harmless, and
the rule is silent. A loss of one's own whose targets are no predictions (parameters of a distribution, another coding) has
no "predicting every target exactly": under a contrastive loss a target of 1 may ask for a distance of 0. The rule is silent once the
network does better than a constant, which no network does where each prediction meets all targets.

## Source

Tried with Keras 3.15 in a dozen shapes: subclasses of `Loss` and functions that reshape broadcast; `mse` broadcasts (n, 1) beside (n, k).
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from tb_nndiag import snippets
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import Recipe


@rule(
    "NND606",
    severity="error",
    reads=["labels", "outputs"],
    may_read=["baseline", "perfect", "gap"],
    explains=[*OUTCOMES, "class-imbalance", "overfitting", "memorizing-noise"],
)
def rank_mismatch(
    run: Run,
    *,
    worse: Annotated[
        float,
        Limit("loss of predicting every target exactly, over that of the best constant prediction", "ratio", "2: what a squared loss of all pairs gives; under 1: any proper loss"),
    ] = 1.2,
    exact: Annotated[
        float,
        Limit("how far both may lie from what a squared loss of all pairs gives, over the targets' variance", "ratio", "judgment"),
    ] = 0.02,
    reached: Annotated[
        float,
        Limit("lowest loss of the held rows over that of the best constant prediction, which it stays above", "ratio", "1: no network is below a constant then"),
    ] = 0.9,
    flat: Annotated[
        float,
        Limit("standard deviation of the predictions over the targets', where the loss is not known", "ratio", "judgment: 0.06 where all pairs were compared, 0.18 and more in the runs of docs/zoo.md"),
    ] = 0.1,
    patience: Annotated[float, Limit("steps before that counts", "steps", "judgment")] = 100,
) -> Finding | None:  # fmt: skip
    labels, outputs = run["labels"], run["outputs"]
    if len(labels.columns) != 1 or len(outputs.columns) != 1:
        raise NotEnoughData("needs one output with its target; there are several")
    ranks = int(labels.last(0, "rank")), int(outputs.last(0, "rank"))
    widths = int(labels.last(0, "width")), int(outputs.last(0, "width"))
    shapes = [_shape(rank, width) for rank, width in zip(ranks, widths, strict=True)]
    step = int(outputs.steps[-1])
    constant = run["baseline"].last(0, "constant_loss") if "baseline" in run else float("nan")
    perfect = run["perfect"].last(0, "loss") if "perfect" in run else float("nan")
    # of one rank, the loss itself may drop a dimension; other losses than a squared distance may have their least elsewhere
    variance = labels.last(0, "std") ** 2
    pairs = (
        widths == (1, 1)
        and abs(constant - variance) < exact * variance
        and abs(perfect - 2 * variance) < exact * variance
    )
    if (
        (ranks[0] != ranks[1] or pairs)
        and constant > 0
        and perfect > worse * constant
        and _lowest(run) > reached * constant
    ):
        return _finding(
            f"Targets of shape {shapes[0]} meet predictions of shape {shapes[1]}: predicting every target exactly would cost"
            f" {number(perfect)}, the same answer for every row {number(constant)} (limit: {number(worse)} times that).",
            "The loss compares each prediction with the targets of all rows in the batch. The best the network can do is to"
            " predict their mean.",
            Evidence("loss of predicting every target exactly, over a constant's", perfect / constant, worse, "ratio", "perfect", "run", step),
            Recipe("y_true = keras.ops.reshape(y_true, keras.ops.shape(y_pred))  # first line of your loss"),
            step,
        )  # fmt: skip
    varies = _largest_spread(run)
    if run.card and not run.card.losses and shapes == ["(n,)", "(n, 1)"] and varies < flat and step >= patience:
        return _finding(
            f"Targets of shape (n,) meet predictions of shape (n, 1) in a `train_step` of the model's own, and after {step:,} steps"
            f" the predictions vary by {number(varies)} of what the targets do (limit: {number(flat)}).",
            "If the step subtracts one from the other, or multiplies them, it compares each prediction with the targets of all rows in"
            " the batch. The best the network can do then is to predict their mean, as it does.",
            Evidence("standard deviation of the predictions over the targets'", varies, flat, "ratio", "outputs", "run", step),
            Recipe("y = keras.ops.reshape(y, keras.ops.shape(y_pred))  # in train_step, before the loss"),
            step,
            "warning",
        )  # fmt: skip
    loss = run.card.losses[0] if run.card and len(run.card.losses) == 1 else None
    if loss is None or not loss.is_distance:
        return None
    asked, answered = widths[0], _numbers_of_a_row(run, widths[1])
    alone = ranks[0] < 3 and asked == 1 < answered  # one target for several predictions
    if not (alone or (ranks == (2, 2) and answered == 1 < asked)):
        return None
    crossed = ranks[1] - ranks[0] > 1  # (n, k, 1) - (n,) is (n, k, n); a difference of 1 Keras makes up for
    return _finding(
        f"Targets of shape {shapes[0]} meet predictions of shape {shapes[1]}, {answered} numbers for each row (asked for:"
        f" {asked}): `{loss.name}` compares {'all rows with each other' if crossed else 'several numbers with the same one'}.",
        (
            "Every prediction meets the targets of all rows in the batch, and can only learn their mean."
            if crossed
            else "All predictions of a row learn the same target."
            if alone
            else "The one prediction can only meet the mean of the targets of its row."
        ),
        Evidence("numbers that are predicted for each row", answered, asked, "", "outputs", "run", step),
        _answering(run, asked, ranks[1]),
        step,
        "" if crossed else "warning",
    )


def _lowest(run: Run) -> float:
    """The lowest loss of the held rows, without penalties; infinity where none was evaluated, NaN where none was finite."""
    if "gap" not in run:
        return math.inf
    return float(np.fmin.reduce(run["gap"].of_run("train") - np.nan_to_num(run["gap"].of_run("penalty"))))


def _largest_spread(run: Run) -> float:
    """Of the predictions in the second half of the evaluations, over the targets'; infinity where the targets are all the same."""
    spread = run["outputs"].of_run("std")
    targets = run["labels"].last(0, "std")
    return float(spread[len(spread) // 2 :].max()) / targets if targets > 0 else math.inf


def _numbers_of_a_row(run: Run, width: int) -> int:
    """How many numbers the network predicts for a row; the last dimension where the others are not known."""
    assert run.card is not None
    shape = run.card.output_layer.output_shape[1:] if run.card.output_layer else ()
    return math.prod(shape) if shape and min(shape) > 0 else width


def _answering(run: Run, asked: int, rank: int) -> Recipe:
    """The output layer with as many units as a row has targets; where it answers for every position, only in words."""
    layer = run.card.output_layer if run.card else None
    if layer is not None and layer.class_name == "Dense" and rank < 3:
        return snippets.layer(layer, units=asked)
    return Recipe(f"keras.layers.Dense({asked})  # after a layer with return_sequences=False, or after Flatten")


def _shape(rank: int, width: int) -> str:
    return "(n,)" if rank < 2 else f"(n, {'…, ' * (rank > 2)}{width})"


def _finding(headline: str, why: str, evidence: Evidence, recipe: Recipe, step: int, severity: str = "") -> Finding:
    return Finding(
        headline=headline,
        why=why,
        evidence=[evidence],
        fixes=[
            Fix(
                "Give targets and predictions the same shape.", "Then a prediction meets its own target alone.", *recipe
            ),
            Fix(
                "Look at both shapes.",
                "They stand in the headline as `fit` got them.",
                "print(y.shape, model(x[:10]).shape)",
            ),
        ],
        first_step=1,
        last_step=step,
        severity=severity,
    )
