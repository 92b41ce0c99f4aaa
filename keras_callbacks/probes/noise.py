"""How much successive steps agree: the gradient's signal beside its noise, and the direction of the updates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_callbacks.samples import Layout, ObservedStep


def measure(window: Sequence[ObservedStep], layout: Layout) -> np.ndarray:
    """The gradients and updates of a few successive steps, over the sampled values of each layer.

    window: at least two steps, each the one after the other
    Returns (layers, 4): square of the mean gradient over the steps, per value, less what noise adds to it (never below 0);
    variance over the steps, per value; cosine between successive updates, mean over the pairs; number of steps.
    NaN for a layer without kernels.
    Source: McCandlish et al. 2018, "An Empirical Model of Large-Batch Training", 2.2 (the unbiased estimates).
    """

    def total(packed: np.ndarray) -> np.ndarray:
        return layout.by_layer(layout.by_kernel(packed), layout.matrices)

    values = layout.by_layer(layout.sampled, layout.matrices)
    gradients = np.stack([step.gradients for step in window]).astype(np.float64)
    updates = [step.update.astype(np.float64) for step in window]
    with np.errstate(all="ignore"):
        variance = total(gradients.var(axis=0, ddof=1)) / values
        signal = total(np.square(gradients.mean(axis=0))) / values - variance / len(window)
        lengths = [np.sqrt(total(np.square(update))) for update in updates]
        cosines = [total(updates[i] * updates[i + 1]) / (lengths[i] * lengths[i + 1]) for i in range(len(window) - 1)]
    steps = np.full(len(layout.layers), len(window))
    return np.stack([np.maximum(signal, 0.0), variance, np.mean(cosines, axis=0), steps], axis=1)
