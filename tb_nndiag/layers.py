"""What rules know of layers: which ones they may compare, what an activation can put out. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_nndiag.run import Layer, Run

LEAST_WEIGHTS = 50  # a layer with fewer may double in a step and be healthy
USUAL_UPDATE = 3e-3  # of the weights per step, in the middle of what healthy runs do: what a fix aims at
WEIGHTED = ("Dense", "Conv1D", "Conv2D", "Conv3D")  # they multiply what they get by weights, and do nothing else
IMAGES = {  # what an activation can put out
    "softmax": (0.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, float("inf")),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, float("inf")),
    "exponential": (0.0, float("inf")),
}


def names(layers: Sequence[Layer], most: int = 4) -> str:
    """`a`, `b` and 3 more"""
    named = [f"`{layer.name}`" for layer in layers]
    shown, more = named[:most], len(named) - most
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def with_kernels(run: Run, signal: str) -> list[str]:
    """The trained layers that multiply by a matrix (or convolve), in forward order: no biases alone, no normalization."""
    assert run.card is not None
    layers = {
        p.name: p
        for p in run.card.layers
        if len(p.kernel_shape) > 1 and p.trainable_parameters > 0 and p.class_name != "Embedding"
    }
    return [name for name in run[signal].columns if name in layers]


def with_updates_to_judge(run: Run) -> list[str]:
    """Of these, the ones with at least LEAST_WEIGHTS weights; all of them, if none has as many."""
    assert run.card is not None
    sizes = {p.name: p.trainable_parameters for p in run.card.layers}
    names = with_kernels(run, "updates")
    return [name for name in names if sizes[name] >= LEAST_WEIGHTS] or names


def median_ratio(run: Run, layers: list[str]) -> np.ndarray:
    """(records,) median over these layers of the update over the weights."""
    ratios = np.sort([run["updates"].column(name, "ratio") for name in layers], axis=0)  # NaN at the end
    known, records = (~np.isnan(ratios)).sum(axis=0), np.arange(ratios.shape[1])
    return (ratios[(known - 1) // 2, records] + ratios[known // 2, records]) / 2


def median(values: np.ndarray) -> float:
    """The median of what is not NaN; NaN when nothing is left."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
