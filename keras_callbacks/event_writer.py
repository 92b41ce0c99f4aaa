"""Measurements into TensorBoard event files. Needs no TensorFlow."""

from __future__ import annotations

import os
import time

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util

from keras_callbacks.say import warn
from tb_nndiag.proto import nndiag_pb2
from tb_nndiag.signals import CARD_TAG, FILE_SUFFIX, FORMAT, PLUGIN_NAME, SIGNALS


class EventWriter:
    """Appends records to one event file in `log_dir`.

    Writing never raises: the first failure (full disk, directory gone) warns, and nothing more is written.

    log_dir: None for a writer that writes nothing
    """

    def __init__(self, log_dir: str | None) -> None:
        self._log_dir = log_dir
        self._known_tags: set[str] = set()
        self._writer: EventFileWriter | None = None
        if log_dir is not None:
            self._guarded(self._open)

    def write(self, signal: str, step: int, values: np.ndarray) -> None:
        """One record. values: (columns, stats), in the order of the signal's stats."""
        # what float32 cannot hold is infinite: the run broke, and no warning of NumPy's helps
        with np.errstate(over="ignore"):
            values = np.asarray(values, np.float32)
        expected = len(SIGNALS[signal].stats)
        if values.ndim != 2 or values.shape[1] != expected:
            raise ValueError(f"{signal} has {expected} stats per column; got an array of shape {values.shape}.")
        self._guarded(lambda: self._add(f"nndiag/{signal}", step, values))

    def write_card(self, step: int, card: nndiag_pb2.RunCard) -> None:
        """The run card; the latest one counts."""
        self._guarded(lambda: self._add(CARD_TAG, step, np.array([card.SerializeToString()], object)))

    def flush(self) -> None:
        """Lets readers see what was written so far."""
        self._guarded(self._flush)

    def close(self) -> None:
        """Ends the file; nothing can be written afterwards."""
        self._guarded(lambda: self._writer and self._writer.close())
        self._writer = None

    def _open(self) -> None:
        self._writer = EventFileWriter(self._log_dir, filename_suffix=FILE_SUFFIX)

    def _flush(self) -> None:
        if self._writer is None or self._log_dir is None:
            return
        self._writer.flush()
        if "://" not in self._log_dir and not os.path.isdir(self._log_dir):  # the open file takes it all the same
            raise FileNotFoundError("the directory was removed")

    def _add(self, tag: str, step: int, values: np.ndarray) -> None:
        if self._writer is None:
            return
        metadata = None
        if tag not in self._known_tags:  # TensorBoard takes it from the first event of a tag
            metadata = summary_pb2.SummaryMetadata(
                plugin_data=summary_pb2.SummaryMetadata.PluginData(
                    plugin_name=PLUGIN_NAME, content=str(FORMAT).encode()
                ),
                data_class=summary_pb2.DATA_CLASS_TENSOR,  # without it the series is invisible
            )
            self._known_tags.add(tag)
        value = summary_pb2.Summary.Value(tag=tag, tensor=tensor_util.make_tensor_proto(values), metadata=metadata)
        event = event_pb2.Event(wall_time=time.time(), step=step, summary=summary_pb2.Summary(value=[value]))
        self._writer.add_event(event)

    def _guarded(self, action) -> None:
        try:
            action()
        except Exception as error:  # a diagnosis must never stop a training
            self._writer = None
            warn(
                f"Diagnosis can no longer write to {self._log_dir!r} ({type(error).__name__}: {error}). "
                "The training goes on; the run's record ends here."
            )
