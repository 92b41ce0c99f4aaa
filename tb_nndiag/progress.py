"""Has the run learned anything? What rules ask to tell a symptom from harm. Pure: numpy only."""

from __future__ import annotations

import numpy as np

from tb_nndiag.rule import NotEnoughData
from tb_nndiag.run import Run

SIGNALS = ("loss", "gap", "baseline")  # what these functions read


def left_over(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """How much of the loss of the best constant prediction is left, at each evaluation of the held rows.

    Returns steps (n,) and shares (n,): 1 is no better than a constant, 0 is a perfect fit, NaN where the loss was not finite.
    Where the constant's loss is not known (several outputs, a custom loss) or zero, the first batch's loss stands in for it.
    Raises NotEnoughData when nothing was evaluated.
    """
    if "gap" in run and np.isfinite(run["gap"].of_run("train")).any():
        gap = run["gap"]
        steps, loss = gap.steps, gap.of_run("train") - np.nan_to_num(gap.of_run("penalty"))
    elif "loss" in run:
        steps, loss = run["loss"].steps, run["loss"].of_run("mean")
    else:
        raise NotEnoughData("needs the loss of at least one batch")
    return steps, loss / reference_loss(run)


def reference_loss(run: Run) -> float:
    """Loss of the best constant prediction; the first batch's where that is not known; NaN when neither is."""
    constant = run["baseline"].last(0, "constant_loss") if "baseline" in run else float("nan")
    if np.isfinite(constant) and constant > 0:
        return constant
    return float(run["loss"].of_run("first")[0]) if "loss" in run else float("nan")


def least_left(run: Run) -> float:
    """The smallest share of the constant's loss that the run came down to; NaN when it was never finite."""
    shares = left_over(run)[1]
    return float(np.nanmin(shares)) if np.isfinite(shares).any() else float("nan")


def now_left(run: Run) -> float:
    """The share of the constant's loss that is left at the last evaluation; infinity when the loss is not finite."""
    share = float(left_over(run)[1][-1])
    return share if np.isfinite(share) else float("inf")


def still_falling(run: Run, *, least: float, noise: float = 2.0) -> bool:
    """Whether the last third of the records has a lower loss than the third before.

    least: by how much at least, in units of the loss; noise: and by how many standard errors of the difference
    The held rows' loss is used where it was recorded often enough, since it has no noise of the batches.
    """
    loss = np.zeros(0)
    for signal, stat in (("gap", "train"), ("loss", "mean")):
        if signal in run and len(loss) < 6:
            values = run[signal].of_run(stat)
            loss = values[np.isfinite(values)]
    third = len(loss) // 3
    if third < 2:
        return False
    before, after = loss[-2 * third : -third], loss[-third:]
    fall = float(before.mean() - after.mean())
    error = np.sqrt(before.var(ddof=1) / third + after.var(ddof=1) / third)
    return fall > max(noise * error, least)
