"""Gradients fade on their way back to the first layers.

## What it sees

How far a step moves the first layer's weights, relative to their size, against the last layer's; and the same for the
gradients themselves. It speaks only of runs that have not learned, since a faded gradient without harm is a property of
depth and not a fault.

## Why it matters

The first layers hardly change, so that the layers after them build on random features. Each sigmoid layer costs a factor
of four or more.

## What to do first

ReLU (or GELU) with He initialization between the layers. Then normalization layers, then residual connections; in place
of a plain recurrent layer an LSTM or GRU. Clipping bounds large gradients and does nothing for small ones (docs/folklore.md).

## When it is wrong

A learning rate that is far too low also leaves everything unmoved, but evenly: then the ratio between the layers is
normal. Frozen layers are not compared, nor are the projections of attention. Adam divides by the gradient's size and moves faded layers nearly as fast; there
the gradients' own ratio decides.

## Source

Hochreiter 1991; Glorot & Bengio 2010. Limits: sweep over 1 to 10 sigmoid layers under three optimizers, docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.layers import median, names, with_kernels
from tb_nndiag.progress import SIGNALS, against_constant, evidence_of_harm, now_left
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import both, insert, layer


@rule(
    "NND201",
    severity="error",
    reads=["gradients", "updates", "loss"],
    may_read=SIGNALS,
    explains=[*OUTCOMES, "class-imbalance", "learning-rate-too-low", "stuck-then-learns"],
)
def vanishing_gradients(
    run: Run,
    *,
    update_floor: Annotated[
        float,
        Limit(
            "first layer's update over its weights, over the last layer's",
            "ratio",
            "docs/calibration.md",
            chart="updates",
            times_last=True,
        ),
    ] = 0.04,
    gradient_floor: Annotated[
        float,
        Limit(
            "first layer's gradient over the last layer's",
            "ratio",
            "docs/calibration.md",
            chart="gradients",
            times_last=True,
        ),
    ] = 1e-3,
    stuck: Annotated[
        float, Limit("share of the constant prediction's loss that must be left", "share", "docs/calibration.md")
    ] = 0.9,
    moving: Annotated[
        float,
        Limit(
            "last layer's update over its weights, below which no layer moves and the gradient's way is not the matter",
            "ratio",
            "judgment: 1e-3 is usual",
        ),
    ] = 1e-5,
    records: Annotated[float, Limit("records before the rule speaks", "records", "judgment")] = 10,
    patience: Annotated[float, Limit("and steps, since nothing learns in fewer", "steps", "judgment")] = 50,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know the layers")
    # queries and keys of attention get next to no gradient while all places are attended alike
    projections = {layer.name for layer in run.card.layers if layer.class_name == "EinsumDense"}
    layers = [name for name in with_kernels(run, "updates") if name not in projections]
    if len(layers) < 3:
        return None  # nothing can fade over two layers
    if len(run["updates"]) < records:
        raise NotEnoughData(f"needs {number(records)} records, has {len(run['updates'])}")
    if run["updates"].steps[-1] < patience:
        raise NotEnoughData(f"needs {number(patience)} steps, has {run['updates'].steps[-1]}")
    first, last = layers[0], layers[-1]
    gradients, updates = run["gradients"], run["updates"]
    gradient = gradients.column(first, "rms") / gradients.column(last, "rms")
    update = updates.column(first, "ratio") / updates.column(last, "ratio")
    # NaN < floor is False: a dead last layer is another rule's
    faded = (update < update_floor) | (gradient < gradient_floor)
    typical_update, typical_gradient = median(update), median(gradient)
    if not (typical_update < update_floor or typical_gradient < gradient_floor) or not now_left(run) > stuck:
        return None
    if median(updates.column(last, "ratio")) < moving:
        return None
    step, last_faded = int(updates.steps[-1]), int(updates.steps[np.flatnonzero(faded)[-1]])
    by_update = typical_update < update_floor
    value, limit, what = (
        (typical_update, update_floor, "moves its weights by")
        if by_update
        else (typical_gradient, gradient_floor, "gets")
    )
    of = "of what `{}` moves" if by_update else "of the gradient of `{}`"
    return Finding(
        headline=(
            f"Gradients fade towards the input: `{first}` {what} {number(value)} {of.format(last)} (healthy: more than"
            f" {number(limit)})."
        ),
        why=(
            f"`{first}` hardly learns, so the layers after it build on random features; after {step:,} steps"
            f" {against_constant(run)}."
        ),
        evidence=[
            Evidence(
                f"update of `{first}` over that of `{last}`, each over its weights",
                typical_update,
                update_floor,
                "ratio",
                "updates",
                first,
                last_faded,
            ),
            Evidence(
                f"gradient of `{first}` over that of `{last}`",
                typical_gradient,
                gradient_floor,
                "ratio",
                "gradients",
                first,
                last_faded,
            ),
            evidence_of_harm(now_left(run), stuck, step),
        ],
        fixes=_fixes(run, layers),
        first_step=updates.began(int(np.argmax(faded))),
        last_step=last_faded,
        active=bool(faded[-3:].any()),
    )


def _fixes(run: Run, layers: list[str]) -> list[Fix]:
    assert run.card is not None
    known = [found for name in layers if (found := run.card.layer(name)) is not None]
    squashing = [p for p in known[:-1] if p.activation in ("sigmoid", "tanh", "hard_sigmoid", "softsign", "softmax")]
    change = Fix(
        (
            f"Replace the {squashing[0].activation} of {names(squashing)} by relu with He initialization."
            if squashing
            else f"Use relu with He initialization from `{known[0].name}` on."
        ),
        "The slope of a relu is 1 where it is active; a sigmoid's is 0.25 at most.",
        *both(*(layer(p, "relu", kernel_initializer="he_normal") for p in squashing or known[:1])),
    )
    norm = Fix(
        "Put a normalization layer after each of them.",
        "It brings the activations back to where slopes are large.",
        *insert(known[:-1], "BatchNormalization"),
    )
    shorter = Fix(
        f"Use fewer than these {len(layers)} layers, or connect them past each other.",
        "A residual connection carries the gradient around a layer unchanged.",
        "x = keras.layers.Add()([x, block(x)])",
    )
    return [change, norm, shorter]
