"""One fit of one model: when which probe runs, and what is written."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from keras_callbacks import data_facts, replicas, schedule
from keras_callbacks.evaluation import Evaluation, Evaluator
from keras_callbacks.event_writer import EventWriter
from keras_callbacks.held_rows import MOST_ROWS, HeldRows
from keras_callbacks.places import places_of
from keras_callbacks.probes import (
    batches,
    clipping,
    gradients,
    loss_scale,
    losses,
    noise,
    outputs,
    resources,
    run_card,
    units,
    updates,
)  # fmt: skip
from keras_callbacks.samples import STEPS_KEPT, ObservedStep
from keras_callbacks.say import warn
from keras_callbacks.taps import Taps
from keras_callbacks.train_step import BATCHES_KEPT, TrainStepProbes
from keras_callbacks.validation_rows import ValidationRows
from tb_nndiag.proto.nndiag_pb2 import RunCard

OBSERVING_COSTS = 0.2  # of the plain step's time; seen with benchmarks/cost
FEWEST_EVALUATED = 128  # held rows, once evaluating all of them takes too long


@dataclass
class Compiled:
    """What a fit leaves to the next one of the same compiled model, so that nothing is traced again.

    observed_step, plain_step: train functions as Keras makes them; seconds: what the first one took to compile
    objects, settings: what they were compiled for
    """

    held_rows: HeldRows
    probes: TrainStepProbes
    taps: Taps
    evaluator: Evaluator | None
    observed_step: Callable
    plain_step: Callable | None
    seconds: float
    objects: list
    settings: list

    def fits(self, model: keras.Model) -> bool:
        """Whether the model is still the one that was compiled."""
        objects, settings = _compiled_for(model)
        same = len(objects) == len(self.objects) and all(a is b for a, b in zip(objects, self.objects, strict=True))
        return same and settings == self.settings


class Recording:
    """Puts the probes on a model before `fit` compiles its train step, and takes them off again.

    last_step: of an earlier fit that this one continues; compiled: what that fit left, if it was this model's
    overhead: share of the time that recording may take; do: runs an action of ours so that it cannot raise; after_interrupt: called when a step failed
    """

    def __init__(
        self,
        model: keras.Model,
        log_dir: str,
        last_step: int,
        compiled: Compiled | None,
        overhead: float,
        do: Callable[[Callable[[Recording], None]], None],
        after_interrupt: Callable[[], None],
    ) -> None:
        self.own_seconds = 0.0
        self.look_seconds = 0.0  # of these, for judging, which has a share of its own
        self.complete_card: Callable[[RunCard], None] = lambda card: None  # with what only the callback knows
        self._model = model
        self._overhead = overhead
        self._do = do
        self._params: dict = {}
        strategy = model.distribute_strategy
        self.writes = replicas.is_writer(strategy)  # else it only takes part in the step, as all workers must
        self._after_interrupt = after_interrupt if self.writes else lambda: None
        self._writer = EventWriter(log_dir if self.writes else None)
        self._session = uuid.uuid4().hex
        self._problems: list[str] = []
        self._lost: set[str] = set()  # signals whose probe failed
        self._columns: dict[str, list[str]] = {}
        self._card_written = False

        self._places = places_of(model)
        self._validation_rows = ValidationRows()
        self._observed_step: Callable | None = None
        self._plain_step: Callable | None = None
        self._compile_seconds = 0.0
        self._evaluator: Evaluator | None = None
        if compiled and compiled.fits(model):
            self._held_rows, self._probes, self._taps = compiled.held_rows, compiled.probes, compiled.taps
            self._observed_step, self._plain_step = compiled.observed_step, compiled.plain_step
            self._evaluator, self._compile_seconds = compiled.evaluator, compiled.seconds
            self._probes.restart()
        else:
            self._held_rows = HeldRows()
            self._probes = TrainStepProbes(model, self._held_rows)
            self._taps = Taps(model, self._places, self._probes.around_step)
            self._probes.use(self._taps)
        self._taps.on_validation = self._validation_rows.look

        self._first_step = max(last_step, _iterations(model))
        self._steps = self._recorded_steps = self._read_steps = 0
        self._observe_next = self._evaluate_next = 1
        self._batches: list[np.ndarray] = []  # of the steps that are not written yet, see BATCH_COLUMNS
        self._epoch_batches: list[np.ndarray] = []
        self._last_epoch_batches: np.ndarray | None = None
        self._batch_size = 0  # the largest seen
        self._window: list[ObservedStep] = []  # the last ones that follow each other
        self._epochs = self._evaluated_epochs = self._epoch = 0
        self._logs: dict[str, float] = {}
        self._best_val, self._best_epoch = np.nan, np.nan
        self._data_records: dict[str, np.ndarray] = {}
        self._can_evaluate, self._evaluated_rows = True, MOST_ROWS
        self._began = self._recorded_at = time.perf_counter()
        self._first_step_ended = 0.0
        self._own_at_record = self._record_seconds = self._evaluate_seconds = 0.0

        self._attached = False
        self._found_train_function = model.train_function  # of an earlier fit, compiled without us
        self._our_train_function: Callable | None = None
        if not replicas.is_measured(strategy):
            self._problem(f"gradients, updates and units are not measured under {type(strategy).__name__}")
            self._can_evaluate = False
        else:
            try:
                self._taps.attach()
            except BaseException:
                self.detach()
                raise
            self._attached = True
            model.train_function = self._observed_step  # None: Keras makes one, which traces with our wraps on

    @property
    def step(self) -> int:
        """The run's step: it continues the optimizer's count."""
        return self._first_step + self._steps

    @property
    def wrote_epoch(self) -> bool:
        """Whether the epoch that ended last was recorded."""
        return 0 < self._epochs == self._evaluated_epochs

    def affords(self, seconds: float) -> bool:
        """Whether something that takes so long fits into the share of the time that recording may take."""
        elapsed = time.perf_counter() - self._began
        return schedule.affordable(self.own_seconds - self.look_seconds, elapsed, seconds, self._overhead)

    def affords_look(self, seconds: float) -> bool:
        """The same for judging, so that neither keeps the other from its work."""
        return schedule.affordable(self.look_seconds, time.perf_counter() - self._began, seconds, self._overhead)

    def begin(self, params: dict) -> None:
        """Once the train function exists, not yet traced: follows it, and sees that the wraps come off when a step fails.

        params: Keras' callback params (epochs, steps)
        """
        self._params = params
        model, probes = self._model, self._probes
        observed_step: Callable = model.train_function
        self._observed_step = observed_step
        if model.run_eagerly:
            self._plain_step = observed_step
        per_execution = int(model.steps_per_execution)

        def followed(iterator):
            if not self._steps and not model.run_eagerly and isinstance(iterator, tf.data.Iterator):
                probes.build(iterator.element_spec)
            probes.observing = self._steps + per_execution > self._observe_next - STEPS_KEPT
            if not probes.observing and self._plain_step is None and self._is_worth_compiling():
                self._plain_step = self._another_train_function(followed)
            probes.observing |= self._plain_step is None
            train = self._plain_step if not probes.observing and self._plain_step else observed_step
            try:
                logs = train(iterator)
            except (StopIteration, tf.errors.OutOfRangeError):  # the data came to their end
                raise
            except BaseException:
                self.interrupt()
                self._after_interrupt()
                raise
            self._steps += per_execution  # at most; what was made is counted on the device
            if per_execution > 1:
                self._count_steps()
            if not self._first_step_ended:
                self._first_step_ended = time.perf_counter()
                self._compile_seconds = self._compile_seconds or self._first_step_ended - began
            if self._steps >= min(self._observe_next, self._read_steps + BATCHES_KEPT // 2):
                self._do(Recording._look)
            if self._steps >= self._observe_next:  # whatever became of the look: all workers must run the same form
                self._observe_next = schedule.next_step(self._steps)
            return logs

        began = time.perf_counter()
        model.train_function = self._our_train_function = followed

    def compiled(self) -> Compiled | None:
        """What the next fit of this model can take over; None when nothing was compiled."""
        if not self._attached or self._observed_step is None or not self._steps:
            return None
        return Compiled(
            self._held_rows, self._probes, self._taps, self._evaluator, self._observed_step, self._plain_step,
            self._compile_seconds, *_compiled_for(self._model),
        )  # fmt: skip

    def _is_worth_compiling(self) -> bool:
        """Whether the plain form of the step saves more, over the rest of the training, than it takes to compile."""
        if self._probes.draws_from_a_sequence or not self._attached:
            return False
        if replicas.has_workers(self._model.distribute_strategy):
            return True  # all of them must decide alike, and not each by its own clock
        known = (self._params.get("steps") or 0) * (self._params.get("epochs") or 0)
        left = known - self._steps if known else float("inf")
        step_seconds = (time.perf_counter() - self._first_step_ended - self.own_seconds) / max(self._steps, 1)
        return left * step_seconds * OBSERVING_COSTS > self._compile_seconds

    def _another_train_function(self, current: Callable) -> Callable:
        """A second one as Keras makes it, for the plain form of the step."""
        model = self._model
        model.train_function = None
        try:
            model.make_train_function()
            return model.train_function
        finally:
            model.train_function = current

    def end_epoch(self, epoch: int, logs: dict) -> None:
        """epoch: counted from 1; logs: the epoch's metrics"""
        self._epochs, self._epoch = self._epochs + 1, epoch
        self._read_batches()
        self._held_rows.choose(self._steps)
        self._logs = {name: float(value) for name, value in logs.items() if hasattr(value, "__float__")}
        val = self._logs.get("val_loss", np.nan)
        if np.isfinite(val) and not val >= self._best_val:
            self._best_val, self._best_epoch = val, epoch
        if self._epochs >= self._evaluate_next:
            self._evaluate_next = schedule.next_epoch(self._epochs)
            self._record_metrics()
            if not self.affords(self._evaluate_seconds):  # fewer rows are better than fewer epochs
                self._evaluate_seconds *= FEWEST_EVALUATED / self._evaluated_rows
                self._evaluated_rows = FEWEST_EVALUATED
            if self.affords(self._evaluate_seconds):
                self._record_epoch()
        self._last_epoch_batches = self._batches_of_epoch()
        self._epoch_batches = []

    def end(self) -> None:
        """The fit came to its end."""
        self._count_steps()
        if self._steps > self._recorded_steps:
            self._record_steps()
        if self._epochs > self._evaluated_epochs:
            self._record_metrics()
            self._record_epoch()
        self._record_data()
        self._write_card(ended=True)
        self.detach()

    def interrupt(self) -> None:
        """The fit was cut off: keeps what there is."""
        self._attached = False  # the device has counted the step that failed; its loss is nowhere
        try:
            if self._steps > self._recorded_steps:  # steps that were finished
                self._record_steps()
            if not self._epochs and self._probes.observing:
                self._held_rows.take(self._steps + 1)  # of the step that failed: they may tell why
                self._held_rows.choose(self._steps + 1)
            self._record_data()
            self._write_card()
        except Exception as error:
            self._problem(f"the last records are missing ({type(error).__name__}: {error})")
        self.detach()

    def abandon(self) -> None:
        """Records no more. The observed step goes on to the end of the fit; other workers may wait for its sums."""
        self._writer.close()

    def detach(self) -> None:
        """Leaves the model as it was found."""
        self._taps.detach()
        if self._our_train_function in (None, self._model.train_function):  # else `compile` was called since
            self._model.train_function = self._found_train_function
        self._writer.close()
        self._held_rows.forget()

    def _count_steps(self) -> None:
        """Replaces the host's guess of the number of steps by the device's count."""
        if self._attached:
            self._steps = self._probes.steps()

    def _look(self) -> None:
        """After some steps: takes their losses before the device writes over them, and records if it is time."""
        self._read_batches()
        if self._steps >= self._observe_next:
            if not self._epochs:
                self._held_rows.take(self._steps)
            if self.affords(self._record_seconds):
                began = time.perf_counter()
                self._record_steps()
                self._record_seconds = time.perf_counter() - began

    def _read_batches(self) -> None:
        self._count_steps()
        new = self._probes.batches(self._read_steps, self._steps)
        self._batches.append(new)
        self._batch_size = max(self._batch_size, int(new[:, 4].max(initial=0)))
        self._epoch_batches.append(new[: max(0, batches.MOST_BATCHES - sum(map(len, self._epoch_batches)))])
        self._read_steps = self._steps

    def _record_steps(self) -> None:
        """Writes what the compiled steps left in their variables."""
        probes, now = self._probes, time.perf_counter()
        self._read_batches()
        new, self._batches = np.concatenate(self._batches), []
        batch_losses = new[:, 0]
        if len(batch_losses) and probes.saw_loss:
            self._write("loss", lambda: losses.measure(batch_losses, self.step)[None])
        if self._steps >= self._observe_next:
            self._record_observed()
        self._record_nonfinite(new)
        self._write("resources", lambda: resources.measure(probes.traces))
        own = self.own_seconds - self._own_at_record
        seconds = (now - self._recorded_at - own) / max(self._steps - self._recorded_steps, 1)
        self._writer.write("timing", self.step, np.array([[seconds, self.own_seconds, now - self._began]]))
        if not self._card_written:
            self._write_card()
        self._writer.flush()  # a process that is killed loses no more than the steps since
        self._recorded_steps, self._recorded_at, self._own_at_record = self._steps, now, self.own_seconds

    def _record_nonfinite(self, new: np.ndarray) -> None:
        """Writes what was not finite, the first time. new: (steps, 5) of the last steps, see BATCH_COLUMNS"""
        broken = np.flatnonzero(~np.isfinite(new).all(axis=1))
        observed = self._probes.nonfinite()
        if "nonfinite" in self._columns or not (len(broken) or observed):
            return
        step = self._steps - len(new) + int(broken[0]) + 1 if len(broken) else self._steps
        if observed and observed[0] <= step:
            step, counts = observed
        else:  # between two observed steps: of the tensors on the way from input to loss nothing is known
            counts = self._probes.nonfinite_of(new[broken[0]])
        self._columns["nonfinite"] = list(counts)
        self._writer.write("nonfinite", self._first_step + step, np.array([[c] for c in counts.values()]))
        self._card_written = False

    def _record_observed(self) -> None:
        """Writes what is known of the observed step, and of the ones before it that were kept."""
        probes, optimizer = self._probes, self._model.optimizer
        new = probes.observed(self._steps, self._window[-1].step if self._window else 0)
        follow = self._window and new and new[0].step == self._window[-1].step + 1
        self._window = [*(self._window if follow else ()), *new][-STEPS_KEPT:]
        if self._window:
            forward, window = self._forward([p.name for p in probes.places]), self._window
            names = [probes.places[i].name for i in forward]
            layout, last = probes.layout, window[-1]
            self._write("gradients", lambda: gradients.measure(last, layout)[forward], names)
            self._write("updates", lambda: updates.measure(last, layout)[forward], names)
            if len(window) > 1:
                self._write("noise", lambda: noise.measure(window, layout)[forward], names)
            if self._model.distribute_strategy.num_replicas_in_sync == 1:  # else Keras clips each replica's gradient
                self._write("clipping", lambda: clipping.measure(last, layout, optimizer))
        if optimizer is not None:
            self._write("optimizer", lambda: np.array([[run_card.learning_rate_of(optimizer)]]))
            self._write("loss_scale", lambda: loss_scale.measure(optimizer, self.step))

    def _record_metrics(self) -> None:
        """Writes the epoch's metrics as Keras reports them."""
        if not self._logs:
            return
        columns = self._columns.setdefault("epoch", [])
        new = [name for name in self._logs if name not in columns]  # validation may come in some epochs only
        columns.extend(new)
        self._writer.write("epoch", self.step, np.array([[self._logs.get(name, np.nan)] for name in columns]))
        if new:
            self._write_card()

    def _record_epoch(self) -> None:
        """Writes what the model does with the held rows."""
        self._evaluated_epochs = self._epochs
        began = time.perf_counter()
        found = self._evaluate()
        if self._evaluated_epochs > 1:  # the first one is traced
            self._evaluate_seconds = time.perf_counter() - began
        gap = [
            found.loss if found else np.nan,
            found.penalty if found else np.nan,
            self._logs.get("val_loss", np.nan),
            self._best_val,
            self._best_epoch,
            self._epoch,
            found.from_predictions if found else np.nan,
        ]
        self._writer.write("gap", self.step, np.array([gap]))
        if found:
            if found.counts:
                forward = self._forward(list(found.counts))
                names = [list(found.counts)[i] for i in forward]
                self._write("units", lambda: np.stack([units.measure(found.counts[n]) for n in names]), names)
            names = data_facts.names_of(getattr(self._model, "output_names", None), len(found.predictions), "output")
            self._write("outputs", lambda: np.stack([outputs.measure(p) for p in found.predictions]), names)
            if found.modes:
                self._write("mode", lambda: np.array([found.modes]))
        first = not self._data_records and len(self._held_rows) > 0
        if first:
            self._measure_data(found)
            self._record_data()
        self._record_batches()
        if first:
            self._write_card()
        self._writer.flush()

    def _record_batches(self) -> None:
        """Writes how the epoch's batches differ."""
        epoch = self._batches_of_epoch()
        if not len(epoch) or not epoch[:, 1:].any():
            return
        targets = self._held_rows.rows()[1] if len(self._held_rows) else []
        before = self._last_epoch_batches
        self._write("batches", lambda: batches.measure(epoch, before, batches.target_std(targets))[None])

    def _batches_of_epoch(self) -> np.ndarray:
        return np.concatenate([np.zeros((0, 3)), *(part[:, [1, 2, 4]] for part in self._epoch_batches)])

    def _evaluate(self) -> Evaluation | None:
        if not self._can_evaluate or not len(self._held_rows):
            return None
        if self._evaluator is None:
            activations = {p.name: run_card.activation_of(p.layer) for p in self._places}
            counted = {
                name: activation for name, activation in activations.items() if activation or self._has_weights(name)
            }
            self._evaluator = Evaluator(self._model, self._taps, self._held_rows, self._places, counted)
        try:
            batch_size = self._batch_size // self._model.distribute_strategy.num_replicas_in_sync
            return self._evaluator.evaluate(batch_size, self._evaluated_rows)
        except Exception as error:
            self._can_evaluate = False
            self._problem(
                f"inference mode and units could not be measured ({type(error).__name__}: {str(error)[:200]})"
            )
            return None

    def _measure_data(self, found: Evaluation | None) -> None:
        facts = data_facts.facts(self._model, self._held_rows, self._validation_rows, self._evaluator, found)
        for signal, (names, measure) in facts.items():
            values = self._measured(signal, measure)
            if values is not None:
                self._data_records[signal] = values
                self._columns |= {signal: names} if names else {}

    def _record_data(self) -> None:
        self._held_rows.choose(self._steps)
        if not self._data_records and len(self._held_rows):
            self._measure_data(None)
        for signal, values in self._data_records.items():
            self._writer.write(signal, self.step, values)

    def _write_card(self, *, ended: bool = False) -> None:
        probes = self._probes
        forward = self._forward([p.name for p in self._places])
        card = run_card.measure(self._model, [self._places[i] for i in forward], probes.shapes, probes.outputs)
        card.session, card.ended = self._session, ended
        card.problems.extend([*self._problems, *probes.problems])
        for signal, names in self._columns.items():
            card.columns[signal].names.extend(names)
        data = card.data
        data.batch_size, data.steps_per_epoch = self._batch_size, int(self._params.get("steps") or 0)
        data.epochs, data.validation = (
            int(self._params.get("epochs") or 0),
            any(n.startswith("val_") for n in self._columns.get("epoch", ())),
        )
        strategy = self._model.distribute_strategy
        card.strategy = type(strategy).__name__ if strategy.num_replicas_in_sync > 1 else ""
        self.complete_card(card)
        self._writer.write_card(self.step, card)
        self._card_written = True

    def _forward(self, names: list[str]) -> list[int]:
        """The indices of `names` in the order of the forward pass; what was never called comes last."""
        order = {name: i for i, name in enumerate(self._probes.order)}
        return sorted(range(len(names)), key=lambda i: (order.get(names[i], len(order)), i))

    def _has_weights(self, name: str) -> bool:
        return any(p.name == name and p.weights for p in self._places)

    def _write(self, signal: str, measure: Callable[[], np.ndarray | None], columns: list[str] | None = None) -> None:
        """Writes what `measure` returns; one that fails is reported once and never asked again."""
        values = self._measured(signal, measure)
        if values is not None:
            self._columns |= {signal: columns} if columns else {}
            self._writer.write(signal, self.step, values)

    def _measured(self, signal: str, measure: Callable[[], np.ndarray | None]) -> np.ndarray | None:
        if signal in self._lost:
            return None
        try:
            with np.errstate(all="ignore"):  # a run that breaks has numbers that do
                return measure()
        except Exception as error:
            self._lost.add(signal)
            self._problem(f"{signal} could not be measured ({type(error).__name__}: {str(error)[:200]})")
            self._card_written = False
            return None

    def _problem(self, text: str) -> None:
        self._problems.append(text)
        warn(f"Diagnosis: {text}. The training goes on.")


def _compiled_for(model: keras.Model) -> tuple[list, list]:
    """What a train function was compiled for: objects, which must be the same, and settings, which must be equal."""
    objects = [model, model.optimizer, model._compile_loss, model._compile_metrics, *model.trainable_variables]
    return objects, [bool(model.jit_compile), int(model.steps_per_execution), bool(model.run_eagerly)]


def _iterations(model: keras.Model) -> int:
    return int(model.optimizer.iterations.numpy()) if model.optimizer is not None else 0
