"""The probes inside the compiled train step, which is compiled in two forms.

The plain step keeps its loss and the fingerprint of its batch, and is counted; it costs next to nothing. The observed step
also leaves some of its rows, and a sample of its gradients and weights. All of it goes into variables of ours; the host
chooses which form runs, reads the variables afterwards, and computes (probes/). Little is computed here, since each operation
costs compile time.
"""

from __future__ import annotations

import logging
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_callbacks.held_rows import HeldRows
from keras_callbacks.places import Place, places_of
from keras_callbacks.replicas import is_first, plain_variable, summed
from keras_callbacks.samples import STEPS_KEPT, Layout, ObservedStep, layout_of, sample
from keras_callbacks.say import warn
from keras_callbacks.taps import Passing, Taps

BATCHES_KEPT = 1024  # the host must read before as many steps have passed
# of one batch: its loss; sums of its inputs, its targets, the first row of the first kernel's gradient; number of rows
BATCH_COLUMNS = ("loss", "inputs", "targets", "gradient", "rows")
SEQUENCES = (
    "RandomUniform",
    "RandomStandardNormal",
    "TruncatedNormal",
    "RandomShuffle",
    "RandomGamma",
    "RandomPoisson",
    "Multinomial",
)
AVERAGED_LOSSES = ("loss", "total_loss")  # names of the metric that averages it, as in Keras' own examples
WIDEST_TARGET = 10_000  # columns of a target that are told apart in a fingerprint


