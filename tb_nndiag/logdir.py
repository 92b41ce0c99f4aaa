"""Event files → Run: which runs lie below a logdir, and what each of them recorded."""

from __future__ import annotations

import bisect
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from tensorboard.util import tensor_util

from tb_nndiag.event_file import read_events
from tb_nndiag.proto import nndiag_pb2
from tb_nndiag.run import Card, Layer, Loss, Optimizer, Run, Series, Settings
from tb_nndiag.signals import CARD_TAG, FILE_SUFFIX, FORMAT, SIGNALS

_SIGNAL_OF = {f"nndiag/{signal}": signal for signal in SIGNALS}
TAGS = frozenset((CARD_TAG, *_SIGNAL_OF))
_FLOAT = 1  # of TensorFlow's types: DT_FLOAT


class Unreadable(ValueError):
    """The run, or the logdir, cannot be read; the text is one sentence."""


class Point(NamedTuple):
    """One record of one tag; a TensorBoard's `TensorDatum` has the same fields."""

    step: int
    wall_time: float
    numpy: np.ndarray


@dataclass(frozen=True)
class RunStamp:
    """Changes whenever something was added to the run.

    last_step: None where only reading tells; files: name, size, time of change and number of each, where they are known
    """

    last_step: int | None
    last_wall_time: float
    files: tuple[tuple[str, int, int, int], ...] = ()


@dataclass(frozen=True)
class Files:
    """The runs below a logdir as they are found when this is first asked."""

    logdir: str
    experiment_id = ""

    @cached_property
    def _directories(self) -> dict[str, str]:
        return dict(runs_below(self.logdir)) if os.path.isdir(self.logdir) else {}  # TensorBoard waits for it, too

    def stamps(self) -> dict[str, RunStamp | None]:
        """The runs by name, without opening a file."""
        return {name: stamp for name, directory in self._directories.items() if (stamp := _stamp(directory))}

    def read(self, name: str) -> Run:
        """The run of that name, one of `stamps()`. Raises Unreadable."""
        return read(self._directories[name], name)


def runs_below(logdir: str | os.PathLike[str]) -> Iterator[tuple[str, str]]:
    """Name and directory of every run below `logdir` that carries data of ours, by name; the logdir itself is ".".

    Links are followed, as TensorBoard does, but for those that lead back to a directory above them.
    Raises Unreadable when `logdir` is no directory.
    """
    logdir = os.fspath(logdir)
    if not os.path.isdir(logdir):
        raise Unreadable(f"{logdir!r} is not a directory; expected the one that you give to `tensorboard --logdir`.")
    found = []
    above: dict[str, tuple[tuple[int, int], ...]] = {logdir: ()}
    for directory, below, files in os.walk(logdir, followlinks=True):
        try:
            here = os.stat(directory)
        except OSError:  # removed meanwhile
            continue
        way, known = above.pop(directory), (here.st_dev, here.st_ino)
        if known in way:
            below.clear()
            continue
        above |= {os.path.join(directory, name): (*way, known) for name in below}
        if any(_is_ours(file) for file in files):
            found.append((os.path.relpath(directory, logdir).replace(os.sep, "/"), directory))
    yield from sorted(found)


def read(directory: str | os.PathLike[str], name: str | None = None) -> Run:
    """The run whose event files lie in `directory`. A series that cannot be read costs that series and is named.

    Raises Unreadable when there are no data of ours, or none that can be read.
    """
    directory = os.fspath(directory)
    name = os.path.basename(os.path.normpath(directory)) if name is None else name
    problems: list[str] = []
    return run_of(name, _points(directory, problems), problems)


