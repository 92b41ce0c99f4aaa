"""The probabilities are turned into probabilities a second time.

## What it sees

A softmax right after a softmax (or a sigmoid after a sigmoid), with no weights between. And an output with such an activation
under a loss with `from_logits=True`, together with the loss recomputed from the predictions alone.

## Why it matters

A softmax of numbers between 0 and 1 is nearly flat: over ten classes it gives at most 0.23 to the first. The loss cannot fall
far, the gradients are small, and what the model shows is no probability.

## What to do first

Keep one of the two: either softmax in the output and the loss's default, or a linear output and `from_logits=True`.

## When it is wrong

Keras' TensorFlow backend keeps the logits of an output with softmax or sigmoid and uses them whatever `from_logits` says: the
training is right then, and it is a hint. It is more where a layer after the activation makes Keras lose them.

## Source

By arithmetic, at least 0.63 of the constant's loss is left over ten classes, whatever was learned; tried with Keras 3.15 on
digits: 0.67. Of the logits that Keras keeps: as tried with Keras 3.15, see tests/runs.
"""

from __future__ import annotations

import math
from typing import Annotated

from tb_nndiag import snippets
from tb_nndiag.rule import OUTCOMES, Change, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Card, Layer, Run
from tb_nndiag.snippets import Recipe

SQUASHING = ("softmax", "sigmoid")
CATEGORICAL = ("CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CategoricalFocalCrossentropy")
PASSING = ("Dropout", "Flatten", "Identity", "Permute", "Reshape")  # they do not change the values


@rule(
    "NND702",
    severity="error",
    reads=["loss"],
    may_read=["gap", "outputs"],
    explains=[*OUTCOMES, "class-imbalance", "vanishing-gradients", "learning-rate-too-low"],
)
def double_softmax(
    run: Run,
    *,
    most: Annotated[float, Limit("times that the predictions are made probabilities", "times", "exact")] = 1,
    apart: Annotated[
        float,
        Limit(
            "difference between the loss shown and that of the predictions alone, over the former, up to which they are"
            " the same",
            "ratio",
            "docs/calibration.md",
        ),
    ] = 0.01,
) -> Finding | None:
    if run.card is None or len(run.card.losses) != 1:
        raise NotEnoughData("needs a run card with a single loss")
    stacked = _stacked(run.card)
    if len(stacked) > most:
        first, second = stacked[-2:]
        return _finding(
            run,
            f"`{second.name}` applies {second.activation} to the {first.activation} of `{first.name}`: the predictions are"
            f" made probabilities {len(stacked)} times (limit: {number(most)}).",
            f"{_ceiling(second)}The loss cannot fall far, and the gradients behind it are small.",
            [
                Evidence(
                    "times that an activation makes probabilities", len(stacked), most, "times", "card", second.name, 0
                )
            ],
            Fix(
                f"Make `{first.name}` linear, or take `{second.name}` out.",
                "Once is enough.",
                *_linear(first),
            ),
        )
    layer = _squashed_output(run.card)
    if layer is None and _adds_up_to_one(run):
        return _of_its_predictions(run, most)
    if not run.card.losses[0].from_logits or layer is None:
        return None
    loss = run.card.losses[0].name
    shown, real, step = _losses(run)
    # Keras loses the logits where a layer comes after the activation; NaN <= is False: not known
    lost = layer is not run.card.output_layer and abs(real - shown) <= apart * abs(shown)
    return _finding(
        run,
        f"`{layer.name}` puts out probabilities ({layer.activation}), and `{loss}` is told to expect logits: it is made a"
        f" probability 2 times (limit: {number(most)}){'' if lost else ', on paper'}.",
        (
            f"{_ceiling(layer)}The loss cannot fall far, and the gradients behind it are small."
            if lost
            else "Keras' TensorFlow backend keeps the logits behind the activation and trains on them, so that nothing is"
            " wrong here; another backend, or a layer after the activation, would apply it twice."
        ),
        [
            Evidence(
                "activations that make probabilities, the loss's own included", 2, most, "times", "card", layer.name, 0
            ),
            *(
                [
                    Evidence(
                        "loss of the predictions alone, beside the one shown", real, shown, "", "gap", layer.name, step
                    )
                ]
                if math.isfinite(real)
                else []
            ),
        ],
        Fix(
            "Leave `from_logits` away.",
            "The output has its activation already.",
            *snippets.loss(run, loss),
        ),
        Fix(
            f"Or make `{layer.name}` linear, and keep `from_logits=True`.",
            "This is the numerically better way; predictions are logits then.",
            *_linear(layer),
        ),
        severity="" if lost else "hint",
    )


def _adds_up_to_one(run: Run) -> bool:
    """Whether what a categorical loss takes for logits are shares of the classes already: all in 0 to 1, 1 in all."""
    assert run.card is not None
    loss = run.card.losses[0]
    if not loss.from_logits or loss.name not in CATEGORICAL or "outputs" not in run or len(run["outputs"].columns) != 1:
        return False
    low, high, total, width = (run["outputs"].last(0, stat) for stat in ("min", "max", "row_sum", "width"))
    return width > 1 and low >= 0 and high <= 1 and abs(total - 1) < 1e-3


def _of_its_predictions(run: Run, most: float) -> Finding:
    """Where no layer shows the softmax: it stands in the model's own `call`."""
    assert run.card is not None
    loss, step = run.card.losses[0].name, int(run["outputs"].steps[-1])
    return _finding(
        run,
        f"The predictions of a row are shares that add up to 1, and `{loss}` is told to expect logits: they are made"
        f" probabilities 2 times (limit: {number(most)}).",
        "The loss cannot fall far, and the gradients behind it are small.",
        [
            Evidence(
                "sum of the predictions of a row", run["outputs"].last(0, "row_sum"), most, "", "outputs", "run", step
            )
        ],
        Fix("Leave `from_logits` away.", "The predictions are probabilities already.", *snippets.loss(run, loss)),
    )


def _stacked(card: Card) -> list[Layer]:
    """The activations that make probabilities and follow each other at the output, with no weights between."""
    found: list[Layer] = []
    for layer in reversed(card.layers):
        if layer.activation in SQUASHING:
            found.insert(0, layer)
        elif layer.class_name not in PASSING:
            break
        if layer.parameters:
            break
    same = len({layer.activation for layer in found}) == 1
    return found if same and card.output_layer is card.layers[-1] else []


def _squashed_output(card: Card) -> Layer | None:
    """The layer whose activation makes the model's output probabilities, if one does."""
    found = _stacked(card)
    return found[-1] if found else None


def _losses(run: Run) -> tuple[float, float, int]:
    """The held rows' loss as Keras computes it, and from the predictions alone; the step."""
    if "gap" not in run:
        return float("nan"), float("nan"), 0
    gap = run["gap"]
    return gap.last(0, "train"), gap.last(0, "from_predictions"), int(gap.steps[-1])


def _ceiling(layer: Layer) -> str:
    if layer.activation == "softmax" and layer.units > 1:
        return f"No class of {layer.units} can get more than {number(math.e / (math.e + layer.units - 1))}. "
    return "No prediction can get below 0.5. " if layer.activation == "sigmoid" else ""


def _linear(layer: Layer) -> Recipe:
    if layer.parameters:
        return snippets.layer(layer, "linear")
    return Recipe(f'# leave out the layer "{layer.name}"', (Change("replace", layer.name, None),))


def _finding(run: Run, headline: str, why: str, evidence: list[Evidence], *fixes: Fix, severity: str = "") -> Finding:
    return Finding(headline, why, evidence, fixes, first_step=0, last_step=run.last_step, severity=severity)
