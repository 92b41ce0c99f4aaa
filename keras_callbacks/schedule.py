"""When to record: often at first, then at distances that grow with the run, so that no run writes too much."""

from __future__ import annotations

SECONDS_FREE = 5.0  # that any run may take for being recorded, however short it is
FIRST_TIMED = 80  # step; the first at which records are far enough apart to measure the wait for data between them
_FEW_LAYERS = 50  # that take no more than 2 MB in a run of any length (benchmarks/cost)


def next_step(step: int, layers: int = 0) -> int:
    """The step to observe after `step`: every one up to 20, then 5 % further; 290 records in ten million steps.

    layers: of the model; a deep one writes more in each record, so it is recorded less often
    """
    return step + max(1, int(step * _thinning(layers) // 20))


def next_epoch(epoch: int, layers: int = 0) -> int:
    """The epoch to evaluate after `epoch`: every one up to 100, then 3 % further; 480 in ten million epochs. layers: as above"""
    larger = epoch * _thinning(layers)
    return epoch + max(1, int(larger * 3 // 100) if larger >= 100 else 1)


def next_timed(step: int) -> int:
    """The step from which on one more wait for data is measured, which is dearer than a record: a quarter further."""
    return step + step // 4


def next_look(epoch: int) -> int:
    """The epoch to judge after `epoch`: the first three, then half as far again each time; 12 in a hundred epochs."""
    return epoch + max(1, epoch // 2)


def affordable(own_seconds: float, elapsed_seconds: float, next_seconds: float, overhead: float) -> bool:
    """Whether something that takes `next_seconds` fits into the share `overhead` of the time so far, or is free."""
    return own_seconds + next_seconds <= SECONDS_FREE + overhead * elapsed_seconds


def _thinning(layers: int) -> float:
    return max(1.0, layers / _FEW_LAYERS)