class TrainStepProbes:
    """Measures inside the model's train step; `around_step` goes into `Taps`."""

    def __init__(self, model: keras.Model, held_rows: HeldRows) -> None:
        self.places: list[Place] = []  # those with weights; known once the model is built
        self.layout = Layout(())  # of their kernels
        self.problems: list[str] = []
        self.order: list[str] = []  # all places by name, in the order of the forward pass
        self.shapes: dict[str, tuple] = {}  # of the outputs, by place
        self.outputs: set[str] = set()  # places whose tensor is an output of the model
        self.saw_gradients = self.saw_loss = False
        self.traces = 0  # how often Python ran the step
        self.observing = True  # which form a call of the train function is to run, and to trace
        self.draws_from_a_sequence = False  # random numbers that two forms of the step would not share
        self._columns: list[str] = []  # of `nonfinite`, up to the loss
        self._model = model
        self._held_rows = held_rows
        self._taps: Taps
        self._steps = plain_variable(0, tf.int64)
        self._batches = plain_variable(np.zeros((BATCHES_KEPT, len(BATCH_COLUMNS))), tf.float32)
        self._first_nonfinite = plain_variable(-1, tf.int64)
        # total and count of the metric that averages the loss, so far
        self._averaged = plain_variable([0.0, 0.0], tf.float32)
        # their sizes depend on the model, so they are made in the first trace
        self._weights: tf.Variable  # (STEPS_KEPT, values): after the step, in the row of its number
        self._gradients: tf.Variable  # (STEPS_KEPT, values)
        self._squares: tf.Variable  # (STEPS_KEPT, kernels)
        self._nonfinite: tf.Variable  # counts at the first step that had any: up to the loss, gradients, weights

    # What the host asks.

    def restart(self) -> None:
        """Before another fit of the same compiled step: counts from the beginning, with the weights as they are now."""
        self._steps.assign(0)
        self._first_nonfinite.assign(-1)
        self._remember_weights()

    def steps(self) -> int:
        """Steps made so far; the host cannot know, since the last execution of several steps may be cut short."""
        return int(self._steps.numpy())

    def batches(self, since: int, until: int) -> np.ndarray:
        """(steps, 5) of the steps after `since`, `until` included, in the order of BATCH_COLUMNS."""
        steps = np.arange(max(since, until - BATCHES_KEPT), until)
        return self._batches.numpy()[steps % BATCHES_KEPT]

    def observed(self, step: int, last: int) -> list[ObservedStep]:
        """What is left of the steps after `last`, up to `step`, all of which were observed."""
        if not self.saw_gradients:
            return []
        weights, gradients, squares = self._weights.numpy(), self._gradients.numpy(), self._squares.numpy()
        first = max(0, last, step - STEPS_KEPT + 1)  # of this one, only the weights after it are of use
        row = [s % STEPS_KEPT for s in range(first, step + 1)]
        return [
            ObservedStep(first + i, gradients[row[i]], weights[row[i]], squares[row[i]], before=weights[row[i - 1]])
            for i in range(1, len(row))
        ]

    def forward(self, names: list[str]) -> list[int]:
        """The indices of `names` in the order of the forward pass; what was never called comes last."""
        order = {name: i for i, name in enumerate(self.order)}
        return sorted(range(len(names)), key=lambda i: (order.get(names[i], len(order)), i))

    def forward_places(self) -> tuple[list[int], list[str]]:
        """The indices of `places` in the order of the forward pass, and their names in it."""
        forward = self.forward([place.name for place in self.places])
        return forward, [self.places[i].name for i in forward]

    def nonfinite(self) -> tuple[int, dict[str, float]] | None:
        """The first observed step at which something was not finite, and how many values were, by place; None if never.

        The places stand in the order of the computation: what comes in, the outputs, the loss, the gradients backwards, the
        weights. Values of inputs and targets are counted; any other place counts 1, a layer 1 for each kernel.
        """
        step = int(self._first_nonfinite.numpy())
        if step < 0:
            return None
        counts = self._nonfinite.numpy().tolist()
        kernels, forward = len(self.layout.kernels), len(self._columns)
        found = dict(zip(self._columns, counts, strict=False))
        gradients, weights = counts[forward : forward + kernels], counts[forward + kernels : forward + 2 * kernels]
        owners = [place.name for place in self.places for _ in place.kernels]
        for what, flags in (("gradient", reversed(gradients)), ("weights", weights)):
            names = reversed(owners) if what == "gradient" else owners
            for name, flag in zip(names, flags, strict=True):
                found[f"{what} of {name}"] = found.get(f"{what} of {name}", 0.0) + flag
        return step, found

    def nonfinite_of(self, batch: np.ndarray) -> dict[str, float]:
        """What was not finite at a step that was not observed, by place, as far as its row of `batches` tells."""
        first = next((place.name for place in self.places if any(len(k.shape) > 1 for k in place.kernels)), "")
        names = ["input", "target", "loss", f"gradient of {first}"]
        loss, inputs, targets, gradient, _ = batch
        return dict(zip(names, (~np.isfinite([inputs, targets, loss, gradient])).astype(float).tolist(), strict=True))

    # What runs inside the step.

    def use(self, taps: Taps) -> None:
        """The taps to collect from; they call `around_step`."""
        self._taps = taps

    def around_step(self, original, data):
        """The model's own train step on `data`, with the probes around it."""
        self._try("model", lambda: self._prepare(data))
        # everything of ours comes after: TensorFlow derives the seed of a random operation from the number of those before
        result, passing = self._taps.collect(lambda: original(data))
        first = is_first()
        self.traces += first and not tf.executing_eagerly()
        passing.x = data[0] if isinstance(data, (tuple, list)) else data
        arrived = [t for t in tf.nest.flatten(data) if isinstance(t, tf.Tensor)]
        if first:  # once there is a batch: Keras also runs the step that finds the data at its end
            with tf.control_dependencies([] if tf.executing_eagerly() else arrived):
                self._steps.assign_add(1)
        if self.observing:
            if not tf.executing_eagerly():
                self.draws_from_a_sequence = _draws_from_a_sequence(self._steps.read_value().graph)
            if first:
                self._try("held rows", lambda: self._held_rows.keep(data))
        if passing.loss is None:
            self._try("loss", lambda: setattr(passing, "loss", self._loss_of_its_own(result)))
        self._try("train step", lambda: self._after_step(passing, first))
        return result

    def _loss_of_its_own(self, result: Any) -> tf.Tensor | None:
        """The batch's loss in a train step that computes it by itself: what the metric that averages it has taken up, else what is returned.

        result: what the train step returns; None where it names no loss, and under several replicas
        """
        if (
            not isinstance(result, dict)
            or "loss" not in result
            or self._model.distribute_strategy.num_replicas_in_sync > 1
        ):
            return None
        means = [m for m in self._model.metrics if isinstance(m, keras.metrics.Mean) and m.name in AVERAGED_LOSSES]
        sums = tf.stack([_sum([_as_float32(m.total) for m in means]), _sum([_as_float32(m.count) for m in means])])
        goes_on = sums[1] > self._averaged[1]  # else it was set back, at the beginning of an epoch
        total, count = tf.unstack(sums - tf.where(goes_on, self._averaged.read_value(), tf.zeros(2)))
        self._averaged.assign(sums)
        returned = tf.reduce_mean(tf.cast(result["loss"], tf.float32))
        return tf.where(count > 0, tf.math.divide_no_nan(total, count), returned)

    def _after_step(self, passing: Passing, first: bool) -> None:
        """first: whether this replica keeps what all of them add up to"""
        steps = self._steps.read_value()
        by_weight = {id(v): g for v, g in zip(passing.variables, passing.gradients, strict=False)}
        # of kernels alone: TensorFlow computes the gradient of a bias differently when somebody else looks at it
        kernels = [kernel for place in self.places for kernel in place.kernels]
        gradients = [by_weight.get(id(k)) if len(k.shape) > 1 else None for k in kernels]
        [batch] = summed([self._batch(passing, gradients)])
        if first:
            _put(self._batches, (steps - 1) % BATCHES_KEPT, batch)
        if not self.observing:
            return
        self.saw_gradients = False  # where the following fails there is nothing to be read
        # what was made inside a loop or branch could not leave it
        passing.outputs = {n: t for n, t in passing.outputs.items() if tf.executing_eagerly() or t.graph is steps.graph}
        self._note_facts(passing)
        passing.outputs = {name: t for name, t in passing.outputs.items() if _may_be_read(t)}
        row = steps % STEPS_KEPT
        now = [_as_float32(k) for k in kernels]
        found = summed([None if g is None else _unscaled(g, passing.scale) for g in gradients])
        squares = 2 * _stacked(
            [tf.constant(0.0) if g is None else tf.nn.l2_loss(g) for g in found]
        )  # one operation each
        if first and passing.gradients and kernels:
            _put(self._squares, row, squares)
            _put(self._gradients, row, tf.concat([_sample_of(g, k) for g, k in zip(found, now, strict=True)], 0))
            _put(self._weights, row, tf.concat([sample(k) for k in now], 0))
        self.saw_gradients = bool(passing.gradients)  # and kept them
        squares = squares if passing.scale is None else tf.zeros_like(squares)
        self._keep_nonfinite(steps, passing, squares, now, first)

    def _keep_nonfinite(
        self, steps: tf.Tensor, passing: Passing, squares: tf.Tensor, now: list[tf.Tensor], first: bool
    ) -> None:
        """Keeps what was not finite, if it is the first time."""
        columns = _up_to_the_loss(passing)
        self._columns = self._columns or list(columns)
        if list(columns) != self._columns:  # a retrace may see other layers
            return
        data, forward = summed(
            [
                tf.stack([_count_nonfinite(passing.x), _count_nonfinite(passing.y)]),
                _stacked([_sum(tensors) for tensors in columns.values()]),
            ]
        )
        if not first:
            return
        sums = [forward, squares, _stacked([tf.reduce_sum(k) for k in now])]
        broken = tf.cast(tf.logical_not(tf.math.is_finite(tf.concat(sums, 0))), tf.float32)
        counts = tf.concat([data, broken[2:]], 0)
        is_new = tf.logical_and(self._first_nonfinite < 0, tf.reduce_any(counts > 0))
        counts = tf.pad(counts, [[0, self._nonfinite.shape[0] - counts.shape[0]]])
        self._nonfinite.assign(tf.where(is_new, counts, self._nonfinite))
        self._first_nonfinite.assign(tf.where(is_new, steps, self._first_nonfinite))

    def _batch(self, passing: Passing, gradients: list) -> tf.Tensor:
        """One batch's loss and fingerprint, (5,) in the order of BATCH_COLUMNS; each one adds up over replicas."""
        tensors = [t for t in tf.nest.flatten(passing.x) if isinstance(t, tf.Tensor) and _is_number(t)]
        inputs = [tf.reduce_sum(tf.cast(t, tf.float32)) for t in tensors]
        targets = [_sum_of_targets(t) for t in tf.nest.flatten(passing.y) if isinstance(t, tf.Tensor) and _is_number(t)]
        # what breaks further up flows down into every row of the first kernel's gradient; a scaled one may overflow on purpose
        dense = [g for g in gradients if isinstance(g, tf.Tensor) and passing.scale is None][:1]
        self.saw_loss = passing.loss is not None
        values = [
            tf.constant(0.0) if passing.loss is None else tf.reshape(tf.cast(passing.loss, tf.float32), []),
            tf.add_n(inputs) if inputs else tf.constant(0.0),
            tf.add_n(targets) if targets else tf.constant(0.0),
            tf.reduce_sum(_as_float32(_first_row(dense[0]))) if dense else tf.constant(0.0),
            tf.cast(tf.shape(tensors[0])[0], tf.float32) if tensors and tensors[0].shape.rank else tf.constant(0.0),
        ]
        return tf.stack(values)

    def build(self, batch: Any) -> None:
        """Builds what Keras would build while it traces the step for the first time, so that it need not trace it twice.

        batch: the specs of one batch. What cannot be built like this is built by the trace.
        """
        try:
            self._model._symbolic_build(data_batch=batch)  # Keras' own way under its other backends
            self._prepare(batch)
            self._held_rows.prepare(batch)
        except Exception as error:
            logging.getLogger(__name__).debug("could not build ahead: %s", error)

    def _prepare(self, data) -> None:
        """Makes the variables whose size depends on the model, which is built first if it is not."""
        if hasattr(self, "_weights"):
            return
        if not all(layer.built for layer in self._model._flatten_layers()):
            x = data[0] if isinstance(data, (tuple, list)) else data
            self._model(tf.nest.map_structure(lambda t: keras.KerasTensor(t.shape, t.dtype.name), x))
        self.places = [p for p in places_of(self._model) if p.weights]
        self.layout = layout_of([p.kernels for p in self.places])
        with tf.init_scope():
            empty = np.zeros((STEPS_KEPT, self.layout.size))
            self._weights, self._gradients = plain_variable(empty, tf.float32), plain_variable(empty, tf.float32)
            self._remember_weights()
            kernels = len(self.layout.kernels)
            self._squares = plain_variable(np.zeros((STEPS_KEPT, kernels)), tf.float32)
            self._nonfinite = plain_variable(np.zeros(3 + len(places_of(self._model)) + 2 * kernels), tf.float32)

    def _remember_weights(self) -> None:
        """Keeps the weights before the first step."""
        now = [sample(tf.convert_to_tensor(k)) for p in self.places for k in p.kernels]
        if now:
            _put(self._weights, self._steps % STEPS_KEPT, tf.concat(now, 0))

    def _note_facts(self, passing: Passing) -> None:
        """What the first trace shows of the model."""
        if self.order:
            return
        answers = {id(t) for t in tf.nest.flatten(passing.y_pred)}
        self.order = passing.called
        self.shapes = {name: tuple(t.shape) for name, t in passing.outputs.items()}
        self.outputs = {name for name, t in passing.outputs.items() if id(t) in answers}

    def _try(self, what: str, action) -> None:
        """Tracing must go on, whatever a probe does."""
        try:
            action()
        except Exception as error:
            problem = f"{what} could not be measured ({type(error).__name__}: {str(error)[:200]})"
            if problem not in self.problems:
                self.problems.append(problem)
                warn(f"Diagnosis: {problem}. The training is not affected.")


