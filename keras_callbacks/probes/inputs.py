"""What the network is fed: statistics of the held rows. No sample ever leaves this module."""

from __future__ import annotations

import numpy as np


def measure(rows: np.ndarray) -> np.ndarray:
    """Statistics of one input.

    rows: (rows, ..., features); anything numeric
    Returns (10,): mean, std, min, max, count of non-finite values, share of constant features, the largest scale of a
    feature, the largest scale over the median one of the features that vary, 1 when all values are whole numbers, number of rows.
    A feature's scale is the larger of its absolute mean and its standard deviation. Non-finite values are left out of all but their count.
    """
    values = np.asarray(rows, np.float64)
    features = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(-1, 1)
    finite = np.where(np.isfinite(features), features, np.nan)
    if not np.isfinite(features).any():
        return np.array([np.nan] * 4 + [float(features.size)] + [np.nan] * 4 + [len(values)])
    columns = finite[:, np.isfinite(features).any(axis=0)]
    mean, std = np.nanmean(columns, axis=0), np.nanstd(columns, axis=0)
    scale = np.maximum(np.abs(mean), std)
    varying = scale[std > 1e-12 * np.maximum(np.abs(mean), 1e-300)]
    return np.array([
        np.nanmean(finite), np.nanstd(finite), np.nanmin(finite), np.nanmax(finite),
        np.sum(~np.isfinite(features)),
        1 - len(varying) / features.shape[1],
        scale.max(),
        varying.max() / np.median(varying) if len(varying) else 1.0,
        float(np.all(columns[np.isfinite(columns)] == np.round(columns[np.isfinite(columns)]))),
        len(values),
    ])  # fmt: skip
