"""A fixed sample of the training rows, kept in memory, and what the model does with it in inference mode.

Keras' training loss is averaged while the weights move and dropout is on; the validation loss is not. Only the loss of
rows that are evaluated like validation rows can be compared with it. The rows never reach the logdir.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_callbacks.places import Place
from keras_callbacks.probes import losses, units
from keras_callbacks.taps import Taps

MOST_ROWS = 1024
MOST_BYTES = 16 * 2**20
ROWS_AT_ONCE = 256


@dataclass
class Evaluation:
    """What the model does with the held rows. counts: per layer, (units, 7), see probes/units.py"""

    loss: float
    penalty: float
    from_predictions: float
    predictions: list[np.ndarray]
    counts: dict[str, np.ndarray]


class HeldRows:
    """Keeps rows while the first epoch runs (`keep`, inside the train step), evaluates them later (`evaluate`)."""

    def __init__(self) -> None:
        self.steps_per_epoch: int | None = None  # when known, the rows are spread over the first epoch
        self._buffers: list[tf.Variable] = []
        self._structure: Any = None
        self._capacity = 0
        self._kept = tf.Variable(0, dtype=tf.int32, trainable=False)
        self._evaluate_batch: Callable | None = None

    def __len__(self) -> int:
        return min(int(self._kept.numpy()), self._capacity)

    def keep(self, data: Any, step: tf.Tensor) -> None:
        """Inside the train step: keeps some rows of this batch, until there are enough.

        data: (x, y) or (x, y, sample_weight), as Keras hands it to the train step
        Raises ValueError when rows have no fixed shape or are no numbers.
        """
        tensors = tf.nest.flatten(data[:2])
        if not self._buffers:
            self._make_buffers(data[:2], tensors)
        take = self._capacity
        every = 1
        if self.steps_per_epoch:  # spread over the epoch: rows may be sorted
            take = max(1, -(-self._capacity // self.steps_per_epoch))
            every = max(1, self.steps_per_epoch // self._capacity)

        def scatter():
            rows = [tensor[:take] for tensor in tensors]
            count = tf.shape(rows[0])[0]
            places = tf.minimum(self._kept + tf.range(count), self._capacity)  # the last place is for what is too much
            for buffer, values in zip(self._buffers, rows, strict=True):
                buffer.scatter_update(tf.IndexedSlices(values, places))
            self._kept.assign_add(count)
            return tf.constant(0)

        wanted = tf.logical_and(self._kept < self._capacity, tf.equal((step - 1) % every, 0))
        tf.cond(wanted, scatter, lambda: tf.constant(0))

    def rows(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The kept inputs and targets, flattened: one array (rows, ...) per input and per output."""
        x, y = self._structured([buffer.numpy()[: len(self)] for buffer in self._buffers])
        return [np.asarray(a) for a in tf.nest.flatten(x)], [np.asarray(a) for a in tf.nest.flatten(y)]

    def evaluate(self, model: keras.Model, taps: Taps, places: list[Place], activations: dict[str, str]) -> Evaluation:
        """What the model does with the held rows in inference mode; the model's state stays as it is.

        activations: name of the activation by place, for the places whose units are counted
        """
        if self._evaluate_batch is None:
            rows = [tf.TensorSpec([None, *b.shape[1:]], b.dtype) for b in self._buffers]
            # one trace for any number of rows; and no warning of TensorFlow's about many fits in one process
            self._evaluate_batch = _make_evaluation(model, taps, places, activations).get_concrete_function(
                *self._structured(rows)
            )
        state = [(v, v.numpy()) for v in (*model.non_trainable_variables, *model.metrics_variables)]
        results, sizes = [], []
        try:
            for start in range(0, len(self), ROWS_AT_ONCE):
                rows = [b[start : min(start + ROWS_AT_ONCE, len(self))] for b in self._buffers]
                results.append(
                    tf.nest.map_structure(lambda t: t.numpy(), self._evaluate_batch(*self._structured(rows)))
                )
                sizes.append(int(rows[0].shape[0]))
        finally:
            for variable, value in state:
                variable.assign(value)
        total = {
            k: float(np.average([r[k] for r in results], weights=sizes))
            for k in ("loss", "penalty", "from_predictions")
        }
        predictions = [
            np.concatenate(parts) for parts in zip(*[tf.nest.flatten(r["predictions"]) for r in results], strict=True)
        ]
        counts = {name: units.combine([r["counts"][name] for r in results]) for name in results[0]["counts"]}
        return Evaluation(**total, predictions=predictions, counts=counts)

    def constant_loss(self, model: keras.Model, predictions: list[np.ndarray], from_logits: bool) -> float:
        """Loss of the best constant prediction, without penalties; NaN for several outputs or targets that do not fit.

        predictions: those of `evaluate`, for their shapes
        """
        _, targets = self.rows()
        if len(targets) != 1 or len(predictions) != 1 or getattr(model, "_compile_loss", None) is None:
            return float("nan")
        answers = losses.constant_predictions(targets[0], predictions[0], from_logits)
        _, y = self._structured([b[: len(self)] for b in self._buffers])
        found = [float(_data_loss(model, y, tf.cast(answer, keras.backend.floatx()))) for answer in answers]
        return min((value for value in found if np.isfinite(value)), default=float("nan"))

    def _make_buffers(self, structure: Any, tensors: list) -> None:
        for tensor in tensors:
            if (
                not isinstance(tensor, tf.Tensor)
                or tensor.dtype == tf.string
                or not tensor.shape[1:].is_fully_defined()
            ):
                raise ValueError(
                    f"rows must be numbers in a fixed shape; got {getattr(tensor, 'dtype', type(tensor))}"
                    f" {getattr(tensor, 'shape', '')}"
                )
        row_bytes = sum(t.dtype.size * (t.shape[1:].num_elements() or 1) for t in tensors)
        self._capacity = int(min(MOST_ROWS, max(1, MOST_BYTES // row_bytes)))
        self._structure = tf.nest.map_structure(lambda t: None, structure)
        with tf.init_scope():
            self._buffers = [
                tf.Variable(tf.zeros([self._capacity + 1, *t.shape[1:]], t.dtype), trainable=False) for t in tensors
            ]

    def _structured(self, flat: list) -> tuple[Any, Any]:
        structured = tf.nest.pack_sequence_as(self._structure, flat)
        return structured[0], structured[1] if len(structured) > 1 else None


def _make_evaluation(model: keras.Model, taps: Taps, places: list[Place], activations: dict[str, str]):
    axes = {place.name: place.unit_axis for place in places}

    @tf.function
    def evaluate(x, y):
        def forward():
            y_pred = model(x, training=False) if model._call_has_training_arg else model(x)
            return y_pred, _total_loss(model, x, y, y_pred)

        (y_pred, loss), passing = taps.collect(forward)
        penalty = (
            tf.add_n([tf.reduce_sum(tf.cast(p, tf.float32)) for p in model.losses])
            if model.losses
            else tf.constant(0.0)
        )
        graph = tf.constant(0).graph
        seen = {name: t for name, t in passing.outputs.items() if name in activations and t.graph is graph}
        # a tensor without Keras' memory of its logits: the loss is then that of the predictions themselves
        forgotten = tf.nest.map_structure(tf.identity, y_pred)
        return {
            "loss": tf.cast(loss, tf.float32),
            "penalty": penalty,
            "from_predictions": _data_loss(model, y, forgotten) + penalty,
            "predictions": tf.nest.map_structure(lambda t: tf.cast(t, tf.float32), y_pred),
            "counts": {name: units.count(t, axes[name], activations[name]) for name, t in seen.items()},
        }

    return evaluate


def _total_loss(model: keras.Model, x, y, y_pred) -> tf.Tensor:
    """The loss as `evaluate` computes it; NaN when the model's own train step has one that nobody else knows."""
    own = type(model).compute_loss is not keras.Model.compute_loss
    if model._compile_loss is None and not own:
        return tf.constant(float("nan"))
    return model._compute_loss(x, y, y_pred, None, training=False)


def _data_loss(model: keras.Model, y, y_pred) -> tf.Tensor:
    loss = getattr(model, "_compile_loss", None)
    if loss is None:
        return tf.constant(float("nan"))
    return tf.cast(loss(y, y_pred, None), tf.float32)
