"""The loss of every single batch, and the loss of the best constant prediction."""

from __future__ import annotations

import numpy as np

SMOOTHINGS = (0.05, 0.1, 0.2, 0.3)  # of labels, as they are usual


def measure(losses: np.ndarray, last_step: int) -> np.ndarray:
    """One record of the batches since the last one.

    losses: (batches,) total loss of each, at least one; last_step: the step of the last of them
    Returns (8,): mean, min, max, first, last of the finite ones (NaN if there are none), count of the non-finite, step of
    the largest, number of batches. `first` and `last` are as they are, finite or not.
    """
    losses = np.asarray(losses, np.float64)
    finite = losses[np.isfinite(losses)]
    first_step = last_step - len(losses) + 1
    if not len(finite):
        return np.array([np.nan, np.nan, np.nan, losses[0], losses[-1], len(losses), first_step, len(losses)])
    worst_step = first_step + int(np.nanargmax(np.where(np.isfinite(losses), losses, -np.inf)))
    return np.array([
        finite.mean(), finite.min(), finite.max(), losses[0], losses[-1], len(losses) - len(finite), worst_step, len(losses),
    ])  # fmt: skip


def constant_predictions(targets: np.ndarray, predictions: np.ndarray, from_logits: bool) -> list[np.ndarray]:
    """The constant answers worth comparing with, each in the shape of `predictions`.

    targets: (rows, ...); predictions: (rows, ..., width). They are: the shares of the classes where the targets are
    class numbers, else the mean and the median of each column; as logits where the loss expects logits.
    """
    targets = np.asarray(targets, np.float64)
    width = predictions.shape[-1] if predictions.ndim > 1 else 1
    if width > 1 and (targets.ndim < predictions.ndim or targets.shape[-1] == 1):
        labels = targets[(targets >= 0) & (targets < width)].astype(int)
        answers = [np.bincount(labels, minlength=width) / max(len(labels), 1)]
    else:
        columns = targets.reshape(len(targets), -1)
        answers = [columns.mean(axis=0), np.median(columns, axis=0)]
    if from_logits:
        answers = [
            np.log(np.clip(a, 1e-7, 1)) - (np.log(np.clip(1 - a, 1e-7, 1)) if width == 1 else 0) for a in answers
        ]
    return [_spread_over(a, predictions) for a in answers if a.size in (width, predictions[0].size)]


def perfect_predictions(targets: np.ndarray, predictions: np.ndarray, from_logits: bool) -> list[np.ndarray]:
    """The answers that may have the lowest loss there is, in the shape of `predictions`; none where the targets do not fit.

    The first hits every target. A loss need not be zero there (soft targets, a cosine), nor lowest: label smoothing is lowest
    at shares that lie between the targets and equal ones, so where targets are shares these are among the answers, too.
    """
    targets = np.asarray(targets, np.float64)
    width = predictions.shape[-1] if predictions.ndim > 1 else 1
    if width > 1 and targets.size * width == predictions.size:
        if not ((targets >= 0) & (targets < width)).all():
            return []
        targets = np.eye(width)[targets.astype(int).reshape(-1)]
    if targets.size != predictions.size:
        return []
    answers = [targets]
    if ((targets >= 0) & (targets <= 1)).all():
        answers += [(1 - smoothing) * targets + smoothing / max(width, 2) for smoothing in SMOOTHINGS]
    if from_logits:
        shares = [np.clip(a, 1e-7, 1 - 1e-7) for a in answers]
        answers = [np.log(a) - (np.log(1 - a) if width == 1 else 0) for a in shares]
    return [a.reshape(predictions.shape).astype(np.float32) for a in answers]


def _spread_over(answer: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    shape = predictions.shape[1:] if answer.size == predictions[0].size else (answer.size,)
    return np.broadcast_to(answer.reshape(shape), predictions.shape).astype(np.float32)
