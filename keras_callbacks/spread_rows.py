"""Rows of some of many batches, chosen so that they spread over all of them: data may be sorted."""

from __future__ import annotations

import numpy as np


class SpreadRows:
    """Takes rows as batches pass, and keeps as many of each as the batch stands for.

    capacity: rows that are kept in the end; about twice as many meanwhile
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._taken: list[tuple[int, list[np.ndarray]]] = []  # number of the batch, and its rows

    def __len__(self) -> int:
        return sum(len(rows[0]) for _, rows in self._taken)

    @property
    def last(self) -> int:
        """Number of the last batch whose rows were taken; 0 when there is none."""
        return self._taken[-1][0] if self._taken else 0

    def take(self, batch: int, rows: list[np.ndarray]) -> None:
        """batch: its number, counted from 1; rows: one array (rows, ...) per part"""
        if len(self) + len(rows[0]) > 2 * self._capacity:
            self._thin(batch - 1)  # those before: what this one stands for is not known yet
        self._taken.append((batch, rows))

    def chosen(self, last_batch: int) -> list[np.ndarray]:
        """One array (rows, ...) per part. last_batch: number of the last one that passed"""
        self._thin(last_batch)
        return [np.concatenate(part) for part in zip(*(rows for _, rows in self._taken), strict=True)]

    def _thin(self, last_batch: int) -> None:
        """Leaves of each batch as many rows as it stands for batches: itself, and those up to the next one."""
        if not self._taken:
            return
        stands_for = np.diff([*(batch for batch, _ in self._taken), last_batch + 1])
        until = np.cumsum(stands_for) * self._capacity // max(stands_for.sum(), 1)  # rounded as a sum: none is favored
        wanted = np.diff(until, prepend=0)
        self._taken = [(b, [part[:n] for part in rows]) for (b, rows), n in zip(self._taken, wanted, strict=True)]
