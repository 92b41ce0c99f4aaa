"""The layers are stacked without an activation between them: together they are a single linear one.

## What it sees

The run card of a model whose layers follow each other: every hidden layer is linear, and at least one of them multiplies by weights.
It speaks of harm when much of a constant prediction's loss is left after a fair number of steps and the loss has stopped falling.

## Why it matters

A linear function of a linear function is linear: however many such layers there are, they draw straight lines.

## What to do first

Give every hidden layer an activation: relu with He initialization.

## When it is wrong

A narrow layer between two wider ones restricts the rank on purpose (a linear autoencoder, a factorization), and nothing is said
of it. Where the problem is linear, such a network does well: a hint then. Models of one's own, and operations between layers, may apply
an activation where no layer shows it; they are not judged.

## Source

Cybenko 1989: it is the nonlinearity that makes a network a universal approximator. Limits: docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag import snippets
from tb_nndiag.layers import WEIGHTED, names
from tb_nndiag.progress import HARM, SIGNALS, evidence_of_harm, harmed, now_left, room, still_falling
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Card, Layer, Run

LINEAR = (
    "Activation", "AveragePooling1D", "AveragePooling2D", "BatchNormalization", "Dropout", "Flatten", "GlobalAveragePooling1D",
    "GlobalAveragePooling2D", "Normalization", "Permute", "Rescaling", "Reshape", "ZeroPadding1D", "ZeroPadding2D",
)  # fmt: skip


@rule(
    "NND305",
    severity="warning",
    reads=["loss"],
    may_read=SIGNALS,
    explains=[*OUTCOMES, "class-imbalance"],
)
def missing_nonlinearity(
    run: Run,
    *,
    most: Annotated[
        float, Limit("layers with weights that may follow each other without an activation", "layers", "exact")
    ] = 1,
    stuck: Annotated[float, HARM] = 0.2,
    falling: Annotated[
        float,
        Limit(
            "fall of the loss over the last third of the records, over the constant's loss, that counts as learning",
            "share",
            "docs/calibration.md",
        ),
    ] = 0.02,
    patience: Annotated[float, Limit("steps before the rule speaks", "steps", "docs/calibration.md")] = 100,
) -> Finding | None:
    if run.card is None or not run.card.chain:
        raise NotEnoughData(
            "needs a model whose layers follow each other: in others an activation may stand where no layer shows it"
        )
    if run.last_step < patience:
        raise NotEnoughData(f"needs {number(patience)} steps, has {run.last_step}")
    chain = _linear_chain(run.card)
    if len(chain) <= most:
        return None
    hidden = chain[:-1]
    harm = harmed(run, stuck) and not still_falling(run, least=falling * room(run))
    step = run.last_step
    return Finding(
        headline=(
            f"{len(chain)} layers with weights follow each other without an activation (limit: {number(most)}): {names(hidden)}"
            f" and `{chain[-1].name}` are together a single linear layer."
        ),
        why=(
            "A linear function of a linear function is linear: the hidden layers add weights, but nothing that one layer"
            " could not express."
        ),
        evidence=[
            Evidence("layers with weights without an activation between", len(chain), most, "layers", "card", "run", 0),
            *([evidence_of_harm(now_left(run), stuck, step)] if harm else []),
        ],
        fixes=[
            Fix(
                f"Give {names(hidden)} an activation: relu, with He initialization.",
                "Then the network can bend what one layer draws straight.",
                *snippets.both(*(snippets.layer(p, "relu", kernel_initializer="he_normal") for p in hidden)),
            )
        ],
        first_step=0,
        last_step=step,
        severity="" if harm else "hint",
    )


def _linear_chain(card: Card) -> list[Layer]:
    """The layers with weights of a network whose hidden layers are all linear; none where one may not be."""
    for layer in card.hidden:
        if layer.class_name not in (*WEIGHTED, *LINEAR) or layer.activation not in ("", "linear"):
            return []
    chain = [layer for layer in card.layers if layer.class_name in WEIGHTED]
    for layer, after in zip(chain, chain[1:], strict=False):
        if layer.kernel_shape[-1] < min(layer.kernel_shape[-2], after.kernel_shape[-1]):
            return []  # a narrow layer restricts the rank: it may be meant
    return chain
