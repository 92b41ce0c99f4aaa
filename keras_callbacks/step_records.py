"""What is recorded after steps: it reads what the compiled steps left in their variables, and writes it."""

from __future__ import annotations

import time

import keras
import numpy as np

from keras_callbacks.probes import batches, clipping, gradients, loss_scale, losses, noise, resources, run_card, updates
from keras_callbacks.records import Records
from keras_callbacks.samples import STEPS_KEPT, ObservedStep
from keras_callbacks.train_step import TrainStepProbes


class StepRecords:
    """Counts the steps of one fit and records them.

    first_step: the run's step at which the fit began; attached: whether the probes are in the model's step
    """

    def __init__(self, model: keras.Model, probes: TrainStepProbes, records: Records, first_step: int) -> None:
        self.count = self.recorded = self.read = 0  # steps made, recorded, and whose batches were read
        self.attached = False
        self.batch_size = 0  # the largest seen
        self.wait_seconds = float("nan")  # for the batch of one step
        self._model, self._probes, self._records = model, probes, records
        self._first_step = first_step
        self._batches: list[np.ndarray] = []  # of the steps that are not written yet, see BATCH_COLUMNS
        self._epoch_batches: list[np.ndarray] = []
        self._window: list[ObservedStep] = []  # the last ones that follow each other
        self._worst: np.ndarray | None = None  # (layers, 2)
        self._began = self._recorded_at = time.perf_counter()
        self._own_at_record = 0.0

    @property
    def step(self) -> int:
        """The run's step: it continues the optimizer's count."""
        return self._first_step + self.count

    @property
    def elapsed_seconds(self) -> float:
        """Since the fit began."""
        return time.perf_counter() - self._began

    def recount(self) -> None:
        """Replaces the host's guess of the number of steps by the device's count."""
        if self.attached:
            self.count = self._probes.steps()

    def read_batches(self) -> None:
        """Takes the steps' losses and fingerprints before the device writes over them."""
        self.recount()
        if self.count == self.read:
            return
        new = self._probes.batches(self.read, self.count)
        self._batches.append(new)
        self.batch_size = max(self.batch_size, int(new[:, 4].max(initial=0)))
        self._epoch_batches.append(new[: max(0, batches.MOST_BATCHES - sum(map(len, self._epoch_batches)))])
        self.read = self.count

    def take_epoch_batches(self) -> np.ndarray:
        """(batches, 3): sums of inputs and targets, number of rows, of the batches since the last call, at most MOST_BATCHES."""
        taken = [np.zeros((0, 3)), *(part[:, [1, 2, 4]] for part in self._epoch_batches)]
        self._epoch_batches = []
        return np.concatenate(taken)

    def record(self, own_seconds: float, *, observed: bool) -> None:
        """Writes what is known of the steps since the last record.

        own_seconds: that the callback took so far; observed: whether the last step was to be observed
        """
        if self.count == self.recorded:
            return
        records, now = self._records, time.perf_counter()
        self.read_batches()
        new = np.concatenate(self._batches) if self._batches else np.zeros((0, 5))
        self._batches = []
        if len(new) and self._probes.saw_loss:
            records.add("loss", self.step, lambda: losses.measure(new[:, 0], self.step)[None])
        if observed:
            self._record_observed()
        self._record_nonfinite(new)
        records.add("resources", self.step, lambda: resources.measure(self._probes.traces))
        since = now - self._recorded_at - (own_seconds - self._own_at_record)
        seconds = since / (self.count - self.recorded)
        records.write("timing", self.step, np.array([[seconds, own_seconds, now - self._began]]))
        if np.isfinite(self.wait_seconds):
            records.write("wait", self.step, np.array([[self.wait_seconds]]))
            self.wait_seconds = float("nan")
        if records.card_is_old:
            records.write_card(self.step)
        records.flush()
        self.recorded, self._recorded_at, self._own_at_record = self.count, now, own_seconds

    def record_worst(self) -> None:
        """Writes the largest gradients so far."""
        worst = self._worst
        if worst is not None:
            forward, names = self._probes.forward_places()
            self._records.add("worst_gradients", self.step, lambda: worst[forward] + [0, self._first_step], names)

    def _record_observed(self) -> None:
        """Writes what is known of the observed step, and of the ones before it that were kept."""
        probes, optimizer, records, step = self._probes, self._model.optimizer, self._records, self.step
        new = probes.observed(self.count, self._window[-1].step if self._window else 0)
        follow = self._window and new and new[0].step == self._window[-1].step + 1
        self._window = [*(self._window if follow else ()), *new][-STEPS_KEPT:]
        if self._window:
            forward, names = probes.forward_places()
            layout, window, last = probes.layout, self._window, self._window[-1]
            records.add("gradients", step, lambda: gradients.measure(last, layout)[forward], names)
            records.add("updates", step, lambda: updates.measure(last, layout)[forward], names)
            if len(window) > 1:
                records.add("noise", step, lambda: noise.measure(window, layout)[forward], names)
            if self._model.distribute_strategy.num_replicas_in_sync == 1:  # else Keras clips each replica's gradient
                records.add("clipping", step, lambda: clipping.measure(last, layout, optimizer))
            self._worst = records.measured("worst_gradients", lambda: gradients.worst(self._worst, new, layout))
        if optimizer is not None:
            records.add("optimizer", step, lambda: np.array([[run_card.learning_rate_of(optimizer)]]))
            records.add("loss_scale", step, lambda: loss_scale.measure(optimizer, step))

    def _record_nonfinite(self, new: np.ndarray) -> None:
        """Writes what was not finite, the first time. new: (steps, 5) of the last steps, see BATCH_COLUMNS"""
        if "nonfinite" in self._records.columns:
            return
        broken = np.flatnonzero(~np.isfinite(new).all(axis=1))
        observed = self._probes.nonfinite()
        if not (len(broken) or observed):
            return
        step = self.count - len(new) + int(broken[0]) + 1 if len(broken) else self.count
        if observed and observed[0] <= step:
            step, counts = observed
        else:  # between two observed steps: of the tensors on the way from input to loss nothing is known
            counts = self._probes.nonfinite_of(new[broken[0]])
        self._records.columns["nonfinite"] = list(counts)
        self._records.write("nonfinite", self._first_step + step, np.array([[c] for c in counts.values()]))
        self._records.card_is_old = True
