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
SMALL_PREDICTION = 4096  # bytes a row; beyond, no more rows at once than the training has


@dataclass
class Evaluation:
    """What the model does with the held rows.

    counts: per layer, (units, 7), see probes/units.py; fed: largest scale of what the first layer with weights is given
    """

    loss: float
    penalty: float
    from_predictions: float
    predictions: list[np.ndarray]
    counts: dict[str, np.ndarray]
    fed: dict[str, float]


class HeldRows:
    """Keeps rows while the first epoch runs (`keep`, inside the train step), evaluates them later (`evaluate`)."""

    def __init__(self) -> None:
        self.steps_per_epoch: int | None = None  # when known, the rows are spread over the first epoch
        self._buffers: list[tf.Variable] = []
        self._structure: Any = None
        self._capacity = 0
        self._kept = tf.Variable(0, dtype=tf.int32, trainable=False)
        self._evaluate_batch: Callable | None = None
        self._masked = False
        self._prediction_bytes = 0  # of one row

    def __len__(self) -> int:
        return min(int(self._kept.numpy()), self._capacity)

    def keep(self, data: Any, step: tf.Tensor) -> None:
        """Inside the train step: keeps some rows of this batch, until there are enough.

        data: (x, y) or (x, y, sample_weight), as Keras hands it to the train step
        Raises ValueError when rows have no fixed shape or are no numbers.
        """
        parts = _parts(data)
        tensors = tf.nest.flatten(parts)
        if not self._buffers:
            self._make_buffers(parts, tensors)
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
        x, y, _ = self._structured([buffer.numpy()[: len(self)] for buffer in self._buffers])
        targets = [] if y is None else tf.nest.flatten(y)
        return [np.asarray(a) for a in tf.nest.flatten(x)], [np.asarray(a) for a in targets]

    def names(self) -> list[str]:
        """One name per input, in the order of `rows`: its key, where inputs are given by name."""
        x = self._structure[0]
        if isinstance(x, dict):
            return [str(key) for key in sorted(x)]
        count = len(tf.nest.flatten(x))
        return ["input"] if count == 1 else [f"input_{i + 1}" for i in range(count)]

    def evaluate(
        self, model: keras.Model, taps: Taps, places: list[Place], activations: dict[str, str], batch_size: int
    ) -> Evaluation:
        """What the model does with the held rows in inference mode; the model's state stays as it is.

        activations: name of the activation by place, for the places whose units are counted
        batch_size: the training's own, which is known to fit into memory. Large predictions make it stop at fewer rows.
        """
        if self._evaluate_batch is None:
            rows = [tf.TensorSpec([None, *b.shape[1:]], b.dtype) for b in self._buffers]
            # one trace for any number of rows; and no warning of TensorFlow's about many fits in one process
            traced = _make_evaluation(model, taps, places, activations, self._note)
            self._evaluate_batch = traced.get_concrete_function(*self._structured(rows))
        frozen = {id(w) for layer in model._flatten_layers() for w in layer._trainable_variables}  # never changes
        state = [
            (v, v.numpy()) for v in (*model.non_trainable_variables, *model.metrics_variables) if id(v) not in frozen
        ]
        at_once = (
            min(batch_size or ROWS_AT_ONCE, ROWS_AT_ONCE) if self._prediction_bytes > SMALL_PREDICTION else ROWS_AT_ONCE
        )
        results, sizes = [], []
        try:
            for start in range(0, len(self), at_once):
                if start * self._prediction_bytes > MOST_BYTES:
                    break
                rows = [b[start : min(start + at_once, len(self))] for b in self._buffers]
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
        fed = {name: max(float(r["fed"][name]) for r in results) for name in results[0]["fed"]}
        return Evaluation(**total, predictions=predictions, counts=counts, fed=fed)

    def reference_losses(
        self, model: keras.Model, predictions: list[np.ndarray], from_logits: bool
    ) -> tuple[float, float]:
        """Loss of the best constant prediction and of the perfect one, without penalties.

        predictions: those of `evaluate`, for their shapes
        Both are NaN for several outputs, targets that do not fit, and predictions with a mask.
        """
        _, targets = self.rows()
        if len(targets) != 1 or len(predictions) != 1 or self._masked or getattr(model, "_compile_loss", None) is None:
            return float("nan"), float("nan")
        count = len(predictions[0])
        _, y, weights = self._structured([b[:count] for b in self._buffers])

        def loss_of(answer: np.ndarray) -> float:
            return float(_data_loss(model, y, tf.cast(answer, keras.backend.floatx()), weights))

        constant = [loss_of(a) for a in losses.constant_predictions(targets[0][:count], predictions[0], from_logits)]
        perfect = [loss_of(a) for a in losses.perfect_predictions(targets[0][:count], predictions[0], from_logits)]
        return _smallest(constant), _smallest(perfect)

    def _note(self, predictions: Any) -> None:
        """How large a row of predictions is, and whether a mask hides some of it."""
        flat = tf.nest.flatten(predictions)
        self._masked = any(getattr(t, "_keras_mask", None) is not None for t in flat)
        self._prediction_bytes = sum(4 * (t.shape[1:].num_elements() or MOST_BYTES) for t in flat)

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

    def _structured(self, flat: list) -> tuple[Any, Any, Any]:
        x, *more = tf.nest.pack_sequence_as(self._structure, flat)
        y, weights = [*more, None, None][:2]
        return x, y, weights


