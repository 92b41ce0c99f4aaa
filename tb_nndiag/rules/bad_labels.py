"""The targets are not what the loss takes for targets.

## What it sees

Statistics of the held rows' targets beside the loss: class numbers that are not whole, rows of class probabilities that add up to
more than 1, negative targets under a loss for counts, and a single class in all rows.

## Why it matters

Keras takes such targets without a word: it cuts 0.9 down to class 0, scales the loss by the sum of the row, clips what is
negative. The loss falls, and the network learns something else than was meant.

## What to do first

Print the distinct targets, and their sums by row, as `fit` gets them.

## When it is wrong

A row of several classes whose weights add up to 1 is a fine target, and smoothed labels are. Targets that the output or the
loss cannot reach at all are `output-loss-mismatch`. Only the held rows are looked at, so a class may be missing there by
chance; a loss of the model's own is not judged.

## Source

Tried with Keras 3.15: sparse categorical cross-entropy casts its targets to whole numbers.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag import snippets
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import Recipe

CATEGORICAL = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy", "KLDivergence")
SPARSE = "SparseCategoricalCrossentropy"
BINARY = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
COUNTS = ("Poisson", "MeanSquaredLogarithmicError")
LOOK = "print(np.unique(y, return_counts=True))"


@rule(
    "NND605",
    severity="error",
    reads=["labels", "baseline"],
    explains=[
        *OUTCOMES,
        "output-loss-mismatch",
        "class-imbalance",
        "overfitting",
        "diverging-loss",
        "memorizing-noise",
    ],
)
def bad_labels(
    run: Run,
    *,
    off: Annotated[
        float, Limit("sum of a row of class probabilities beyond 1", "", "judgment: smoothed labels add up to 1")
    ] = 0.05,
    rows: Annotated[float, Limit("rows, of which fewer may hold one class by chance", "rows", "judgment")] = 50,
) -> Finding | None:
    labels = run["labels"]
    if run.card is None or len(run.card.losses) != 1 or len(labels.columns) != 1:
        raise NotEnoughData("needs a run card with one output and one loss")
    loss, step = run.card.losses[0], int(labels.steps[-1])
    of = {stat: labels.last(0, stat) for stat in labels.stats}
    if loss.name == SPARSE and not of["integer"]:
        return _finding(
            f"Targets are not whole numbers ({number(of['min'])} to {number(of['max'])}, {number(of['distinct'])} distinct), but"
            f" `{loss.name}` takes class numbers (whole: 0, 1, 2, ...).",
            "Keras cuts off what is behind the point: 0.9 becomes class 0.",
            Evidence("largest target", of["max"], round(of["max"]), "", "labels", "run", step),
            Fix("Give whole class numbers; if they were scaled, undo it.", "Then no class is cut off.", f"{LOOK}\nclasses, y = np.unique(y, return_inverse=True)"),
            Fix("If the targets are quantities: predict them with a linear output and a squared loss.", "A squared distance takes any number.", *_quantities(run)),
        )  # fmt: skip
    if loss.name in CATEGORICAL and of["width"] > 1 and of["row_sum_max"] > 1 + off:
        return _finding(
            f"Rows of the targets add up to as much as {number(of['row_sum_max'])}, but `{loss.name}` takes the shares of"
            f" classes that exclude each other (sum: 1).",
            "Predictions that add up to 1 cannot say yes to several classes: each is pressed down by the others.",
            Evidence("largest sum of a row of the targets", of["row_sum_max"], 1 + off, "", "labels", "run", step),
            Fix("Several classes may be true at once: use sigmoid and binary cross-entropy.", "Then each unit answers for itself.",
                *_output(run, "sigmoid", "BinaryCrossentropy")),
            Fix("Else divide each row by its sum.", "Then its parts are shares.", "y = y / y.sum(axis=-1, keepdims=True)"),
            severity="warning",
        )  # fmt: skip
    if loss.name in COUNTS and of["min"] < 0:
        return _finding(
            f"Targets go down to {number(of['min'])}, but `{loss.name}` takes counts and amounts (at least 0).",
            "The loss has no floor for a negative target, or takes it for 0.",
            Evidence("smallest target", of["min"], 0, "", "labels", "run", step),
            Fix("Use a linear output and a squared loss.", "A squared distance takes any number.", *_quantities(run)),
        )
    judged = loss.name in (*CATEGORICAL, SPARSE, *BINARY)
    if judged and of["majority_share"] == 1 and run["baseline"].last(0, "rows") >= rows:
        return _finding(
            f"All {number(run['baseline'].last(0, 'rows'))} held rows have the same target (classes: at least 2).",
            "There is nothing to tell apart: always giving that answer has no loss at all, and says nothing.",
            Evidence("share of the commonest class", 1.0, 1.0, "share", "labels", "run", step),
            Fix("Look at the targets as `fit` gets them.", "The wrong column, or rows sorted by class and cut off, show at once.", LOOK),
        )  # fmt: skip
    return None


def _output(run: Run, activation: str, loss: str, units: int = 0) -> Recipe:
    """The output layer with another activation, and the loss that fits it."""
    layer = run.card.output_layer if run.card else None
    compiled = snippets.loss(run, loss)
    return snippets.both(snippets.layer(layer, activation, units=units), compiled) if layer else compiled


def _quantities(run: Run) -> Recipe:
    """A linear output, one unit for each column of the targets, and a squared loss."""
    return _output(run, "linear", "MeanSquaredError", int(run["labels"].last(0, "width")))


def _finding(headline: str, why: str, evidence: Evidence, *fixes: Fix, severity: str = "") -> Finding:
    return Finding(headline, why, [evidence], fixes, first_step=0, last_step=evidence.step, severity=severity)
