"""What one fit writes: its signals, what their columns are called, and the run card."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import numpy as np

from keras_callbacks.event_writer import EventWriter
from keras_callbacks.say import warn
from tb_nndiag.proto.nndiag_pb2 import RunCard


class Records:
    """Writes what probes measure. One that fails is reported once, and never asked again.

    log_dir: None writes nothing; describe: makes the run card, without what is known here
    """

    def __init__(self, log_dir: str | None, describe: Callable[[], RunCard]) -> None:
        self.columns: dict[str, list[str]] = {}  # by signal
        self.card_is_old = True
        self._writer = EventWriter(log_dir)
        self._describe = describe
        self._session = uuid.uuid4().hex
        self._problems: list[str] = []
        self._lost: set[str] = set()  # signals whose probe failed

    def add(
        self, signal: str, step: int, measure: Callable[[], np.ndarray | None], columns: list[str] | None = None
    ) -> None:
        """Writes what `measure` returns, unless that is None. columns: their names; none for a signal of the run"""
        values = self.measured(signal, measure)
        if values is not None:
            self.columns |= {signal: columns} if columns else {}
            self.write(signal, step, values)

    def measured(self, signal: str, measure: Callable[[], np.ndarray | None]) -> np.ndarray | None:
        """What `measure` returns; None when it failed, now or before."""
        if signal in self._lost:
            return None
        try:
            with np.errstate(all="ignore"):  # a run that breaks has numbers that do
                return measure()
        except Exception as error:
            self._lost.add(signal)
            self.problem(f"{signal} could not be measured ({type(error).__name__}: {str(error)[:200]})")
            return None

    def write(self, signal: str, step: int, values: np.ndarray) -> None:
        """One record. values: (columns, stats)"""
        self._writer.write(signal, step, values)

    def write_card(self, step: int, *, ended: bool = False) -> None:
        """The run card as it is now. ended: whether the fit came to its end"""
        card = self._describe()
        card.session, card.ended = self._session, ended
        card.problems.extend(self._problems)
        for signal, names in self.columns.items():
            card.columns[signal].names.extend(names)
        card.data.validation = any(name.startswith("val_") for name in self.columns.get("epoch", ()))
        self._writer.write_card(step, card)
        self.card_is_old = False

    def problem(self, text: str) -> None:
        """Notes what is lost, and warns."""
        self._problems.append(text)
        self.card_is_old = True
        warn(f"Diagnosis: {text}. The training goes on.")

    def flush(self) -> None:
        """Lets readers see what was written; a process that is killed loses no more than what comes after."""
        self._writer.flush()

    def close(self) -> None:
        """Nothing is written afterwards."""
        self._writer.close()
