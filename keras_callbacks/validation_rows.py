"""A sample of the validation rows, taken from what `fit` hands to `evaluate`. They never reach the logdir."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_callbacks import batch_ahead, schedule
from keras_callbacks.held_rows import MOST_BYTES
from keras_callbacks.say import warn
from keras_callbacks.spread_rows import SpreadRows

MOST_ROWS = 8192


class ValidationRows:
    """Rows at equal distances of the validation arrays; of a dataset or a generator, rows of batches as they pass."""

    def __init__(self) -> None:
        self.x: list[np.ndarray] = []  # one array (rows, ...) per input
        self.y: list[np.ndarray] = []  # and per output
        self.seconds = 0.0  # that looking took

    def look(self, model: keras.Model, x: Any, y: Any, evaluate: Callable[[], Any]) -> Any:
        """Takes a sample of the rows, once, and returns what `evaluate()` does.

        x, y: what it is given
        """
        if self.x:
            return evaluate()
        if y is not None:
            _guarded(lambda: self._sample(x, y))
        if self.x or model.steps_per_execution != 1 or model.run_eagerly:
            return evaluate()
        return self._evaluate_and_look(model, evaluate)

    def _sample(self, x: Any, y: Any) -> None:
        x, y = [[_array(part) for part in keras.tree.flatten(some)] for some in (x, y)]
        if not x or any(a is None or not len(a) for a in (*x, *y)) or len({len(a) for a in (*x, *y)}) > 1:
            return
        every = max(1, -(-len(x[0]) // _capacity([*x, *y])))
        self.x, self.y = [a[::every] for a in x], [a[::every] for a in y]

    def _evaluate_and_look(self, model: keras.Model, evaluate: Callable[[], Any]) -> Any:
        model.make_test_function()  # as `evaluate` is about to
        test: Callable = model.test_function
        model.test_function = passing = _PassingBatches(test)
        try:
            return evaluate()
        finally:
            if model.test_function is passing:
                model.test_function = test
            self.seconds += passing.seconds
            _guarded(lambda: self._keep(*passing.rows()))

    def _keep(self, x: list[np.ndarray], y: list[np.ndarray]) -> None:
        self.x, self.y = x, y


class _PassingBatches:
    """A test function that looks at batches on their way: every one of the first 20, then at growing distances."""

    def __init__(self, test: Callable) -> None:
        self.seconds = 0.0
        self._test = test
        self._seen, self._next = 0, 1
        self._inputs = 0
        self._rows: SpreadRows | None = None
        self._shapes: list[tuple[int, ...]] = []  # of a row's parts

    def __call__(self, iterator: Any) -> Any:
        self._seen += 1
        if self._seen >= self._next and batch_ahead.can_be_taken(iterator):
            self._next = schedule.next_step(self._seen)
            taken = batch_ahead.taken(iterator)
            began, iterator = time.perf_counter(), taken.iterator
            if taken.batch is not None:
                _guarded(lambda: self._take(taken.batch))
            self.seconds += taken.own + time.perf_counter() - began
        return self._test(iterator)

    def rows(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """One array (rows, ...) per input and per output; none when nothing was taken."""
        parts = self._rows.chosen(self._seen) if self._rows else []
        return parts[: self._inputs], parts[self._inputs :]

    def _take(self, batch: Any) -> None:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
        arrays = [_array(part) for part in (*tf.nest.flatten(x), *tf.nest.flatten(y))]
        parts = [array.copy() for array in arrays if array is not None]
        shapes = [part.shape[1:] for part in parts]
        if y is None or len(parts) < len(arrays) or shapes != (self._shapes or shapes):
            return  # rows of another length, say, which cannot be compared
        self._inputs, self._shapes = len(tf.nest.flatten(x)), shapes
        self._rows = self._rows or SpreadRows(_capacity(parts))
        self._rows.take(self._seen, parts)


def _capacity(parts: list[np.ndarray]) -> int:
    row_bytes = sum(part[:1].nbytes for part in parts)
    return min(MOST_ROWS, max(1, MOST_BYTES // max(row_bytes, 1)))


def _guarded(action: Callable[[], None]) -> None:
    try:
        action()
    except Exception as error:
        warn(f"Diagnosis: validation rows could not be looked at ({type(error).__name__}: {error}).")


def _array(part: Any) -> np.ndarray | None:
    """An array of numbers as NumPy's, without a copy where that is possible; None for anything else."""
    if not hasattr(part, "__array__") or not hasattr(part, "shape"):
        return None
    array = np.asarray(part)
    return array if array.ndim and array.dtype.kind in "fiub" else None
