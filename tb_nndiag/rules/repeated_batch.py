"""The training gets the same batch again and again.

## What it sees

The share of an epoch's batches that are equal to the batch before.

## Why it matters

The network learns these few rows by heart, and has never seen the others.

## What to do first

Print the first rows of two successive batches. In a generator, move what picks the rows inside the loop.

## When it is wrong

To fit a single batch is a good experiment: it shows that a network can learn at all. Without validation data, and as long as new
rows are not predicted worse, this is a hint.

## Source

Keras' documentation of `PyDataset` and of generators.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run


@rule(
    "NND608",
    severity="warning",
    reads=["batches"],
    may_read=["gap"],
    explains=[
        "overfitting",
        "memorizing-noise",
        "train-val-shift",
        "loss-plateau",
        "bad-labels",
        "majority-class",
        "cannot-fit-small-data",
    ],
)
def repeated_batch(
    run: Run,
    *,
    repeated: Annotated[float, Limit("batches that are equal to the batch before", "share", "judgment: 0 without the fault")] = 0.9,
    least: Annotated[float, Limit("batches of an epoch that are enough to judge", "", "judgment")] = 5,
    apart: Annotated[
        float, Limit("validation loss over the training rows', from which on it is no hint", "ratio", "judgment")
    ] = 1.5,
) -> Finding | None:  # fmt: skip
    batches = run["batches"]
    count, share = batches.last(0, "batches"), batches.last(0, "repeated_share")
    if not count >= least:
        raise NotEnoughData(f"needs {number(least)} batches an epoch, has {number(count)}")
    if not share > repeated:
        return None
    harmed = "gap" in run and run["gap"].last(0, "val") > apart * run["gap"].last(0, "train")  # NaN: not known, so none
    step = int(batches.steps[-1])
    return Finding(
        headline=(
            f"{share:.0%} of the {number(count)} batches of an epoch are equal to the one before (limit: {repeated:.0%})."
        ),
        why="The network sees the same few rows in every step, and none of the others.",
        evidence=[
            Evidence("batches that are equal to the batch before", share, repeated, "share", "batches", "run", step)
        ],
        fixes=[
            Fix(
                "Look at two successive batches as `fit` gets them.",
                "A generator that picks its rows before its loop gives them back for ever; `take(1).repeat()` does the same.",
                "batches = iter(dataset)\nprint(next(batches)[0][:2])\nprint(next(batches)[0][:2])",
            ),
            Fix("Give arrays to `fit`, without a generator.", "Then Keras cuts the batches.", f"model.fit(x, y, batch_size={run.card.batch_size if run.card and run.card.batch_size else 32})"),
        ],
        first_step=0,
        last_step=step,
        severity="" if harmed else "hint",
    )  # fmt: skip
