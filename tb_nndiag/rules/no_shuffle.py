"""The order of the rows follows their classes: they were not shuffled, or not enough.

## What it sees

How far the mean targets of the batches lie apart, over what shuffled rows would give. The harm beside it: what is left of the constant
prediction's loss. That batches come in the same order in every epoch is no fault: Keras repeats its
shuffled order where a seed was set.

## Why it matters

A batch of one class teaches that this class is always right, and the next one the opposite. What was learned first is forgotten by
the end of the epoch.

## What to do first

Shuffle the rows before each epoch: `shuffle=True` for arrays, `shuffle` with a large buffer for a `tf.data.Dataset`.

## When it is wrong

A series is in order on purpose, and a text is. So the rule judges rows that have one class each, and gives a hint where the network
learns in spite of the order.

## Source

Bengio 2012, Practical recommendations for gradient-based training of deep architectures, on the order of examples.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.progress import SIGNALS, evidence_of_harm, left_over, room, still_falling
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import fit


@rule(
    "NND607",
    severity="warning",
    reads=["batches", "labels", "gap", "baseline"],
    may_read=SIGNALS,
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "oscillating-loss",
        "dead-units",
        "diverging-loss",
        "learning-rate-too-high",
    ],
)
def no_shuffle(
    run: Run,
    *,
    sorted_by: Annotated[
        float, Limit("distance of the batches' mean targets over what shuffled rows would give", "ratio", "judgment: 1 is shuffled")
    ] = 3.0,
    much: Annotated[
        float, Limit("share of the constant prediction's loss that is left", "share", "docs/calibration.md")
    ] = 0.3,
    lost: Annotated[
        float, Limit("share that must be left of quantities in order, which may be a series", "share", "1: no better than a constant")
    ] = 0.9,
    patience: Annotated[float, Limit("epochs before the rule speaks", "epochs", "judgment")] = 3,
) -> Finding | None:  # fmt: skip
    batches = run["batches"]
    if len(batches) < patience:
        raise NotEnoughData(f"needs {number(patience)} epochs, has {len(batches)}")
    spread, labels = batches.last(0, "target_spread"), run["labels"]
    one_class = labels.last(0, "width") == 1 or labels.last(0, "row_sum_min") == labels.last(0, "row_sum_max") == 1
    if not spread > sorted_by or not one_class or labels.last(0, "rank") > 2:
        return None
    if run.card is None:
        return None
    quantities = any(loss.is_distance for loss in run.card.losses)
    left = float(left_over(run)[1][-1])  # of rows from the whole epoch: its last batches alone are fitted well
    if not np.isfinite(left) or (quantities and not left > lost):
        return None  # quantities in order are most often a series, which can be learned in its order
    harm = left > much and not still_falling(run, least=0.02 * room(run))
    step = int(batches.steps[-1])
    held = int(batches.last(0, "batches") * max(run.card.batch_size, 1))
    return Finding(
        headline=(
            f"The order of the rows follows their {'targets' if quantities else 'classes'}: mean targets of the batches lie {number(spread)} times as far apart as"
            f" those of shuffled rows (limit: {number(sorted_by)})."
        ),
        why=(
            "Each run of equal targets unlearns what the one before taught"
            f"{'; the loss does not get low' if harm else ', and what the last ones taught weighs most'}."
        ),
        evidence=[
            Evidence("distance of the batches' mean targets over that of shuffled rows", spread, sorted_by, "ratio", "batches", "run", step),
            *([evidence_of_harm(left, much, step)] if harm else []),
        ],
        fixes=[
            Fix("Shuffle the rows before each epoch.", "Then every batch holds some of every class.", *fit(shuffle=True)),
            Fix(
                "For a tf.data.Dataset: shuffle it, with a buffer as large as the data.",
                "A small buffer mixes neighbors only, and neighbors have the same target.",
                f"dataset = dataset.unbatch().shuffle({held}).batch({run.card.batch_size or 32})",
            ),
        ],
        first_step=1,
        last_step=step,
        severity="" if harm else "hint",
    )  # fmt: skip
