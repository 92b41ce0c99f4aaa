"""Steps wait for their data longer than they compute.

## What it sees

How long single steps waited for their batch, now and then, beside the time of a step: the wait that three in four of them had at least.

## Why it matters

While a step waits, the processor that trains does nothing. A faster machine or a larger batch changes little then; a faster input does.

## What to do first

Let the batches be made while the step before computes (`prefetch`), several at a time (`num_parallel_calls`), and only once (`cache`).

## When it is wrong

On a machine that others use, waits are as long as these leave it. The first epoch may read files that the later ones find in memory.

## Source

TensorFlow's guide "Better performance with the tf.data API". Limits: family `slow_data` of docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.layers import median
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run

SOURCE = "docs/calibration.md, slow_data"


@rule("NND801", severity="hint", reads=["wait", "timing"])
def input_bound(
    run: Run,
    *,
    share: Annotated[float, Limit("wait for the batch over the time of a step", "share", SOURCE)] = 0.5,
    least: Annotated[float, Limit("wait that is worth a change", "ms", SOURCE)] = 1.0,
    lost: Annotated[float, Limit("wait of all steps together that is worth a change", "s", "judgment")] = 1.0,
    records: Annotated[float, Limit("measured waits before the rule speaks", "records", "judgment")] = 3,
) -> Finding | None:
    waits, step = run["wait"].of_run("seconds"), int(run["wait"].steps[-1])
    if len(waits) < records:
        raise NotEnoughData(f"needs {number(records)} measured waits, has {len(waits)}")
    wait = 1000 * float(np.quantile(waits, 0.25))
    whole = 1000 * max(median(run["timing"].of_run("step_seconds")), wait / 1000)
    if wait < least or wait / whole < share or wait * run.last_step / 1000 < lost:
        return None
    return Finding(
        headline=(
            f"Three in four steps waited {number(wait)} ms or more for their batch, {wait / whole:.0%} of the time of a step (limit:"
            f" {share:.0%})."
        ),
        why="While a step waits nothing is trained: the input sets the pace, and not the network.",
        evidence=[
            Evidence("wait for the batch over the time of a step", wait / whole, share, "share", "wait", "run", step),
            Evidence("wait for the batch, lower quartile", wait, least, "ms", "wait", "run", step),
        ],
        fixes=[
            Fix(
                "Make the next batches while a step computes, several rows at a time.",
                "Then a step waits only for what takes longer than the step itself.",
                "data = data.map(prepare, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)",
            ),
            Fix(
                "Prepare each row once: cache what does not change from epoch to epoch.",
                "From the second epoch on it is read from memory.",
                "data = data.cache().shuffle(10000).batch(32).prefetch(tf.data.AUTOTUNE)",
            ),
        ],
        first_step=run["wait"].began(0),
        last_step=step,
    )
