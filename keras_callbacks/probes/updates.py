"""What the optimizer really did to the weights in one step, per layer."""

from __future__ import annotations

import tensorflow as tf

MOST_SAMPLED = 16_384  # values compared per layer; larger layers are sampled at equal distances


def sample(kernels: list[tf.Tensor]) -> tf.Tensor:
    """At most MOST_SAMPLED values of one layer's weights, at equal distances: float32, one dimension."""
    if not kernels:
        return tf.zeros([1], tf.float32)
    flat = tf.concat([tf.reshape(tf.cast(k, tf.float32), [-1]) for k in kernels], 0)
    size = sum(k.shape.num_elements() for k in kernels)
    return flat[:: -(-size // MOST_SAMPLED)]


def sample_size(kernels: list) -> int:
    """Number of values that `sample` returns for weights of these shapes."""
    size = sum(tf.TensorShape(k.shape).num_elements() for k in kernels)
    return len(range(0, size, -(-size // MOST_SAMPLED))) if kernels else 1


def measure(before: list[tf.Tensor], after: list[tf.Tensor], kernels: list[list[tf.Tensor]]) -> tf.Tensor:
    """How far one step moved each layer, relative to its size.

    before, after: a sample of each layer's weights, (n,) float32; kernels: each layer's weights after the step
    Returns (layers, 5) float32: rms(after - before) / rms(before), rms(after - before), rms(before), the largest
    absolute weight after, and how much units differ (see `unit_spread`). NaN for a layer without weights.
    Source: Stanford CS231n notes, "Ratio of weights:updates".
    """
    return tf.stack([_measure_layer(*layer) for layer in zip(before, after, kernels, strict=True)])


def _measure_layer(before: tf.Tensor, after: tf.Tensor, kernels: list[tf.Tensor]) -> tf.Tensor:
    if not kernels:
        return tf.fill([5], float("nan"))
    update, size = _rms(after - before), _rms(before)
    largest = tf.reduce_max(tf.stack([tf.reduce_max(tf.abs(tf.cast(k, tf.float32))) for k in kernels]))
    return tf.stack([update / size, update, size, largest, unit_spread(kernels[0])])


def unit_spread(kernel: tf.Tensor) -> tf.Tensor:
    """How much the units of a layer differ: rms(kernel - mean over units) / rms(kernel).

    kernel: (..., units). Returns 0 where all units have the same weights, NaN where there is one unit,
    one dimension, or nothing but zeros.
    """
    if len(kernel.shape) < 2 or kernel.shape[-1] == 1:
        return tf.constant(float("nan"))
    kernel = tf.cast(kernel, tf.float32)
    return _rms(kernel - tf.reduce_mean(kernel, -1, keepdims=True)) / _rms(kernel)


def _rms(values: tf.Tensor) -> tf.Tensor:
    return tf.sqrt(tf.reduce_mean(tf.square(values)))
