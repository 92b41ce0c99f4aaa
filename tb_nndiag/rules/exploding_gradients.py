"""Gradients grow without bound.

## What it sees

The gradient of each layer before clipping: at the observed steps against its own median up to then, together with steps
that move the weights by more than a tenth of their size; and whether it ended in numbers that are not finite.

## Why it matters

One such step can undo a whole training: the weights land far away from all they had learned, or overflow.

## What to do first

Clip the gradient's norm and lower the learning rate. Then find the source: unscaled inputs, too large initial weights, an
activation that grows like an exponential, a deep network without normalization.

## When it is wrong

The size of a gradient by itself means nothing, and is not judged. A jump from which the run recovers within the same
record is not seen. A gradient that is NaN without having grown before is not an explosion: NaN inputs look the same.

## Source

Pascanu, Mikolov & Bengio 2013. "A norm over 10" accuses 21 % of healthy runs. Limits: docs/calibration.md.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from tb_nndiag.layers import median, with_updates_to_judge
from tb_nndiag.progress import SIGNALS, evidence_of_harm, now_left
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import a_tenth, learning_rate, optimizer, standardized


@rule(
    "NND202",
    severity="error",
    reads=["gradients", "updates", "loss"],
    may_read=[*SIGNALS, "optimizer", "inputs"],
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "nan-loss",
        "dead-units",
        "saturated-units",
        "vanishing-gradients",
        "nan-weights",
        "loss-scale-collapse",
        "loss-spikes",
    ],
)
def exploding_gradients(
    run: Run,
    *,
    growth: Annotated[
        float, Limit("a layer's gradient over its own median up to then", "ratio", "docs/calibration.md")
    ] = 10.0,
    step_size: Annotated[
        float, Limit("update over the weights at that step", "ratio", "docs/calibration.md", chart="updates")
    ] = 1.0,
    stuck: Annotated[
        float, Limit("share of the constant prediction's loss that must be left", "share", "docs/calibration.md")
    ] = 0.9,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know the layers")
    gradients, updates = run["gradients"], run["updates"]
    layers = with_updates_to_judge(run)
    if not layers:
        return None
    sizes = np.stack([gradients.column(name, "rms") for name in layers], axis=1)
    ratios = np.stack([updates.column(name, "ratio") for name in layers], axis=1)
    grown = ((at, layer, _growth(sizes[: at + 1, layer])) for at, layer in np.argwhere(ratios > step_size))
    hit = next((found for found in grown if found[2] > growth), None)  # the earliest
    left = now_left(run)
    if hit is None or not left > stuck:
        return None
    record, grown_by, name, ratio_there = int(hit[0]), hit[2], layers[hit[1]], float(ratios[hit[0], hit[1]])
    step = int(updates.steps[record])
    usual = _usual_norm(run, record)
    moved = updates.column(name, "ratio")
    last = int(np.flatnonzero(~(moved <= step_size))[-1])  # NaN: what was thrown away cannot be measured
    return Finding(
        headline=(
            f"At step {step:,} the gradient of `{name}` was {number(grown_by)} times what it had been (limit:"
            f" {number(growth)}), and moved its weights by {number(ratio_there)} times their size."
        ),
        why="After such a step nothing that was learned is left, and the next gradients are larger still.",
        evidence=[
            Evidence(f"update of `{name}` over its weights", ratio_there, step_size, "ratio", "updates", name, step),
            Evidence(
                f"gradient of `{name}` over its median up to then", grown_by, growth, "ratio", "gradients", name, step
            ),
            evidence_of_harm(left, stuck, run.last_step),
        ],
        fixes=[
            Fix(
                f"Clip the gradient's norm at {number(usual)}, the usual one before that step.",
                "No single batch can then throw the weights away.",
                *optimizer(run, learning_rate(run), global_clipnorm=usual),
            ),
            a_tenth(run, "The same gradient then makes a tenth of the step."),
            Fix(
                "Scale the inputs, and start with Glorot or He initialization.",
                "Large inputs and large weights multiply through the layers.",
                *standardized(run),
            ),
        ],
        first_step=updates.began(record),
        last_step=int(updates.steps[last]),
        active=last == len(moved) - 1,
    )


def _usual_norm(run: Run, record: int) -> float:
    """The norm of the whole gradient, median of the records before this one; one digit."""
    assert run.card is not None
    sizes = {layer.name: math.prod(layer.kernel_shape) for layer in run.card.layers}
    known = [name for name in run["gradients"].columns if sizes.get(name)]
    squares = np.array([run["gradients"].column(name, "rms") ** 2 * sizes[name] for name in known])
    norms = np.sqrt(np.nansum(squares, axis=0))[: max(record, 1)]
    usual = median(norms[norms > 0])
    return float(f"{usual:.0e}") if np.isfinite(usual) else 1.0


def _growth(sizes: np.ndarray) -> float:
    """The last of these over the median of the finite ones before it; NaN when there is none."""
    return float(sizes[-1] / median(sizes[:-1][np.isfinite(sizes[:-1])]))
