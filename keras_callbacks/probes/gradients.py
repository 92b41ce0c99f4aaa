"""The gradient that the optimizer was given, per layer."""

from __future__ import annotations

import numpy as np

from keras_callbacks.samples import Layout, ObservedStep


def measure(observed: ObservedStep, layout: Layout) -> np.ndarray:
    """How large the gradient of each layer is, and whether it is there at all.

    Returns (layers, 4): rms (of every value), largest absolute value and share of exact zeros (of the sample), count of
    non-finite values (of the sample; at least 1 when there is any).
    A layer whose weights the loss does not depend on has rms 0 and zero share 1; one without kernels (a normalization) has
    NaN, and no non-finite values.
    """
    sampled, squares, among = layout.sampled, squares_of(observed, layout), layout.matrices
    values = observed.gradients
    with np.errstate(all="ignore"):
        largest = layout.by_layer(layout.by_kernel(np.abs(values), np.maximum), among, np.maximum)
        zeros = layout.by_layer(layout.by_kernel(values == 0), among) / layout.by_layer(sampled, among)
    broken = np.maximum(layout.by_kernel(~np.isfinite(values)), ~np.isfinite(squares))
    return np.stack([rms(observed, layout), largest, zeros, np.nan_to_num(layout.by_layer(broken, among))], axis=1)


def rms(observed: ObservedStep, layout: Layout) -> np.ndarray:
    """(layers,) of every value of each layer's kernels' gradients."""
    squares, among = squares_of(observed, layout), layout.matrices
    with np.errstate(all="ignore"):
        return np.sqrt(layout.by_layer(squares, among) / layout.by_layer(layout.sizes, among))


def norm(observed: ObservedStep, layout: Layout) -> float:
    """Length of the whole gradient of all kernels."""
    return float(np.sqrt(squares_of(observed, layout)[layout.matrices].sum()))


def worst(before: np.ndarray | None, steps: list[ObservedStep], layout: Layout) -> np.ndarray | None:
    """The largest gradient of each layer so far, and its step.

    before: what this returned last; steps: since then
    Returns (layers, 2): rms of every value, step; None when no step was observed yet.
    """
    for observed in steps:
        found = rms(observed, layout)
        now = np.stack([found, np.full(len(found), observed.step)], axis=1)
        before = now if before is None else np.where(now[:, :1] > before[:, :1], now, before)
    return before


def squares_of(observed: ObservedStep, layout: Layout) -> np.ndarray:
    """(kernels,) sum of squares of each whole gradient; from the sample, where finite values are too large for float32."""
    squares = observed.squares.astype(np.float64)
    with np.errstate(all="ignore"):
        estimated = layout.by_kernel(np.square(observed.gradients, dtype=np.float64)) * layout.sizes / layout.sampled
    return np.where(np.isinf(squares) & np.isfinite(estimated), estimated, squares)
