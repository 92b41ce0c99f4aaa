"""What the model does with the held rows: in inference mode, like validation rows, and in training mode.

Keras' training loss is averaged while the weights move and dropout is on; the validation loss is not. Only the loss of
rows that are evaluated like validation rows can be compared with it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state  # where Keras keeps its own generator of random numbers
from keras.src.losses.loss import unscale_loss_for_distribution

from keras_callbacks.held_rows import MOST_BYTES, HeldRows
from keras_callbacks.places import Place
from keras_callbacks.probes import losses, units
from keras_callbacks.taps import Taps

ROWS_AT_ONCE = 256
MOST_TRAINING_BATCHES = 16
# bytes of a layer's output or a prediction; beyond, no more rows at once than the training has
MOST_AT_ONCE = 4 * 2**20


@dataclass
class Evaluation:
    """What the model does with the held rows in inference mode.

    counts: per layer, (units, 6), see probes/units.py; fed: largest scale of what the first layer with weights is given
    modes: loss of the first rows in inference and in training mode; None when the model does the same in both
    """

    loss: float
    penalty: float
    from_predictions: float
    predictions: list[np.ndarray]
    counts: dict[str, np.ndarray]
    fed: dict[str, float]
    modes: tuple[float, float] | None


class Evaluator:
    """Evaluates the held rows; the model's state stays as it is.

    activations: name of the activation by place, for the places whose units are counted
    """

    def __init__(
        self, model: keras.Model, taps: Taps, held_rows: HeldRows, places: list[Place], activations: dict[str, str]
    ) -> None:
        self._model = model
        self._taps = taps
        self._rows = held_rows
        self._axes = {place.name: place.unit_axis for place in places}
        self._activations = activations
        self._evaluate_batch: Callable | None = None
        self._train_loss: Callable | None = None
        self._has_modes = False
        self._masked = False
        self._prediction_bytes = self._output_bytes = 0  # of one row; of the largest output of a layer

    def evaluate(self, batch_size: int, most_rows: int) -> Evaluation:
        """batch_size: of a replica in training, which is known to fit into memory. Large predictions make it stop at fewer rows."""
        rows = min(len(self._rows), most_rows)
        if self._evaluate_batch is None:
            self._evaluate_batch = self._traced(self._evaluate)
            self._has_modes = _has_modes(self._model)
        at_once = min(ROWS_AT_ONCE, max(batch_size or ROWS_AT_ONCE, MOST_AT_ONCE // max(self._output_bytes, 1)))
        results, sizes = [], []
        with self._state_kept():
            for start in range(0, rows, at_once):
                if start * self._prediction_bytes > MOST_BYTES:
                    break
                result = self._evaluate_batch(*self._rows.batch(start, min(start + at_once, rows)))
                results.append(tf.nest.map_structure(lambda t: t.numpy(), result))
                sizes.append(min(at_once, rows - start))
            trained = self._loss_in_training_mode(sizes[0], batch_size) if self._has_modes else None
        total = {
            k: float(np.average([r[k] for r in results], weights=sizes))
            for k in ("loss", "penalty", "from_predictions")
        }
        predictions = [
            np.concatenate(parts) for parts in zip(*[tf.nest.flatten(r["predictions"]) for r in results], strict=True)
        ]
        counts = {name: units.combine([r["counts"][name] for r in results]) for name in results[0]["counts"]}
        fed = {name: max(float(r["fed"][name]) for r in results) for name in results[0]["fed"]}
        modes = None if trained is None else (float(results[0]["loss"]), trained)
        return Evaluation(**total, predictions=predictions, counts=counts, fed=fed, modes=modes)

    def reference_losses(self, predictions: list[np.ndarray], from_logits: bool) -> tuple[float, float]:
        """Loss of the best constant prediction and of the perfect one, without penalties.

        predictions: those of `evaluate`, for their shapes
        Both are NaN for several outputs, targets that do not fit, and predictions with a mask.
        """
        model, (_, targets) = self._model, self._rows.rows()
        if len(targets) != 1 or len(predictions) != 1 or self._masked or getattr(model, "_compile_loss", None) is None:
            return float("nan"), float("nan")
        count = len(predictions[0])
        _, y, weights = self._rows.batch(0, count)

        def loss_of(answer: np.ndarray) -> float:
            return float(_data_loss(model, y, tf.cast(answer, keras.backend.floatx()), weights))

        constant = [loss_of(a) for a in losses.constant_predictions(targets[0][:count], predictions[0], from_logits)]
        perfect = [loss_of(a) for a in losses.perfect_predictions(targets[0][:count], predictions[0], from_logits)]
        return _smallest(constant), _smallest(perfect)

    def _loss_in_training_mode(self, rows: int, batch_size: int) -> float:
        """Mean loss of the first rows, in batches like the training's: batch normalization sees no others."""
        if self._train_loss is None:
            self._train_loss = self._traced(lambda x, y, weights: self._forward(x, y, weights, training=True)[1])
        at_once = min(batch_size or ROWS_AT_ONCE, rows)
        starts = range(0, rows - at_once + 1, at_once)[:MOST_TRAINING_BATCHES]
        return float(np.mean([self._train_loss(*self._rows.batch(s, s + at_once)).numpy() for s in starts]))

    def _traced(self, function: Callable) -> Callable:
        # one trace for any number of rows; and no warning of TensorFlow's about many fits in one process
        strategy = self._model.distribute_strategy

        def in_a_replica(*batch):  # a model whose metrics are spread over replicas can only be called inside one
            return tf.nest.map_structure(
                lambda t: strategy.experimental_local_results(t)[0], strategy.run(function, batch)
            )

        return tf.function(in_a_replica, autograph=False).get_concrete_function(*self._rows.specs())

    def _forward(self, x, y, weights, *, training: bool) -> tuple[Any, tf.Tensor]:
        model = self._model
        y_pred = model(x, training=training) if model._call_has_training_arg else model(x)
        return y_pred, _total_loss(model, x, y, y_pred, weights, training=training)

    def _evaluate(self, x, y, weights) -> dict[str, Any]:
        """Traced: everything about one batch in inference mode."""
        model = self._model
        (y_pred, loss), passing = self._taps.collect(lambda: self._forward(x, y, weights, training=False))
        self._note(y_pred, passing.outputs)
        penalties = [tf.reduce_sum(tf.cast(p, tf.float32)) for p in model.losses]
        penalty = tf.add_n(penalties) if penalties else tf.constant(0.0)
        graph = tf.constant(0).graph
        seen = {name: t for name, t in passing.outputs.items() if name in self._activations and t.graph is graph}
        # a tensor without Keras' memory of its logits: the loss is then that of the predictions themselves
        forgotten = tf.nest.map_structure(tf.identity, y_pred)
        fed = [passing.fed] if passing.fed is not None and passing.fed[1].graph is graph else []
        return {
            "loss": tf.cast(loss, tf.float32),
            "penalty": penalty,
            "from_predictions": _data_loss(model, y, forgotten, weights) + penalty,
            "predictions": tf.nest.map_structure(lambda t: tf.cast(t, tf.float32), y_pred),
            "fed": {name: _largest_scale(t) for name, t in fed},
            "counts": {name: units.count(t, self._axes[name], self._activations[name]) for name, t in seen.items()},
        }

    def _note(self, predictions: Any, outputs: dict[str, tf.Tensor]) -> None:
        """How large a row of predictions and of the largest output of a layer is, and whether a mask hides some of it."""
        flat = tf.nest.flatten(predictions)
        self._masked = any(getattr(t, "_keras_mask", None) is not None for t in flat)
        self._prediction_bytes = sum(_row_bytes(t) for t in flat)
        self._output_bytes = max(map(_row_bytes, [*flat, *outputs.values()]))

    @contextmanager
    def _state_kept(self) -> Iterator[None]:
        """Puts back what a forward pass changes: statistics, random numbers, metrics."""
        model = self._model
        frozen = {id(w) for layer in model._flatten_layers() for w in layer._trainable_variables}  # never changes
        variables = [v for v in (*model.non_trainable_variables, *model.metrics_variables) if id(v) not in frozen]
        generator = global_state.get_global_attribute("global_seed_generator")
        variables += [] if generator is None else [generator.state]
        # each replica's own: asking for a metric of all would wait for other workers
        copies = [c for v in variables for c in model.distribute_strategy.experimental_local_results(v.value)]
        state = [(copy, copy.numpy()) for copy in copies]
        try:
            yield
        finally:
            for copy, value in state:
                copy.assign(value)


