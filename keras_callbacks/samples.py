"""Which values of a layer's weights and gradients are looked at, and what one observed step leaves of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import tensorflow as tf

MOST_SAMPLED = 4096  # values of one weight; of a larger one, rows at equal distances
STEPS_KEPT = 4  # successive steps whose weights are kept, to compare them


@dataclass(frozen=True)
class Kernel:
    """One weight of a layer, and where its sample lies in the packed vector of all.

    size: of the whole weight; rows, units: of its sample, a matrix with one unit a column (one row for a vector)
    matrix: whether it has two or more dimensions; only then its gradient is looked at too
    """

    start: int
    rows: int
    units: int
    size: int
    matrix: bool

    @property
    def stop(self) -> int:
        return self.start + self.rows * self.units

    def of(self, packed: np.ndarray) -> np.ndarray:
        """(rows, units): this weight's part of the packed vector (values,)."""
        return packed[self.start : self.stop].reshape(self.rows, self.units)


@dataclass(frozen=True)
class Layout:
    """Where the sample of each layer's kernels lies: one list of kernels a layer, in the order of the layers."""

    layers: tuple[tuple[Kernel, ...], ...]

    @cached_property
    def kernels(self) -> list[Kernel]:
        """All kernels, in the order of the packed vector."""
        return [kernel for layer in self.layers for kernel in layer]

    @property
    def size(self) -> int:
        """Values in the packed vector."""
        return max((kernel.stop for kernel in self.kernels), default=0)

    @cached_property
    def matrices(self) -> np.ndarray:
        """(kernels,) whether each has two or more dimensions."""
        return np.array([kernel.matrix for kernel in self.kernels], bool)

    @cached_property
    def sizes(self) -> np.ndarray:
        """(kernels,) values of each whole weight."""
        return np.array([kernel.size for kernel in self.kernels], np.float64)

    @cached_property
    def sampled(self) -> np.ndarray:
        """(kernels,) values of each sample."""
        return np.array([kernel.stop - kernel.start for kernel in self.kernels], np.float64)

    def by_kernel(self, packed: np.ndarray, reduce: np.ufunc = np.add) -> np.ndarray:
        """(kernels,) float64: the values of each kernel's sample, reduced. packed: (values,)"""
        starts = [kernel.start for kernel in self.kernels]
        return reduce.reduceat(np.asarray(packed, np.float64), starts) if starts else np.zeros(0)

    def by_layer(
        self, of_kernels: np.ndarray, among: np.ndarray | None = None, reduce: np.ufunc = np.add
    ) -> np.ndarray:
        """(layers,) float64: one value a kernel, reduced over each layer's; NaN for a layer without.

        among: (kernels,) which kernels count; all, if not given
        """
        counts = np.ones(len(self.kernels), bool) if among is None else among
        owners = np.array([i for i, layer in enumerate(self.layers) for _ in layer], int)
        result = np.full(len(self.layers), 0.0)
        reduce.at(result, owners[counts], np.asarray(of_kernels, np.float64)[counts])
        result[np.bincount(owners[counts], minlength=len(self.layers)) == 0] = np.nan
        return result


@dataclass(frozen=True)
class ObservedStep:
    """What is known of one step.

    gradients, weights, before: packed, (values,) float32; weights after and before the step
    squares: (kernels,) sum of squares of each whole gradient
    """

    step: int
    gradients: np.ndarray
    weights: np.ndarray
    squares: np.ndarray
    before: np.ndarray

    @property
    def update(self) -> np.ndarray:
        """(values,) what the step added to the weights."""
        return self.weights - self.before


def layout_of(layers: list[list]) -> Layout:
    """layers: the kernels of each layer, anything with a shape"""
    start, found = 0, []
    for kernels in layers:
        mine = []
        for kernel in kernels:
            shape = tuple(kernel.shape)
            units = shape[-1] if shape else 1
            size = int(np.prod(shape))
            rows = max(size // max(units, 1), 1)
            every = _every(rows, units)
            made = Kernel(start, len(range(0, rows, every)), min(units, MOST_SAMPLED), size, len(shape) > 1)
            mine.append(made)
            start = made.stop
        found.append(tuple(mine))
    return Layout(tuple(found))


def sample(value: tf.Tensor) -> tf.Tensor:
    """The sample of one kernel or its gradient: rows at equal distances, at most MOST_SAMPLED values; (values,) float32."""
    units = value.shape[-1] if value.shape.rank else 1
    rows = value.shape.num_elements() // max(units, 1)
    every = _every(rows, units)
    if every > 1 or units > MOST_SAMPLED:
        value = tf.reshape(value, [rows, units])[::every, :MOST_SAMPLED]
    return tf.reshape(value if value.dtype == tf.float32 else tf.cast(value, tf.float32), [-1])


def _every(rows: int, units: int) -> int:
    return max(1, -(-rows * min(units, MOST_SAMPLED) // MOST_SAMPLED))
