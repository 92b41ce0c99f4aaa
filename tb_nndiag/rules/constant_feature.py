"""The inputs are the same for every row, or most of their features are.

## What it sees

The share of the features (along the last axis) that do not vary over the held training rows; and values for an embedding that are
all the same once they are cut to whole numbers.

## Why it matters

A feature that never varies tells nothing. Where all are constant, no network can tell one row from another.

## What to do first

Print ten rows as `fit` gets them. Then find the step that made them equal: a division of whole numbers, a normalization by
each row's own values, a join that found nothing, a generator that gives back one buffer.

## When it is wrong

The border of an image, padding and rare words are constant in a thousand rows by nature: up to a half of the features the rule is
silent, and beyond it is a hint. A mask or a type that is the same for all rows is usual beside another input that varies.

## Source

Kuhn & Johnson 2013, Applied Predictive Modeling, section 3.5: predictors with a single value.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.progress import SIGNALS, evidence_of_harm, harmed, now_left
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run


@rule(
    "NND603",
    severity="error",
    reads=["inputs"],
    may_read=SIGNALS,
    explains=[*OUTCOMES, "class-imbalance", "dead-units", "vanishing-gradients", "learning-rate-too-low"],
)  # fmt: skip
def constant_feature(
    run: Run,
    *,
    most: Annotated[
        float, Limit("share of the features that do not vary", "share", "docs/calibration.md: 0.5 on healthy runs")
    ] = 0.5,
    stuck: Annotated[
        float, Limit("share of the constant prediction's loss that must be left before this is an error", "share", "judgment")
    ] = 0.9,
    rows: Annotated[float, Limit("rows that are enough to judge", "rows", "judgment")] = 20,
) -> Finding | None:  # fmt: skip
    inputs = run["inputs"]
    held = min(inputs.last(name, "rows") for name in inputs.columns)
    if held < rows:
        raise NotEnoughData(f"needs {number(rows)} rows, has {number(held)}")
    if found := _one_number(run, stuck):
        return found
    share = min(inputs.last(name, "constant_share") for name in inputs.columns)
    if not share > most:
        return None
    name, step = inputs.columns[0], int(inputs.steps[-1])
    evidence = [Evidence(f"features of `{name}` that do not vary", share, most, "share", "inputs", name, step)]
    severity = "hint"
    if share == 1:
        try:
            left = now_left(run)
        except NotEnoughData:
            left = 0.0
        if left > stuck:
            severity = ""
            evidence.append(evidence_of_harm(left, stuck, step))
    what = "All features" if share == 1 else f"{share:.0%} of the features"
    return Finding(
        headline=f"{what} of `{name}` are the same in all {number(held)} held rows (limit: {most:.0%}).",
        why=(
            "No network can tell one row from another by its inputs."
            if share == 1
            else "They add weights, and tell nothing about the targets."
        ),
        evidence=evidence,
        fixes=[
            Fix(
                "Look at the inputs as the network gets them.",
                f"`fit` got {number(inputs.last(name, 'min'))} to {number(inputs.last(name, 'max'))}.",
                "print(x[:10])\nprint(np.std(x, axis=0))",
            ),
            Fix(
                "Undo the step that made them equal."
                if share == 1
                else "Leave out what never varies, unless it does in other rows.",
                "A division of whole numbers, or by a row's own maximum, does this."
                if share == 1
                else "Then the first layer has fewer weights that learn nothing.",
                "" if share == 1 else "x = x[:, np.std(x, axis=0) > 0]",
            ),
        ],
        first_step=0,
        last_step=step,
        severity=severity,
    )


def _one_number(run: Run, stuck: float) -> Finding | None:
    """What an embedding is given, where cutting it to whole numbers leaves a single one."""
    inputs = run["inputs"]
    first = next((layer for layer in run.card.layers if layer.parameters), None) if run.card else None
    if first is None or first.class_name != "Embedding" or len(inputs.columns) != 1 or inputs.last(0, "integer") == 1:
        return None
    name, step = inputs.columns[0], int(inputs.steps[-1])
    low, high = inputs.last(name, "min"), inputs.last(name, "max")
    if not (np.isfinite([low, high]).all() and int(low) == int(high)):
        return None
    harm = harmed(run, stuck)
    return Finding(
        headline=(
            f"`{first.name}` takes whole numbers, and cuts all values of `{name}` ({number(low)} to {number(high)}) to"
            f" {int(low)} (different numbers: at least 2)."
        ),
        why="It looks up the same row of its table for every value: no network can tell one row from another by that.",
        evidence=[
            Evidence(f"largest value of `{name}`", high, int(low) + 1, "", "inputs", name, step),
            *([evidence_of_harm(now_left(run), stuck, step)] if harm else []),
        ],
        fixes=[
            Fix(
                f"Give `{first.name}` the numbers of the words or categories, unscaled.",
                "They are names, no quantities: scaling them loses them.",
                "print(x[:3])  # whole numbers from 0 to input_dim - 1",
            ),
            Fix("If the values are quantities, leave the embedding out.", "A Dense layer takes quantities."),
        ],
        first_step=0,
        last_step=step,
        severity="" if harm else "hint",
    )
