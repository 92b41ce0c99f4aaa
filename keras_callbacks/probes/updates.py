"""What the optimizer really did to the weights in one step, per layer."""

from __future__ import annotations

import numpy as np

from keras_callbacks.samples import Kernel, Layout, ObservedStep


def measure(observed: ObservedStep, layout: Layout) -> np.ndarray:
    """How far one step moved each layer, relative to its size.

    Returns (layers, 5): rms(after - before) / rms(before), rms(after - before), rms(before), the largest absolute weight
    after, and how much units differ (see `unit_spread`). All of the sample. NaN for a layer without weights.
    Source: Stanford CS231n notes, "Ratio of weights:updates".
    """
    values = layout.by_layer(layout.sampled)
    with np.errstate(all="ignore"):
        update, size = (
            np.sqrt(layout.by_layer(layout.by_kernel(np.square(packed, dtype=np.float64))) / values)
            for packed in (observed.update, observed.before)
        )
        largest = layout.by_layer(layout.by_kernel(np.abs(observed.weights), np.maximum), reduce=np.maximum)
        spread = [_spread_of_first(layer, observed.weights) for layer in layout.layers]
        return np.stack([update / size, update, size, largest, spread], axis=1)


def _spread_of_first(kernels: tuple[Kernel, ...], weights: np.ndarray) -> float:
    return unit_spread(kernels[0].of(weights)) if kernels and kernels[0].matrix else float("nan")


def unit_spread(kernel: np.ndarray) -> float:
    """How much the units of a layer differ: rms(kernel - mean over units) / rms(kernel).

    kernel: (rows, units). Returns 0 where all units have the same weights, NaN where there is one unit or nothing but zeros.
    """
    if kernel.shape[1] == 1:
        return float("nan")
    apart = kernel - kernel.mean(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean(np.square(apart)) / np.mean(np.square(kernel))))
