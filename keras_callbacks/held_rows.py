"""A fixed sample of the training rows, kept in memory. They never reach the logdir."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_callbacks.replicas import plain_variable
from keras_callbacks.spread_rows import SpreadRows

MOST_ROWS = 1024
MOST_BYTES = 16 * 2**20
MOST_ROWS_A_STEP = 256


class HeldRows:
    """Takes rows from observed steps of the first epoch, then chooses those that spread over it: rows may be sorted."""

    def __init__(self) -> None:
        self._structure: Any = None
        self._passing: list[tf.Variable] = []  # first rows of the batch that passes through an observed step
        self._count = plain_variable(0, tf.int32)  # how many
        self._taken: SpreadRows | None = None  # by step
        self._rows: list[np.ndarray] = []  # those that were chosen
        self._capacity = 0

    def __len__(self) -> int:
        return len(self._rows[0]) if self._rows else 0

    @property
    def weighted(self) -> bool:
        """Whether rows have weights of their own, from `sample_weight` or `class_weight`."""
        return isinstance(self._structure, tuple) and len(self._structure) == 3

    # Inside the train step.

    def prepare(self, data: Any) -> None:
        """Makes room for rows like those of `data`: a batch, or its specs. Raises ValueError as `keep` does."""
        if self._passing:
            return
        parts = _parts(data)
        tensors = tf.nest.flatten(parts)
        for tensor in tensors:
            shape = getattr(tensor, "shape", tf.TensorShape(None))
            if (
                not isinstance(tensor, (tf.Tensor, tf.TensorSpec))
                or tensor.dtype == tf.string
                or not shape[1:].is_fully_defined()
            ):
                raise ValueError(
                    f"rows must be numbers in a fixed shape; got {getattr(tensor, 'dtype', type(tensor))} {shape}"
                )
        row_bytes = sum(t.dtype.size * (t.shape[1:].num_elements() or 1) for t in tensors)
        self._capacity = int(min(MOST_ROWS, max(1, MOST_BYTES // row_bytes)))
        room = max(1, min(MOST_ROWS_A_STEP, self._capacity // 4))
        self._structure = tf.nest.map_structure(lambda t: None, parts)
        with tf.init_scope():
            self._passing = [plain_variable(tf.zeros([room, *t.shape[1:]], t.dtype), t.dtype) for t in tensors]

    def keep(self, data: Any) -> None:
        """Leaves the first rows of this batch for `take`.

        data: (x, y) or (x, y, sample_weight), as Keras hands it to the train step
        Raises ValueError when rows have no fixed shape or are no numbers.
        """
        self.prepare(data)
        tensors = tf.nest.flatten(_parts(data))
        rows = [tensor[: passing.shape[0]] for passing, tensor in zip(self._passing, tensors, strict=True)]
        count = tf.shape(rows[0])[0]
        for passing, values in zip(self._passing, rows, strict=True):
            passing.scatter_update(tf.IndexedSlices(values, tf.range(count)))
        self._count.assign(count)

    # On the host.

    def take(self, step: int) -> None:
        """After an observed step of the first epoch: takes what it left. step: counted from 1"""
        if self._rows or not self._passing:
            return
        self._taken = self._taken or SpreadRows(self._capacity)
        if self._taken.last < step:
            count = int(self._count.numpy())
            self._taken.take(step, [p.numpy()[:count].copy() for p in self._passing])  # a view would keep all of it

    def choose(self, last_step: int) -> None:
        """Once the first epoch is over: from now on these are the rows. last_step: of the epoch"""
        if self._taken and not self._rows:
            self._rows, self._taken = self._taken.chosen(last_step), None

    def forget(self) -> None:
        """Lets go of all rows; the next epoch's may be taken."""
        self._rows, self._taken = [], None

    def rows(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The chosen inputs and targets, flattened: one array (rows, ...) per input and per output."""
        x, y, _ = self._structured(self._rows)
        return tf.nest.flatten(x), [] if y is None else tf.nest.flatten(y)

    def weights(self) -> list[np.ndarray]:
        """The rows' weights: one array (rows, ...) per output. Where one is for all outputs, it stands for each."""
        _, y, weights = self._structured(self._rows)
        flat = tf.nest.flatten(weights)
        return flat * len(tf.nest.flatten(y)) if len(flat) == 1 else flat

    def names(self) -> list[str]:
        """One name per input, in the order of `rows`: its key, where inputs are given by name."""
        x = self._structure[0]
        if isinstance(x, dict):
            return [str(key) for key in sorted(x)]
        count = len(tf.nest.flatten(x))
        return ["input"] if count == 1 else [f"input_{i + 1}" for i in range(count)]

    def batch(self, start: int, stop: int) -> tuple[Any, Any, Any]:
        """(x, y, sample_weight) of the rows from `start` to before `stop`, as the model takes them; None where there is none."""
        return self._structured([tf.constant(part[start:stop]) for part in self._rows])

    def specs(self) -> tuple[Any, Any, Any]:
        """What `batch` returns for any number of rows, as specs to trace with."""
        return self._structured([tf.TensorSpec([None, *part.shape[1:]], part.dtype) for part in self._rows])

    def _structured(self, flat: list) -> tuple[Any, Any, Any]:
        x, *more = tf.nest.pack_sequence_as(self._structure, flat)
        y, weights = [*more, None, None][:2]
        return x, y, weights


def _parts(data: Any) -> tuple:
    """What is kept of a batch: (x,), (x, y) or (x, y, sample_weight)."""
    x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
    return (x,) if y is None else (x, y) if weights is None else (x, y, weights)
