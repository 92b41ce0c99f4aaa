"""Statistics of the features of many rows, a block of rows at a time, so that large rows are not copied as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

VALUES_AT_ONCE = 2**17


@dataclass(frozen=True)
class Columns:
    """Statistics of each feature, (features,) each, over its finite values; NaN for a feature that has none.

    count: finite values; nonfinite: all the others, of all features; whole: whether all finite values are whole numbers
    """

    count: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray
    nonfinite: int
    whole: bool

    @property
    def overall_mean(self) -> float:
        """Mean of all finite values."""
        seen = self.count > 0
        return float(np.average(self.mean[seen], weights=self.count[seen]))

    @property
    def overall_std(self) -> float:
        """Standard deviation of all finite values."""
        seen = self.count > 0
        squares = self.std[seen] ** 2 + (self.mean[seen] - self.overall_mean) ** 2
        return float(np.sqrt(np.average(squares, weights=self.count[seen])))


def columns_of(rows: np.ndarray) -> Columns:
    """rows: (rows, ..., features), features along the last axis, or (rows,); anything numeric"""
    flat = by_feature(rows)
    width = flat.shape[1]
    count, total, squares = np.zeros(width), np.zeros(width), np.zeros(width)
    low, high = np.full(width, np.inf), np.full(width, -np.inf)
    whole = True
    for values, finite in _blocks(flat):
        count += finite.sum(axis=0)
        total += np.where(finite, values, 0).sum(axis=0)
        low = np.minimum(low, np.where(finite, values, np.inf).min(axis=0))
        high = np.maximum(high, np.where(finite, values, -np.inf).max(axis=0))
        whole = whole and bool((values == np.round(values))[finite].all())
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / count
        for values, finite in _blocks(flat):
            squares += np.square(np.where(finite, values - mean, 0)).sum(axis=0)
        std = np.sqrt(squares / count)
    low, high = (np.where(count > 0, bound, np.nan) for bound in (low, high))
    return Columns(count, mean, std, low, high, int(flat.size - count.sum()), whole)


def by_feature(rows: np.ndarray) -> np.ndarray:
    """(rows, features): everything but the last axis is rows."""
    return rows.reshape(-1, rows.shape[-1]) if rows.ndim > 1 else rows.reshape(-1, 1)


def _blocks(flat: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(rows, features) float64, and which are finite, a few rows at a time."""
    rows = max(1, VALUES_AT_ONCE // max(flat.shape[1], 1))
    for start in range(0, len(flat), rows):
        values = flat[start : start + rows].astype(np.float64)
        yield values, np.isfinite(values)
