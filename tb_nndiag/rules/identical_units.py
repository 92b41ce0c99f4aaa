"""All units of a hidden layer have the same weights.

## What it sees

The weights of each hidden layer at the observed steps: how much its units differ from their mean, over the size of the
weights. Random weights have about 1; units that are copies of each other have 0.

## Why it matters

Units that start equal get equal gradients and stay equal: a layer of 64 copies can do no more than a layer of one.

## What to do first

Initialize with random weights: Glorot for tanh and sigmoid, He for ReLU. Zeros are fine for biases, constants are not for
kernels.

## When it is wrong

An output layer may start with equal weights, since its units get different gradients; it is not judged. Dropout breaks the
symmetry after some steps; the rule then falls silent.

## Source

Goodfellow, Bengio & Courville, Deep Learning, section 8.4. Limit: docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag import snippets
from tb_nndiag.layers import names
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Layer, Run


@rule(
    "NND303",
    severity="error",
    reads=["updates"],
    explains=[*OUTCOMES, "class-imbalance", "dead-units", "vanishing-gradients"],
)
def identical_units(
    run: Run,
    *,
    floor: Annotated[
        float,
        Limit("how much units differ from their mean, over the size of the weights", "ratio", "docs/calibration.md"),
    ] = 1e-3,
    records: Annotated[float, Limit("records in a row before the rule speaks", "records", "judgment")] = 3,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know which layers are hidden")
    updates = run["updates"]
    hidden = [
        p
        for p in run.card.hidden
        if p.name in updates.columns
        and p.class_name != "Embedding"
        and len(p.kernel_shape) > 1
        and p.kernel_shape[-1] > 1
    ]
    if not hidden:
        return None
    if len(updates) < records:
        raise NotEnoughData(f"needs {number(records)} records, has {len(updates)}")
    spread = {
        p.name: _spread(updates.column(p.name, "unit_spread"), updates.column(p.name, "weight_max_abs")) for p in hidden
    }
    same = [p for p in hidden if (spread[p.name][-int(records) :] < floor).all()]
    if not same:
        return None
    layer, step = same[0], int(updates.steps[-1])
    return Finding(
        headline=(
            f"The {layer.kernel_shape[-1]} units of `{layer.name}` have the same weights: they differ by"
            f" {number(spread[layer.name][-1])} of the weights' size (limit: {number(floor)})."
        ),
        why="Equal units get equal gradients and stay equal: together they can do no more than a single one.",
        evidence=[
            Evidence(
                f"difference between the units of `{p.name}`",
                float(spread[p.name][-1]),
                floor,
                "ratio",
                "updates",
                p.name,
                step,
                chart="loss",  # no chart shows the difference itself
            )
            for p in same[:5]
        ],
        fixes=[
            Fix(
                f"Start {names(same)} with random weights: {_fitting(layer)}.",
                (
                    f"Its initializer is {layer.kernel_initializer}."
                    if layer.kernel_initializer
                    else "Only different weights can learn different things."
                ),
                *snippets.both(*(snippets.layer(p, kernel_initializer=_fitting(p)) for p in same)),
            )
        ],
        first_step=updates.since(spread[layer.name] < floor),
        last_step=step,
    )


def _fitting(layer: Layer) -> str:
    return "he_normal" if "relu" in layer.activation else "glorot_uniform"


def _spread(spread: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Nothing but zeros is as equal as can be."""
    return np.where(largest == 0, 0.0, spread)
