"""The loss ends far above where it began.

## What it sees

The loss of the batches: the last tenth of the records against the first batch and against the best constant prediction.

## Why it matters

Every step makes the network worse. What it has learned is being thrown away.

## What to do first

Lower the learning rate by a factor of ten; if it is below zero, correct its sign. If the inputs are large, scale them.

## When it is wrong

A loss that is meant to rise (an adversary's, a negated score). A single bad batch at the very end does not count.

## Source

A last loss above the first, on the mean of many batches, was found on no healthy run of docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.progress import SIGNALS
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import a_tenth, learning_rate, optimizer, standardized


@rule(
    "NND402",
    severity="error",
    reads=["loss"],
    may_read=[*SIGNALS, "optimizer", "inputs"],
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "nan-loss",
        "exploding-gradients",
        "dead-units",
        "saturated-units",
        "vanishing-gradients",
        "learning-rate-too-low",
    ],
)
def diverging_loss(
    run: Run,
    *,
    rise: Annotated[
        float,
        Limit(
            "last batches' loss over the larger of the first batch's and the constant prediction's",
            "ratio",
            "docs/calibration.md",
        ),
    ] = 1.5,
    own: Annotated[
        float, Limit("the same of a loss of the model's own, which may rise on purpose", "ratio", "judgment")
    ] = 15,
    records: Annotated[float, Limit("records before the rule speaks", "records", "judgment")] = 5,
) -> Finding | None:
    loss = run["loss"]
    mean = loss.of_run("mean")
    finite = np.isfinite(mean)
    if finite.sum() < records:
        raise NotEnoughData(f"needs {number(records)} records of a finite loss, has {int(finite.sum())}")
    steps, mean = loss.steps[finite], mean[finite]
    start = float(np.median(mean[:3]))  # one lucky batch is no start
    known = run["baseline"].last(0, "constant_loss") if "baseline" in run else float("nan")
    start = float(np.fmax(start, known))
    if not start > 0:
        return None  # a loss without a floor at zero, such as a negated score
    ratio = float(np.median(mean[-max(3, len(mean) // 10) :])) / start
    limit = own if run.card and not run.card.losses else rise
    if not ratio > limit:
        return None
    crossed = int(np.argmax(mean > limit * start))
    lowest = int(np.argmin(mean[: crossed + 1]))  # from there on it rose
    rate = learning_rate(run)
    fixes = [
        a_tenth(run, "Steps that overshoot climb out of the valley they should descend into."),
    ]
    if rate < 0:
        fixes = [
            Fix(
                f"Use a positive learning rate: {number(-rate)}.",
                "With a negative one every step goes uphill.",
                *optimizer(run, -rate),
            )
        ]
    fixes.append(
        Fix(
            "Scale the inputs to mean 0 and standard deviation 1.",
            "Large inputs make every step large.",
            *standardized(run),
        )
    )
    return Finding(
        headline=(
            f"The loss ends {number(ratio)} times above its start, at {number(ratio * start)} (limit: {number(limit)}"
            " times)."
        ),
        why="The steps make the network worse instead of better.",
        evidence=[
            Evidence(
                "loss of the last batches over that at the start", ratio, limit, "ratio", "loss", "run", int(steps[-1])
            ),
            Evidence("learning rate", rate, 0, "", "optimizer", "run", int(steps[-1])),
        ],
        fixes=fixes,
        first_step=int(steps[lowest]),
        last_step=int(steps[-1]),
    )
