"""The loss of single batches jumps far above where it was, and comes back.

## What it sees

The worst batch since each record, beside the worst ones of the records before and after it, and beside the loss of the best
constant prediction.

## Why it matters

One batch that is predicted far worse than by a constant answer moves the weights as far as many others together. The network comes
back, and loses some of what it had learned each time.

## What to do first

Look at the rows of such a batch: values that are far too large or too small, wrong labels. Then clip the norm of the gradient, so that
no single batch moves the weights too far.

## When it is wrong

In batches of one or two rows a single hard row is a spike, and so is a rare class in batches that hardly ever hold one. The limit lies
above what these show on healthy runs, so most small spikes are not told of.

## Source

Pascanu et al. 2013, "On the difficulty of training recurrent neural networks": clipping. Limits: family `outliers` of
docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tb_nndiag.progress import SIGNALS, batch_shares
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import learning_rate, optimizer

BESIDE = 5  # records on either side


@rule("NND404", severity="hint", reads=["loss", "baseline"], may_read=SIGNALS)
def loss_spikes(
    run: Run,
    *,
    apart: Annotated[
        float,
        Limit(
            "loss of a batch over that of the worst ones before and after it",
            "ratio",
            "docs/calibration.md, outliers",
        ),
    ] = 5.0,
    high: Annotated[
        float,
        Limit(
            "loss of a batch over that of the best constant prediction", "ratio", "a batch that nothing was learned for"
        ),
    ] = 1.0,
    learned: Annotated[
        float, Limit("share of that loss that is left before and after the jump", "share", "judgment")
    ] = 0.5,
) -> Finding | None:
    steps, usual = batch_shares(run, "mean")
    _, worst = batch_shares(run, "max")
    if len(steps) <= 2 * BESIDE:
        raise NotEnoughData(f"needs {2 * BESIDE + 1} records of the loss, has {len(steps)}")
    around = np.maximum(np.maximum(*_around(worst)), 0.01)  # NaN at either end: nothing to compare with
    spikes = np.flatnonzero((np.maximum(*_around(usual)) < learned) & (worst > high) & (worst > apart * around))
    if not len(spikes):
        return None
    largest = spikes[np.argmax(worst[spikes] / around[spikes])]
    at = run["loss"].of_run("worst_step").astype(int)
    ratio = worst[largest] / around[largest]
    times = f"{len(spikes)} times" if len(spikes) > 1 else "once"
    return Finding(
        headline=(
            f"The loss of a batch jumped to {number(worst[largest])} times that of the best constant prediction at step"
            f" {at[largest]:,}, {number(ratio)} times that of the worst batches around it (limit: {number(apart)}); seen {times}."
        ),
        why="The network came back. One batch moved the weights as far as many others together, and some of what was learned was lost.",
        evidence=[
            Evidence("loss of the worst batch over those around it", ratio, apart, "ratio", "loss", "run", int(at[largest])),
            Evidence("loss of the worst batch over that of the best constant prediction", worst[largest], high, "ratio", "loss", "run", int(at[largest])),
        ],
        fixes=[
            Fix(
                "Look at the rows with the largest values, and at their labels.",
                "A few rows that are far off make such batches, whenever one of them is drawn.",
                "size = abs(x).reshape(len(x), -1).max(axis=1)\nprint(size.argsort()[-10:], sorted(size)[-10:], size.mean())",
            ),
            Fix(
                "Clip the norm of the gradient.",
                "Then no single batch moves the weights further than the others do.",
                *optimizer(run, learning_rate(run), global_clipnorm=1.0),
            ),
        ],
        first_step=int(at[spikes[0]]),
        last_step=int(at[spikes[-1]]),
        active=False,
    )  # fmt: skip


def _around(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The medians of the BESIDE records before each record, and after it; NaN where there are none."""
    return _before(values), _before(values[::-1])[::-1]


def _before(values: np.ndarray) -> np.ndarray:
    first = [np.median(values[:i]) if i else np.nan for i in range(BESIDE)]
    return np.concatenate([first, np.median(sliding_window_view(values, BESIDE)[:-1], axis=1)])
