"""When to record: often at first, then at distances that grow with the run, so that no run writes too much."""

from __future__ import annotations

SECONDS_FREE = 5.0  # that any run may take for being recorded, however short it is


def next_step(step: int) -> int:
    """The step to observe after `step`: every one up to 20, then 5 % further; 290 records in ten million steps."""
    return step + max(1, step // 20)


def next_epoch(epoch: int) -> int:
    """The epoch to evaluate after `epoch`: every one up to 100, then 2 % further; 680 in ten million epochs."""
    return epoch + max(1, epoch // 50 if epoch >= 100 else 1)


def next_look(epoch: int) -> int:
    """The epoch to judge after `epoch`: the first three, then half as far again each time; 12 in a hundred epochs."""
    return epoch + max(1, epoch // 2)


def affordable(own_seconds: float, elapsed_seconds: float, next_seconds: float, overhead: float) -> bool:
    """Whether something that takes `next_seconds` fits into the share `overhead` of the time so far, or is free."""
    return own_seconds + next_seconds <= SECONDS_FREE + overhead * elapsed_seconds
