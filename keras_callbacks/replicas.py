"""Strategies of tf.distribute, with which several replicas train one model, in one process or in one process per worker.

Each replica runs the train step on its part of the batch. What is told of a batch is the sum over all replicas; the first
one of each worker keeps it in variables of ours, and one worker writes it. With a single replica all of this does nothing.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow.python.ops.resource_variable_ops import ResourceVariable

MEASURED = (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy)
ALONE = (tf.distribute.OneDeviceStrategy, type(tf.distribute.get_strategy()))  # one replica; the latter is no strategy


def is_measured(strategy: tf.distribute.Strategy) -> bool:
    """Whether the train step can be looked into under this strategy."""
    return isinstance(strategy, (*MEASURED, *ALONE))


def has_workers(strategy: tf.distribute.Strategy) -> bool:
    """Whether other processes run the same step, and wait for this one where replicas add up."""
    return isinstance(strategy, MEASURED) and len(strategy.extended.worker_devices) < strategy.num_replicas_in_sync


def is_writer(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes: the chief of all workers."""
    return not has_workers(strategy) or strategy.extended.should_save_summary


def is_first() -> bool:
    """Inside the train step: whether this replica is the first one of its worker."""
    strategy = tf.distribute.get_strategy()
    if strategy.num_replicas_in_sync == 1:
        return True
    replica = tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group)
    return int(replica) % len(strategy.extended.worker_devices) == 0


def summed(tensors: list) -> list:
    """Inside the train step: the sums over all replicas; None stays. Every replica has to ask, at the same place."""
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        return tensors
    given = [t for t in tensors if t is not None]
    if not given:
        return tensors
    sums = iter(tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, given))
    return [None if t is None else next(sums) for t in tensors]


def plain_variable(value: Any, dtype: tf.DType) -> tf.Variable:
    """A variable of this process alone: inside a strategy's scope `tf.Variable` would make one for each replica."""
    return ResourceVariable(tf.cast(value, dtype), trainable=False)
