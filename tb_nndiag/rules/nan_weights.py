"""Weights are no longer finite, and the loss does not show it.

## What it sees

The first step at which something was not finite, where it was a gradient or a weight, in a run whose loss stays finite.

## Why it matters

A weight that is NaN stays so. A ReLU turns NaN into zero on many devices, a mask hides it: the loss looks ordinary, callbacks
that watch it (`TerminateOnNaN`) never fire, and a part of the network is gone.

## What to do first

Find what broke first: an input, a division or a root of zero in a layer of your own, a step that was too large.

## When it is wrong

A gradient that is not finite in one step and does not reach the weights, because the train step skips it, does no harm: a
warning then.

## Source

Tried with Keras 3.15: one NaN in one row of the digits; the first kernel is NaN after that step, the loss stays at 2.30.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import a_tenth


@rule(
    "NND103",
    severity="error",
    reads=["loss"],
    may_read=["nonfinite", "optimizer"],
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "dead-units",
        "vanishing-gradients",
        "learning-rate-too-low",
        "overfitting",
    ],
)
def nan_weights(
    run: Run,
    *,
    most: Annotated[float, Limit("values that are not finite", "values", "exact")] = 0,
) -> Finding | None:
    if "nonfinite" not in run or run["loss"].of_run("nonfinite").sum() > 0:
        return None  # nothing broke, or the loss shows it
    series = run["nonfinite"]
    counts = dict(zip(series.columns, series["count"][0], strict=True))
    weights, gradients = (
        {
            place.removeprefix(prefix): count
            for place, count in counts.items()
            if place.startswith(prefix) and count > most
        }
        for prefix in ("weights of ", "gradient of ")
    )
    if not weights and not gradients:
        return None
    what, found = ("weights", weights) if weights else ("gradient values", gradients)
    step = int(series.steps[0])
    named = ", ".join(f"{number(count)} {what} of `{name}`" for name, count in list(found.items())[:3])
    return Finding(
        headline=f"{named} were not finite at step {step:,} (limit: {number(most)}), while the loss was finite in all batches.",
        why="A weight that is NaN or infinite stays so, and a part of the network is lost; the loss does not show it.",
        evidence=[
            Evidence(f"{what} of `{name}` that are not finite", float(count), most, "values", "nonfinite", name, step)
            for name, count in list(found.items())[:5]
        ],
        fixes=[
            Fix(
                "Start again from weights that are finite.",
                "No step mends a weight that is NaN.",
                "for w in model.weights:\n    print(w.path, np.isfinite(w.numpy()).all())",
            ),
            Fix(
                "Look for divisions, roots and logarithms of zero in the layers of your own.",
                "Their gradient is infinite where their value is still finite.",
                "keras.ops.sqrt(keras.ops.maximum(x, 1e-7))",
            ),
            a_tenth(run, "A step that is far too large overflows."),
        ],
        first_step=step,
        last_step=max(step, run.last_step),
        severity="" if weights else "warning",
    )
