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
    return np.stack([_measure_layer(observed, layer) for layer in layout.layers])


def _measure_layer(observed: ObservedStep, kernels: tuple[Kernel, ...]) -> np.ndarray:
    if not kernels:
        return np.full(5, np.nan)
    mine = slice(kernels[0].start, kernels[-1].stop)
    before, after = observed.before[mine], observed.weights[mine]
    update, size = _rms(after - before), _rms(before)
    spread = unit_spread(kernels[0].of(observed.weights)) if kernels[0].matrix else np.nan
    with np.errstate(all="ignore"):
        return np.array([update / size, update, size, np.abs(after).max(), spread])


def unit_spread(kernel: np.ndarray) -> float:
    """How much the units of a layer differ: rms(kernel - mean over units) / rms(kernel).

    kernel: (rows, units). Returns 0 where all units have the same weights, NaN where there is one unit or nothing but zeros.
    """
    if kernel.shape[1] == 1:
        return float("nan")
    with np.errstate(all="ignore"):
        return _rms(kernel - kernel.mean(axis=1, keepdims=True)) / _rms(kernel)


def _rms(values: np.ndarray) -> np.float64:
    return np.sqrt(np.mean(np.square(values, dtype=np.float64)))
