"""No weight of the model is trainable.

## What it sees

The run card: the model has weights, and none of them is trainable. Nothing was seen to move either.

## Why it matters

The epochs pass, the loss is computed, and the network stays as it is: Keras warns once at most.

## What to do first

Set `trainable = True` on the layers that are to learn, and compile again: Keras looks at `trainable` when it compiles.

## When it is wrong

A model whose weights are made while it trains, or are moved by a train step of its own, shows no trainable weights in the
card: where weights were seen to move, the rule says nothing.

## Source

Keras' guide to transfer learning: freeze the base, then train the new layers on top of it.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.rule import OUTCOMES, Change, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import compiled, optimizer

SMALL = 1e-4  # learning rate of what was trained before


@rule(
    "NND709",
    severity="error",
    reads=["loss"],
    may_read=["updates"],
    explains=[*OUTCOMES, "class-imbalance"],
)
def nothing_trains(
    run: Run,
    *,
    most: Annotated[float, Limit("trainable parameters of a model that cannot learn", "parameters", "exact")] = 0,
) -> Finding | None:
    if run.card is None or not run.card.parameters:
        raise NotEnoughData("needs a run card that counts the model's parameters")
    if run.card.trainable_parameters > most:
        return None
    if "updates" in run and np.nansum(run["updates"]["update_rms"]) > 0:
        return None  # a train step of its own moves them
    frozen = [layer.name for layer in run.card.layers if layer.parameters]
    small = optimizer(run, SMALL)
    step = run.last_step
    return Finding(
        headline=(
            f"None of the {number(run.card.parameters)} parameters of the model is trainable (limit: more than"
            f" {number(most)})."
        ),
        why="Every layer is frozen, so nothing that is computed in these steps changes the network.",
        evidence=[
            Evidence("trainable parameters", run.card.trainable_parameters, most, "parameters", "card", "run", 0),
        ],
        fixes=[
            Fix(
                f"Let {f'`{frozen[-1]}`' if frozen else 'the last layer'} learn, and compile again.",
                "For transfer learning it is enough to train what lies on top of the frozen layers.",
                "model.trainable = True\nfor layer in model.layers[:-1]:\n    layer.trainable = False\n"
                + compiled(run, loss="model.loss"),
                _let_learn(frozen[-1:]),
            ),
            Fix(
                "Or let all layers learn.",
                f"With a learning rate of {number(SMALL)}, if they were trained before: larger steps destroy what they know.",
                f"model.trainable = True\nmodel.compile(optimizer={small.code}, loss=model.loss)",
                [*_let_learn(frozen), *small.changes],
            ),
        ],
        first_step=0,
        last_step=step,
    )


def _let_learn(layers: list[str]) -> list[Change]:
    return [Change("layer", f"{name}.trainable", True) for name in layers]
