"""How long a step waits for its batch."""

from __future__ import annotations

import time

import tensorflow as tf


def can_be_timed(iterator) -> bool:
    """Whether `timed` takes it: one of tf.data, of this process alone, with dense tensors."""
    return isinstance(iterator, tf.data.Iterator) and all(
        isinstance(spec, tf.TensorSpec) for spec in tf.nest.flatten(iterator.element_spec)
    )


def timed(iterator: tf.data.Iterator) -> tuple[tf.data.Iterator, float]:
    """Takes the next batch out of `iterator`.

    Inside a compiled step nobody can tell waiting from computing, so the batch is fetched before it. Returns an iterator over
    that batch alone, of the same element spec, so that the compiled step takes it without a new trace; and the seconds waited.
    Where the data came to their end: `iterator` itself, which the step is to find out (it counts as an iteration of the
    optimizer), and NaN.
    """
    began = time.perf_counter()
    try:
        batch = next(iterator)
    except StopIteration:
        return iterator, float("nan")
    seconds = time.perf_counter() - began
    alone = tf.data.experimental.to_variant(tf.data.Dataset.from_tensors(batch))
    return iter(tf.data.experimental.from_variant(alone, iterator.element_spec)), seconds
