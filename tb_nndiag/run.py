"""One training run as numpy arrays: what a rule is given. Pure: numpy only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Series:
    """All records of one signal.

    steps: (records,) int64, strictly increasing
    values: (records, columns, stats) float64
    """

    columns: tuple[str, ...]
    stats: tuple[str, ...]
    steps: np.ndarray
    values: np.ndarray

    def __post_init__(self) -> None:
        expected = (len(self.steps), len(self.columns), len(self.stats))
        if self.values.shape != expected:
            raise ValueError(f"values have shape {self.values.shape}, expected {expected} (records, columns, stats)")

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, stat: str) -> np.ndarray:
        """(records, columns) values of one statistic."""
        return self.values[:, :, self.stats.index(stat)]

    def column(self, name: str, stat: str) -> np.ndarray:
        """(records,) values of one statistic of one column."""
        return self[stat][:, self.columns.index(name)]

    def of_run(self, stat: str) -> np.ndarray:
        """(records,) values of one statistic of the only column."""
        return self[stat][:, 0]

    def last(self, column: int | str, stat: str) -> float:
        """The latest value; NaN when there is no record."""
        index = self.columns.index(column) if isinstance(column, str) else column
        return float(self[stat][-1, index]) if len(self) else float("nan")

    def since(self, holds: np.ndarray) -> int:
        """The step from which on something may have held until the end.

        holds: (records,) whether it held at each
        """
        broken = np.flatnonzero(~holds)
        return self.began(int(broken[-1]) + 1 if len(broken) else 0)

    def began(self, record: int) -> int:
        """The step at which something first seen in this record may have begun: the one after the record before."""
        return int(self.steps[record - 1]) + 1 if record else 1


@dataclass(frozen=True)
class Layer:
    """A layer as the run card knows it; `settings` holds what else rules ask for (a dropout's rate, a clip)."""

    name: str
    class_name: str = "Dense"
    activation: str = ""
    kernel_initializer: str = ""
    parameters: int = 0
    trainable_parameters: int = 0
    output_shape: tuple[int, ...] = ()
    kernel_shape: tuple[int, ...] = ()
    output: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def units(self) -> int:
        """Size of the last axis of what it returns; 0 when unknown."""
        return self.output_shape[-1] if self.output_shape else 0


@dataclass(frozen=True)
class Loss:
    name: str
    from_logits: bool = False
    output: str = ""

    @property
    def is_distance(self) -> bool:
        """Whether it measures how far a prediction is from its target, which may be any number."""
        return self.name in ("MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh")


@dataclass(frozen=True)
class Optimizer:
    name: str
    learning_rate: float
    schedule: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """How a run is to be judged, where that is not as the rules say; settings.py checks and merges them.

    limits: rule → limit → value; ignore: rule → the reason, empty: not ignored; severity: rule → severity;
    select: rules that are asked although they are off by default
    """

    limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    ignore: Mapping[str, str] = field(default_factory=dict)
    severity: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """What is known of a run besides its measurements: the run card as plain data."""

    model_class: str = ""
    layers: tuple[Layer, ...] = ()
    losses: tuple[Loss, ...] = ()
    optimizer: Optimizer | None = None
    batch_size: int = 0
    steps_per_epoch: int = 0
    epochs: int = 0
    validation: bool = False
    weighted: bool = False  # by sample_weight or class_weight
    precision: str = "float32"
    jit_compile: bool = False
    run_eagerly: bool = False
    steps_per_execution: int = 1
    strategy: str = ""
    chain: bool = False  # each layer takes what the one before puts out, and nothing else acts between them
    seeded: bool = False
    deterministic_ops: bool = False
    compute_capability: float = 0.0  # the least of the GPUs'; 0: no GPU, or not known
    parameters: int = 0
    trainable_parameters: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    ended: bool = False
    stopped: str = ""  # why the callback ended the training

    def layer(self, name: str) -> Layer | None:
        """The layer of that name, or None."""
        return next((layer for layer in self.layers if layer.name == name), None)

    @property
    def hidden(self) -> tuple[Layer, ...]:
        """The layers that are not an output, in forward order."""
        return tuple(layer for layer in self.layers if not layer.output)

    @property
    def output_layer(self) -> Layer | None:
        """The model's output layer; None when there are several or it is not known.

        Where a linear `Activation` passes on what the layer before it puts out (usual with mixed precision), that layer.
        """
        outputs = [place for place, layer in enumerate(self.layers) if layer.output]
        if len(outputs) != 1:
            return None
        last, before = self.layers[outputs[0]], self.layers[outputs[0] - 1]
        passed_on = (last.class_name, last.activation) == ("Activation", "linear") and outputs[0] > 0
        return before if passed_on and before.output_shape == last.output_shape else last


@dataclass(frozen=True)
class Run:
    """One run: its series by signal name, its card, what could not be read, and how it is to be judged."""

    name: str = "run"
    series: Mapping[str, Series] = field(default_factory=dict)
    card: Card | None = None
    problems: tuple[str, ...] = ()
    first_wall_time: float = 0.0
    last_wall_time: float = 0.0
    settings: Settings = field(default_factory=Settings)

    def __contains__(self, signal: str) -> bool:
        return signal in self.series and len(self.series[signal]) > 0

    def __getitem__(self, signal: str) -> Series:
        return self.series[signal]

    @property
    def last_step(self) -> int:
        """The last step of any record; 0 when there is none."""
        return max((int(s.steps[-1]) for s in self.series.values() if len(s)), default=0)

    @property
    def ended(self) -> bool:
        """Whether the training said goodbye."""
        return bool(self.card and self.card.ended)

    def only(self, signals: Iterable[str]) -> Run:
        """The same run with these signals alone, so that an undeclared read fails."""
        wanted = set(signals)
        return replace(self, series={k: v for k, v in self.series.items() if k in wanted})
