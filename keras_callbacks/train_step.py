"""The probes inside the compiled train step.

Every step keeps its loss and is counted. On an observed step, chosen by the host or tripped by a number that is not
finite, the probes measure into variables of ours; the host reads these afterwards.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from keras_callbacks.held_rows import HeldRows
from keras_callbacks.places import Place, places_of
from keras_callbacks.probes import gradients, updates
from keras_callbacks.say import warn
from keras_callbacks.taps import Passing, Taps

LOSSES_KEPT = 1024  # the host must read before as many steps have passed


class TrainStepProbes:
    """Measures inside the model's train step; `around_step` goes into `Taps`."""

    def __init__(self, model: keras.Model, held_rows: HeldRows) -> None:
        self.places: list[Place] = []  # those with weights; known once the model is built
        self.problems: list[str] = []
        self.order: list[str] = []  # all places by name, in the order of the forward pass
        self.shapes: dict[str, tuple] = {}  # of the outputs, by place
        self.outputs: set[str] = set()  # places whose tensor is an output of the model
        self.nonfinite_columns: list[str] = []
        self.saw_gradients = False
        self._model = model
        self._held_rows = held_rows
        self._taps: Taps
        self._steps = _variable(0, tf.int64)
        self._observe_at = _variable(1, tf.int64)
        self._losses = _variable(np.zeros(LOSSES_KEPT), tf.float32)
        self._loss_seen = _variable(False, tf.bool)
        self._batch_size = _variable(0, tf.int64)
        self._first_nonfinite = _variable(-1, tf.int64)
        # their sizes depend on the model, so they are made in the first trace
        self._before: list[tf.Variable] = []
        self._gradients: tf.Variable | None = None
        self._updates: tf.Variable | None = None
        self._nonfinite: tf.Variable | None = None  # (nonfinite_columns,) counts at that step

    # What the host asks.

    def observe_at(self, step: int) -> None:
        """The step (counted from 1 by these probes) that is to be observed next."""
        self._observe_at.assign(step)

    def steps(self) -> int:
        """Steps made so far; the host cannot know, since the last execution of several steps may be cut short."""
        return int(self._steps.numpy())

    def batch_size(self) -> int:
        """Rows in the last observed batch."""
        return int(self._batch_size.numpy())

    def losses(self, since: int, until: int) -> np.ndarray:
        """(batches,) losses of the steps after `since`, `until` included; empty when the loss is out of our sight."""
        if not self._loss_seen.numpy():
            return np.zeros(0)
        steps = np.arange(max(since, until - LOSSES_KEPT), until)
        return self._losses.numpy()[steps % LOSSES_KEPT]

    def gradients(self) -> np.ndarray:
        """(layers, 4) of the last observed step."""
        assert self._gradients is not None
        return self._gradients.numpy()

    def updates(self) -> np.ndarray:
        """(layers, 5) of the last observed step."""
        assert self._updates is not None
        return self._updates.numpy()

    def nonfinite(self) -> tuple[int, np.ndarray] | None:
        """The first step at which something was not finite, and how many values were, by column; None if never."""
        step = int(self._first_nonfinite.numpy())
        return None if step < 0 or self._nonfinite is None else (step, self._nonfinite.numpy())

    # What runs inside the step.

    def use(self, taps: Taps) -> None:
        """The taps to collect from; they call `around_step`."""
        self._taps = taps

    def around_step(self, original, data):
        """The model's own train step on `data`, with the probes around it."""
        arrived = [t for t in tf.nest.flatten(data) if isinstance(t, tf.Tensor)]
        with tf.control_dependencies([] if tf.executing_eagerly() else arrived):
            self._steps.assign_add(1)  # once there is a batch: Keras also runs the step that finds the data at its end
        scheduled = tf.equal(self._steps, self._observe_at)
        self._try("model", lambda: self._prepare(data))
        self._try("updates", lambda: tf.cond(scheduled, self._remember_weights, _nothing))
        self._try("held rows", lambda: self._held_rows.keep(data, self._steps))
        result, passing = self._taps.collect(lambda: original(data))
        passing.x = data[0] if isinstance(data, (tuple, list)) else data
        self._try("train step", lambda: self._after_step(passing, scheduled))
        return result

    def _after_step(self, passing: Passing, scheduled: tf.Tensor) -> None:
        passing.outputs = {name: t for name, t in passing.outputs.items() if _in_this_graph(t, self._steps)}
        self._note_facts(passing)
        passing.outputs = {name: t for name, t in passing.outputs.items() if _may_be_read(t)}
        tripwire = tf.constant(0.0)
        if passing.loss is not None:
            loss = tf.reshape(tf.cast(passing.loss, tf.float32), [])
            self._loss_seen.assign(True)
            self._losses.scatter_update(tf.IndexedSlices(loss, tf.cast((self._steps - 1) % LOSSES_KEPT, tf.int32)))
            tripwire += loss
        by_weight = {id(v): g for v, g in zip(passing.variables, passing.gradients, strict=False)}
        # of kernels alone: TensorFlow computes the gradient of a bias differently when somebody else looks at it
        by_place = [[by_weight.get(id(w)) for w in place.weights if len(w.shape) > 1] for place in self.places]
        scaled = hasattr(self._model.optimizer, "dynamic_scale")  # it skips steps whose gradient overflows, on purpose
        watched = [None if scaled else _first(by_place)]
        for tensor in [*tf.nest.flatten(passing.x), *tf.nest.flatten(passing.y), *watched]:
            if isinstance(tensor, tf.Tensor) and tensor.dtype.is_floating:
                tripwire += tf.reduce_sum(tf.cast(tensor, tf.float32))  # finite unless one of the values is not
        tripped = tf.logical_and(self._first_nonfinite < 0, tf.logical_not(tf.math.is_finite(tripwire)))

        columns = self._nonfinite_columns_of(passing, [] if scaled else by_place)
        gradients_now, updates_now = self._gradients, self._updates
        nonfinite = self._nonfinite_variable(list(columns))

        def measure():
            rows = next((t for t in tf.nest.flatten(passing.x) if isinstance(t, tf.Tensor) and t.shape.rank), None)
            if rows is not None:
                self._batch_size.assign(
                    tf.maximum(self._batch_size, tf.shape(rows, tf.int64)[0])
                )  # the last may be partial
            if passing.gradients and gradients_now is not None and updates_now is not None:
                kernels = [[tf.convert_to_tensor(k) for k in place.kernels] for place in self.places]
                after = [updates.sample(k) for k in kernels]
                gradients_now.assign(gradients.measure(by_place))
                updates_now.assign(updates.measure([tf.convert_to_tensor(b) for b in self._before], after, kernels))
            counts = tf.stack([_count(tensors) for tensors in columns.values()])
            first = tf.logical_and(self._first_nonfinite < 0, tf.reduce_any(counts > 0))
            if counts.shape == nonfinite.shape:  # a retrace may see other layers
                nonfinite.assign(tf.where(first, counts, nonfinite))
            self._first_nonfinite.assign(tf.where(first, self._steps, self._first_nonfinite))
            return tf.constant(0)

        tf.cond(tf.logical_or(scheduled, tripped), measure, _nothing)

    def _prepare(self, data) -> None:
        """Makes the variables whose size depends on the model, which is built first if it is not."""
        if self._gradients is not None:
            return
        if not all(layer.built for layer in self._model._flatten_layers()):
            x = data[0] if isinstance(data, (tuple, list)) else data
            self._model(tf.nest.map_structure(lambda t: keras.KerasTensor(t.shape, t.dtype.name), x))
        self.places = [p for p in places_of(self._model) if p.weights]
        with tf.init_scope():
            self._before = [_variable(np.zeros(updates.sample_size(p.kernels)), tf.float32) for p in self.places]
            self._gradients = _variable(np.full((len(self.places), 4), np.nan), tf.float32)
            self._updates = _variable(np.full((len(self.places), 5), np.nan), tf.float32)

    def _note_facts(self, passing: Passing) -> None:
        """What the first trace shows of the model."""
        if self.order:
            return
        answers = {id(t) for t in tf.nest.flatten(passing.y_pred)}
        self.order = passing.called
        self.shapes = {name: tuple(t.shape) for name, t in passing.outputs.items()}
        self.outputs = {name for name, t in passing.outputs.items() if id(t) in answers}
        self.saw_gradients = bool(passing.gradients)

    def _nonfinite_variable(self, columns: list[str]) -> tf.Variable:
        if self._nonfinite is None:
            self.nonfinite_columns = columns
            with tf.init_scope():
                self._nonfinite = _variable(np.zeros(len(columns)), tf.float32)
        return self._nonfinite

    def _remember_weights(self) -> tf.Tensor:
        for place, before in zip(self.places, self._before, strict=True):
            before.assign(updates.sample([tf.convert_to_tensor(k) for k in place.kernels]))
        return tf.constant(0)

    def _nonfinite_columns_of(self, passing: Passing, by_place: list[list]) -> dict[str, list]:
        """Where a number can stop being finite, in the order of the computation."""
        columns = {"input": tf.nest.flatten(passing.x), "target": tf.nest.flatten(passing.y)}
        columns |= {f"output of {name}": [tensor] for name, tensor in passing.outputs.items()}
        columns["loss"] = [passing.loss]
        backwards = reversed(list(zip(self.places, by_place, strict=False)))
        columns |= {f"gradient of {place.name}": tensors for place, tensors in backwards}
        return columns | {f"weights of {place.name}": place.weights for place in self.places}

    def _try(self, what: str, action) -> None:
        """Tracing must go on, whatever a probe does."""
        try:
            action()
        except Exception as error:
            problem = f"{what} could not be measured ({type(error).__name__}: {str(error)[:200]})"
            if problem not in self.problems:
                self.problems.append(problem)
                warn(f"Diagnosis: {problem}. The training is not affected.")


def _variable(value, dtype) -> tf.Variable:
    return tf.Variable(tf.cast(value, dtype), trainable=False)


def _nothing() -> tf.Tensor:
    return tf.constant(0)


def _in_this_graph(tensor: tf.Tensor, variable: tf.Variable) -> bool:
    """Whether the tensor was made by the step itself and not inside a loop or branch, which it could not leave."""
    return tf.executing_eagerly() or tensor.graph is variable.read_value().graph


def _may_be_read(tensor: tf.Tensor) -> bool:
    """Whether two operations use it already: TensorFlow may fuse a tensor away that has one user, and rounds differently then."""
    return tf.executing_eagerly() or len(tensor.consumers()) >= 2


def _first(by_place: list[list]):
    """The gradient of the first kernel that has one: what breaks further up flows down into it."""
    return next((g for layer in by_place for g in layer if isinstance(g, tf.Tensor)), None)


def _count(tensors: list) -> tf.Tensor:
    total = tf.constant(0.0)
    for tensor in tensors:
        if tensor is not None:
            total += gradients.count_nonfinite(
                tensor.values if isinstance(tensor, tf.IndexedSlices) else tf.convert_to_tensor(tensor)
            )
    return total
