"""Sigmoid or tanh units of a hidden layer sit at their bounds.

## What it sees

The outputs of each hidden layer with a bounded activation for the held training rows, in inference mode. A unit is
saturated when it lies within 1 % of a bound for more than 95 % of the rows. Two evaluations in a row, the last included.

## Why it matters

At its bound the slope of a sigmoid or tanh is nearly zero: the unit passes on no gradient, and its output is a constant.

## What to do first

Use smaller initial weights (Glorot), scale the inputs, lower the learning rate. Or replace the activation by ReLU.

## When it is wrong

Output layers may saturate: that is certainty, and they are not judged. Gates of recurrent layers are not seen. A network
that learns well all the same gets a hint.

## Source

Glorot & Bengio 2010. With its hidden layers at their bounds a network still learns what its last layer can: ten times as
much loss was left as without (docs/calibration.md).
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag import snippets
from tb_nndiag.layers import names
from tb_nndiag.progress import SIGNALS, now_left
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, rule
from tb_nndiag.run import Run

BOUNDED = ("sigmoid", "tanh", "hard_sigmoid", "softsign", "hard_tanh")


@rule(
    "NND302",
    severity="error",
    reads=["units"],
    may_read=["inputs", "optimizer", *SIGNALS],
    explains=[*OUTCOMES, "class-imbalance", "vanishing-gradients", "stuck-then-learns"],
)
def saturated_units(
    run: Run,
    *,
    most: Annotated[
        float,
        Limit("share of a hidden layer's units that are saturated", "share", "docs/calibration.md", chart="saturation"),
    ] = 0.5,
    poor: Annotated[
        float,
        Limit("share of the constant prediction's loss left that makes it a warning", "share", "docs/calibration.md"),
    ] = 0.15,
    stuck: Annotated[
        float, Limit("share left that counts as nothing learned, and makes it an error", "share", "docs/calibration.md")
    ] = 0.9,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know which layers are hidden")
    units = run["units"]
    bounded = [layer for layer in run.card.hidden if layer.name in units.columns and layer.activation in BOUNDED]
    if not bounded:
        return None
    if len(units) < 2:
        raise NotEnoughData("needs two evaluations of the held rows, has one")
    shares = {layer.name: units.column(layer.name, "saturated_share") for layer in bounded}
    stuck_layers = [layer for layer in bounded if (shares[layer.name][-2:] > most).all()]
    if not stuck_layers:
        return None
    first = stuck_layers[0]
    share, left = shares[first.name], now_left(run)
    step = int(units.steps[-1])
    others = f" and of {len(stuck_layers) - 1} more layers" if len(stuck_layers) > 1 else ""
    return Finding(
        headline=(
            f"{share[-1]:.0%} of the units of `{first.name}`{others} sit at a bound of their {first.activation} (limit:"
            f" {most:.0%})."
        ),
        why="There the slope is nearly zero: these units pass on no gradient, and answer the same for every row.",
        evidence=[
            Evidence(
                f"saturated units of `{layer.name}`",
                float(shares[layer.name][-1]),
                most,
                "share",
                "units",
                layer.name,
                step,
                chart="saturation",
            )
            for layer in stuck_layers[:5]
        ],
        fixes=[
            Fix(
                f"Start {names(stuck_layers)} with smaller weights.",
                "Glorot initialization keeps its input between the bounds.",
                *snippets.both(*(snippets.layer(p, kernel_initializer="glorot_uniform") for p in stuck_layers)),
            ),
            snippets.a_tenth(run, "Large steps drive units to their bounds."),
            Fix(
                f"Replace the {first.activation} of `{first.name}` by relu.",
                "It has no upper bound.",
                *snippets.layer(first, "relu", kernel_initializer="he_normal"),
            ),
        ],
        first_step=units.since(share > most),
        last_step=step,
        severity="" if left > stuck else "warning" if left > poor else "hint",
    )