def _draws_from_a_sequence(graph: tf.Graph) -> bool:
    """Whether an operation draws random numbers of TensorFlow's older kind: each one counts its own calls."""
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(node for function in definition.library.function for node in function.node_def)]
    return any(node.op.startswith(SEQUENCES) for node in nodes)


def _up_to_the_loss(passing: Passing) -> dict[str, list]:
    """Where a number can stop being finite, in the order of the computation; the host goes on with gradients and weights."""
    columns = {"input": tf.nest.flatten(passing.x), "target": tf.nest.flatten(passing.y)}
    columns |= {f"output of {name}": [tensor] for name, tensor in passing.outputs.items()}
    return columns | {"loss": [passing.loss]}


def _put(variable: tf.Variable, row: tf.Tensor, values: tf.Tensor) -> None:
    variable.scatter_update(tf.IndexedSlices(values, tf.cast(row, tf.int32)))


def _may_be_read(tensor: tf.Tensor) -> bool:
    """Whether two operations use it already: TensorFlow may fuse a tensor away that has one user, and rounds differently then."""
    return tf.executing_eagerly() or len(tensor.consumers()) >= 2


def _is_number(tensor: tf.Tensor) -> bool:
    return tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool


def _sum_of_targets(targets: tf.Tensor) -> tf.Tensor:
    """The sum of a batch's targets; of one-hot rows, that of the class numbers, since their plain sum tells nothing."""
    targets = tf.cast(targets, tf.float32)
    width = targets.shape[-1] if targets.shape.rank == 2 else 1
    return tf.reduce_sum(
        targets * np.arange(width, dtype=np.float32) if width and 1 < width <= WIDEST_TARGET else targets
    )


