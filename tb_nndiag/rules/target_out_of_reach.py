"""The output's activation cannot reach the targets, under a loss of the model's own.

## What it sees

The range of the targets of the held rows against what the output's activation can put out, and whether the predictions press
against that bound. It looks at losses that Keras does not know; of the others, `output-loss-mismatch` says the same.

## Why it matters

A sigmoid ends at 1. Rows whose target lies beyond can never be predicted, and push the layer into saturation, where no
gradient flows.

## What to do first

Make the output linear, or scale the targets into the range of the activation.

## When it is wrong

A loss of your own may scale the targets itself, and then all is well: without harm it is a hint. Class numbers beside a column
for each class are no quantities, and are not compared.

## Source

Keras' documentation of its activations.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag import snippets
from tb_nndiag.layers import IMAGES
from tb_nndiag.progress import HARM, SIGNALS, evidence_of_harm, harmed, now_left
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run


@rule(
    "NND704",
    severity="error",
    reads=["labels", "outputs"],
    may_read=SIGNALS,
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "saturated-units",
        "dead-units",
        "vanishing-gradients",
        "learning-rate-too-low",
    ],
)
def target_out_of_reach(
    run: Run,
    *,
    tolerance: Annotated[
        float,
        Limit("how far a target may lie outside what can be reached, over the targets' range", "ratio", "judgment"),
    ] = 0.02,
    near: Annotated[
        float, Limit("how near the bound a prediction presses against it, over the targets' range", "ratio", "judgment")
    ] = 0.02,
    stuck: Annotated[float, HARM] = 0.5,
) -> Finding | None:
    if run.card is None or len(run.card.losses) != 1 or run.card.output_layer is None:
        raise NotEnoughData("needs a run card with one output and one loss")
    labels, outputs, layer = run["labels"], run["outputs"], run.card.output_layer
    if run.card.losses[0].name != "function" or layer.activation not in IMAGES:
        return None
    if labels.last(0, "width") != outputs.last(0, "width"):
        return None  # class numbers, or targets that the loss takes apart
    low, high = IMAGES[layer.activation]
    smallest, largest = labels.last(0, "min"), labels.last(0, "max")
    above = largest - high >= low - smallest
    worst, bound, pressed = (
        (largest, high, outputs.last(0, "max")) if above else (smallest, low, outputs.last(0, "min"))
    )
    span = largest - smallest
    if not abs(worst - bound) > tolerance * span or low <= worst <= high:
        return None
    harm = abs(pressed - bound) < near * span and harmed(run, stuck)
    step = int(outputs.steps[-1])
    return Finding(
        headline=(
            f"Targets reach from {number(smallest)} to {number(largest)}, but `{layer.name}` ({layer.activation}) can only put"
            f" out {number(low)} to {number(high)}."
        ),
        why=(
            f"Rows whose target lies outside can never be predicted: the most extreme prediction is {number(pressed)}."
            if harm
            else "That is well if the loss scales the targets itself; if not, rows whose target lies outside can never be"
            " predicted."
        ),
        evidence=[
            Evidence("most extreme target", worst, bound, "", "labels", layer.name, step),
            *([evidence_of_harm(now_left(run), stuck, step)] if harm else []),
        ],
        fixes=[
            Fix(
                f"Make `{layer.name}` linear.",
                "A linear output reaches every number.",
                *snippets.layer(layer, "linear"),
            ),
            Fix(
                f"If the activation must stay, scale the targets from {number(smallest)} to {number(largest)} into 0 to 1.",
                "Then every target can be reached.",
                *snippets.into_unit_range(run),
            ),
        ],
        first_step=0,
        last_step=step,
        severity="" if harm else "hint",
    )
