"""How much of the gradient the optimizer's clipping takes away."""

from __future__ import annotations

import numpy as np

from keras_callbacks.probes.gradients import norm
from keras_callbacks.samples import Layout, ObservedStep


def measure(observed: ObservedStep, layout: Layout, optimizer) -> np.ndarray | None:
    """Norm of the gradient of all kernels before clipping, and after: (1, 2). None for an optimizer that does not clip.

    Clipping by value is computed on the sample. Biases, which are not looked at, count in a global norm too, so the norm
    after such a clipping is an upper bound.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    matrices = [k.matrix for k in layout.kernels]
    before, after = norm(observed, layout), None
    each = np.sqrt(observed.squares[matrices].astype(np.float64))
    if getattr(optimizer, "clipnorm", None):
        after = np.sqrt(np.square(np.minimum(each, optimizer.clipnorm)).sum())
    elif getattr(optimizer, "global_clipnorm", None):
        after = min(before, optimizer.global_clipnorm)
    elif getattr(optimizer, "clipvalue", None):
        limit, squares = optimizer.clipvalue, 0.0
        for kernel in (k for k in layout.kernels if k.matrix):
            values = observed.gradients[kernel.start : kernel.stop].astype(np.float64)
            squares += np.square(values.clip(-limit, limit)).mean() * kernel.size
        after = np.sqrt(squares)
    return None if after is None else np.array([[before, after]])
