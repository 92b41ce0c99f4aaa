"""The callback: Keras' hooks, and what the user may set. It computes nothing itself."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_callbacks import schedule
from keras_callbacks.recording import Compiled, Recording
from keras_callbacks.say import warn
from tb_nndiag.proto.nndiag_pb2 import RunCard
from tb_nndiag.run import Settings


class Diagnosis(keras.callbacks.Callback):
    """Records how a network trains, for the Diagnosis tab of TensorBoard and for `nndiag check`.

    The training itself is not changed: without XLA the weights after `fit` are the same bit for bit. A measurement that
    fails warns once and is left out; it never stops the training.

    Args:
        log_dir: the directory of this run; TensorBoard is given the one above it. Use one directory per run, and no
            other writer's (the `TensorBoard` callback writes to directories below its own, so it may share).
        overhead: share of the training's time that recording may take; more than it, it measures less often. The first
            five seconds are free: a short run is recorded in full. Judging while the training runs may take as much again.
        quiet: print nothing, whatever was found. Otherwise an error that leads is printed once, as soon as it was seen at
            the ends of two epochs, and what else leads at the end of the training, or when a step of it fails.
        stop_on: severities, rules or their codes, such as ("error",): such a finding ends the training once it was seen at
            the ends of two epochs, as `EarlyStopping` does. `stopped` says which one it was.
        limits, ignore, severity, select: how this run is to be judged, where not as the rules say; the reader has the last
            word (docs/configuration.md). {"loss-plateau": {"patience": 500}}, {"overfitting": "the reason"},
            {"underfitting": "error"}, ["no-seed"].

    Example:

        model.fit(x, y, validation_data=(x_val, y_val), callbacks=[Diagnosis("logs/run1")])
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        *,
        overhead: float = 0.01,
        quiet: bool = False,
        stop_on: str | Sequence[str] = (),
        limits: Mapping[str, Mapping[str, float]] | None = None,
        ignore: Mapping[str, str] | None = None,
        severity: Mapping[str, str] | None = None,
        select: Sequence[str] = (),
    ) -> None:
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
        self.stopped = ""  # the finding that ended the training; empty: none did
        from tb_nndiag.live import checked_stop_on
        from tb_nndiag.settings import checked

        try:
            self._settings = checked(limits, ignore, severity, select)
            self._stop_on = checked_stop_on(stop_on)
        except ValueError as error:
            raise ValueError(f"Diagnosis: {error}") from None
        self._live = self._new_live()
        self._reader = _readers_settings()
        self._epochs, self._look_next, self._look_seconds = 0, 1, 0.0
        self._last_step = 0  # of all fits with this callback: steps never go back
        self._training = False
        self._recorded_model: int | None = None
        self._recording: Recording | None = None
        self._compiled: Compiled | None = None  # by the last fit
        self._follower: Recording | None = None  # records nothing; its compiled step goes on to the end of the fit

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        self._training = False
        self._stop()  # an interrupted fit may have left something behind
        if self._recorded_model not in (None, id(model)):
            self._last_step = 0
            self._live = self._new_live()
            _warn(f"recorded another model in {self.log_dir!r} before; the new record takes its place")
        if keras.backend.backend() != "tensorflow":
            _warn(f"records under TensorFlow only; Keras runs on {keras.backend.backend()}, so nothing is recorded")
            return
        try:
            self._recording = Recording(
                model, self.log_dir, self._last_step, self._compiled, self.overhead, self._do, self._report
            )
            self._recording.complete_card = self._complete_card
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
        self.stopped, self._epochs, self._look_next = "", 0, 1
        self._do(lambda r: r.begin(self.params or {}))
        if self._recording is not None and not self._recording.writes:  # another worker does
            self._recording, self._follower = None, self._recording

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._epochs += 1
        self._do(lambda r: r.end_epoch(epoch + 1, logs or {}))
        if epoch + 1 < (self.params or {}).get("epochs", 0):  # what is found at the end is told at the end
            self._do(lambda r: self._look(r, epoch + 1))

    def on_train_end(self, logs: dict | None = None) -> None:
        self._do(lambda r: r.end())
        self._training = False
        recording = self._recording
        self._compiled = recording.compiled() if recording else None
        self._stop()
        if recording:
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
            self._recording, self._follower = None, recording
        except BaseException:  # Ctrl-C while we measured
            recording.interrupt()
            raise
        recording.own_seconds += time.perf_counter() - began
        self._last_step = max(self._last_step, recording.step)

    def _stop(self) -> None:
        for recording in (self._recording, self._follower):
            if recording is not None:
                recording.detach()
        self._recording = self._follower = None

    def _new_live(self):
        """Follows the training from look to look; None when nobody would hear of it."""
        import tb_nndiag.engine
        import tb_nndiag.logdir
        import tb_nndiag.report  # noqa: F401  now, rather than in the training's time
        from tb_nndiag.live import Live

        return None if self.quiet and not self._stop_on else Live(self._stop_on)

    def _complete_card(self, card: RunCard) -> None:
        for rule, values in self._settings.limits.items():
            card.settings.limits[rule].values.update(values)
        card.settings.ignore.update(self._settings.ignore)
        card.settings.severity.update(self._settings.severity)
        card.settings.select.extend(self._settings.select)
        card.stopped = self.stopped

    def _look(self, recording: Recording, epoch: int) -> None:
        """Judges what was recorded so far, if it is time: tells of an error once, and ends the training if it is to."""
        live = self._live
        if live is None or not recording.wrote_epoch or not recording.affords_look(self._look_seconds):
            return
        if self._epochs < self._look_next and not live.unsure:
            return
        began = time.perf_counter()
        self._look_next = schedule.next_look(self._epochs)
        try:
            from tb_nndiag.report import brief

            tell, stop = live.look(self._judged())
            if stop:
                self.stopped = f"{stop.code} {stop.rule}, found in epoch {epoch}"
                self.model.stop_training = True
                live.told.add(stop.rule)
            if tell or stop:
                found = [brief(v) for v in (tell, stop if stop is not tell else None) if v]
                self._print("\n".join(found), "The training is stopped, as `stop_on` says." if stop else "")
        except Exception as error:
            self._live = None
            _warn(f"could not judge the run ({type(error).__name__}: {error})")
        self._look_seconds = time.perf_counter() - began
        recording.look_seconds += self._look_seconds

    def _judged(self) -> list:
        """The verdicts about what is in the logdir now."""
        from tb_nndiag.engine import diagnose
        from tb_nndiag.logdir import read
        from tb_nndiag.settings import applied

        return diagnose(applied(read(self.log_dir), self._reader))

    def _report(self) -> None:
        """Prints what leads and was not told yet, and what was told and is over, with the way to the evidence."""
        if self.quiet:
            return
        try:
            from tb_nndiag.report import text

            told = self._live.told if self._live else set()
            verdicts = self._judged()
            new = [v for v in verdicts if v.rule not in told]
            found = text(new, only_leading=True)
            over = sorted(told - {v.rule for v in verdicts if v.fires and v.finding.active})
            told -= set(over)
            told |= {v.rule for v in new if v.leads}
        except Exception as error:
            _warn(f"could not judge the run ({type(error).__name__}: {error})")
            return
        if over:
            found = f"No longer so: {', '.join(over)}.\n{found}".rstrip()
        if found:
            self._print(found)

    def _print(self, found: str, after: str = "") -> None:
        """On lines of its own, below a progress bar that may be there."""
        if self.quiet:
            return
        above = os.path.dirname(self.log_dir) or "."
        lines = [
            "",
            found,
            *([after] if after else []),
            f"To see the evidence: tensorboard --logdir {above}, tab DIAGNOSIS",
        ]
        print("\n".join(lines), flush=True)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_recording": None, "_follower": None, "_compiled": None}

    def report(self, file: str | os.PathLike[str] | None = None) -> str:
        """Writes what the Diagnosis tab shows of this run into one HTML file; returns its path.

        file: `diagnosis.html` in `log_dir`, unless given
        Raises tb_nndiag.logdir.Unreadable when nothing was recorded yet.
        """
        path = os.path.join(self.log_dir, "diagnosis.html") if file is None else os.fspath(file)
        page = self._page()
        with open(path, "w", encoding="utf-8") as out:
            out.write(page)
        return path

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the page of this run; its usual text when there is none."""
        from tb_nndiag import html_report

        try:
            return html_report.in_notebook(self._page())
        except Exception:
            return None

    def _page(self) -> str:
        from tb_nndiag import html_report, logdir
        from tb_nndiag.settings import applied

        run = applied(logdir.read(self.log_dir), self._reader)
        return html_report.page({run.name: run})


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


def _readers_settings() -> Settings:
    """Those of the file nearest to where the training runs; none when it cannot be used."""
    from tb_nndiag.config_file import found_settings

    try:
        return found_settings()
    except ValueError as error:
        _warn(f"goes on without the settings in {error}")
        return Settings()


def _warn(text: str) -> None:
    warn(f"Diagnosis {text}. The training goes on.")
