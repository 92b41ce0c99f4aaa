"""The loss is no better than that of the best constant prediction.

## What it sees

The loss of the held training rows in inference mode, against the loss that the best constant answer would have (the shares
of the classes, the mean or the median of the targets), computed with the run's own loss. It speaks after a fair number of
steps, and not while the loss is clearly falling.

## Why it matters

A network that does no better than a constant has not found anything in its input.

## What to do first

In this order: the learning rate, over decades; the data and labels; fit ten rows; output and loss; dead units; gradient
flow; a simpler model. Change one thing at a time. docs/guide.md has these steps; more rows are none of them
(docs/folklore.md).

## When it is wrong

A problem without any signal cannot be learned by any network. A warm-up of many hundred steps with a tiny learning rate
looks the same while it lasts.

## Source

"No better than the best constant predictor" held for 70 % of 88 faulty runs and none of 102 healthy ones.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.progress import SIGNALS, evidence_of_harm, left_over, loss_now, now_left, room, still_falling
from tb_nndiag.rule import Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import FIT_TEN_ROWS, try_rates


@rule(
    "NND401",
    severity="error",
    reads=["loss", "gap", "baseline"],
    may_read=[*SIGNALS, "optimizer"],
    explains=["underfitting", "undertrained", "majority-class"],
)
def loss_plateau(
    run: Run,
    *,
    stuck: Annotated[
        float, Limit("share of the constant prediction's loss that is left", "share", "docs/calibration.md")
    ] = 0.97,
    patience: Annotated[float, Limit("steps before the rule speaks", "steps", "docs/calibration.md")] = 100,
    falling: Annotated[
        float,
        Limit(
            "fall of the batch loss over the last third of the records that counts as learning, over the constant's"
            " loss",
            "share",
            "docs/calibration.md",
        ),
    ] = 0.01,
    hopeless: Annotated[
        float, Limit("share from which on a falling loss is no excuse", "share", "docs/calibration.md")
    ] = 1.5,
) -> Finding | None:
    if run.last_step < patience:
        raise NotEnoughData(f"needs {number(patience)} steps, has {run.last_step}")
    constant = run["baseline"].last(0, "constant_loss")
    if len(run["gap"]) < 3:
        raise NotEnoughData(f"needs three evaluations of the held rows, has {len(run['gap'])}")
    left = now_left(run)
    if not np.isfinite(left) or left < stuck:
        return None
    if left < hopeless and still_falling(run, least=falling * room(run)):
        return None
    steps, shares = left_over(run)
    below = np.flatnonzero(shares < stuck)
    step = int(steps[-1])
    since = max(int(steps[below[-1]]) + 1 if len(below) else 1, int(patience))  # before, it was fair to wait
    return Finding(
        headline=(
            f"After {step:,} steps the loss is {number(loss_now(run))}, no better than always giving the same answer ({number(constant)}); a run"
            f" that learns is below {number(stuck)} times that."
        ),
        why=(
            "The network has found nothing in its input yet: answering the same for every row would do as well. (So would"
            " any network, where the inputs tell nothing about the targets.)"
        ),
        evidence=[
            evidence_of_harm(left, stuck, step),
        ],
        fixes=[
            Fix(
                "Try learning rates over decades.",
                "It is the commonest cause, and the quickest to rule out.",
                try_rates(run),
            ),
            Fix(
                "Look at ten rows and their labels, as the network gets them.",
                "Shuffled labels and empty inputs show at once.",
                "print(x[:10], y[:10])",
            ),
            Fix(
                "Try to fit ten rows.",
                "A network that cannot has a defect in layers, loss or input; more data will not mend it.",
                FIT_TEN_ROWS,
            ),
        ],
        first_step=min(since, step),
        last_step=step,
    )
