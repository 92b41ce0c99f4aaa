"""A metric does not fit the targets.

## What it sees

The metrics as Keras reports them, beside the targets of the held rows: an accuracy of quantities; an accuracy that is exactly
0 in every epoch; a binary accuracy of one-hot targets.

## Why it matters

Accuracy counts predictions that are right. A prediction of a quantity is never exactly right, and one column of a one-hot code
is right most of the time: both numbers say nothing about the network, and mislead who watches them.

## What to do first

For quantities the mean absolute error; for classes `metrics=["accuracy"]`, from which Keras chooses by loss and output.

## When it is wrong

A hint at most: the training itself is not touched by its metrics. Metrics are known by Keras' names for them.

## Source

Keras' documentation of its metrics: "accuracy" becomes binary, categorical or sparse categorical accuracy by the shapes.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Loss, Run
from tb_nndiag.snippets import metrics

ACCURACIES = ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy")
ONE_OF_MANY = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")
CLASSIFYING = (*ONE_OF_MANY, "BinaryCrossentropy", "BinaryFocalCrossentropy", "SparseCategoricalCrossentropy")


@rule("NND708", severity="hint", reads=["epoch", "labels"])
def metric_mismatch(
    run: Run,
    *,
    values: Annotated[
        float,
        Limit("distinct targets that are not whole numbers, above which they are quantities", "values", "judgment"),
    ] = 20,
    columns: Annotated[
        float, Limit("columns of a one-hot code for which binary accuracy still means something", "columns", "exact")
    ] = 1,
    classes: Annotated[
        float, Limit("distinct targets up to which a guess is right now and then", "classes", "judgment")
    ] = 20,
    epochs: Annotated[float, Limit("epochs before the rule speaks", "epochs", "judgment")] = 3,
) -> Finding | None:
    if run.card is None or len(run.card.losses) != 1 or len(run["labels"].columns) != 1:
        raise NotEnoughData("needs a run card with one loss, and one output with its target")
    series = run["epoch"]
    if len(series) < epochs:
        raise NotEnoughData(f"needs {number(epochs)} epochs, has {len(series)}")
    loss = run.card.losses[0]
    for name in series.columns:
        if name not in ACCURACIES:
            continue
        found = (
            _of_quantities(name, loss, run, values)
            or _of_columns(name, loss, run, columns)
            or _never_right(name, loss, run, classes)
        )
        if found:
            return found
    return None


def _of_quantities(name: str, loss: Loss, run: Run, values: float) -> Finding | None:
    labels = run["labels"]
    distinct = labels.last(0, "distinct")
    if not loss.is_distance or labels.last(0, "integer") == 1 or distinct <= values:
        return None
    return _finding(
        f"`{name}` counts exact hits, but the targets are quantities: {number(distinct)} distinct values (limit:"
        f" {number(values)}).",
        "A quantity is never hit exactly, so that the number says nothing.",
        Evidence("distinct targets", distinct, values, "values", "labels", "run", run.last_step),
        Fix(
            "Report the mean absolute error instead.",
            "It has the unit of the targets.",
            *metrics(run, "mae"),
        ),
    )


def _of_columns(name: str, loss: Loss, run: Run, columns: float) -> Finding | None:
    width = run["labels"].last(0, "width")
    if name != "binary_accuracy" or loss.name not in ONE_OF_MANY or width <= columns:
        return None
    return _finding(
        f"`{name}` counts each of the {number(width)} columns of a one-hot code (limit: {number(columns)}): zeros alone"
        f" reach {1 - 1 / width:.0%}.",
        "All but one column of a row are zero, and right without the network having learned anything.",
        Evidence("columns of the one-hot code", width, columns, "columns", "labels", "run", run.last_step),
        _by_name(run),
    )


def _never_right(name: str, loss: Loss, run: Run, classes: float) -> Finding | None:
    series = run["epoch"]
    largest = float(series.column(name, "value").max())
    if largest != 0 or loss.name not in CLASSIFYING or run["labels"].last(0, "distinct") > classes:
        return None
    return _finding(
        f"`{name}` is exactly 0 in all {len(series)} epochs (limit: more than 0).",
        "A network that knows nothing is right now and then. `Accuracy` compares values as they are, and a probability"
        " hardly ever equals a class.",
        Evidence(f"`{name}`, largest of all epochs", largest, 0, "share", "epoch", "run", run.last_step),
        _by_name(run),
    )


def _by_name(run: Run) -> Fix:
    return Fix(
        'Ask for "accuracy" by its name.',
        "Keras then chooses the one that fits loss and output.",
        *metrics(run, "accuracy"),
    )


def _finding(headline: str, why: str, evidence: Evidence, fix: Fix) -> Finding:
    return Finding(headline, why, [evidence], [fix], first_step=0, last_step=evidence.step)
