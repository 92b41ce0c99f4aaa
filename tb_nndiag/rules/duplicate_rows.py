"""Training rows are in the training set more than once.

## What it sees

Held training rows that are equal to another one in every input and target. Only a part of the rows is held, so the share in the
whole set is at least as large.

## Why it matters

A row that is there ten times counts ten times. And a split drawn at random then puts copies into the validation set, where they are
known already.

## What to do first

Count the distinct rows, find out where the copies come from (a join, a file that was read twice, `repeat` before `shuffle`), and split
after they are gone.

## When it is wrong

Rows of few features with few values are equal by chance, and oversampling a rare class is meant. A dataset that draws rows with
replacement, or repeats them within an epoch, shows copies that are none. Inputs of whole numbers are not judged; for the rest, the rule is
off by default.

## Source

Lee et al. 2022, "Deduplicating Training Data Makes Language Models Better". Limit: judgment; most healthy runs have no such row.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run


@rule("NND610", severity="hint", reads=["overlap", "inputs"], opt_in=True)
def duplicate_rows(
    run: Run,
    *,
    most: Annotated[float, Limit("held rows that repeat another one, over all held rows", "share", "judgment")] = 0.05,
    least: Annotated[float, Limit("held rows before the rule speaks", "rows", "judgment")] = 50,
) -> Finding | None:
    overlap = run["overlap"]
    rows, copies, step = overlap.last(0, "train_rows"), overlap.last(0, "duplicates"), int(overlap.steps[-1])
    if rows < least:
        raise NotEnoughData(f"needs {number(least)} held rows, has {number(rows)}")
    if (run["inputs"]["integer"][-1] == 1).all():
        raise NotEnoughData("the inputs are whole numbers, whose rows may be equal by chance")
    if copies <= most * rows:
        return None
    return Finding(
        headline=(
            f"{number(copies)} of {number(rows)} held training rows repeat another one, {copies / rows:.0%} (limit: {most:.0%}), input"
            " and target alike."
        ),
        why="Copies count as often as they are there, and a random split puts some of them into the validation set.",
        evidence=[Evidence("rows that repeat another one", copies / rows, most, "share", "overlap", "run", step)],
        fixes=[
            Fix(
                "Keep each row once, and split after it.",
                "Then no row is on both sides.",
                "rows = np.column_stack([np.asarray(x).reshape(len(x), -1), np.asarray(y).reshape(len(y), -1)])\n"
                "_, first = np.unique(rows, axis=0, return_index=True)\n"
                "x, y = x[np.sort(first)], y[np.sort(first)]",
            ),
        ],
        first_step=0,
        last_step=step,
    )
