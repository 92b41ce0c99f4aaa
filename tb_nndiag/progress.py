"""Has the run learned anything? What rules ask to tell a symptom from harm. Pure: numpy only."""

from __future__ import annotations

import numpy as np

from tb_nndiag.rule import NotEnoughData, number
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
    first = float(run["loss"].of_run("first")[0]) if "loss" in run else float("nan")
    return first if first > 0 else float("nan")


def now_left(run: Run) -> float:
    """The share of the constant's loss that is left now; infinity when the loss is not finite.

    The smaller of two: the held rows' in inference mode, and the last batches' in training mode. Batch normalization can
    be far off in inference mode while it trains well, and dropout makes training mode look worse than it is.
    """
    shares = [left_over(run)[1][-1]]
    if "loss" in run:
        penalty = run["gap"].last(0, "penalty") if "gap" in run else 0.0
        shares.append((np.median(run["loss"].of_run("mean")[-5:]) - np.nan_to_num(penalty)) / reference_loss(run))
    finite = [float(share) for share in shares if np.isfinite(share)]
    return min(finite) if finite and np.isfinite(shares[0]) else float("inf")


def against_constant(run: Run) -> str:
    """The loss now beside that of the best constant answer, in words."""
    share = now_left(run)
    if not np.isfinite(share):
        return "the loss is no longer finite"
    constant = reference_loss(run)
    known = "baseline" in run and run["baseline"].last(0, "constant_loss") == constant
    beside = "the best constant answer" if known else "the first batch"
    return f"the loss is {number(share * constant)}, that of {beside} {number(constant)}"


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
