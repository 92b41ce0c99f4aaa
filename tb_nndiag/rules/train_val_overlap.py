"""Rows of the validation set are also in the training set.

## What it sees

How many of the validation rows are, input and target, among the held training rows; from that, how many are among all training rows.
Beside it how often a held row repeats another one, which is what chance does to rows of few values.

## Why it matters

A row that was trained on is no new row. The validation loss then follows the training loss, and does not show overfitting.

## What to do first

Remove duplicates before you split, and split by what belongs together: person, document, day.

## When it is wrong

Rows of few distinct values are equal by chance: where training rows repeat each other as often, or there are few distinct rows, the
rule is silent. Augmented rows are no longer equal, so this overlap is not seen.

## Source

Barz & Denzler 2020, Do we train on test data? Purging CIFAR of near-duplicates.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import SHUFFLE, fit


@rule("NND609", severity="warning", reads=["overlap"], may_read=["inputs"])
def train_val_overlap(
    run: Run,
    *,
    shared: Annotated[
        float, Limit("validation rows that are training rows, estimated for the whole training set", "share", "judgment")
    ] = 0.1,
    chance: Annotated[
        float, Limit("shared rows over the share of training rows that repeat another one", "ratio", "judgment")
    ] = 3.0,
    least: Annotated[float, Limit("shared rows that are enough to judge", "rows", "judgment")] = 5,
    distinct: Annotated[float, Limit("distinct rows, below which equal ones are no surprise", "rows", "judgment")] = 100,
) -> Finding | None:  # fmt: skip
    overlap = run["overlap"]
    of = {stat: overlap.last(0, stat) for stat in overlap.stats}
    if not (of["val_rows"] > 0 and of["distinct"] >= distinct):
        raise NotEnoughData(
            f"needs validation and {number(distinct)} distinct training rows, has {number(of['distinct'])}"
        )
    seen = of["shared"] / of["val_rows"]
    share = min(seen * max(_rows(run) / of["train_rows"], 1), 1.0)
    # rows of whole numbers may be alike by chance, as often as in the training set; others are copies
    by_chance = of["duplicates"] / of["train_rows"] if _whole_numbers(run) else 0.0
    if of["shared"] < least or share <= shared or seen <= chance * by_chance:
        return None
    step = int(overlap.steps[-1])
    return Finding(
        headline=(
            f"{number(of['shared'])} of {number(of['val_rows'])} validation rows are among {number(of['train_rows'])} training rows"
            f" that were kept: about {share:.0%} of the validation rows were trained on (limit: {shared:.0%})."
        ),
        why="A row that was trained on is no new row: the validation loss does not show what the network does with new ones.",
        evidence=[
            Evidence("validation rows that are training rows", share, shared, "share", "overlap", "run", step),
            Evidence("shared rows over what repeats among training rows", seen / by_chance if by_chance else float("inf"), chance, "ratio", "overlap", "run", step),
        ],
        fixes=[
            Fix(
                "Remove repeated rows, then split.",
                "Then no row is on both sides.",
                "x, first = np.unique(x, axis=0, return_index=True)\ny = y[first]\n"
                + SHUFFLE,
            ),
            Fix(
                "Look whether the validation rows are left in the training set.",
                "`validation_data` does not take them out; `validation_split` does.",
                *fit(validation_split=0.2),
            ),
        ],
        first_step=0,
        last_step=step,
    )  # fmt: skip


def _whole_numbers(run: Run) -> bool:
    """Whether all inputs are whole numbers, as far as is known."""
    return "inputs" not in run or bool((run["inputs"]["integer"][-1] == 1).all())


def _rows(run: Run) -> int:
    """Rows of the training set, as far as the run card tells."""
    return run.card.batch_size * run.card.steps_per_epoch if run.card else 0
