"""The loss scale of mixed precision, which falls while scaled gradients overflow."""

from __future__ import annotations

import numpy as np


def measure(optimizer, step: int) -> np.ndarray | None:
    """step: the run's. Returns (1, 2): loss scale, steps that were skipped so far; None for an optimizer that does not scale."""
    scale = getattr(optimizer, "dynamic_scale", None)
    if scale is None:
        return None
    return np.array([[float(scale.numpy()), step - int(optimizer.inner_optimizer.iterations.numpy())]])