def _make_evaluation(model: keras.Model, taps: Taps, places: list[Place], activations: dict[str, str], note: Callable):
    """note: called with the predictions while they are traced"""
    axes = {place.name: place.unit_axis for place in places}

    @tf.function
    def evaluate(x, y, weights):
        def forward():
            y_pred = model(x, training=False) if model._call_has_training_arg else model(x)
            return y_pred, _total_loss(model, x, y, y_pred, weights)

        (y_pred, loss), passing = taps.collect(forward)
        note(y_pred)
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
            "from_predictions": _data_loss(model, y, forgotten, weights) + penalty,
            "predictions": tf.nest.map_structure(lambda t: tf.cast(t, tf.float32), y_pred),
            "fed": {
                name: _largest_scale(t) for name, t in [passing.fed or ("", None)] if t is not None and t.graph is graph
            },
            "counts": {name: units.count(t, axes[name], activations[name]) for name, t in seen.items()},
        }

    return evaluate


def _parts(data: Any) -> tuple:
    """What is kept of a batch: (x,), (x, y) or (x, y, sample_weight)."""
    x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
    return (x,) if y is None else (x, y) if weights is None else (x, y, weights)


def _largest_scale(given: tf.Tensor) -> tf.Tensor:
    """The largest scale of a feature, as in probes/inputs.py: the larger of its absolute mean and standard deviation."""
    mean, variance = tf.nn.moments(tf.cast(given, tf.float32), list(range(len(given.shape) - 1)))
    return tf.reduce_max(tf.maximum(tf.abs(mean), tf.sqrt(variance)))


def _total_loss(model: keras.Model, x, y, y_pred, weights) -> tf.Tensor:
    """The loss as `evaluate` computes it; NaN when the model's own train step has one that nobody else knows."""
    own = type(model).compute_loss is not keras.Model.compute_loss
    if model._compile_loss is None and not own:
        return tf.constant(float("nan"))
    return model._compute_loss(x, y, y_pred, weights, training=False)


def _data_loss(model: keras.Model, y, y_pred, weights) -> tf.Tensor:
    loss = getattr(model, "_compile_loss", None)
    if loss is None or y is None:
        return tf.constant(float("nan"))
    return tf.cast(loss(y, y_pred, weights), tf.float32)


def _smallest(found: list[float]) -> float:
    return min((value for value in found if np.isfinite(value)), default=float("nan"))
