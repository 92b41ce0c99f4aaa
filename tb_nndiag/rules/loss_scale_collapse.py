"""Mixed precision: the loss scale keeps falling, and steps are skipped.

## What it sees

The loss scale of mixed precision and the number of steps that were skipped because a scaled gradient was not finite.

## Why it matters

A step whose gradient overflows is skipped and the scale halved. A few of them at the start are how the scale is found. Where it
goes on, the gradient itself is not finite, whatever the scale: nothing is trained any more.

## What to do first

Train a few steps in float32 and look where values become infinite or NaN. Keep the output layer and the loss in float32.

## When it is wrong

The first steps of a run skip some; the rule waits. A scale that falls now and then and comes back is healthy.

## Source

Micikevicius et al. 2018 (mixed precision training); Keras' LossScaleOptimizer starts at 32,768 and halves.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.rule import OUTCOMES, Change, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import a_tenth


@rule(
    "NND104",
    severity="error",
    reads=["loss"],
    may_read=["loss_scale", "optimizer"],
    explains=[*OUTCOMES, "class-imbalance", "learning-rate-too-low"],
)
def loss_scale_collapse(
    run: Run,
    *,
    least: Annotated[float, Limit("loss scale", "", "judgment")] = 1,
    skipped: Annotated[float, Limit("share of the steps that were skipped", "share", "judgment")] = 0.5,
    patience: Annotated[float, Limit("steps before the rule speaks", "steps", "judgment")] = 40,
) -> Finding | None:
    if "loss_scale" not in run:
        if run.card is None or run.card.precision == "mixed_float16":
            raise NotEnoughData("the loss scale was not recorded")
        return None
    series = run["loss_scale"]
    step = int(series.steps[-1])
    if step < patience:
        raise NotEnoughData(f"needs {number(patience)} steps, has {step}")
    scale, share = series.last(0, "scale"), series.last(0, "skipped") / step
    low, many = scale < least, share > skipped
    if not low and not many:
        return None
    scales = series.of_run("scale")
    return Finding(
        headline=(
            f"The loss scale has fallen from {number(float(scales.max()))} to {number(scale)} (limit: {number(least)})"
            f" and {share:.0%} of the steps were skipped (limit: {skipped:.0%})."
        ),
        why="The gradient is not finite whatever the scale is; a step that is skipped changes nothing.",
        evidence=[
            Evidence("loss scale", scale, least, "", "loss_scale", "run", step),
            Evidence("share of the steps that were skipped", share, skipped, "share", "loss_scale", "run", step),
        ],
        fixes=[
            Fix(
                "Compute in float32 until it trains.",
                "Then the place where values overflow shows itself.",
                'keras.mixed_precision.set_global_policy("float32")',
                [Change("precision", "model", "float32")],
            ),
            Fix(
                "Or use bfloat16, which has the range of float32 and needs no loss scale.",
                "float16 ends at 65,504.",
                'keras.mixed_precision.set_global_policy("mixed_bfloat16")',
                [Change("precision", "model", "mixed_bfloat16")],
            ),
            a_tenth(run, "Weights that grow overflow first in float16."),
        ],
        first_step=series.since(scales < least) if low else series.began(int(np.argmax(series.of_run("skipped") > 0))),
        last_step=step,
    )
