"""Successive gradients hardly agree: the batches are too small for the rate.

## What it sees

At the beginning of the training, the gradients of a few successive steps: how much they differ from step to step, over what they have in
common. Times the batch that is the gradient noise scale, the batch at which both are equal.

## Why it matters

Most of each step is then undone by the next one. Larger batches, or shorter steps, get as far in fewer steps.

## What to do first

Four times the batch, if the machine has room, or half the learning rate, and compare the loss after the same number of rows.

## When it is wrong

Small batches can be meant: their noise helps to generalize, and a row costs the same in them. Near its floor every training is
mostly noise, so only the first quarter is looked at. The rule is off by default: a noisy run may learn well.

## Source

McCandlish et al. 2018, "An Empirical Model of Large-Batch Training". Limit: family `batch_size` of docs/calibration.md, where
batches of 8 rows and fewer are above it and those of 32 and more below.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import fit, learning_rate, optimizer


@rule("NND208", severity="hint", reads=["noise"], may_read=["optimizer"], opt_in=True)
def noisy_gradients(
    run: Run,
    *,
    noisy: Annotated[
        float,
        Limit(
            "variance of the gradient over the steps, over the square of its mean",
            "ratio",
            "docs/calibration.md, batch_size",
        ),
    ] = 20.0,
    records: Annotated[float, Limit("records before the rule speaks", "records", "judgment")] = 10,
) -> Finding | None:
    if run.card is None or not run.card.batch_size:
        raise NotEnoughData("needs the run card, to know the layers and the batch")
    noise = run["noise"]
    if len(noise) < records:
        raise NotEnoughData(f"needs {number(records)} records, has {len(noise)}")
    sizes = {layer.name: layer.trainable_parameters for layer in run.card.layers}
    weight = np.array([sizes.get(name, 0) for name in noise.columns])
    early = slice(0, max(len(noise) // 4, 5))
    variance, signal = (float(np.nansum(noise[stat][early] * weight)) for stat in ("variance", "mean_square"))
    if not variance > noisy * signal:
        return None
    batch, step = run.card.batch_size, int(noise.steps[early][-1])
    ratio = variance / signal if signal else float("inf")
    scale = f"; at batches of about {number(float(f'{batch * ratio:.1g}'))} rows both were equal" if signal else ""
    return Finding(
        headline=(
            f"In the first {step:,} steps the gradients of successive batches of {batch} rows differed by {number(ratio)} times what they"
            f" had in common (limit: {number(noisy)}){scale}."
        ),
        why="Most of each step is undone by the next one: the way down is longer than it need be.",
        evidence=[Evidence("variance of the gradient over the square of its mean", ratio, noisy, "ratio", "noise", "run", step)],
        fixes=[
            Fix(f"Use batches of {4 * batch} rows.", "Four times the rows have a quarter of the variance.", *fit(batch_size=4 * batch)),
            Fix("Or halve the learning rate.", "Shorter steps average over more batches.", *optimizer(run, learning_rate(run) / 2)),
        ],
        first_step=1,
        last_step=step,
        active=False,
    )  # fmt: skip
