"""The first weights make what passes the layers grow or shrink from layer to layer.

## What it sees

The gain of each hidden layer before the first step: rms of its weights times the root of its number of inputs. A gain of about
1 (1.4 with relu) keeps the size of what passes. It looks at the geometric mean over four layers or more, or over fewer
that together multiply as much as four at the limit.

## Why it matters

A factor of two in each of ten layers is a factor of a thousand at the output, and the same for the gradients on their way
back.

## What to do first

The initializer that fits the activation: He for relu and its relatives, Glorot for tanh and sigmoid, LeCun for selu.

## When it is wrong

Normalization layers and residual connections keep the size whatever the weights are: models with either are not judged. A run
that learns gets a hint.

## Source

Glorot & Bengio 2010; He et al. 2015. Limits: docs/calibration.md.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from tb_nndiag import snippets
from tb_nndiag.layers import WEIGHTED, names
from tb_nndiag.progress import HARM, SIGNALS, evidence_of_harm, harmed, now_left, val_left_over
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Layer, Run

KEEPS_THE_SIZE = ("Normalization", "Add")  # a part of the class name
INITIALIZERS = {"tanh": "glorot_uniform", "sigmoid": "glorot_uniform", "selu": "lecun_normal"}


@rule(
    "NND304",
    severity="error",
    reads=["updates"],
    may_read=["units", *SIGNALS],
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "vanishing-gradients",
        "exploding-gradients",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "initial-loss",
        "dead-units",
        "saturated-units",
        "diverging-loss",
        "nan-loss",
        "nan-weights",
        "stuck-then-learns",
    ],
)
def activation_scale(
    run: Run,
    *,
    factor: Annotated[
        float,
        Limit("gain of a layer, or one over it; geometric mean of the hidden layers", "ratio", "docs/calibration.md"),
    ] = 2.2,
    layers: Annotated[
        float,
        Limit(
            "hidden layers that are needed to judge; fewer do that together multiply as much as so many",
            "layers",
            "judgment",
        ),
    ] = 4,
    bounded: Annotated[
        float,
        Limit(
            "share of a layer's units at their bound, above which fewer layers are `saturated-units`'",
            "share",
            "judgment",
        ),
    ] = 0.5,
    stuck: Annotated[float, HARM] = 0.9,
    unseen: Annotated[
        float,
        Limit(
            "share that the validation rows must have left, where the training rows have a third of it",
            "share",
            "judgment",
        ),
    ] = 0.5,
    patience: Annotated[float, Limit("steps before the rule speaks", "steps", "docs/calibration.md")] = 100,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know the layers")
    if run.last_step < patience:
        raise NotEnoughData(f"needs {number(patience)} steps, has {run.last_step}")
    updates = run["updates"]
    if updates.steps[0] != 1:
        raise NotEnoughData("the first step was not observed, so the first weights are not known")
    if any(part in layer.class_name for layer in run.card.layers for part in KEEPS_THE_SIZE):
        return None
    gains = {
        layer.name: float(updates.column(layer.name, "weight_rms")[0]) * math.sqrt(math.prod(layer.kernel_shape[:-1]))
        for layer in run.card.hidden
        if layer.class_name in WEIGHTED and layer.trainable_parameters and layer.name in updates.columns
    }
    if not gains:
        return None
    gain = math.exp(np.mean([math.log(value) if value > 0 else math.nan for value in gains.values()]))
    grows = gain > factor
    # few layers with small weights a larger rate makes up for: that is another rule's
    if not (grows and gain ** len(gains) > factor**layers or gain < 1 / factor and len(gains) >= layers):
        return None
    if len(gains) < layers and _saturated(run) > bounded:
        return None  # that they saturate tells more
    chosen = [layer for layer in run.card.hidden if layer.name in gains]
    odd = [layer for layer in chosen if gains[layer.name] > factor or gains[layer.name] < 1 / factor]
    harm, by_heart = harmed(run, stuck), _by_heart(run, unseen)
    limit = factor if grows else 1 / factor
    return Finding(
        headline=(
            f"The first weights multiply what passes a layer by {number(gain)} (limit: {'' if grows else 'more than '}"
            f"{number(limit)}): over {len(gains)} layer{'s' * (len(gains) > 1)} by {number(gain ** len(gains))}."
        ),
        why=(
            f"What reaches the last layer is far too {'large' if grows else 'small'}, and so are the gradients on their way"
            " back: no learning rate fits all layers."
            + (
                " The rows are learned by heart: so steep a function tells nothing about the ones between."
                if by_heart
                else ""
            )
        ),
        evidence=[
            Evidence("gain of the hidden layers, geometric mean", gain, limit, "ratio", "updates", "run", 1),
            *(Evidence(f"gain of `{p.name}`", gains[p.name], limit, "ratio", "updates", p.name, 1) for p in odd[:4]),
            *([evidence_of_harm(now_left(run), stuck, run.last_step)] if harm else []),
        ],
        fixes=[
            Fix(
                f"Start {names(odd)} with {_fitting(layer)}.",
                "It chooses the size of the weights by the number of inputs, so that what passes keeps its size.",
                *snippets.both(*(snippets.layer(layer, kernel_initializer=_fitting(layer)) for layer in odd)),
            )
            for layer in odd[:1]
        ]
        + [
            Fix(
                f"Or put a normalization layer after {names(chosen)}.",
                "It keeps the size whatever the weights are.",
                *snippets.insert(chosen, "LayerNormalization"),
            )
        ],
        first_step=0,
        last_step=run.last_step,
        severity="" if harm else "warning" if by_heart else "hint",
    )


def _by_heart(run: Run, unseen: float) -> bool:
    """Whether the training rows are learned, and the validation rows are not; False where that is not known."""
    try:
        _, val, train = val_left_over(run)
    except NotEnoughData:
        return False
    return bool(val[-1] > unseen and train[-1] < val[-1] / 3)


def _saturated(run: Run) -> float:
    """The largest share of saturated units of any layer; 0 when units were not measured."""
    return float(np.nanmax(run["units"]["saturated_share"][-1])) if "units" in run else 0.0


def _fitting(layer: Layer) -> str:
    return INITIALIZERS.get(layer.activation, "he_normal")
