"""No weight of the model is trainable, or so few that nothing is learned.

## What it sees

The run card: the model has weights, and none of them is trainable. Nothing was seen to move either. Or nearly all of them are frozen, and
the run is no better than a constant.

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

from tb_nndiag.progress import HARM, SIGNALS, against_constant, harmed
from tb_nndiag.rule import OUTCOMES, Change, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import compiled, optimizer

SMALL = 1e-4  # learning rate of what was trained before


@rule(
    "NND709",
    severity="error",
    reads=["loss"],
    may_read=["updates", *SIGNALS],
    explains=[*OUTCOMES, "class-imbalance"],
)
def nothing_trains(
    run: Run,
    *,
    most: Annotated[float, Limit("trainable parameters of a model that cannot learn", "parameters", "exact")] = 0,
    few: Annotated[
        float, Limit("trainable parameters over all, of a model that has learned nothing", "share", "judgment")
    ] = 0.1,
    stuck: Annotated[float, HARM] = 0.9,
) -> Finding | None:
    if run.card is None or not run.card.parameters:
        raise NotEnoughData("needs a run card that counts the model's parameters")
    if run.card.trainable_parameters > most:
        share = run.card.trainable_parameters / run.card.parameters
        return _too_little(run, share, few) if share < few and harmed(run, stuck) else None
    if "updates" in run and np.nansum(run["updates"]["update_rms"]) > 0:
        return None  # a train step of its own moves them
    frozen = [layer.name for layer in run.card.layers if layer.parameters]
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
            _let_all_learn(run, frozen),
        ],
        first_step=0,
        last_step=step,
    )


def _too_little(run: Run, share: float, few: float) -> Finding:
    assert run.card is not None
    layers = [layer.name for layer in run.card.layers if layer.parameters]
    return Finding(
        headline=(
            f"Only {number(run.card.trainable_parameters)} of the {number(run.card.parameters)} parameters are trainable, {share:.2%}"
            f" (limit: {few:.0%}), and nothing was learned: {against_constant(run)}."
        ),
        why=(
            "What is frozen stays as it was made: without weights that were trained before, or with those for other data, the layers"
            " behind it get next to nothing to go by."
        ),
        evidence=[Evidence("trainable parameters over all", share, few, "share", "card", "run", 0)],
        fixes=[
            Fix(
                "Load the weights that the frozen layers were trained to, and give them inputs as they were trained on.",
                "A network that is frozen as it was initialized tells nothing of the rows.",
                'model.load_weights("trained.weights.h5")  # before fit',
            ),
            _let_all_learn(run, layers),
        ],
        first_step=0,
        last_step=run.last_step,
        severity="warning",
    )


def _let_all_learn(run: Run, layers: list[str]) -> Fix:
    small = optimizer(run, SMALL)
    return Fix(
        "Or let all layers learn.",
        f"With a learning rate of {number(SMALL)}, if they were trained before: larger steps destroy what they know.",
        f"model.trainable = True\nmodel.compile(optimizer={small.code}, loss=model.loss)",
        [*_let_learn(layers), *small.changes],
    )


def _let_learn(layers: list[str]) -> list[Change]:
    return [Change("layer", f"{name}.trainable", True) for name in layers]
