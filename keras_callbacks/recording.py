"""One fit of one model: puts the probes on it, says which steps and epochs are recorded, and takes the probes off again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf

from keras_callbacks import batch_ahead, replicas, schedule
from keras_callbacks.epoch_records import EpochRecords
from keras_callbacks.evaluation import Evaluator
from keras_callbacks.held_rows import HeldRows
from keras_callbacks.places import places_of
from keras_callbacks.probes import run_card
from keras_callbacks.records import Records
from keras_callbacks.samples import STEPS_KEPT
from keras_callbacks.step_records import StepRecords
from keras_callbacks.taps import Taps
from keras_callbacks.train_step import BATCHES_KEPT, TrainStepProbes
from tb_nndiag.proto.nndiag_pb2 import RunCard

OBSERVING_COSTS = 0.2  # of the plain step's time; seen with benchmarks/cost


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
        self._places = places_of(model)
        self._observed_step: Callable | None = None
        self._plain_step: Callable | None = None
        self._compile_seconds = 0.0
        self._decided = False  # whether the plain form is to be compiled
        evaluator: Evaluator | None = None
        if compiled and compiled.fits(model):
            self._held_rows, self._probes, self._taps = compiled.held_rows, compiled.probes, compiled.taps
            self._observed_step, self._plain_step = compiled.observed_step, compiled.plain_step
            evaluator, self._compile_seconds = compiled.evaluator, compiled.seconds
            self._probes.restart()
        else:
            self._held_rows = HeldRows()
            self._probes = TrainStepProbes(model, self._held_rows)
            self._taps = Taps(model, self._places, self._probes.around_step)
            self._probes.use(self._taps)

        self._records = Records(log_dir if self.writes else None, self._card)
        self._steps = StepRecords(model, self._probes, self._records, max(last_step, _iterations(model)))
        self._epochs = EpochRecords(
            model, self._places, self._probes, self._taps, self._held_rows, self._records, evaluator
        )
        self._observe_next = 1
        self._wait_next = schedule.FIRST_TIMED
        self._record_seconds = 0.0
        self._first_step_ended = 0.0

        self._found_train_function = model.train_function  # of an earlier fit, compiled without us
        self._our_train_function: Callable | None = None
        if not replicas.is_measured(strategy):
            self._records.problem(f"gradients, updates and units are not measured under {type(strategy).__name__}")
            self._epochs.can_evaluate = False
        else:
            try:
                self._taps.attach()
            except BaseException:
                self.detach()
                raise
            self._steps.attached = True
            model.train_function = self._observed_step  # None: Keras makes one, which traces with our wraps on

    @property
    def step(self) -> int:
        """The run's step: it continues the optimizer's count."""
        return self._steps.step

    @property
    def wrote_epoch(self) -> bool:
        """Whether the epoch that ended last was recorded."""
        return 0 < self._epochs.count == self._epochs.recorded

    def affords(self, seconds: float) -> bool:
        """Whether something that takes so long fits into the share of the time that recording may take."""
        recording = self.own_seconds - self.look_seconds
        return schedule.affordable(recording, self._steps.elapsed_seconds, seconds, self._overhead)

    def affords_look(self, seconds: float) -> bool:
        """The same for judging, so that neither keeps the other from its work."""
        return schedule.affordable(self.look_seconds, self._steps.elapsed_seconds, seconds, self._overhead)

    def begin(self, params: dict) -> None:
        """Once the train function exists, not yet traced: follows it, and sees that the wraps come off when a step fails.

        params: Keras' callback params (epochs, steps)
        """
        self._params = params
        model, steps = self._model, self._steps
        observed: Callable = model.train_function
        self._observed_step = observed
        if model.run_eagerly:
            self._plain_step = observed
        per_execution = int(model.steps_per_execution)
        began = time.perf_counter()

        def followed(iterator):
            if not steps.count and not model.run_eagerly and isinstance(iterator, tf.data.Iterator):
                self._probes.build(iterator.element_spec)
            train = self._form_of(steps.count + per_execution, observed, followed)
            if per_execution == 1 and self._is_to_be_timed() and batch_ahead.can_be_taken(iterator):
                iterator = self._timed(iterator)
            try:
                logs = train(iterator)
            except (StopIteration, tf.errors.OutOfRangeError):  # the data came to their end
                raise
            except BaseException:
                self.interrupt()
                self._after_interrupt()
                raise
            steps.count += per_execution  # at most; what was made is counted on the device
            if per_execution > 1:
                steps.recount()
            if not self._first_step_ended:
                self._first_step_ended = time.perf_counter()
                self._compile_seconds = self._compile_seconds or self._first_step_ended - began
            if steps.count >= min(self._observe_next, steps.read + BATCHES_KEPT // 2):
                self._do(Recording._look)
            if steps.count >= self._observe_next:  # whatever became of the look: all workers must run the same form
                self._observe_next = schedule.next_step(steps.count, len(self._places))
            return logs

        model.train_function = self._our_train_function = followed

    def compiled(self) -> Compiled | None:
        """What the next fit of this model can take over; None when nothing was compiled."""
        if not self._steps.attached or self._observed_step is None or not self._steps.count:
            return None
        return Compiled(
            self._held_rows, self._probes, self._taps, self._epochs.evaluator, self._observed_step, self._plain_step,
            self._compile_seconds, *_compiled_for(self._model),
        )  # fmt: skip

    def end_epoch(self, epoch: int, logs: dict) -> None:
        """epoch: counted from 1; logs: the epoch's metrics"""
        steps, epochs = self._steps, self._epochs
        steps.read_batches()
        self._held_rows.choose(steps.count)
        self.own_seconds += epochs.take_validation_seconds()
        epochs.end(epoch, logs, steps.take_epoch_batches())
        if epochs.is_due:
            epochs.record_metrics(steps.step)
            if self.affords(epochs.seconds_needed(self.affords)):
                epochs.record(steps.step, self._evaluated_batch)

    def end(self) -> None:
        """The fit came to its end."""
        steps, epochs = self._steps, self._epochs
        steps.recount()
        steps.record(self.own_seconds, observed=False)
        if epochs.count > epochs.recorded:
            epochs.record_metrics(steps.step)
            epochs.record(steps.step, self._evaluated_batch)
        self._record_totals()
        self._records.write_card(steps.step, ended=True)
        self.detach()

    def interrupt(self) -> None:
        """The fit was cut off: keeps what there is."""
        steps = self._steps
        steps.attached = False  # the device has counted the step that failed; its loss is nowhere
        try:
            steps.record(self.own_seconds, observed=False)  # steps that were finished
            if not self._epochs.count and self._probes.observing:
                self._held_rows.take(steps.count + 1)  # of the step that failed: they may tell why
            self._record_totals()
            self._records.write_card(steps.step)
        except Exception as error:
            self._records.problem(f"the last records are missing ({type(error).__name__}: {error})")
        self.detach()

    def abandon(self) -> None:
        """Records no more. The observed step goes on to the end of the fit; other workers may wait for its sums."""
        self._records.close()

    def detach(self) -> None:
        """Leaves the model as it was found."""
        self._taps.detach()
        if self._our_train_function in (None, self._model.train_function):  # else `compile` was called since
            self._model.train_function = self._found_train_function
        self._records.close()
        self._held_rows.forget()

    def _form_of(self, step: int, observed: Callable, current: Callable) -> Callable:
        """The form of the compiled step that is to make `step`; the plain one is compiled when it is first wanted."""
        probes = self._probes
        probes.observing = step > self._observe_next - STEPS_KEPT
        if not probes.observing and not self._decided:
            self._decided = True  # once: later there is less to save, and the steps so far tell enough
            if self._plain_step is None and self._is_worth_compiling():
                self._plain_step = self._another_train_function(current)
        probes.observing |= self._plain_step is None
        return observed if probes.observing or self._plain_step is None else self._plain_step

    def _is_worth_compiling(self) -> bool:
        """Whether the plain form of the step saves more, over the rest of the training, than it takes to compile."""
        if self._probes.draws_from_a_sequence or not self._steps.attached:
            return False
        if replicas.has_workers(self._model.distribute_strategy):
            return True  # all of them must decide alike, and not each by its own clock
        known = (self._params.get("steps") or 0) * (self._params.get("epochs") or 0)
        made = self._steps.count
        left = known - made if known else float("inf")
        step_seconds = (time.perf_counter() - self._first_step_ended - self.own_seconds) / max(made, 1)
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

    def _is_to_be_timed(self) -> bool:
        """Whether the next step's wait is measured: shortly before a record, since recording gives the data time to catch up."""
        return self._wait_next <= self._steps.count == self._observe_next - 2

    def _timed(self, iterator: tf.data.Iterator) -> tf.data.Iterator:
        """Measures how long the next batch takes to come; returns what gives it to the step."""
        taken = batch_ahead.taken(iterator)
        self.own_seconds += taken.own
        if taken.batch is not None:
            self._steps.wait_seconds = taken.waited
            self._wait_next = schedule.next_timed(self._steps.count)
        return taken.iterator

    def _look(self) -> None:
        """After some steps: takes their losses before the device writes over them, and records if it is time."""
        steps = self._steps
        steps.read_batches()
        if steps.count >= self._observe_next:
            if not self._epochs.count:
                self._held_rows.take(steps.count)
            if self.affords(self._record_seconds):
                began = time.perf_counter()
                steps.record(self.own_seconds, observed=True)
                self._record_seconds = time.perf_counter() - began

    @property
    def _evaluated_batch(self) -> int:
        return self._steps.batch_size // self._model.distribute_strategy.num_replicas_in_sync

    def _record_totals(self) -> None:
        """What is known of the whole fit."""
        self._held_rows.choose(self._steps.count + 1)
        self._epochs.record_data(self._steps.step)
        self._steps.record_worst()

    def _card(self) -> RunCard:
        probes, strategy = self._probes, self._model.distribute_strategy
        places = [self._places[i] for i in probes.forward([p.name for p in self._places])]
        card = run_card.measure(self._model, places, probes.shapes, probes.outputs)
        card.problems.extend(probes.problems)
        card.data.batch_size = self._steps.batch_size
        card.data.steps_per_epoch = int(self._params.get("steps") or 0)
        card.data.epochs = int(self._params.get("epochs") or 0)
        card.data.weighted = self._held_rows.weighted
        card.strategy = type(strategy).__name__ if strategy.num_replicas_in_sync > 1 else ""
        self.complete_card(card)
        return card


def _compiled_for(model: keras.Model) -> tuple[list, list]:
    """What a train function was compiled for: objects, which must be the same, and settings, which must be equal."""
    objects = [model, model.optimizer, model._compile_loss, model._compile_metrics, *model.trainable_variables]
    return objects, [bool(model.jit_compile), int(model.steps_per_execution), bool(model.run_eagerly)]


def _iterations(model: keras.Model) -> int:
    return int(model.optimizer.iterations.numpy()) if model.optimizer is not None else 0
