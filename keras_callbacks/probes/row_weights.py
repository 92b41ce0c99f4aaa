"""How much each row counts: statistics of the held rows' weights, from `sample_weight` or `class_weight`."""

from __future__ import annotations

import numpy as np

from keras_callbacks.probes.labels import is_one_hot


def measure(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Statistics of the weights of one output's rows.

    rows: the targets, (rows,) or (rows, ..., width); weights: one for each row, or several
    Returns (4,): mean, min, max, and the share of all weight on the rows of the commonest value (class, where rows are one-hot);
    NaN where a row has several targets or several weights.
    """
    weights = np.asarray(weights, np.float64)
    return np.array([weights.mean(), weights.min(), weights.max(), _share_of_commonest(np.asarray(rows), weights)])


def _share_of_commonest(rows: np.ndarray, weights: np.ndarray) -> float:
    columns = rows.reshape(len(rows), -1)
    if weights.size != len(rows) or not (columns.shape[1] == 1 or is_one_hot(columns)):
        return float("nan")
    classes = columns.argmax(axis=1) if columns.shape[1] > 1 else np.unique(columns, return_inverse=True)[1].reshape(-1)
    of_classes = np.bincount(classes, weights.reshape(-1))
    return float(of_classes[np.bincount(classes).argmax()] / of_classes.sum())