def _row_bytes(tensor: tf.Tensor) -> int:
    """Bytes of one row, in float32; as good as too many when it is not known."""
    return 4 * (tensor.shape[1:].num_elements() or MOST_BYTES)


def _has_modes(model: keras.Model) -> bool:
    """Whether a layer of the model does something else in training mode."""
    return any(_has_mode(layer) for layer in model._flatten_layers(include_self=False))


def _has_mode(layer: keras.layers.Layer) -> bool:
    if not type(layer).__module__.startswith("keras."):
        return "training" in inspect.signature(type(layer).call).parameters and not layer._layers
    noise = [getattr(layer, name, 0) for name in ("rate", "dropout", "recurrent_dropout", "stddev")]
    own = isinstance(layer, (keras.layers.BatchNormalization, keras.layers.SpectralNormalization))
    return own or type(layer).__name__.startswith("Random") or any(isinstance(n, (int, float)) and n for n in noise)


def _largest_scale(given: tf.Tensor) -> tf.Tensor:
    """The largest scale of a feature, as in probes/inputs.py: the larger of its absolute mean and standard deviation."""
    mean, variance = tf.nn.moments(tf.cast(given, tf.float32), list(range(len(given.shape) - 1)))
    return tf.reduce_max(tf.maximum(tf.abs(mean), tf.sqrt(variance)))


def _total_loss(model: keras.Model, x, y, y_pred, weights, *, training: bool) -> tf.Tensor:
    """The loss as `evaluate` computes it; NaN when the model's own train step has one that nobody else knows."""
    own = type(model).compute_loss is not keras.Model.compute_loss
    if model._compile_loss is None and not own:
        return tf.constant(float("nan"))
    return unscale_loss_for_distribution(model._compute_loss(x, y, y_pred, weights, training=training))


def _data_loss(model: keras.Model, y, y_pred, weights) -> tf.Tensor:
    loss = getattr(model, "_compile_loss", None)
    if loss is None or y is None:
        return tf.constant(float("nan"))
    return tf.cast(unscale_loss_for_distribution(loss(y, y_pred, weights)), tf.float32)


def _smallest(found: list[float]) -> float:
    return min((value for value in found if np.isfinite(value)), default=float("nan"))
