"""A sample of the validation rows, taken from what `fit` hands to `evaluate`. They never reach the logdir."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_callbacks.held_rows import MOST_BYTES
from keras_callbacks.say import warn

MOST_ROWS = 8192


class ValidationRows:
    """Rows at equal distances of the validation arrays; none where validation is no arrays (a dataset, a generator)."""

    def __init__(self) -> None:
        self.x: list[np.ndarray] = []  # one array (rows, ...) per input
        self.y: list[np.ndarray] = []  # and per output

    def look(self, x: Any, y: Any) -> None:
        """Takes a sample of the rows, once; never raises. x, y: as `evaluate` was given them"""
        if self.x or y is None:
            return
        try:
            self._sample(x, y)
        except Exception as error:
            warn(f"Diagnosis: validation rows could not be looked at ({type(error).__name__}: {error}).")

    def _sample(self, x: Any, y: Any) -> None:
        x, y = [[_array(part) for part in keras.tree.flatten(some)] for some in (x, y)]
        if not x or any(a is None or not len(a) for a in (*x, *y)) or len({len(a) for a in (*x, *y)}) > 1:
            return
        row_bytes = sum(a[:1].nbytes for a in (*x, *y))
        every = max(1, -(-len(x[0]) // min(MOST_ROWS, max(1, MOST_BYTES // max(row_bytes, 1)))))
        self.x, self.y = [a[::every] for a in x], [a[::every] for a in y]


def _array(part: Any) -> np.ndarray | None:
    """An array of numbers as NumPy's, without a copy where that is possible; None for anything else."""
    if not hasattr(part, "__array__") or not hasattr(part, "shape"):
        return None
    array = np.asarray(part)
    return array if array.ndim and array.dtype.kind in "fiub" else None
