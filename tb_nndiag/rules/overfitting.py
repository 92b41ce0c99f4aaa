"""The validation loss rises after its best epoch, while the training loss goes on falling.

## What it sees

The validation loss of every epoch: where its minimum was, how far it has risen since, and whether that is a trend
(Mann-Kendall) and larger than the noise from epoch to epoch. Beside it the loss of the held training rows in inference
mode, which is what can fairly be compared with it.

## Why it matters

From the best epoch on, the network learns the training rows by heart. What it has become is worse than what it was.

## What to do first

Stop at the best epoch and keep its weights. Then, one at a time: more or augmented data, dropout or weight decay, a
smaller network.

## When it is wrong

The validation loss may rise while the accuracy stays: the network grows too sure of its few errors. If a validation
metric is still at its best, this is a hint. It is one, too, where the training was stopped before its last epoch: with
`EarlyStopping(restore_best_weights=True)` the model that is kept is the best one already. And where nearly all that was
learned is still there: a loss that rises from 0.02 to 0.03 has risen by half, of which nobody may notice anything. A gap between training and validation loss alone is no overfitting.

## Source

Mann 1945, Kendall 1975 for the trend; Prechelt 1998 for stopping. Limits: docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.layers import names
from tb_nndiag.progress import room
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import SHUFFLE, callback, insert


@rule("NND501", severity="warning", reads=["gap"], may_read=["epoch", "baseline", "perfect"], explains=["capacity"])
def overfitting(
    run: Run,
    *,
    rise: Annotated[
        float, Limit("rise of the validation loss after its minimum, over the minimum", "ratio", "docs/calibration.md")
    ] = 0.1,
    noise: Annotated[
        float, Limit("rise over the median change from epoch to epoch", "ratio", "docs/calibration.md")
    ] = 3.0,
    trend: Annotated[
        float,
        Limit("Mann-Kendall's z of the validation loss after its minimum", "standard deviations", "one-sided p = 0.01"),
    ] = 2.33,
    patience: Annotated[
        float, Limit("epochs after the minimum before the rule speaks", "epochs", "docs/calibration.md")
    ] = 5,
    metric_kept: Annotated[
        float, Limit("loss of a validation metric from its best that still counts as none", "", "docs/calibration.md")
    ] = 0.01,
    metric_worth: Annotated[
        float, Limit("validation metric over the training's that is worth keeping", "ratio", "judgment")
    ] = 0.5,
    cost: Annotated[
        float,
        Limit(
            "rise over the best constant prediction's loss from which on it is more than a hint",
            "share",
            "docs/calibration.md",
        ),
    ] = 0.05,
) -> Finding | None:
    gap = run["gap"]
    val, train = gap.of_run("val"), gap.of_run("train")
    seen = np.isfinite(val)
    if not seen.any():
        raise NotEnoughData("needs a validation loss: give `fit` validation_data or validation_split")
    steps, epochs, train, val = gap.steps[seen], gap.of_run("epoch")[seen], train[seen], val[seen]
    best = int(np.argmin(val))
    after = val[best:]
    if len(val) < patience + 1:
        raise NotEnoughData(f"needs {number(patience + 1)} epochs with validation, has {len(val)}")
    if len(after) <= patience:
        return None
    now = float(np.median(after[-max(3, len(after) // 3) :]))
    lowest = float(val[best])
    risen = (now - lowest) / abs(lowest) if lowest else float("inf")
    usual = float(np.median(np.abs(np.diff(val))))
    if not (risen > rise and now - lowest > noise * usual and _kendall_z(after) > trend):
        return None
    if not np.nanmedian(train[-3:]) <= train[best] * 1.02:  # both rise: that is divergence
        return None
    if gap.last(0, "best_val") < lowest:  # between two records: long runs are recorded every few epochs
        lowest, best_epoch = gap.last(0, "best_val"), gap.last(0, "best_epoch")
    else:
        best_epoch = epochs[best]
    kept = _metric_kept(run, int(steps[best]), metric_kept, metric_worth)
    epoch = int(best_epoch)
    wasted = 1 - epoch / epochs[-1]
    planned = run.card.epochs if run.card else 0
    stopped = run.ended and epochs[-1] < planned
    restore = "" if not stopped else f" It was stopped in epoch {number(epochs[-1])} of {planned}."
    metric = f" `{kept}` is still at its best, so it is the confidence that suffers, not the answers." if kept else ""
    wide = [p for p in run.card.hidden if p.class_name == "Dense"][-1:] if run.card else []
    return Finding(
        headline=(
            f"The validation loss was best in epoch {epoch} ({number(lowest)}) and has risen by {risen:.0%} since, to"
            f" about {number(now)} in the last epochs (limit: {rise:.0%}).{metric}{restore}"
        ),
        why=(
            f"Since epoch {epoch} the network learns the training rows by heart: {wasted:.0%} of the training made it"
            " worse for new rows"
            + (", unless the weights of the best epoch were restored at the end." if stopped else ".")
        ),
        evidence=[
            Evidence(
                "rise of the validation loss since its best epoch", risen, rise, "ratio", "gap", "run", int(steps[-1])
            ),
            Evidence(
                "rise over the usual change from epoch to epoch",
                (now - lowest) / usual if usual else float("inf"),
                noise,
                "ratio",
                "gap",
                "run",
                int(steps[-1]),
            ),
        ],
        fixes=[
            *(_fixes_for_the_first_epoch() if best == 0 else []),
            Fix(
                f"Stop at epoch {epoch}, the best one, and keep its weights: {number(lowest)} instead of {number(now)}.",
                "It costs nothing and loses nothing.",
                *callback(
                    "EarlyStopping", monitor="val_loss", patience=max(3, round(epoch / 5)), restore_best_weights=True
                ),
            ),
            Fix("Try more rows, or augmented ones.", "It is the only cure that adds information.", ""),
            Fix(
                f"Add dropout{f' after {names(wide)}' if wide else ''} or weight decay; after that, try a smaller network.",
                "Each makes learning by heart harder; change one at a time.",
                *insert(wide, "Dropout", rate=0.3),
            ),
        ],
        first_step=int(steps[best]) + 1,
        last_step=int(steps[-1]),
        severity="hint" if kept or stopped or _cost(run, now - lowest) < cost else "",
    )


def _cost(run: Run, rise: float) -> float:
    """The rise as a share of what there is to learn; infinity where that is not known."""
    try:
        return rise / room(run)
    except NotEnoughData:
        return float("inf")


def _fixes_for_the_first_epoch() -> list[Fix]:
    return [
        Fix(
            "Look whether the validation rows are of the same kind: shuffle before they are split off.",
            "It was worse from the first epoch on, and `validation_split` takes the last rows as they are.",
            SHUFFLE,
        )
    ]


def _kendall_z(values: np.ndarray) -> float:
    """Standard deviations by which the number of rising pairs exceeds that of falling ones, in a series without a trend."""
    n = len(values)
    s = float(np.sign(values[None, :] - values[:, None])[np.triu_indices(n, 1)].sum())
    return s / np.sqrt(n * (n - 1) * (2 * n + 5) / 18)


def _metric_kept(run: Run, best_step: int, tolerance: float, worth: float) -> str:
    """A validation accuracy (or AUC, ...) that is no lower now than at the best epoch of the loss; "" if there is none.

    worth: what it must be at least, over the same metric of the training: one that was never any good kept nothing
    """
    if "epoch" not in run:
        return ""
    series = run["epoch"]
    for name in series.columns:
        values = series.column(name, "value")
        seen = np.isfinite(values)  # validation may come in some epochs only
        if name.startswith("val_") and _grows(run, name):
            at_best = values[seen & (series.steps <= best_step)][-1:]
            if not len(at_best):
                continue
            trained = series.column(name.removeprefix("val_"), "value")[-1]
            now = np.median(values[seen][-3:])
            if now >= at_best[0] - tolerance and now >= worth * trained:
                return name
    return ""


def _grows(run: Run, name: str) -> bool:
    """Whether a metric is one of those that rise with learning: it is bounded by 1 and rose in training while the loss fell."""
    series = run["epoch"]
    twin = name.removeprefix("val_")
    if twin not in series.columns:
        return False
    values = series.column(twin, "value")
    return bool(np.nanmin(values) >= 0 and np.nanmax(values) <= 1 and values[-1] >= values[0])
