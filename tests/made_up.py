"""Runs made of numbers, for the cases of a rule that no real training hits exactly."""

from __future__ import annotations

from typing import Any

import numpy as np

from tb_nndiag.run import Card, Layer, Loss, Optimizer, Run, Series, Settings
from tb_nndiag.signals import SIGNALS

HEALTHY_STATS: dict[str, dict[str, float]] = {
    "loss": {"nonfinite": 0, "worst_step": 1, "steps": 1},
    "gap": {"penalty": 0, "val": np.nan, "best_val": np.nan, "best_epoch": np.nan, "from_predictions": np.nan},
    "gradients": {"rms": 0.01, "max_abs": 0.1, "zero_share": 0, "nonfinite": 0},
    "updates": {"ratio": 0.003, "update_rms": 0.0003, "weight_rms": 0.1, "weight_max_abs": 0.4, "unit_spread": 1},
    "units": {"dead_share": 0, "saturated_share": 0, "mean": 0.4, "std": 0.5, "min": 0, "max": 3, "spread": 0.5},
    "inputs": {"mean": 0, "std": 1, "min": -3, "max": 3, "nonfinite": 0, "constant_share": 0, "largest_scale": 1, "scale_ratio": 1, "integer": 0, "rows": 500},
    "labels": {"mean": 0.5, "std": 0.5, "min": 0, "max": 1, "nonfinite": 0, "integer": 1, "distinct": 2, "width": 1, "rank": 2, "row_sum_min": 0, "row_sum_max": 1, "majority_share": 0.5, "spread": 0.5},
    "weights": {"mean": 1, "min": 1, "max": 1, "majority_share": 0.5},
    "outputs": {"mean": 0.5, "std": 0.4, "min": 0, "max": 1, "spread": 0.4, "width": 1, "rank": 2, "majority_share": 0.5, "row_sum": 0.5},
    "baseline": {"constant_loss": 1.0, "rows": 500},
    "perfect": {"loss": 0.0},
    "fed": {"largest_scale": 1.0},
    "optimizer": {"learning_rate": 0.01},
    "nonfinite": {"count": 0},
    "mode": {"inference": 0.2, "training": 0.2},
    "noise": {"mean_square": 1e-4, "variance": 1e-4, "cosine": 0.3, "steps": 3},
    "batches": {"batches": 20, "repeated_share": 0, "same_order_share": 0, "target_spread": 1},
    "val_inputs": {"mean": 0, "std": 1, "min": -3, "max": 3, "nonfinite": 0, "constant_share": 0, "largest_scale": 1, "scale_ratio": 1, "integer": 0, "rows": 200},
    "val_labels": {"mean": 0.5, "std": 0.5, "min": 0, "max": 1, "nonfinite": 0, "integer": 1, "distinct": 2, "width": 1, "rank": 2, "row_sum_min": 0, "row_sum_max": 1, "majority_share": 0.5, "spread": 0.5},
    "shift": {"location": 0.05, "scale": 1, "most_location": 0.2, "outside_share": 0},
    "label_shift": {"location": 0.05, "distance": 0.05},
    "overlap": {"train_rows": 500, "val_rows": 200, "shared": 0, "duplicates": 0, "distinct": 500},
    "clipping": {"before": 1, "after": 1},
    "loss_scale": {"scale": 32768, "skipped": 0},
    "resources": {"resident_bytes": 5e8, "traces": 1},
    "wait": {"seconds": 1e-4},
    "worst_gradients": {"rms": 0.1, "step": 1},
    "timing": {"step_seconds": 0.002, "own_seconds": 0.01, "elapsed_seconds": 1},
}  # fmt: skip


def series(signal: str, columns: tuple[str, ...] = ("run",), steps: Any = None, **stats: Any) -> Series:
    """A series of `signal`; stats that are not given are a healthy run's.

    stats: a number, one number a record, or (records, columns)
    """
    values = {**HEALTHY_STATS.get(signal, {}), **stats}
    records = max([1 if steps is None else len(steps), *[len(v) for v in values.values() if np.ndim(v)]])
    steps = np.arange(1, records + 1) if steps is None else np.asarray(steps)
    packed = np.zeros((records, len(columns), len(SIGNALS[signal].stats)))
    for i, stat in enumerate(SIGNALS[signal].stats):
        value = np.asarray(values[stat], float)
        packed[:, :, i] = value[:, None] if value.ndim == 1 else value
    return Series(columns, SIGNALS[signal].stats, steps, packed)


def losses(mean: Any, steps: Any = None, **stats: Any) -> Series:
    """A `loss` series whose batches are all like their mean."""
    mean = np.atleast_1d(np.asarray(mean, float))
    return series("loss", steps=steps, **{"mean": mean, "min": mean, "max": mean, "first": mean, "last": mean, **stats})


def gaps(train: Any, val: Any = np.nan, every: int = 20) -> Series:
    """A `gap` series, one record an epoch of `every` steps."""
    train = np.atleast_1d(np.asarray(train, float))
    epochs = np.arange(1, len(train) + 1)
    return series("gap", steps=epochs * every, train=train, val=val, epoch=epochs)


def card(*layers: Layer, loss: str = "BinaryCrossentropy", from_logits: bool = False) -> Card:
    """A run card; without layers: two hidden relu layers of 32 units and a sigmoid output."""
    return Card(
        "Sequential", layers or (dense("hidden"), dense("hidden_1"), dense("answer", 1, "sigmoid", output=True)),
        (Loss(loss, from_logits),), Optimizer("Adam", 0.01), batch_size=32, steps_per_epoch=20, epochs=10, chain=True,
    )  # fmt: skip


def dense(name: str, units: int = 32, activation: str = "relu", inputs: int = 32, output: bool = False, **more: Any) -> Layer:
    """A Dense layer as the run card knows it."""
    size = (inputs + 1) * units
    return Layer(name, "Dense", activation, "GlorotUniform", size, size, (-1, units), (inputs, units), output, **more)


def broken(place: str) -> Series:
    """A `nonfinite` series in which what has this name broke first, and then what comes after it."""
    columns = ("input", "target", "output of hidden", "output of answer", "loss", "gradient of answer", "weights of answer")
    return series("nonfinite", columns, count=(np.arange(len(columns)) >= columns.index(place)).astype(float)[None])


def run(**parts: Any) -> Run:
    """A run of these series; `card=` is its card (the usual one, unless given), `settings=` those it is judged under."""
    made = parts.pop("card") if "card" in parts else card()
    settings = parts.pop("settings", Settings())
    return Run("made_up", parts, made, settings=settings)
