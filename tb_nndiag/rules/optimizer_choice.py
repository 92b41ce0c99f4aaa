"""A setting of the optimizer lies outside what the optimizer is made for.

## What it sees

The run card: a momentum, beta or rho that is not between 0 and 1; an epsilon of Adam and its relatives that is far larger than
the roots of the squared gradients that it is added to; a first beta that is too large beside the second (swapped, often); a weight
decay that takes a good part of the weights away in each step; a momentum so near to 1 that it averages over hundreds of steps.

## Why it matters

They average over the past: at 1 nothing is ever forgotten, or nothing ever taken in; above, old gradients grow. An epsilon that
outweighs the gradients turns Adam into slow gradient descent.

## What to do first

Take the optimizer's defaults, and tune the learning rate first.

## When it is wrong

A large epsilon (0.1 or 1) has been used on purpose (Inception on ImageNet), with larger rates. A run that has learned gets a hint.

## Source

Kingma & Ba 2015 (Adam converges for beta_1² < sqrt(beta_2)); Keras' documentation of its optimizers.
"""

from __future__ import annotations

import math
from typing import Annotated

from tb_nndiag import snippets
from tb_nndiag.progress import HARM, SIGNALS, harmed
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Optimizer, Run
from tb_nndiag.snippets import learning_rate

AVERAGES = ("momentum", "beta_1", "beta_2", "rho")
DIRECTIONS = ("momentum", "beta_1")
ADAMS = ("Adam", "AdamW", "Nadam")
USUAL = {"momentum": 0.9, "beta_1": 0.9, "beta_2": 0.999, "rho": 0.9, "epsilon": 1e-7, "weight_decay": 0.004}


@rule(
    "NND713",
    severity="error",
    reads=["loss"],
    may_read=["optimizer", *SIGNALS],
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "nan-loss",
        "nan-weights",
        "exploding-gradients",
        "diverging-loss",
        "dead-units",
        "saturated-units",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "vanishing-gradients",
    ],
)
def optimizer_choice(
    run: Run,
    *,
    most: Annotated[
        float, Limit("weight of the past in an average, which must be less", "", "Keras' documentation")
    ] = 1,
    memory: Annotated[
        float,
        Limit("steps over which it averages directions, 1 / (1 - it)", "steps", "judgment: 10 are usual, 100 are used"),
    ] = 200,
    epsilon: Annotated[
        float,
        Limit("what Adam adds to the root of the squared gradients, which must be less", "", "docs/calibration.md"),
    ] = 0.05,
    balance: Annotated[
        float, Limit("beta_1² over the root of beta_2, which must be less", "ratio", "Kingma & Ba 2015")
    ] = 1,
    decay: Annotated[
        float,
        Limit(
            "weight decay times the learning rate: what each step takes off the weights",
            "share",
            "judgment: 1e-5 is usual, and 0.01 halves the weights in 70 steps",
        ),
    ] = 0.01,
    stuck: Annotated[float, HARM] = 0.9,
    patience: Annotated[float, Limit("steps before the rule speaks", "steps", "docs/calibration.md")] = 40,
) -> Finding | None:
    if run.card is None or run.card.optimizer is None:
        raise NotEnoughData("needs the run card, to know the optimizer")
    if run.last_step < patience:
        raise NotEnoughData(f"needs {number(patience)} steps, has {run.last_step}")
    optimizer = run.card.optimizer
    found = _outside(optimizer, most, memory, epsilon, balance, decay)
    if found is None:
        return None
    evidence, why, settings = found
    rate = learning_rate(run)
    name, least = f"{optimizer.name}'s", "at least" if evidence.value < 0 else "less than"
    return Finding(
        headline=f"{name} {evidence.measure} is {number(evidence.value)} (limit: {least} {number(evidence.limit)}).",
        why=why,
        evidence=[evidence],
        fixes=[
            Fix(
                f"Use {' and '.join(f'{key}={USUAL[key]:g}' for key in settings)}.",
                "That is the usual value." if len(settings) == 1 else "These are the usual values.",
                *snippets.optimizer(run, rate, **{key: USUAL[key] for key in settings}),
            ),
            Fix(
                "Or take the optimizer with its defaults.",
                "The learning rate is what is worth tuning first.",
                *snippets.other_optimizer(optimizer.name),
            ),
        ],
        first_step=0,
        last_step=run.last_step,
        severity="" if harmed(run, stuck) else "hint",
    )


def _outside(
    optimizer: Optimizer, most: float, memory: float, epsilon: float, balance: float, decay: float
) -> tuple[Evidence, str, tuple[str, ...]] | None:
    """The first setting that lies outside: as evidence, why it matters, and the settings to change."""
    settings = {k: float(v) for k, v in optimizer.settings.items()}
    for key in AVERAGES:
        value = settings.get(key, 0.0)
        if not 0 <= value < most:
            why = (
                "It is the weight of the past in a running average. At 1 the past never fades, above it grows; below 0 each"
                " step takes back a part of the one before."
            )
            return _evidence(key, value, most if value >= 0 else 0.0), why, (key,)
    shrinks = settings.get("weight_decay", 0.0) * optimizer.learning_rate
    if shrinks >= decay:
        why = (
            "Each step takes that share off every weight, whatever the rows say. The decay is multiplied by the learning rate, and"
            f" is {settings['weight_decay']:g} here."
        )
        return _evidence("weight decay times its learning rate", shrinks, decay), why, ("weight_decay",)
    is_adam = optimizer.name in ADAMS
    if is_adam and settings.get("epsilon", 0.0) >= epsilon:
        why = (
            "Adam divides by the root of the squared gradients plus epsilon. Where epsilon outweighs it, nothing is adapted"
            " and the steps become as small as the gradients."
        )
        return _evidence("epsilon", settings["epsilon"], epsilon), why, ("epsilon",)
    if is_adam and "beta_1" in settings and settings.get("beta_2", 0.0) > 0:
        ratio = settings["beta_1"] ** 2 / math.sqrt(settings["beta_2"])
        if ratio >= balance:
            why = (
                f"beta_1 is {settings['beta_1']:g} and beta_2 {settings['beta_2']:g}: the gradients are averaged over longer than"
                " their squares, for which Adam may not converge."
            )
            return _evidence("beta_1² over the root of beta_2", ratio, balance), why, ("beta_1", "beta_2")
    for key in DIRECTIONS:
        steps = 1 / max(1 - settings.get(key, 0.0), 1e-9)
        if steps > memory:
            why = (
                f"{key} is {settings[key]:g}: a direction of hundreds of steps ago counts nearly as much as the newest. The network runs past"
                " what it is looking for, and comes back as slowly."
            )
            return _evidence(f"memory of past directions (1 / (1 - {key}))", steps, memory), why, (key,)
    return None


def _evidence(measure: str, value: float, limit: float) -> Evidence:
    return Evidence(measure, value, limit, "", "card", "run", 0)
