"""What is recorded at the ends of epochs: metrics, what the model does with the held rows, facts of the data."""

from __future__ import annotations

import time

import keras
import numpy as np

from keras_callbacks import data_facts, schedule
from keras_callbacks.evaluation import Evaluation, Evaluator
from keras_callbacks.held_rows import MOST_ROWS, HeldRows
from keras_callbacks.places import Place
from keras_callbacks.probes import batches, outputs, run_card, units
from keras_callbacks.records import Records
from keras_callbacks.taps import Taps
from keras_callbacks.train_step import TrainStepProbes
from keras_callbacks.validation_rows import ValidationRows

FEWEST_EVALUATED = 128  # held rows, once evaluating all of them takes too long


class EpochRecords:
    """Records the epochs of one fit.

    evaluator: that an earlier fit left for this model; can_evaluate: whether the model's outputs can be looked at
    """

    def __init__(
        self,
        model: keras.Model,
        places: list[Place],
        probes: TrainStepProbes,
        taps: Taps,
        held_rows: HeldRows,
        records: Records,
        evaluator: Evaluator | None,
    ) -> None:
        self.count = 0
        self.recorded = 0  # the last one that was recorded in full
        self.can_evaluate = True
        self.evaluator = evaluator
        self._model, self._places, self._probes, self._taps = model, places, probes, taps
        self._held_rows, self._records = held_rows, records
        self._validation_rows = ValidationRows()
        taps.around_validation = self._validation_rows.look
        self._next = 1
        self._epoch = 0
        self._logs: dict[str, float] = {}
        self._best_val, self._best_epoch = np.nan, np.nan
        self._data: dict[str, np.ndarray] = {}  # by signal
        self._rows = MOST_ROWS  # to evaluate
        self._seconds = 0.0  # that takes
        self._batches: np.ndarray | None = None  # of the epoch
        self._batches_before: np.ndarray | None = None

    def end(self, epoch: int, logs: dict, batches_of_epoch: np.ndarray) -> None:
        """Takes note of an epoch that ended. epoch: counted from 1; batches_of_epoch: (batches, 3)"""
        self.count, self._epoch = self.count + 1, epoch
        self._batches_before, self._batches = self._batches, batches_of_epoch
        self._logs = {name: float(value) for name, value in logs.items() if hasattr(value, "__float__")}
        val = self._logs.get("val_loss", np.nan)
        if np.isfinite(val) and not val >= self._best_val:
            self._best_val, self._best_epoch = val, epoch

    def take_validation_seconds(self) -> float:
        """What looking at validation rows took since the last call."""
        seconds, self._validation_rows.seconds = self._validation_rows.seconds, 0.0
        return seconds

    @property
    def is_due(self) -> bool:
        """Whether this epoch is to be recorded."""
        return self.count >= self._next

    def seconds_needed(self, affords) -> float:
        """What evaluating takes; on fewer rows, if `affords(seconds)` says no: fewer rows are better than fewer epochs."""
        if self._rows > FEWEST_EVALUATED and not affords(self._seconds):
            self._seconds *= FEWEST_EVALUATED / self._rows
            self._rows = FEWEST_EVALUATED
        return self._seconds

    def record_metrics(self, step: int) -> None:
        """Writes the epoch's metrics as Keras reports them."""
        self._next = schedule.next_epoch(self.count, len(self._places))
        if not self._logs:
            return
        columns = self._records.columns.setdefault("epoch", [])
        new = [name for name in self._logs if name not in columns]  # validation may come in some epochs only
        columns.extend(new)
        self._records.write("epoch", step, np.array([[self._logs.get(name, np.nan)] for name in columns]))
        if new:
            self._records.write_card(step)

    def record(self, step: int, batch_size: int) -> None:
        """Writes what the model does with the held rows. batch_size: to evaluate with"""
        records, logs, began = self._records, self._logs, time.perf_counter()
        found = self._evaluate(batch_size)
        if self.recorded:  # the first one is traced
            self._seconds = time.perf_counter() - began
        self.recorded = self.count
        gap = [
            found.loss if found else np.nan,
            found.penalty if found else np.nan,
            logs.get("val_loss", np.nan),
            self._best_val,
            self._best_epoch,
            self._epoch,
            found.from_predictions if found else np.nan,
        ]
        records.write("gap", step, np.array([gap]))
        if found:
            if found.counts:
                counted = list(found.counts)
                names = [counted[i] for i in self._probes.forward(counted)]
                records.add("units", step, lambda: np.stack([units.measure(found.counts[n]) for n in names]), names)
            names = data_facts.names_of(getattr(self._model, "output_names", None), len(found.predictions), "output")
            records.add("outputs", step, lambda: np.stack([outputs.measure(p) for p in found.predictions]), names)
            if found.modes:
                records.add("mode", step, lambda: np.array([found.modes]))
        first = not self._data and len(self._held_rows) > 0
        if first:
            self._measure_data(found)
            self.record_data(step)
        self._record_batches(step)
        if first:
            records.write_card(step)
        records.flush()

    def record_data(self, step: int) -> None:
        """Writes what is known of the data, as far as rows were seen."""
        if not self._data and len(self._held_rows):
            self._measure_data(None)
        for signal, values in self._data.items():
            self._records.write(signal, step, values)

    def _measure_data(self, found: Evaluation | None) -> None:
        facts = data_facts.facts(self._model, self._held_rows, self._validation_rows, self.evaluator, found)
        for signal, (names, measure) in facts.items():
            values = self._records.measured(signal, measure)
            if values is not None:
                self._data[signal] = values
                self._records.columns |= {signal: names} if names else {}

    def _record_batches(self, step: int) -> None:
        """Writes how the epoch's batches differ."""
        epoch, before = self._batches, self._batches_before
        if epoch is None or not epoch[:, 1:].any():
            return
        targets = self._held_rows.rows()[1] if len(self._held_rows) else []
        self._records.add("batches", step, lambda: batches.measure(epoch, before, batches.target_std(targets))[None])

    def _evaluate(self, batch_size: int) -> Evaluation | None:
        if not self.can_evaluate or not len(self._held_rows):
            return None
        if self.evaluator is None:
            activations = {p.name: run_card.activation_of(p.layer) for p in self._places}
            counted = {p.name: activations[p.name] for p in self._places if activations[p.name] or p.weights}
            self.evaluator = Evaluator(self._model, self._taps, self._held_rows, self._places, counted)
        try:
            return self.evaluator.evaluate(batch_size, self._rows)
        except Exception as error:
            self.can_evaluate = False
            self._records.problem(
                f"inference mode and units could not be measured ({type(error).__name__}: {str(error)[:200]})"
            )
            return None
