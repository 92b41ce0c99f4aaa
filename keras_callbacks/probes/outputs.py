"""What the network answers: statistics of its predictions for the held rows."""

from __future__ import annotations

import numpy as np


def measure(rows: np.ndarray) -> np.ndarray:
    """Statistics of one output's predictions.

    rows: (rows, ..., width)
    Returns (9,): mean, std, min, max, mean over columns of the standard deviation over rows, width, rank, share of the
    most predicted class (largest column; for one column, above or below 0.5), mean sum of a row.
    """
    values = np.asarray(rows, np.float64)
    flat = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(-1, 1)
    classes = flat.argmax(axis=1) if flat.shape[1] > 1 else (flat[:, 0] > 0.5).astype(int)
    column_spread = values.reshape(len(values), -1).std(axis=0)
    return np.array([
        values.mean(), values.std(), values.min(), values.max(), column_spread.mean(),
        flat.shape[1], values.ndim, np.bincount(classes).max() / len(classes), flat.sum(axis=1).mean(),
    ])  # fmt: skip
