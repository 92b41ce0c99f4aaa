"""The training rows are learned by heart, and on new rows the network is no better than a constant.

## What it sees

The loss of the held training rows in inference mode and that of the validation rows, both over the loss of the best constant
prediction. The one falls clearly below it, the other never gets there, in no epoch.

## Why it matters

What the network has found holds for the training rows alone: inputs and targets do not belong together, or the inputs tell
nothing about the targets. A longer training, or a larger network, makes that worse.

## What to do first

Look at ten pairs of input and target as the network gets them. Rows that were shuffled, sorted or filtered on one side only
are the commonest cause.

## When it is wrong

Few rows of a noisy problem are learned by heart before anything true is found: under a hundred rows the rule does not
speak. A validation set of another kind looks the same, which is why `train-val-shift` leads where both speak. A run whose validation was
once better than a constant is `overfitting`.

## Source

Zhang et al. 2017, Understanding deep learning requires rethinking generalization: networks fit random labels.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.progress import SIGNALS, room, val_left_over
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import SHUFFLE


@rule(
    "NND509",
    severity="error",
    reads=["gap", "baseline"],
    may_read=[*SIGNALS, "labels", "val_labels", "label_shift"],
    explains=["overfitting"],
)
def memorizing_noise(
    run: Run,
    *,
    fitted: Annotated[
        float, Limit("share of the constant prediction's loss that the training rows have left", "share", "judgment")
    ] = 0.8,
    never: Annotated[
        float,
        Limit("lowest share of it that the validation rows ever had left", "share", "docs/calibration.md"),
    ] = 0.97,
    apart: Annotated[
        float, Limit("difference of the two now, over the constant prediction's loss", "share", "docs/calibration.md")
    ] = 0.35,
    begun: Annotated[
        float, Limit("share that the training rows have left, where the validation rows only got worse", "share", "docs/calibration.md")
    ] = 0.95,
    worse: Annotated[
        float, Limit("share that the validation rows have left then, and their rise over the lowest plus 1", "share", "docs/calibration.md")
    ] = 1.02,
    wild: Annotated[
        float, Limit("lowest share from which on the validation rows are of another kind, or the network runs away", "share", "docs/calibration.md")
    ] = 2.0,
    follows: Annotated[
        float, Limit("fall of the validation loss over that of the training rows, in the last half, that counts as learning", "ratio", "docs/calibration.md")
    ] = 0.2,
    patience: Annotated[float, Limit("evaluations with validation before the rule speaks", "", "judgment")] = 5,
    rows: Annotated[
        float, Limit("training rows, of which fewer are learned by heart whatever they mean", "rows", "docs/calibration.md")
    ] = 100,
    alike: Annotated[
        float, Limit("spread of the validation targets over the training's that still counts as equal", "ratio", "judgment")
    ] = 1.25,
) -> Finding | None:  # fmt: skip
    steps, val, train = val_left_over(run)
    held = run["baseline"].last(0, "rows")
    if len(val) < patience:
        raise NotEnoughData(f"needs {number(patience)} evaluations with validation, has {len(val)}")
    if not held >= rows:
        raise NotEnoughData(f"needs {number(rows)} rows to tell noise from too few rows, has {number(held)}")
    between = (np.nanmin(run["gap"].of_run("val")) - run["gap"].last(0, "best_val")) / room(run)
    lowest = float(val.min()) - max(np.nan_to_num(between), 0.0)  # long runs are recorded every few epochs
    by_heart = train[-1] < fitted and val[-1] - train[-1] > apart
    beginning = train[-1] < begun and val[-1] > worse and val[-1] - lowest > worse - 1
    if not ((by_heart or beginning) and never < lowest < wild):
        return None
    if _targets_differ(run, alike):
        return None
    half = len(val) // 2
    if val[half] - val[-1] > follows * (train[half] - train[-1]):
        return None
    step = int(steps[-1])
    return Finding(
        headline=(
            f"The training rows are {'' if by_heart else 'being '}learned by heart: their loss is {train[-1]:.0%} of the best constant prediction's, that"
            f" of the validation rows was never below {lowest:.0%} (a network that found something true: below {never:.0%})."
        ),
        why=(
            "On new rows the network does no better than always giving the same answer. What it learned is which row has"
            " which target, and that helps for no other row."
        ),
        evidence=[
            Evidence("lowest validation loss over that of the best constant prediction", lowest, never, "share", "gap", "run", step),
            Evidence("loss of the held training rows over it", float(train[-1]), fitted if by_heart else begun, "share", "gap", "run", step),
        ],
        fixes=[
            Fix(
                "Look at ten inputs with their targets, as the network gets them.",
                "Where one side was shuffled, sorted or filtered without the other, no pair fits.",
                "for i in range(10):\n    print(x[i], y[i])",
            ),
            Fix(
                "Shuffle inputs and targets by one and the same order.",
                "Then a row keeps its target.",
                SHUFFLE,
            ),
            Fix(
                "Fit a plain model to the same rows: a linear one, or nearest neighbors.",
                "If that is no better than a constant either, these inputs tell nothing about these targets.",
                "from sklearn.neighbors import KNeighborsClassifier  # KNeighborsRegressor for quantities\n"
                "flat, flat_val = x.reshape(len(x), -1), x_val.reshape(len(x_val), -1)\n"
                "print(KNeighborsClassifier().fit(flat, y).score(flat_val, y_val))",
            ),
        ],
        first_step=1,
        last_step=step,
    )  # fmt: skip


def _targets_differ(run: Run, alike: float) -> bool:
    """Whether the validation targets have another spread, so that their own constant would have another loss."""
    if "val_labels" not in run or "labels" not in run:
        return False
    return bool(run["val_labels"].last(0, "spread") > alike * run["labels"].last(0, "spread"))
