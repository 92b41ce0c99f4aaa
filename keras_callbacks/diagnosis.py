"""The callback: Keras' hooks, and what the user may set. It computes nothing itself."""

from __future__ import annotations

import os
import time
from typing import Any

import keras

from keras_callbacks.recording import Recording
from keras_callbacks.say import warn


class Diagnosis(keras.callbacks.Callback):
    """Records how a network trains, for the Diagnosis tab of TensorBoard and for `nndiag check`.

    The training itself is not changed: without XLA the weights after `fit` are the same bit for bit. A measurement that
    fails warns once and is left out; it never stops the training.

    Args:
        log_dir: the directory of this run; TensorBoard is given the one above it. Use one directory per run, and no
            other writer's (the `TensorBoard` callback writes to directories below its own, so it may share).
        overhead: share of the training's time that recording may take; more than it, it measures less often. The first
            two seconds are free: a short run is recorded in full.
        quiet: print nothing at the end of the training, or when a step of it fails, whatever was found.

    Example:

        model.fit(x, y, validation_data=(x_val, y_val), callbacks=[Diagnosis("logs/run1")])
    """

    def __init__(self, log_dir: str | os.PathLike[str], *, overhead: float = 0.01, quiet: bool = False) -> None:
        super().__init__()
        self.log_dir = _checked_directory(log_dir)
        if not isinstance(quiet, bool):
            raise TypeError(f"Diagnosis: `quiet` is {quiet!r}; expected True or False.")
        if isinstance(overhead, bool) or not isinstance(overhead, (int, float)) or not 0 < overhead <= 1:
            raise ValueError(
                f"Diagnosis: `overhead` is {overhead!r}; expected a share of the training's time, such as 0.01."
            )
        self.overhead = float(overhead)
        self.quiet = quiet
        self._last_step = 0  # of all fits with this callback: steps never go back
        self._training = False
        self._recorded_model: int | None = None
        self._recording: Recording | None = None
        self._abandoned: Recording | None = None  # it failed; its compiled step goes on to the end of the fit

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        self._training = False
        self._stop()  # an interrupted fit may have left something behind
        if self._recorded_model not in (None, id(model)):
            self._last_step = 0
            _warn(f"recorded another model in {self.log_dir!r} before; the new record takes its place")
        if keras.backend.backend() != "tensorflow":
            _warn(f"records under TensorFlow only; Keras runs on {keras.backend.backend()}, so nothing is recorded")
            return
        try:
            self._recording = Recording(model, self.log_dir, self._last_step, self.overhead, self._do, self._report)
        except Exception as error:
            _warn(f"could not start ({type(error).__name__}: {error}); nothing is recorded")

    def on_test_begin(self, logs: dict | None = None) -> None:
        self._leave_unless_training()

    def on_predict_begin(self, logs: dict | None = None) -> None:
        self._leave_unless_training()

    def _leave_unless_training(self) -> None:
        """`evaluate` and `predict` may be given the callback too; there is nothing to record."""
        if not self._training:
            self._stop()

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._training = True
        self._recorded_model = id(self.model)
        self._do(lambda r: r.begin(self.params or {}))

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._do(lambda r: r.end_epoch(epoch + 1, logs or {}))

    def on_train_end(self, logs: dict | None = None) -> None:
        self._do(lambda r: r.end())
        self._training = False
        recorded = self._recording is not None
        self._stop()
        if recorded:
            self._report()

    def _do(self, action) -> None:
        recording = self._recording
        if recording is None:
            return
        began = time.perf_counter()
        try:
            action(recording)
        except Exception as error:  # the training goes on without us
            _warn(f"stopped recording ({type(error).__name__}: {error})")
            recording.abandon()
            self._recording, self._abandoned = None, recording
        except BaseException:  # Ctrl-C while we measured
            recording.interrupt()
            raise
        recording.own_seconds += time.perf_counter() - began
        self._last_step = max(self._last_step, recording.step)

    def _stop(self) -> None:
        for recording in (self._recording, self._abandoned):
            if recording is not None:
                recording.detach()
        self._recording = self._abandoned = None

    def _report(self) -> None:
        """Prints what leads, if anything does, with the way to the evidence."""
        if self.quiet:
            return
        try:
            from tb_nndiag.engine import diagnose
            from tb_nndiag.logdir import read
            from tb_nndiag.report import text

            found = text(diagnose(read(self.log_dir)), only_leading=True)
        except Exception as error:
            _warn(f"could not judge the run ({type(error).__name__}: {error})")
            return
        if found:
            above = os.path.dirname(self.log_dir) or "."
            print(f"\n{found}\nTo see the evidence: tensorboard --logdir {above}, tab DIAGNOSIS")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_recording": None, "_abandoned": None}


def _checked_directory(log_dir: Any) -> str:
    if not isinstance(log_dir, (str, os.PathLike)) or not os.fspath(log_dir):
        raise TypeError(
            f"Diagnosis: `log_dir` is {log_dir!r}; expected the directory of this run, such as 'logs/run1'."
        )
    path = (
        os.path.normpath(os.path.expanduser(os.fspath(log_dir)))
        if "://" not in os.fspath(log_dir)
        else os.fspath(log_dir)
    )
    if os.path.isfile(path):
        raise ValueError(f"Diagnosis: `log_dir` is {path!r}, which is a file; expected a directory.")
    return path


def _warn(text: str) -> None:
    warn(f"Diagnosis {text}. The training goes on.")
