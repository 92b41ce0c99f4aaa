"""How much successive steps agree: the gradient's signal beside its noise, and the direction of the updates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_callbacks.samples import Kernel, Layout, ObservedStep


def measure(window: Sequence[ObservedStep], layout: Layout) -> np.ndarray:
    """The gradients and updates of a few successive steps, over the sampled values of each layer.

    window: at least two steps, each the one after the other
    Returns (layers, 4): square of the mean gradient over the steps, per value, less what noise adds to it (never below 0);
    variance over the steps, per value; cosine between successive updates, mean over the pairs; number of steps.
    NaN for a layer without kernels.
    Source: McCandlish et al. 2018, "An Empirical Model of Large-Batch Training", 2.2 (the unbiased estimates).
    """
    return np.stack([_measure_layer(window, [k for k in layer if k.matrix]) for layer in layout.layers])


def _measure_layer(window: Sequence[ObservedStep], kernels: list[Kernel]) -> np.ndarray:
    if not kernels:
        return np.array([np.nan, np.nan, np.nan, len(window)])
    gradients = np.stack([_part(step.gradients, kernels) for step in window])
    updates = [_part(step.update, kernels) for step in window]
    variance = gradients.var(axis=0, ddof=1).mean()
    signal = np.square(gradients.mean(axis=0)).mean() - variance / len(window)
    cosines = [_cosine(a, b) for a, b in zip(updates, updates[1:], strict=False)]
    return np.array([max(signal, 0.0), variance, np.mean(cosines) if cosines else np.nan, len(window)])


def _part(packed: np.ndarray, kernels: list[Kernel]) -> np.ndarray:
    return np.concatenate([packed[k.start : k.stop] for k in kernels]).astype(np.float64)


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    length = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / length) if length > 0 else float("nan")
