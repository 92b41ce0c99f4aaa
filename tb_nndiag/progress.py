"""Has the run learned anything? What rules ask to tell a symptom from harm. Pure: numpy only."""

from __future__ import annotations

import numpy as np

from tb_nndiag.layers import IMAGES
from tb_nndiag.rule import Evidence, Limit, NotEnoughData, number
from tb_nndiag.run import Run

SIGNALS = ("loss", "gap", "baseline", "perfect", "weights")  # what these functions read
HARM = Limit(
    "share of the constant prediction's loss that must be left for it to be more than a hint",
    "share",
    "docs/calibration.md",
)  # what `harmed` is asked with


def left_over(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """How much of the best constant prediction's loss is left, at each evaluation of the held rows.

    Returns steps (n,) and shares (n,): 1 is no better than a constant, 0 is as good as predicting every target exactly,
    NaN where the loss was not finite.
    Raises NotEnoughData when nothing was evaluated, or when the constant's loss is not known (several outputs, a mask, a
    loss of the model's own).
    """
    constant, floor = reference_loss(run), floor_loss(run)
    if "gap" in run and np.isfinite(run["gap"].of_run("train")).any():
        gap = run["gap"]
        steps, loss = gap.steps, gap.of_run("train") - np.nan_to_num(gap.of_run("penalty"))
    elif "loss" in run:
        steps, loss = run["loss"].steps, run["loss"].of_run("mean")
    else:
        raise NotEnoughData("needs the loss of at least one batch")
    return steps, (loss - floor) / (constant - floor)


def batch_shares(run: Run, stat: str) -> tuple[np.ndarray, np.ndarray]:
    """How much of the best constant prediction's loss the batches have left, penalties excluded.

    stat: of the signal `loss`: "mean" of the batches since the record before, "max" of them
    Returns steps (n,) and shares (n,). Raises NotEnoughData when the constant's loss is not known.
    """
    penalty = run["gap"].last(0, "penalty") if "gap" in run else 0.0
    loss = run["loss"]
    return loss.steps, (loss.of_run(stat) - np.nan_to_num(penalty) - floor_loss(run)) / room(run)


def reference_loss(run: Run) -> float:
    """Loss of the best constant prediction. Raises NotEnoughData when it is not known, or no higher than the floor, and where rows have
    negative weights: a prediction that is far off is rewarded then, and the loss has no floor.
    """
    if "weights" in run and run["weights"]["min"][-1].min() < 0:
        raise NotEnoughData("rows have negative weights, so the loss does not tell how much was learned")
    constant = run["baseline"].last(0, "constant_loss") if "baseline" in run else float("nan")
    if not constant > floor_loss(run):
        raise NotEnoughData("the loss of a constant prediction is not known for this model, so harm cannot be told")
    return constant


def floor_loss(run: Run) -> float:
    """Loss of predicting every target exactly (0 when it was not recorded), or a lower one that was reached.

    Under a loss of the model's own, what hits the targets need not be what the loss is lowest for.
    """
    floor = run["perfect"].last(0, "loss") if "perfect" in run else 0.0
    reached = run["gap"].of_run("train") - np.nan_to_num(run["gap"].of_run("penalty")) if "gap" in run else np.zeros(0)
    return float(min([floor if np.isfinite(floor) else 0.0, *reached[np.isfinite(reached)]]))


def val_left_over(run: Run) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How much of the constant's loss the validation rows have left, and the held training rows beside them.

    Returns steps (n,), the validation's shares (n,) and the training's (n,), of the evaluations that had a validation loss.
    Raises NotEnoughData when the constant's loss is not known, without a validation loss, and where training weights its rows or classes:
    the validation loss is not weighted, and cannot be compared then.
    """
    if "gap" not in run:
        raise NotEnoughData("needs the loss of the held rows")
    gap = run["gap"]
    val, train = gap.of_run("val"), gap.of_run("train")
    seen = np.isfinite(val) & np.isfinite(train)
    if not seen.any():
        raise NotEnoughData("needs a validation loss: give `fit` validation_data or validation_split")
    if run.card and run.card.weighted:
        raise NotEnoughData(
            "training weights its rows or classes, validation does not: their losses cannot be compared"
        )
    beside = np.nan_to_num(gap.of_run("penalty")) + floor_loss(run)
    return gap.steps[seen], ((val - beside) / room(run))[seen], ((train - beside) / room(run))[seen]


def distance_by_chance(run: Run) -> float:
    """About how far the shares of the classes lie apart in two samples of one kind, with as many rows as these two.

    Total variation distance, as in the signal `label_shift`; 0 where classes and rows are not known. Many classes in few
    rows are far apart by chance alone: a hundred classes in two hundred rows by about 0.3.
    """
    if "labels" not in run or "overlap" not in run:
        return 0.0
    classes = max(run["labels"].last(0, "width"), run["labels"].last(0, "distinct"))
    rows = [run["overlap"].last(0, stat) for stat in ("train_rows", "val_rows")]
    return float(np.sqrt(classes / (2 * np.pi) * sum(1 / max(n, 1) for n in rows)))


def now_left(run: Run) -> float:
    """The share of the constant's loss that is left now; infinity when the loss is not finite.

    The smaller of two: the held rows' in inference mode, and the last batches' in training mode. Batch normalization can
    be far off in inference mode while it trains well, and dropout makes training mode look worse than it is.
    Raises NotEnoughData as `left_over` does.
    """
    constant, floor = reference_loss(run), floor_loss(run)
    shares = [left_over(run)[1][-1]]
    if "loss" in run:
        penalty = run["gap"].last(0, "penalty") if "gap" in run else 0.0
        batches = np.median(run["loss"].of_run("mean")[-5:]) - np.nan_to_num(penalty)
        shares.append((batches - floor) / (constant - floor))
    finite = [float(share) for share in shares if np.isfinite(share)]
    return min(finite) if finite and np.isfinite(shares[0]) else float("inf")


def loss_now(run: Run) -> float:
    """The loss that `now_left` is of, penalties excluded. Raises NotEnoughData as it does."""
    return floor_loss(run) + now_left(run) * room(run)


def harmed(run: Run, stuck: float) -> bool:
    """Whether more than `stuck` of the constant prediction's loss is left; harm that is not known is none."""
    try:
        return now_left(run) > stuck
    except NotEnoughData:
        return False


def broken_by_its_loss(run: Run) -> bool:
    """Whether the loss was the first tensor that was not finite, while the predictions lie in the bounds of their activation.

    No step and no input is to blame then: the loss has no value for a prediction that is allowed (the logarithm of 0).
    """
    layer = run.card.output_layer if run.card else None
    if (
        layer is None
        or "nonfinite" not in run
        or not np.isfinite(IMAGES.get(layer.activation, (-np.inf, np.inf))).all()
    ):
        return False
    series = run["nonfinite"]
    counts = series["count"][0]
    return bool(counts.any()) and series.columns[int(np.argmax(counts > 0))] == "loss"


def room(run: Run) -> float:
    """How much loss there is to gain: from the best constant prediction to the perfect one."""
    return reference_loss(run) - floor_loss(run)


def against_constant(run: Run) -> str:
    """The loss now beside that of the best constant prediction, in words."""
    loss = loss_now(run)
    if not np.isfinite(loss):
        return "the loss is no longer finite"
    return f"the loss is {number(loss)}, that of the best constant prediction {number(reference_loss(run))}"


def evidence_of_harm(left: float, limit: float, step: int) -> Evidence:
    """How much of the constant's loss is left (`now_left`), as evidence."""
    measure = "loss of the held rows over that of the best constant prediction"
    return Evidence(measure, left, limit, "share", "gap", "run", step)


def still_falling(run: Run, *, least: float, noise: float = 2.0) -> bool:
    """Whether the last third of the records has a lower loss than the third before.

    least: by how much at least, in units of the loss; noise: and by how many standard errors of the difference
    The held rows' loss is used where it was recorded often enough, since it has no noise of the batches.
    """
    loss = np.zeros(0)
    for signal, stat in (("gap", "train"), ("loss", "mean")):
        if signal in run and len(loss) < 6:
            values = run[signal].of_run(stat)
            if signal == "gap":
                values = values - np.nan_to_num(run[signal].of_run("penalty"))  # weights that shrink are no progress
            loss = values[np.isfinite(values)]
    third = len(loss) // 3
    if third < 2:
        return False
    before, after = loss[-2 * third : -third], loss[-third:]
    fall = float(before.mean() - after.mean())
    error = np.sqrt(before.var(ddof=1) / third + after.var(ddof=1) / third)
    return fall > max(noise * error, least)
