"""What the network is asked for: statistics of the targets of the held rows."""

from __future__ import annotations

import numpy as np


def measure(rows: np.ndarray) -> np.ndarray:
    """Statistics of one output's targets.

    rows: (rows,) or (rows, ..., width); anything numeric
    Returns (13,): mean, std, min, max, count of non-finite values, 1 when all are whole numbers, distinct values,
    width (last dimension; 1 for a vector), rank, smallest and largest sum of a row, share of the commonest value
    (of the commonest class where rows are one-hot), mean over columns of the standard deviation over rows.
    """
    values = np.asarray(rows, np.float64)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.array([np.nan] * 4 + [float(values.size)] + [np.nan] * 8)
    flat = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(-1, 1)
    width = flat.shape[1]
    sums = flat.sum(axis=1)
    distinct, numbers = np.unique(finite, return_inverse=True)
    classes = flat.argmax(axis=1) if is_one_hot(flat) else numbers
    return np.array([
        finite.mean(), finite.std(), finite.min(), finite.max(), values.size - len(finite),
        float(np.all(finite == np.round(finite))), len(distinct), width, values.ndim,
        sums.min(), sums.max(), np.bincount(classes).max() / len(classes), np.nanstd(flat, axis=0).mean(),
    ])  # fmt: skip


def is_one_hot(rows: np.ndarray) -> bool:
    """Whether each row (rows, width >= 2) is zeros with a single one."""
    return rows.shape[1] > 1 and bool(np.isin(rows, (0.0, 1.0)).all() and (rows.sum(axis=1) == 1).all())