def _points(directory: str, problems: list[str]) -> dict[str, list[Point]]:
    """Tag → points of all event files of ours in `directory`."""
    found: dict[str, list[Point]] = {}
    broken: dict[str, str] = {}
    for path, _ in _event_files(directory):
        try:
            events, damaged = read_events(path)
        except OSError as error:
            problems.append(f"an event file could not be read ({type(error).__name__}: {error.strerror})")
            continue
        if damaged:
            problems.append(f"an event file is damaged after its event {len(events)}: the rest is lost")
        for event in events:
            for value in event.summary.value:
                if value.tag in TAGS:
                    try:
                        point = Point(event.step, event.wall_time, _array(value.tensor))
                        found.setdefault(value.tag, []).append(point)
                    except Exception as error:
                        broken.setdefault(value.tag, unreadable_series(value.tag, error))
    problems += broken.values()
    return {tag: points for tag, points in found.items() if tag not in broken}


def _is_ours(file: str) -> bool:
    return "tfevents" in file and file.endswith(FILE_SUFFIX)


def _event_files(directory: str) -> list[tuple[str, os.stat_result]]:
    """Path and status of our event files in `directory`, by name; nothing that only looks like a file."""
    found = []
    try:
        for entry in os.scandir(directory):
            if _is_ours(entry.name) and stat.S_ISREG((status := os.stat(entry.path)).st_mode):
                found.append((entry.path, status))
    except OSError:  # removed meanwhile, or not for us
        pass
    return sorted(found)


def _stamp(directory: str) -> RunStamp | None:
    """None when there is no event file of ours any more."""
    files = [
        (os.path.basename(path), status.st_size, status.st_mtime_ns, status.st_ino)
        for path, status in _event_files(directory)
    ]
    return RunStamp(None, max(time for _, _, time, _ in files) / 1e9, tuple(files)) if files else None


def _array(tensor: Any) -> np.ndarray:
    if tensor.dtype == _FLOAT and tensor.tensor_content:  # nearly all of them, and ten times as quick
        return np.frombuffer(tensor.tensor_content, "<f4").reshape([axis.size for axis in tensor.tensor_shape.dim])
    return tensor_util.make_ndarray(tensor)


def unreadable_series(tag: str, error: Exception) -> str:
    """The problem of a run of which one series cannot be read."""
    return f"`{tag}` could not be read ({type(error).__name__}: {str(error)[:200]})"


def run_of(name: str, points: Mapping[str, Sequence[Any]], problems: list[str]) -> Run:
    """The run that its points by tag make. problems: what could not be read so far

    Raises Unreadable when there is no point.
    """
    found = {tag: _last_attempt(of_tag) for tag, of_tag in points.items() if of_tag}
    if not found:
        why = f" that can be read: {problems[0]}" if problems else ""
        raise Unreadable(f"The run {name!r} has no data of the Diagnosis callback{why}.")
    _end_earlier_attempts(found)
    card, columns, settings = _card(found.pop(CARD_TAG, []), problems)
    series = {}
    for tag, of_tag in found.items():
        made = _series(_SIGNAL_OF[tag], of_tag, columns.get(_SIGNAL_OF[tag]), problems)
        if made is not None:
            series[_SIGNAL_OF[tag]] = made
    times = [p.wall_time for points in found.values() for p in points if np.isfinite(p.wall_time)]
    return Run(name, series, card, tuple(problems), min(times, default=0.0), max(times, default=0.0), settings)


def _last_attempt(points: Sequence[Any]) -> list:
    """What is left of a series when a restart overwrites what it repeats, under either of TensorBoard's loaders."""
    kept: list = []
    for point in sorted(points, key=lambda p: p.wall_time):
        while kept and kept[-1].step >= point.step:
            kept.pop()
        kept.append(point)
    return kept


def _end_earlier_attempts(found: dict[str, list]) -> None:
    """Drops what an attempt before wrote at steps that the restarted one has not come to again.

    The loss has a record wherever anything has: one that is later by the clock and earlier by its step is of a restart.
    """
    loss = found.get("nndiag/loss", [])
    times = [p.wall_time for p in loss]
    for tag, points in list(found.items()):
        following = [
            loss[i].step if (i := bisect.bisect_right(times, p.wall_time)) < len(loss) else p.step for p in points
        ]
        found[tag] = [p for p, step in zip(points, following, strict=True) if p.step <= step]
        if not found[tag]:
            del found[tag]


