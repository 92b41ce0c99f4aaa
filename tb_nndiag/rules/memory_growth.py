"""The memory of the process grows from epoch to epoch.

## What it sees

The resident memory of the process in the second half of the training: by how much it grew, and whether it grew all along.

## Why it matters

A training needs the same memory in each epoch. What grows is kept by somebody, and a long training ends when the machine has none
left, after days, without a message of its own.

## What to do first

Look at callbacks and generators of your own: lists that are appended to, tensors that are kept (keep `float(value)`), models that are made
in a loop without `keras.backend.clear_session()`.

## When it is wrong

A cache or a shuffle buffer fills in the first epoch; that is why only later epochs count. Another thread of the same process may grow
as well, and rows that are read through a memory map count as resident.

## Source

Limits: family `memory` of docs/calibration.md, and the largest growth in the healthy runs of docs/zoo.md, 2.6 % over the second half.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run

SOURCE = "docs/calibration.md, memory"


@rule("NND805", severity="warning", reads=["resources"])
def memory_growth(
    run: Run,
    *,
    growth: Annotated[
        float, Limit("growth over the second half of the training, over what there was", "share", SOURCE)
    ] = 0.1,
    steady: Annotated[
        float, Limit("share of the records of that half that are above the one before", "share", SOURCE)
    ] = 0.8,
    records: Annotated[float, Limit("records in the second half before the rule speaks", "records", "judgment")] = 10,
) -> Finding | None:
    memory = run["resources"]
    steps, held = memory.steps, memory.of_run("resident_bytes")
    if not np.isfinite(held).all():
        raise NotEnoughData("the system does not tell how much memory the process has")
    epoch = run.card.steps_per_epoch if run.card else 0
    half = (steps >= steps[-1] / 2) & (steps >= epoch)  # what the first epoch fills, stays
    if half.sum() < records:
        raise NotEnoughData(
            f"needs {number(records)} records after the first epoch and half of the training, has {half.sum()}"
        )
    steps, held = steps[half], held[half]
    grew = float(held[-1] - held[0])
    share, rising = grew / held[0], float(np.mean(np.diff(held) > 0))
    if share <= growth or rising < steady:
        return None
    first, last = int(steps[0]), int(steps[-1])
    return Finding(
        headline=(
            f"The process grew by {number(grew / 1e6)} MB from step {first:,} to step {last:,}, {share:.0%} of its memory (limit:"
            f" {growth:.0%}), {number(grew / 1e3 / (last - first))} kB a step."
        ),
        why="A training needs the same memory in each epoch: somebody keeps what it made.",
        evidence=[
            Evidence("growth of the resident memory over what there was", share, growth, "share", "resources", "run", last),
            Evidence("share of the records above the one before", rising, steady, "share", "resources", "run", last),
        ],
        fixes=[
            Fix(
                "Find who keeps it: compare the memory's largest holders after two epochs.",
                "The line of code that keeps it stands first in the list.",
                "import tracemalloc\n"
                "tracemalloc.start()\n"
                "model.fit(x, y, epochs=1)\n"
                "before = tracemalloc.take_snapshot()\n"
                "model.fit(x, y, epochs=1)\n"
                'print(*tracemalloc.take_snapshot().compare_to(before, "lineno")[:10], sep="\\n")',
            ),
            Fix(
                "Keep numbers instead of tensors in callbacks and in a train step of your own.",
                "A tensor keeps its memory as long as somebody holds it.",
                "losses.append(float(loss))",
            ),
        ],
        first_step=first,
        last_step=last,
    )  # fmt: skip
