"""The validation rows have other targets than the training rows, and are predicted far better.

## What it sees

The validation loss and the loss of the held training rows, both in inference mode and with the same weights: dropout, and Keras'
running mean over the epoch, have no part in it (docs/folklore.md has what they do). Five evaluations in a row, and the targets of
both sets differ.

## Why it matters

New rows are not easier than those learned from. A validation set that is holds other rows than the network will meet: one class
of several, a quiet part of a series, the easy cases.

## What to do first

Find out how the validation rows were chosen, and compare the shares of their classes with those of the training rows.

## When it is wrong

Training rows that are augmented are harder than plain ones: a gap alone is no reason to speak, only one beside other targets. Where
training draws rare classes more often on purpose, both are there, and all is well. Where rows or classes are weighted, the rule is silent.

## Source

Kapoor & Narayanan 2023, Leakage and the reproducibility crisis in machine-learning-based science.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.progress import SIGNALS, distance_by_chance, val_left_over
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import SHUFFLE


@rule("NND507", severity="hint", reads=["gap", "baseline", "label_shift"], may_read=[*SIGNALS, "labels", "overlap"])
def suspicious_validation(
    run: Run,
    *,
    better: Annotated[
        float, Limit("validation loss over that of the held training rows", "ratio", "docs/calibration.md")
    ] = 0.5,
    apart: Annotated[
        float, Limit("difference of the two over the constant prediction's loss", "share", "docs/calibration.md")
    ] = 0.1,
    location: Annotated[
        float, Limit("difference of the targets' means over their standard deviation", "", "judgment")
    ] = 0.5,
    classes: Annotated[
        float, Limit("total variation distance between the shares of the classes", "", "judgment")
    ] = 0.3,
    patience: Annotated[float, Limit("evaluations in a row", "", "judgment")] = 5,
) -> Finding | None:
    steps, val, train = val_left_over(run)
    if len(val) < patience:
        raise NotEnoughData(f"needs {number(patience)} evaluations with validation, has {len(val)}")
    last = slice(-int(patience), None)
    if not ((val[last] < better * train[last]) & (train[last] - val[last] > apart)).all():
        return None
    shift = {"location": location, "distance": classes + distance_by_chance(run)}
    stat, limit = max(shift.items(), key=lambda item: np.nan_to_num(run["label_shift"].last(0, item[0])) / item[1])
    differ = run["label_shift"].last(0, stat)
    if not differ > limit:
        return None
    step = int(steps[-1])
    ratio = float(val[-1] / train[-1])
    return Finding(
        headline=(
            f"The validation loss is {number(ratio)} of the loss of the training rows (rows of one kind: more than"
            f" {number(better)}), with the same weights and without dropout, and their targets are other ones: the"
            f" {'means differ by' if stat == 'location' else 'shares of the classes differ by'} {number(differ)} (limit: {number(limit)})."
        ),
        why="New rows are not easier than those learned from: this validation says little about them.",
        evidence=[
            Evidence("validation loss over that of the held training rows", ratio, better, "ratio", "gap", "run", step),
            Evidence("difference of the two over a constant's loss", float(train[-1] - val[-1]), apart, "share", "gap", "run", step),
            Evidence("difference of the targets of the two sets", differ, limit, "", "label_shift", "run", step),
        ],
        fixes=[
            Fix(
                "Compare the targets of both sets.",
                "A set of one class, or of the easy rows, shows at once.",
                "print(np.unique(y, return_counts=True))\nprint(np.unique(y_val, return_counts=True))",
            ),
            Fix(
                "Shuffle before the validation rows are split off.",
                "Then both sets are of one kind.",
                SHUFFLE,
            ),
        ],
        first_step=int(steps[-int(patience)]),
        last_step=step,
    )  # fmt: skip
