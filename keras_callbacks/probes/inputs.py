"""What the network is fed: statistics of the held rows. No sample ever leaves this module."""

from __future__ import annotations

import numpy as np

from keras_callbacks.probes.columns import columns_of


def measure(rows: np.ndarray) -> np.ndarray:
    """Statistics of one input.

    rows: (rows, ..., features); anything numeric
    Returns (10,): mean, std, min, max, count of non-finite values, share of constant features, the largest scale of a
    feature, the largest scale over the median one of the features that vary, 1 when all values are whole numbers, number of rows.
    A feature's scale is the larger of its absolute mean and its standard deviation. Non-finite values are left out of all but their count.
    """
    found = columns_of(rows)
    size, rows_count = float(rows.size), len(rows)
    if not found.count.any():
        return np.array([np.nan] * 4 + [size] + [np.nan] * 4 + [rows_count])
    scale = np.fmax(np.abs(found.mean), found.std)
    varying = scale[found.std > 1e-12 * np.fmax(np.abs(found.mean), 1e-300)]
    return np.array([
        found.overall_mean, found.overall_std, np.nanmin(found.low), np.nanmax(found.high),
        found.nonfinite,
        1 - len(varying) / len(scale),
        np.nanmax(scale),
        varying.max() / np.median(varying) if len(varying) else 1.0,
        float(found.whole),
        rows_count,
    ])  # fmt: skip
