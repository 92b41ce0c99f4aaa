"""What the units of a layer put out: dead, saturated, or alive."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

BOUNDS = {
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softsign": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
}
NEAR_BOUND = 0.01  # part of the distance from the middle to the bound that counts as "at the bound"
SATURATED = 0.95  # a unit is saturated when more than this share of its outputs is at the bound
COUNTS = ("positions", "at_bound", "sum", "squares", "min", "max")


def count(output: tf.Tensor, unit_axis: int, activation: str) -> tuple[tf.Tensor, tf.Tensor]:
    """Adds up what is needed of one layer's output, so that batches can be combined.

    output: (rows, ..., units), or with the units along `unit_axis`
    Returns the number of values, and (units, 5) float32: what COUNTS names after the positions.
    """
    output = tf.cast(output, tf.float32)
    rank = len(output.shape)
    others = [a for a in range(rank) if a != unit_axis % rank]
    total = tf.reduce_sum(output, others)
    if activation in BOUNDS:
        low, high = BOUNDS[activation]
        reach = (high - low) / 2 * (1 - NEAR_BOUND)
        at_bound = tf.reduce_sum(tf.cast(tf.abs(output - (low + high) / 2) > reach, tf.float32), others)
    else:
        at_bound = tf.zeros_like(total)
    squares = tf.reduce_sum(tf.square(output), others)
    extremes = tf.reduce_min(output, others), tf.reduce_max(output, others)
    return tf.size(output), tf.stack([at_bound, total, squares, *extremes], axis=1)


def combine(counts: list[tuple[int, np.ndarray]]) -> np.ndarray:
    """The counts of several batches as one: (units, 6), in the order of COUNTS."""
    sizes, stacked = zip(*counts, strict=True)
    each = np.stack(stacked).astype(np.float64)
    units = each.shape[1]
    positions = np.full((units, 1), sum(int(size) for size in sizes) / units)
    return np.hstack([positions, each[:, :, :3].sum(axis=0), each[:, :, 3:4].min(axis=0), each[:, :, 4:].max(axis=0)])


def measure(counts: np.ndarray) -> np.ndarray:
    """One layer's record.

    counts: (units, 6), see COUNTS
    Returns (7,): share of units that never were anything but exactly zero; share of units that sat at a bound for more
    than SATURATED of their outputs; mean, standard deviation, min and max of all outputs; mean over units of the
    standard deviation over rows (and positions).
    """
    positions, at_bound, total, squares, low, high = counts.T
    mean = total.sum() / positions.sum()
    std = np.sqrt(max(squares.sum() / positions.sum() - mean**2, 0.0))
    unit_std = np.sqrt(np.maximum(squares / positions - (total / positions) ** 2, 0.0))
    return np.array([
        np.mean((low == 0) & (high == 0)), np.mean(at_bound / positions > SATURATED), mean, std, low.min(), high.max(), unit_std.mean(),
    ])  # fmt: skip
