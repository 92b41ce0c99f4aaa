"""Takes the next batch out of an iterator before the compiled step that is to have it.

Inside a compiled step nobody can tell waiting for data from computing, and nothing can be looked at without compiling it in.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import tensorflow as tf


def can_be_taken(iterator: Any) -> bool:
    """Whether `taken` takes it: one of tf.data, of this process alone, with dense tensors."""
    return isinstance(iterator, tf.data.Iterator) and all(
        isinstance(spec, tf.TensorSpec) for spec in tf.nest.flatten(iterator.element_spec)
    )


@dataclass(frozen=True)
class Taken:
    """The next batch.

    batch: None where the data came to their end
    iterator: over the batch alone, to give to the step; without a batch the one that it came from, for the step is to find
        that out (to the optimizer it counts as an iteration)
    waited, own: seconds until the batch was there, and that the rest took
    """

    batch: Any
    iterator: tf.data.Iterator
    waited: float
    own: float


def taken(iterator: tf.data.Iterator) -> Taken:
    """Takes the next batch. The step is given the same element spec, so it needs no new trace."""
    began = time.perf_counter()
    try:
        batch = next(iterator)
    except StopIteration:
        return Taken(None, iterator, math.nan, 0.0)
    came = time.perf_counter()
    variant = tf.data.experimental.to_variant(tf.data.Dataset.from_tensors(batch))
    alone = iter(tf.data.experimental.from_variant(variant, iterator.element_spec))
    return Taken(batch, alone, came - began, time.perf_counter() - came)
