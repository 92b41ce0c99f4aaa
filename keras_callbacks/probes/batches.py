"""Whether the epoch's batches differ from each other and from the epoch before, by fingerprints; no row is kept."""

from __future__ import annotations

import numpy as np

MOST_BATCHES = 100_000  # of an epoch; the rest is not looked at


def measure(epoch: np.ndarray, before: np.ndarray | None, target_std: float) -> np.ndarray:
    """The batches of one epoch.

    epoch, before: (batches, 3) of this epoch and the one before: sum of the inputs, sum of the targets, rows
    target_std: standard deviation of a row's summed target over all rows
    Returns (4,): number of batches, share equal to the batch before them, share equal to the batch at the same place of the
    epoch before (NaN for the first), standard deviation of the batches' mean target over what shuffled rows would give.
    """
    sums, rows = epoch[:, :2], epoch[:, 2]
    repeated = np.mean((sums[1:] == sums[:-1]).all(axis=1)) if len(epoch) > 1 else np.nan
    common = min(len(epoch), len(before)) if before is not None else 0
    same = np.mean((sums[:common] == before[:common, :2]).all(axis=1)) if before is not None and common else np.nan
    full = (rows == rows.max(initial=0)) & (rows > 0)
    expected = target_std / np.sqrt(rows.max(initial=1))
    means = epoch[full, 1] / rows[full]
    spread = means.std(ddof=1) / expected if len(means) > 2 and expected > 0 else np.nan
    return np.array([len(epoch), repeated, same, spread])


def target_std(targets: list[np.ndarray]) -> float:
    """Standard deviation over rows of what a fingerprint sums of one row's targets; NaN without rows.

    targets: one array (rows, ...) per output; of a matrix, the columns count by their number (see `train_step`)
    """
    if not targets or not len(targets[0]):
        return float("nan")
    rows = np.zeros(len(targets[0]))
    for target in targets:
        flat = np.asarray(target, np.float64).reshape(len(target), -1)
        rows += flat @ np.arange(flat.shape[1]) if target.ndim == 2 and flat.shape[1] > 1 else flat.sum(axis=1)
    return float(rows.std())
