"""The validation set is so small that its figures move by chance.

## What it sees

How many rows `fit` was given for validation, and how far a share of so many rows is from the truth by chance.

## Why it matters

The best of several epochs, settings or networks is chosen by the validation figures. Where these are off by more than the
differences between the candidates, luck chooses.

## What to do first

Hold back more rows, or use each row for validation once (cross-validation) and compare the means.

## When it is wrong

Nothing is wrong with a small set where nothing is chosen by it, and a figure far from a half is known better than the bound here. That
small problems have small sets is why the rule is off by default.

## Source

The standard error of a share of n rows is at most 1 / (2 sqrt(n)), and two of them make the interval told here.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import fit


@rule("NND508", severity="hint", reads=["overlap"], opt_in=True)
def small_validation_set(
    run: Run,
    *,
    few: Annotated[
        float, Limit("validation rows, at which an accuracy is off by up to ten points", "rows", "1 / sqrt(n)")
    ] = 100,
) -> Finding | None:
    rows, step = run["overlap"].last(0, "val_rows"), int(run["overlap"].steps[-1])
    if not rows >= 1:
        raise NotEnoughData("needs validation rows: give `fit` validation_data or validation_split as arrays")
    if rows >= few:
        return None
    points = 100 / rows**0.5
    return Finding(
        headline=(
            f"{number(rows)} validation rows (limit: {number(few)}): an accuracy is known to about ±{points:.0f} points, the loss"
            " no better."
        ),
        why="A difference that is smaller between two epochs or two runs is as likely luck.",
        evidence=[Evidence("validation rows", rows, few, "rows", "overlap", "run", step)],
        fixes=[
            Fix(
                "Validate on each row once: cross-validation.",
                "The mean over five parts is known as well as if all rows were validation rows.",
                "from sklearn.model_selection import KFold\n"
                "for train, val in KFold(5, shuffle=True, random_state=1).split(x):\n"
                "    model = build_model()\n"
                "    model.fit(x[train], y[train], epochs=20, verbose=0)\n"
                "    print(model.evaluate(x[val], y[val], verbose=0))",
            ),
            Fix(
                "Or hold back more rows.",
                "Four times as many halve the error.",
                *fit(validation_split=0.3),
            ),
        ],
        first_step=0,
        last_step=step,
    )
