"""The network does not learn even a few rows by heart, although it is large enough.

## What it sees

A small training set, a network with more parameters than there are numbers to learn, and a training that has come to rest: how much of
the best constant prediction's loss the training rows have left in inference mode.

## Why it matters

Such a network can learn these rows by heart, whatever they are. That it does not is a defect, and more data will not mend it: the
training error does not fall because rows are added.

## What to do first

Check in this order, one at a time: the optimization (learning rate), the capacity (a layer that is too narrow, regularization), the loss
(output, loss and targets), the input (rows that say nothing about their targets). Then fit ten rows until the loss is nearly zero, and only
after it the rest.

## When it is wrong

Rows that are equal and have different targets cannot be told apart by any network, and heavy regularization may be meant. Where the
loss was still falling it is a matter of time, and the rule is silent.

## Source

Goodfellow, Bengio & Courville, Deep Learning, 11.5: fit a tiny dataset. Limits: family `small_data` of
docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.progress import SIGNALS, evidence_of_harm, left_over, now_left, room, still_falling
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Layer, Run
from tb_nndiag.snippets import Recipe, layer, try_rates

SOURCE = "docs/calibration.md, small_data"


@rule(
    "NND504",
    severity="error",
    reads=["loss", "gap", "baseline"],
    may_read=["optimizer", *SIGNALS],
    explains=["loss-plateau", "underfitting", "overfitting", "majority-class"],
)
def cannot_fit_small_data(
    run: Run,
    *,
    small: Annotated[float, Limit("rows of a training set that is small", "rows", "judgment")] = 300,
    much: Annotated[
        float, Limit("share of the constant prediction's loss that the training rows have left", "share", SOURCE)
    ] = 0.4,
    falling: Annotated[
        float,
        Limit(
            "fall over the last third of the records that counts as learning, over the constant's loss", "share", SOURCE
        ),
    ] = 0.02,
    patience: Annotated[float, Limit("steps before the rule speaks", "steps", SOURCE)] = 300,
) -> Finding | None:
    card = run.card
    if card is None or not card.steps_per_epoch or card.output_layer is None:
        raise NotEnoughData("needs the number of rows and of outputs, of a model with one output")
    rows, wanted = card.batch_size * card.steps_per_epoch, max(card.output_layer.units, 1)
    if rows > small or card.trainable_parameters <= rows * wanted:
        return None
    steps, shares = left_over(run)
    left, step = min(float(shares[-1]), now_left(run)), int(steps[-1])
    if not much < left:
        return None
    if run.last_step < patience:
        raise NotEnoughData(f"needs {number(patience)} steps, has {run.last_step}")
    if still_falling(run, least=falling * room(run)):
        return None
    narrow = min(
        (p for p in card.hidden if p.units > 0 and p.trainable_parameters), key=lambda p: p.units, default=None
    )
    return Finding(
        headline=(
            f"After {step:,} steps {left:.0%} of the best constant prediction's loss is left (limit: {much:.0%}) on a training set of"
            f" only {number(rows)} rows, for a network of {number(card.trainable_parameters)} parameters."
        ),
        why=(
            "A network of this size can learn so few rows by heart. More data will not mend it: what keeps it from fitting these keeps it"
            " from fitting more. It is the optimization, the capacity, the loss or the input, to be checked in this order."
        ),
        evidence=[
            evidence_of_harm(left, much, step),
            Evidence("rows of the training set", rows, small, "rows", "card", "run", 0),
        ],
        fixes=[
            Fix("Optimization: try learning rates over decades.", "It is the commonest cause, and the quickest to rule out.", try_rates(run)),
            Fix(f"Capacity: {_wider(narrow)}", "All that the next layers get to know passes the narrowest one.", *_wider_code(narrow)),
            Fix(
                "Loss: print targets beside predictions, with their shapes.",
                "Predictions that cannot reach the targets, or are compared with other rows' targets, show at once.",
                "print(y[:5], model.predict(x[:5], verbose=0))\nprint(y.shape, model.output_shape)",
            ),
            Fix(
                "Input: count the rows that differ.",
                "Rows that are equal and have different targets cannot be learned, nor can rows that are all zero.",
                "rows = np.asarray(x).reshape(len(x), -1)\nprint(len(np.unique(rows, axis=0)), 'of', len(rows), 'rows differ')",
            ),
        ],
        first_step=min(100, step),  # that of loss-plateau, which it explains
        last_step=step,
    )  # fmt: skip


def _wider(narrow: Layer | None) -> str:
    if narrow is None:
        return "add a hidden layer with an activation."
    return f"widen `{narrow.name}`, the narrowest layer with {narrow.units} units, and take regularization away."


def _wider_code(narrow: Layer | None) -> Recipe:
    if narrow is None:
        return Recipe('keras.layers.Dense(64, activation="relu")')
    return layer(narrow, narrow.activation or "relu", units=max(2 * narrow.units, 32))
