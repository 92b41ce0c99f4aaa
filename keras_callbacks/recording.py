"""One fit of one model: when which probe runs, and what is written."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_callbacks import schedule
from keras_callbacks.event_writer import EventWriter
from keras_callbacks.held_rows import Evaluation, HeldRows
from keras_callbacks.places import places_of
from keras_callbacks.probes import inputs, labels, losses, outputs, run_card, units
from keras_callbacks.say import warn
from keras_callbacks.taps import Taps
from keras_callbacks.train_step import LOSSES_KEPT, TrainStepProbes


class Recording:
    """Puts the probes on a model before `fit` compiles its train step, and takes them off again.

    last_step: of an earlier fit that this one continues; after_interrupt: called when a step failed
    """

    def __init__(
        self, model: keras.Model, log_dir: str, last_step: int, after_interrupt: Callable[[], None] = lambda: None
    ) -> None:
        self.own_seconds = 0.0
        self._model = model
        self._after_interrupt = after_interrupt
        self._params: dict = {}
        self._writer = EventWriter(log_dir)
        self._session = uuid.uuid4().hex
        self._problems: list[str] = []
        self._columns: dict[str, list[str]] = {}
        self._card_written = False

        self._places = places_of(model)
        self._held_rows = HeldRows()
        self._probes = TrainStepProbes(model, self._held_rows)
        self._taps = Taps(model, self._places, self._probes.around_step)
        self._probes.use(self._taps)

        self._first_step = max(last_step, _iterations(model))
        self._steps = self._steps_of_epoch = self._recorded_steps = self._read_steps = 0
        self._losses: list[np.ndarray] = []  # of the steps that are not written yet
        self._observe_next = self._evaluate_next = 1
        self._epochs = self._evaluated_epochs = self._epoch = 0
        self._logs: dict[str, float] = {}
        self._best_val, self._best_epoch = np.nan, np.nan
        self._data_records: dict[str, np.ndarray] = {}
        self._can_evaluate = True
        self._began = self._recorded_at = time.perf_counter()
        self._own_at_record = 0.0

        self._attached = False
        self._found_train_function = model.train_function  # of an earlier fit, compiled without us
        if _replicas(model) > 1:
            self._problem(
                "gradients, updates and units are not measured under a distribution strategy with several replicas"
            )
            self._can_evaluate = False
        else:
            try:
                self._taps.attach()
            except BaseException:
                self.abandon()
                raise
            self._attached = True
            model.train_function = None  # so that Keras traces the step with our wraps on

    @property
    def step(self) -> int:
        """The run's step: it continues the optimizer's count."""
        return self._first_step + self._steps

    def begin(self, params: dict) -> None:
        """Once the train function exists, not yet traced: makes sure that the wraps come off when a step fails.

        params: Keras' callback params (epochs, steps)
        """
        self._params = params
        self._held_rows.steps_per_epoch = params.get("steps")
        train = self._model.train_function

        def guarded(iterator):
            try:
                return train(iterator)
            except (StopIteration, tf.errors.OutOfRangeError):  # the data came to their end
                raise
            except BaseException:
                self.interrupt()
                self._after_interrupt()
                raise

        self._model.train_function = guarded

    def begin_epoch(self) -> None:
        """Batches are counted within an epoch."""
        self._steps_of_epoch = 0

    def after_batch(self, batch: int) -> None:
        """batch: index of the last batch that was trained on, from 0 in every epoch"""
        self._steps += batch + 1 - self._steps_of_epoch
        self._steps_of_epoch = batch + 1
        if self._steps >= self._observe_next or self._steps - self._read_steps >= LOSSES_KEPT // 2:
            self._read_losses()
        if self._steps >= self._observe_next:
            self._record_steps()

    def end_epoch(self, epoch: int, logs: dict) -> None:
        """epoch: counted from 1; logs: the epoch's metrics"""
        self._epochs, self._epoch = self._epochs + 1, epoch
        self._count_steps()
        self._logs = {name: float(value) for name, value in logs.items() if hasattr(value, "__float__")}
        val = self._logs.get("val_loss", np.nan)
        if np.isfinite(val) and not val >= self._best_val:
            self._best_val, self._best_epoch = val, epoch
        if self._epochs >= self._evaluate_next:
            self._evaluate_next = schedule.next_epoch(self._epochs)
            self._record_epoch()

    def end(self) -> None:
        """The fit came to its end."""
        self._count_steps()
        if self._steps > self._recorded_steps:
            self._record_steps()
        if self._epochs > self._evaluated_epochs:
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
            self._record_data()
            self._write_card()
        except Exception as error:
            self._problem(f"the last records are missing ({type(error).__name__}: {error})")
        self.detach()

    def _read_losses(self) -> None:
        """Takes the losses of the steps since the last time, before the device writes over them."""
        self._count_steps()
        self._losses.append(self._probes.losses(self._read_steps, self._steps))
        self._read_steps = self._steps

    def abandon(self) -> None:
        """Records no more. What was compiled goes on: a fit that lost its train function could not."""
        self._taps.detach()
        self._writer.close()

    def _count_steps(self) -> None:
        """Replaces the host's guess of the number of steps by the device's count."""
        if self._attached:
            self._steps = self._probes.steps()

    def detach(self) -> None:
        """Leaves the model as it was found."""
        self._taps.detach()
        self._model.train_function = self._found_train_function
        self._writer.close()

    def _record_steps(self) -> None:
        """Writes what the compiled steps left in their variables."""
        probes, now = self._probes, time.perf_counter()
        self._read_losses()
        batch_losses, self._losses = np.concatenate(self._losses), []
        if len(batch_losses):
            self._writer.write("loss", self.step, losses.measure(batch_losses, self.step)[None])
        if self._steps >= self._observe_next:
            if probes.saw_gradients:
                forward = self._forward([p.name for p in probes.places])
                self._columns["gradients"] = self._columns["updates"] = [probes.places[i].name for i in forward]
                self._writer.write("gradients", self.step, probes.gradients()[forward])
                self._writer.write("updates", self.step, probes.updates()[forward])
            if self._model.optimizer is not None:
                self._writer.write(
                    "optimizer", self.step, np.array([[run_card.learning_rate_of(self._model.optimizer)]])
                )
            self._observe_next = schedule.next_step(self._steps)
            probes.observe_at(self._observe_next)
        broken = probes.nonfinite()
        if broken and "nonfinite" not in self._columns:
            self._columns["nonfinite"] = probes.nonfinite_columns
            self._writer.write("nonfinite", self._first_step + broken[0], broken[1][:, None])
            self._card_written = False
        own = self.own_seconds - self._own_at_record
        seconds = (now - self._recorded_at - own) / max(self._steps - self._recorded_steps, 1)
        self._writer.write("timing", self.step, np.array([[seconds, self.own_seconds, now - self._began]]))
        if not self._card_written:
            self._write_card()
        self._recorded_steps, self._recorded_at, self._own_at_record = self._steps, now, self.own_seconds

    def _record_epoch(self) -> None:
        """Writes the epoch's metrics, and what the model does with the held rows."""
        self._evaluated_epochs = self._epochs
        new: list[str] = []
        if self._logs:
            columns = self._columns.setdefault("epoch", [])
            new = [name for name in self._logs if name not in columns]  # validation may come in some epochs only
            columns.extend(new)
            values = [self._logs.get(name, np.nan) for name in self._columns["epoch"]]
            self._writer.write("epoch", self.step, np.array(values)[:, None])
        found = self._evaluate()
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
                self._columns["units"] = [list(found.counts)[i] for i in forward]
                self._writer.write(
                    "units", self.step, np.stack([units.measure(found.counts[n]) for n in self._columns["units"]])
                )
            self._columns["outputs"] = _names(
                getattr(self._model, "output_names", None), len(found.predictions), "output"
            )
            self._writer.write("outputs", self.step, np.stack([outputs.measure(p) for p in found.predictions]))
        first = "inputs" not in self._data_records
        if first:
            self._measure_data(found)
            self._record_data()
        if first or new:
            self._write_card()
        self._writer.flush()

    def _evaluate(self) -> Evaluation | None:
        if not self._can_evaluate or not len(self._held_rows):
            return None
        activations = {p.name: run_card.activation_of(p.layer) for p in self._places}
        counted = {
            name: activation for name, activation in activations.items() if activation or self._has_weights(name)
        }
        try:
            return self._held_rows.evaluate(self._model, self._taps, self._places, counted, self._probes.batch_size())
        except Exception as error:
            self._can_evaluate = False
            self._problem(
                f"inference mode and units could not be measured ({type(error).__name__}: {str(error)[:200]})"
            )
            return None

    def _measure_data(self, found: Evaluation | None) -> None:
        """The one-off facts about the data, from the held rows."""
        if not len(self._held_rows):
            return
        x, y = self._held_rows.rows()
        self._columns["inputs"] = self._held_rows.names()
        self._data_records["inputs"] = np.stack([inputs.measure(a) for a in x])
        if y:
            self._columns["labels"] = _names(getattr(self._model, "output_names", None), len(y), "output")
            self._data_records["labels"] = np.stack([labels.measure(a) for a in y])
        if found and found.fed:
            self._columns["fed"] = list(found.fed)
            self._data_records["fed"] = np.array([[scale] for scale in found.fed.values()])
        if found:
            from_logits = any(loss.from_logits for loss in run_card.losses_of(self._model))
            constant, perfect = self._held_rows.reference_losses(self._model, found.predictions, from_logits)
            self._data_records["baseline"] = np.array([[constant, len(self._held_rows)]])
            self._data_records["perfect"] = np.array([[perfect]])

    def _record_data(self) -> None:
        if not self._data_records:
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
        data.batch_size, data.steps_per_epoch = probes.batch_size(), int(self._params.get("steps") or 0)
        data.epochs, data.validation = (
            int(self._params.get("epochs") or 0),
            any(n.startswith("val_") for n in self._columns.get("epoch", ())),
        )
        strategy = self._model.distribute_strategy
        card.strategy = type(strategy).__name__ if _replicas(self._model) > 1 else ""
        self._writer.write_card(self.step, card)
        self._card_written = True

    def _forward(self, names: list[str]) -> list[int]:
        """The indices of `names` in the order of the forward pass; what was never called comes last."""
        order = {name: i for i, name in enumerate(self._probes.order)}
        return sorted(range(len(names)), key=lambda i: (order.get(names[i], len(order)), i))

    def _has_weights(self, name: str) -> bool:
        return any(p.name == name and p.weights for p in self._places)

    def _problem(self, text: str) -> None:
        self._problems.append(text)
        warn(f"Diagnosis: {text}. The training goes on.")


def _iterations(model: keras.Model) -> int:
    return int(model.optimizer.iterations.numpy()) if model.optimizer is not None else 0


def _replicas(model: keras.Model) -> int:
    return int(model.distribute_strategy.num_replicas_in_sync)


def _names(known: list[str] | None, count: int, word: str) -> list[str]:
    """`count` names: the known ones if they are as many, else made ones."""
    if known and len(known) == count:
        return [str(name) for name in known]
    return [word if count == 1 else f"{word}_{i + 1}" for i in range(count)]
