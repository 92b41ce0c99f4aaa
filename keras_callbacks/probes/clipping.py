"""How much of the gradient the optimizer's clipping takes away."""

from __future__ import annotations

import numpy as np

from keras_callbacks.probes.gradients import norm, squares_of
from keras_callbacks.samples import Layout, ObservedStep


def measure(observed: ObservedStep, layout: Layout, optimizer) -> np.ndarray | None:
    """Norm of the gradient of all kernels before clipping, and after: (1, 2). None for an optimizer that does not clip.

    Clipping by value is computed on the sample. Biases are not looked at, though they count in a global norm: the norm
    after such a clipping is an upper bound.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    before, after = norm(observed, layout), None
    each = np.sqrt(squares_of(observed, layout)[layout.matrices])
    if getattr(optimizer, "clipnorm", None):
        after = np.sqrt(np.square(np.minimum(each, optimizer.clipnorm)).sum())
    elif getattr(optimizer, "global_clipnorm", None):
        after = min(before, optimizer.global_clipnorm)
    elif getattr(optimizer, "clipvalue", None):
        limit = optimizer.clipvalue
        kept = layout.by_kernel(np.square(observed.gradients.clip(-limit, limit))) * layout.sizes / layout.sampled
        after = np.sqrt(kept[layout.matrices].sum())
    return None if after is None else np.array([[before, after]])