def _unscaled(gradient, scale):
    """The gradient as one tensor, without the loss scale of mixed precision."""
    gradient = _as_float32(gradient)
    return gradient if scale is None else gradient / tf.cast(scale, tf.float32)


def _as_float32(value) -> tf.Tensor:
    value = tf.convert_to_tensor(value)
    return value if value.dtype == tf.float32 else tf.cast(value, tf.float32)


def _stacked(scalars: list[tf.Tensor]) -> tf.Tensor:
    return tf.stack(scalars) if scalars else tf.zeros([0])


def _first_row(gradient: tf.Tensor) -> tf.Tensor:
    return gradient[(0,) * (len(gradient.shape) - 1)]


def _sample_of(gradient: tf.Tensor | None, kernel) -> tf.Tensor:
    if gradient is not None:
        gradient.set_shape(kernel.shape)  # that of an embedding's gradient may be unknown
        return sample(gradient)
    return tf.zeros([layout_of([[kernel]]).size])


def _sum(tensors: list) -> tf.Tensor:
    """The sum of all values, which is finite unless one of them is not."""
    sums = [tf.reduce_sum(_as_float32(t)) for t in tensors if isinstance(t, tf.Tensor) and t.dtype.is_floating]
    return sums[0] if len(sums) == 1 else tf.add_n([tf.constant(0.0), *sums])


def _count_nonfinite(structure) -> tf.Tensor:
    tensors = [t for t in tf.nest.flatten(structure) if isinstance(t, tf.Tensor) and t.dtype.is_floating]
    counts = [tf.reduce_sum(tf.cast(tf.logical_not(tf.math.is_finite(t)), tf.float32)) for t in tensors]
    return tf.add_n([tf.constant(0.0), *counts])
