"""Event files → Run: through TensorBoard's DataProvider, or straight from a logdir by the same way."""

from __future__ import annotations

import bisect
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.context import RequestContext
from tensorboard.data import provider as provider_lib

from tb_nndiag.proto import nndiag_pb2
from tb_nndiag.run import Card, Layer, Loss, Optimizer, Run, Series, Settings
from tb_nndiag.signals import CARD_TAG, FILE_SUFFIX, FORMAT, PLUGIN_NAME, SIGNALS

_EVERYTHING = 2**31 - 1  # points a series; 0 would mean none
_TAGS = {f"nndiag/{signal}": signal for signal in SIGNALS}


class Unreadable(ValueError):
    """The run, or the logdir, cannot be read; the text is one sentence."""


@dataclass(frozen=True)
class RunStamp:
    """Changes whenever something was added to the run."""

    last_step: int
    last_wall_time: float


def list_runs(
    provider: provider_lib.DataProvider, ctx: RequestContext, experiment_id: str
) -> dict[str, RunStamp | None]:
    """The runs that carry data of ours, by name, cheaply; None for a run that cannot be listed."""
    try:
        listed = provider.list_tensors(ctx, experiment_id=experiment_id, plugin_name=PLUGIN_NAME)
        return {name: _stamp(tags) for name, tags in sorted(listed.items())}
    except Exception:  # one broken series makes the whole listing raise: ask for each run alone
        found: dict[str, RunStamp | None] = {}
        for run in provider.list_runs(ctx, experiment_id=experiment_id):
            try:
                only = provider_lib.RunTagFilter(runs=[run.run_name])
                listed = provider.list_tensors(
                    ctx, experiment_id=experiment_id, plugin_name=PLUGIN_NAME, run_tag_filter=only
                )
                found.update({name: _stamp(tags) for name, tags in listed.items()})
            except Exception:
                found[run.run_name] = None
        return dict(sorted(found.items()))


def read_run(provider: provider_lib.DataProvider, ctx: RequestContext, experiment_id: str, name: str) -> Run:
    """One run. A series that cannot be read costs that series and is named in `problems`.

    Raises Unreadable when the run has no data of ours, or none that can be read.
    """
    problems: list[str] = []
    found = {
        tag: _last_attempt(points)
        for tag, points in _points(provider, ctx, experiment_id, name, problems).items()
        if points
    }
    if not found:
        raise Unreadable(problems[0] if problems else f"The run {name!r} has no data of the Diagnosis callback.")
    _end_earlier_attempts(found)
    card, columns, settings = _card(found.pop(CARD_TAG, []), problems)
    series = {}
    for tag, points in found.items():
        made = _series(_TAGS[tag], points, columns.get(_TAGS[tag]), problems)
        if made is not None:
            series[_TAGS[tag]] = made
    times = [p.wall_time for points in found.values() for p in points if np.isfinite(p.wall_time)]
    return Run(name, series, card, tuple(problems), min(times, default=0.0), max(times, default=0.0), settings)


def _points(
    provider: provider_lib.DataProvider, ctx: RequestContext, experiment_id: str, name: str, problems: list[str]
) -> Mapping[str, Any]:
    """Tag → points of one run, all in one question; tag by tag, naming those that fail, when that is refused."""

    def ask(tags: list[str]) -> Mapping[str, Any]:
        only = provider_lib.RunTagFilter(runs=[name], tags=tags)
        return provider.read_tensors(
            ctx, experiment_id=experiment_id, plugin_name=PLUGIN_NAME, downsample=_EVERYTHING, run_tag_filter=only
        ).get(name, {})

    tags = [CARD_TAG, *_TAGS]
    try:
        return ask(tags)
    except Exception:
        found: dict[str, Any] = {}
        for tag in tags:
            try:
                found.update(ask([tag]))
            except Exception as error:
                problems.append(f"`{tag}` could not be read ({type(error).__name__}: {str(error)[:200]})")
        return found


def read(directory: str | os.PathLike[str], name: str | None = None) -> Run:
    """The run whose event files lie in `directory`. Raises Unreadable."""
    directory = os.fspath(directory)
    name = os.path.basename(os.path.normpath(directory)) if name is None else name
    multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={PLUGIN_NAME: 0})
    try:
        multiplexer.AddRun(directory, name)
        multiplexer.Reload()
    except Exception as error:
        raise Unreadable(
            f"The event files of {name!r} are damaged ({type(error).__name__}: {str(error)[:200]})."
        ) from error
    provider = data_provider.MultiplexerDataProvider(multiplexer, directory)
    return read_run(provider, RequestContext(), "", name)


def runs_below(logdir: str | os.PathLike[str]) -> Iterator[tuple[str, str]]:
    """Name and directory of every run below `logdir` that carries data of ours, by name; the logdir itself is ".".

    Raises Unreadable when `logdir` is no directory.
    """
    logdir = os.fspath(logdir)
    if not os.path.isdir(logdir):
        raise Unreadable(f"{logdir!r} is not a directory; expected the one that you give to `tensorboard --logdir`.")
    found = []
    for directory, _, files in os.walk(logdir):
        if any(file.endswith(FILE_SUFFIX) for file in files):
            found.append((os.path.relpath(directory, logdir).replace(os.sep, "/"), directory))
    yield from sorted(found)


def _stamp(tags: Mapping[str, Any]) -> RunStamp:
    return RunStamp(max(int(t.max_step) for t in tags.values()), max(float(t.max_wall_time) for t in tags.values()))


def _last_attempt(points: list) -> list:
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
    steps = np.array([p.step for p in good], np.int64)
    return Series(tuple(names), stats, steps, np.stack([_padded(p.numpy, width) for p in good]))


def _fits(values: np.ndarray, width: int, stats: int, *, may_grow: bool) -> bool:
    """Whether a record has the shape that the card says; metrics may have been fewer at first."""
    if values.ndim != 2 or values.dtype.kind != "f" or values.shape[1] != stats:
        return False
    return values.shape[0] == width or (may_grow and 0 < values.shape[0] < width)


def _padded(values: np.ndarray, width: int) -> np.ndarray:
    missing = np.full((width - values.shape[0], values.shape[1]), np.nan)
    return np.concatenate([values.astype(np.float64), missing])


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
