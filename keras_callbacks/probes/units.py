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
COUNTS = ("positions", "nonzero", "at_bound", "sum", "squares", "min", "max")


def count(output: tf.Tensor, unit_axis: int, activation: str) -> tf.Tensor:
    """Adds up what is needed of one layer's output, so that batches can be combined.

    output: (rows, ..., units), or with the units along `unit_axis`
    Returns (units, 7) float32, in the order of COUNTS; positions = rows x every axis that is not the units'.
    """
    output = tf.cast(output, tf.float32)
    rank = len(output.shape)
    axis = unit_axis % rank
    others = [a for a in range(rank) if a != axis]
    low, high = BOUNDS.get(activation, (-np.inf, np.inf))
    margin = NEAR_BOUND * (high - low) / 2 if activation in BOUNDS else 0.0
    at_bound = tf.logical_or(output < low + margin, output > high - margin)
    total = tf.reduce_sum(output, others)
    positions = tf.cast(tf.size(output), tf.float32) / tf.cast(tf.shape(output)[axis], tf.float32)
    return tf.stack(
        [
            tf.fill(tf.shape(total), positions),
            tf.reduce_sum(tf.cast(tf.not_equal(output, 0.0), tf.float32), others),
            tf.reduce_sum(tf.cast(at_bound, tf.float32), others),
            total,
            tf.reduce_sum(tf.square(output), others),
            tf.reduce_min(output, others),
            tf.reduce_max(output, others),
        ],
        axis=1,
    )


def combine(counts: list[np.ndarray]) -> np.ndarray:
    """The counts of several batches as one: (units, 7)."""
    stacked = np.stack(counts).astype(np.float64)
    added = stacked.sum(axis=0)
    added[:, 5] = stacked[:, :, 5].min(axis=0)
    added[:, 6] = stacked[:, :, 6].max(axis=0)
    return added


def measure(counts: np.ndarray) -> np.ndarray:
    """One layer's record.

    counts: (units, 7), see COUNTS
    Returns (7,): share of units that never were anything but exactly zero; share of units that sat at a bound for more
    than SATURATED of their outputs; mean, standard deviation, min and max of all outputs; mean over units of the
    standard deviation over rows (and positions).
    """
    positions, nonzero, at_bound, total, squares, low, high = counts.T
    mean = total.sum() / positions.sum()
    std = np.sqrt(max(squares.sum() / positions.sum() - mean**2, 0.0))
    unit_std = np.sqrt(np.maximum(squares / positions - (total / positions) ** 2, 0.0))
    return np.array([
        np.mean(nonzero == 0), np.mean(at_bound / positions > SATURATED), mean, std, low.min(), high.max(), unit_std.mean(),
    ])  # fmt: skip
