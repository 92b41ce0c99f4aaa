"""Units of a hidden layer put out zero for every row.

## What it sees

The outputs of each hidden layer for the held training rows, in inference mode. A unit (a channel, in a convolution) is
dead when it is exactly zero for every row and position. Two evaluations in a row, the last included.

## Why it matters

No gradient passes a ReLU that is never active, so a dead unit stays dead. A layer that is dead as a whole cuts everything
before it off from learning.

## What to do first

Lower the learning rate if the units died during the training; if they were dead from the start, look at the biases and at
the scale of the inputs. Then: He initialization, or an activation that leaks.

## When it is wrong

Sparse codes are dead by design: a network that learns although many units are dead gets a hint and no more. Zeros in a
batch are not death, and are not counted (docs/folklore.md).

## Source

Maas et al. 2013 (leaky ReLU). That half of a layer is dead says nothing without harm: 4 of 80 healthy runs, among them one
with 70 % unused units and an accuracy of 0.98. Limits: docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag import snippets
from tb_nndiag.layers import names
from tb_nndiag.progress import HARM, SIGNALS, now_left
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, rule
from tb_nndiag.run import Layer, Run
from tb_nndiag.snippets import a_tenth


@rule(
    "NND301",
    severity="error",
    reads=["units"],
    may_read=["inputs", "optimizer", *SIGNALS],
    explains=[*OUTCOMES, "class-imbalance", "vanishing-gradients", "learning-rate-too-low"],
)
def dead_units(
    run: Run,
    *,
    most: Annotated[
        float, Limit("share of a hidden layer's units that are dead", "share", "docs/calibration.md", chart="units")
    ] = 0.5,
    stuck: Annotated[float, HARM] = 0.9,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know which layers are hidden")
    units = run["units"]
    hidden = [
        layer for layer in run.card.hidden if layer.name in units.columns and layer.activation and layer.units > 1
    ]
    if not hidden:
        raise NotEnoughData("no hidden layer with an activation was measured")
    if len(units) < 2:
        raise NotEnoughData("needs two evaluations of the held rows, has one")
    if "inputs" in run and (run["inputs"]["constant_share"][-1] > 0.99).all():
        raise NotEnoughData(
            "the inputs do not vary, so a unit that is dead cannot be told from one that is not needed for this one"
            " input"
        )
    shares = {layer.name: units.column(layer.name, "dead_share") for layer in hidden}
    dead = [layer for layer in hidden if (shares[layer.name][-2:] > most).all()]
    if not dead:
        return None
    step = int(units.steps[-1])
    start = min(units.since(shares[layer.name] > most) for layer in dead)
    harmed = now_left(run) > stuck
    named = [f"{shares[layer.name][-1]:.0%} of the units of `{layer.name}`" for layer in dead[:3]]
    more = f" (and of {len(dead) - 3} more layers)" if len(dead) > 3 else ""
    return Finding(
        headline=f"{' and '.join(named)}{more} put out zero for every row (limit: {most:.0%}).",
        why=(
            "No gradient passes a unit that is never active: it cannot come back, and the layers before it learn less,"
            " or nothing."
            if harmed
            else "The network learns all the same, as a narrower one than it seems: no gradient passes a unit that is never"
            " active, so it will hardly come back."
        ),
        evidence=[
            Evidence(
                f"dead units of `{layer.name}`", float(shares[layer.name][-1]), most, "share", "units", layer.name, step
            )
            for layer in dead[:5]
        ],
        fixes=_fixes(run, dead, from_the_start=start <= 1),
        first_step=start,
        last_step=step,
        severity="" if harmed else "hint",
    )


def _fixes(run: Run, dead: list[Layer], *, from_the_start: bool) -> list[Fix]:
    layer = dead[0]  # in forward order: what lies behind it may be dead because of it
    lower = a_tenth(
        run,
        "One large step can push a whole layer below zero"
        f"{', even before the units are first looked at' if from_the_start else ''}.",
    )
    start = Fix(
        f"Start {names(dead)} with He initialization and a bias of zero.",
        "They keep about half of the units active at the start.",
        *snippets.both(*(snippets.layer(p, kernel_initializer="he_normal", bias_initializer="zeros") for p in dead)),
    )
    leak = Fix(
        f"Let `{layer.name}` leak: replace its {layer.activation} by leaky_relu.",
        "A leaky unit passes some gradient on its dead side and can come back.",
        *snippets.layer(layer, "leaky_relu"),
    )
    return [start, leak, lower] if from_the_start else [lower, leak, start]
