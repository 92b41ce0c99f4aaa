"""Larger batches would take less time for the same rows; timing several sizes tells.

## What it sees

Nothing yet: a single training has one size of batch. It takes the time of an epoch at several.

## Why it matters

Each step costs something whatever its batch holds: Python, the launch of each operation. With small batches most of the time goes
there.

## What to do first

Double the batch until the time of an epoch no longer falls:

    import time
    for size in (32, 64, 128, 256):
        began = time.perf_counter()
        model.fit(x, y, batch_size=size, epochs=1, verbose=0)
        print(size, time.perf_counter() - began)

Throw the first time away: the step is compiled in it. A larger batch makes fewer steps of an epoch: raise the learning rate with it, or
keep the batch and give `compile` more `steps_per_execution`.

## When it is wrong

Time is not all: small batches can need fewer epochs. Compare the time to the same validation loss.

## Source

Shallue et al. 2019, "Measuring the Effects of Data Parallelism on Neural Network Training".
"""

from __future__ import annotations

from tb_nndiag.rule import Finding, NeedsExperiment, rule
from tb_nndiag.run import Run


@rule("NND802", severity="hint", reads=[])
def small_batch(run: Run) -> Finding | None:
    raise NeedsExperiment("time an epoch at several batch sizes")
