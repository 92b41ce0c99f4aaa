"""The network is far too large or too small for its rows, and it shows.

## What it sees

The trainable parameters over the numbers to learn (rows times outputs), beside what came of it: training and validation loss far apart for
a large network, or alike and high for a small one.

## Why it matters

A network with hundreds of parameters for each number to learn can learn rows by heart in many ways; one with a few for hundreds of
rows cannot tell them apart.

## What to do first

Halve or double the widths and compare the validation loss.

## When it is wrong

Sizes tell little by themselves: the largest networks generalize well where they are regularized or stopped early, and a line needs two
parameters for any number of rows. The rule is off by default, and never speaks of a size alone.

## Source

Zhang et al. 2017, "Understanding deep learning requires rethinking generalization". Limits: judgment; nearly all
healthy runs of docs/calibration.md and docs/zoo.md have between 0.02 and 30 parameters for each number to learn.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag import snippets
from tb_nndiag.progress import SIGNALS, now_left, room, still_falling, val_left_over
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run


@rule("NND710", severity="hint", reads=["loss", "gap", "baseline"], may_read=["labels", *SIGNALS], opt_in=True)
def capacity(
    run: Run,
    *,
    many: Annotated[float, Limit("parameters for each number to learn, of a large network", "ratio", "judgment")] = 20,
    sparse: Annotated[float, Limit("and of a small one", "ratio", "judgment")] = 0.5,
    apart: Annotated[
        float, Limit("validation loss minus training loss, over the constant's, that is far apart", "share", "judgment")
    ] = 0.2,
    much: Annotated[
        float, Limit("share of the constant prediction's loss that is much to leave", "share", "judgment")
    ] = 0.4,
    stuck: Annotated[
        float, Limit("share from which on nothing was learned, which is another rule's", "share", "docs/calibration.md")
    ] = 0.97,
) -> Finding | None:
    card = run.card
    if card is None or not card.steps_per_epoch or card.output_layer is None:
        raise NotEnoughData("needs the number of rows and of outputs, of a model with one output")
    numbers = card.batch_size * card.steps_per_epoch * max(card.output_layer.units, 1)
    ratio, left = card.trainable_parameters / numbers, now_left(run)
    steps, val, train = val_left_over(run)
    gap, step = float(val[-1] - train[-1]), int(steps[-1])
    large = ratio > many and gap > apart
    small = ratio < sparse and much < left < stuck and abs(gap) <= apart
    if not large and (not small or still_falling(run, least=0.02 * room(run))):
        return None
    widest = max((p for p in card.hidden if p.class_name == "Dense"), key=lambda p: p.units, default=None)
    wide = widest.units if widest else 0
    shown = (
        f"validation and training loss are {gap:.0%} of the best constant prediction's apart (limit: {apart:.0%})"
        if large
        else f"{left:.0%} of the best constant prediction's loss is left (limit: {much:.0%}), in validation as well"
    )
    return Finding(
        headline=f"The network has {number(float(np.round(ratio, 3)))} parameters for each number to learn (limit: {number(many if large else sparse)}), and {shown}.",
        why=(
            "It can learn its rows by heart in many ways, and only few of these hold for new rows."
            if large
            else "It cannot tell so many rows apart, and more of them will not help."
        ),
        evidence=[
            Evidence("trainable parameters over rows times outputs", ratio, many if large else sparse, "ratio", "card", "run", 0),
            Evidence("validation minus training loss, over the constant's", gap, apart, "share", "gap", "run", step),
        ],
        fixes=[
            *[
                Fix(
                    f"Make `{p.name}`, the widest layer, {f'narrower: {max(wide // 4, 1)}' if large else f'wider: {4 * wide}'} units.",
                    "And compare the validation loss: one width tells nothing.",
                    *snippets.layer(p, p.activation or "relu", units=max(wide // 4, 1) if large else 4 * wide),
                )
                for p in ([widest] if widest else [])
            ],
            Fix(
                "Or keep the size and use dropout, or weight decay.",
                "They take some of its freedom.",
                *snippets.insert([widest] if widest else [], "Dropout", rate=0.3),
            )
            if large
            else Fix(
                f"{'Or add' if widest else 'Add'} a hidden layer before the last.",
                "Depth makes more of the same number of parameters.",
                *snippets.before(run, card.output_layer, "Dense", units=32, activation="relu"),
            ),
        ],
        first_step=step,
        last_step=step,
    )  # fmt: skip
