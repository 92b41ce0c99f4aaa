"""The gradient that the optimizer was given, per layer."""

from __future__ import annotations

import numpy as np

from keras_callbacks.samples import Kernel, Layout, ObservedStep


def measure(observed: ObservedStep, layout: Layout) -> np.ndarray:
    """How large the gradient of each layer is, and whether it is there at all.

    Returns (layers, 4): rms (of every value), largest absolute value and share of exact zeros (of the sample), count of
    non-finite values (of the sample; at least 1 when there is any).
    A layer whose weights the loss does not depend on has rms 0 and zero share 1; one without kernels (a normalization), NaN.
    """
    places = {kernel: i for i, kernel in enumerate(layout.kernels)}
    return np.stack([_measure_layer(observed, [k for k in layer if k.matrix], places) for layer in layout.layers])


def norm(observed: ObservedStep, layout: Layout) -> float:
    """Length of the whole gradient of all kernels."""
    return float(np.sqrt(observed.squares[[k.matrix for k in layout.kernels]].astype(np.float64).sum()))


def _measure_layer(observed: ObservedStep, kernels: list[Kernel], places: dict[Kernel, int]) -> np.ndarray:
    if not kernels:
        return np.array([np.nan, np.nan, np.nan, 0.0])
    values = np.concatenate([observed.gradients[k.start : k.stop] for k in kernels])
    squares = sum(float(observed.squares[places[k]]) for k in kernels)
    if np.isinf(squares) and np.isfinite(values).all():  # finite gradients whose squares are too large for float32
        squares = np.mean(np.square(values, dtype=np.float64)) * sum(k.size for k in kernels)
    broken = max(np.sum(~np.isfinite(values)), float(not np.isfinite(squares)))
    rms = np.sqrt(squares / sum(k.size for k in kernels))
    return np.array([rms, np.abs(values).max(), np.mean(values == 0), broken])
