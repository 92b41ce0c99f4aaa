"""The gradient that the optimizer was given, per layer."""

from __future__ import annotations

import tensorflow as tf


def measure(gradients: list[list[tf.Tensor | tf.IndexedSlices | None]]) -> tf.Tensor:
    """How large the gradient of each layer is, and whether it is there at all.

    gradients: one list per layer, a gradient per kernel; None where the loss does not depend on it
    Returns (layers, 4) float32: rms, largest absolute value, share of exact zeros, count of non-finite values.
    A layer without a gradient has rms 0 and zero share 1; one without kernels (a normalization), NaN.
    """
    return tf.stack([_measure_layer(layer) for layer in gradients])


def _measure_layer(gradients: list) -> tf.Tensor:
    if not gradients:
        return tf.constant([float("nan")] * 3 + [0.0])
    present = [tf.reshape(tf.cast(tf.convert_to_tensor(g), tf.float32), [-1]) for g in gradients if g is not None]
    if not present:
        return tf.constant([0.0, 0.0, 1.0, 0.0])
    flat = tf.concat(present, 0)
    return tf.stack(
        [
            tf.sqrt(tf.reduce_mean(tf.square(flat))),
            tf.reduce_max(tf.abs(flat)),
            tf.reduce_mean(tf.cast(tf.equal(flat, 0.0), tf.float32)),
            count_nonfinite(flat),
        ]
    )


def count_nonfinite(values: tf.Tensor) -> tf.Tensor:
    """Number of NaN and infinite values, a float32 scalar; 0 for integers and strings."""
    if not values.dtype.is_floating:
        return tf.constant(0.0)
    return tf.reduce_sum(tf.cast(tf.logical_not(tf.math.is_finite(values)), tf.float32))