def _series(signal: str, points: list, names: list[str] | None, problems: list[str]) -> Series | None:
    stats = SIGNALS[signal].stats
    width = len(names) if names else (points[-1].numpy.shape[:1] or (0,))[0]
    names = names or (
        ["run"] if SIGNALS[signal].columns == "run" else [f"{SIGNALS[signal].columns}_{i + 1}" for i in range(width)]
    )
    good = [p for p in points if _fits(p.numpy, width, len(stats), may_grow=SIGNALS[signal].columns == "metric")]
    if len(good) < len(points):
        problems.append(
            f"{len(points) - len(good)} of {len(points)} records of `{signal}` have another shape than the run card"
            " says"
        )
    if not good:
        return None
    values = np.full((len(good), width, len(stats)), np.nan)
    for record, point in zip(values, good, strict=True):
        record[: len(point.numpy)] = point.numpy
    return Series(tuple(names), stats, np.array([p.step for p in good], np.int64), values)


def _fits(values: np.ndarray, width: int, stats: int, *, may_grow: bool) -> bool:
    """Whether a record has the shape that the card says; metrics may have been fewer at first."""
    if values.ndim != 2 or values.dtype.kind != "f" or values.shape[1] != stats:
        return False
    return values.shape[0] == width or (may_grow and 0 < values.shape[0] < width)


def _card(points: list, problems: list[str]) -> tuple[Card | None, dict[str, list[str]], Settings]:
    if not points:
        problems.append("the run card is missing: layers are known by their number only")
        return None, {}, Settings()
    try:
        parsed = nndiag_pb2.RunCard.FromString(points[-1].numpy.reshape(-1)[0])
        if parsed.format > FORMAT:
            problems.append(f"recorded in format {parsed.format}, newer than this reader's {FORMAT}: update tb-nndiag")
        problems.extend(parsed.problems)
        return _plain(parsed), {s: list(c.names) for s, c in parsed.columns.items()}, _settings(parsed.settings)
    except Exception as error:
        problems.append(f"the run card is damaged ({type(error).__name__}): layers are known by their number only")
        return None, {}, Settings()


def _settings(stated: nndiag_pb2.Settings) -> Settings:
    limits = {rule: dict(of_rule.values) for rule, of_rule in stated.limits.items()}
    return Settings(limits, dict(stated.ignore), dict(stated.severity), tuple(stated.select))


def _plain(card: nndiag_pb2.RunCard) -> Card:
    return Card(
        model_class=card.model_class,
        layers=tuple(
            Layer(
                p.name, p.class_name, p.activation, p.kernel_initializer, p.parameters, p.trainable_parameters,
                tuple(p.output_shape), tuple(p.kernel_shape), p.output, json.loads(p.settings or "{}"),
            )
            for p in card.layers
        ),
        losses=tuple(Loss(p.name, p.from_logits, p.output) for p in card.losses),
        optimizer=Optimizer(
            card.optimizer.name, card.optimizer.learning_rate, card.optimizer.schedule,
            json.loads(card.optimizer.settings or "{}"),
        )
        if card.HasField("optimizer")
        else None,
        batch_size=card.data.batch_size,
        steps_per_epoch=card.data.steps_per_epoch,
        epochs=card.data.epochs,
        validation=card.data.validation,
        weighted=card.data.weighted,
        precision=card.precision,
        jit_compile=card.jit_compile,
        run_eagerly=card.run_eagerly,
        steps_per_execution=card.steps_per_execution,
        strategy=card.strategy,
        chain=card.chain or card.model_class == "Sequential",
        seeded=card.seeded,
        deterministic_ops=card.deterministic_ops,
        compute_capability=card.compute_capability,
        parameters=card.parameters,
        trainable_parameters=card.trainable_parameters,
        versions=dict(card.versions),
        ended=card.ended,
        stopped=card.stopped,
    )  # fmt: skip
