"""A seed was set, and operations may still give another result each time.

## What it sees

The run card: a seed was set before the training, and deterministic operations were not switched on.

## Why it matters

On a GPU some operations add up in whatever order their threads come, so that sums differ in the last digits. After some hundred steps two
runs of one seed have different weights, and a bug cannot be looked at twice.

## What to do first

Switch deterministic operations on, right after the seed. They may be slower: do it while you look for something.

## When it is wrong

On a CPU nearly all operations are deterministic without it, and the card does not say which machine it was. What reads its rows in
parallel (`map` with `deterministic=False`, threads of your own) stays unordered with it. The rule is off by default.

## Source

TensorFlow, `tf.config.experimental.enable_op_determinism`.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run


@rule("NND902", severity="hint", reads=[], opt_in=True)
def nondeterminism(
    run: Run,
    *,
    least: Annotated[
        float, Limit("switches that are on in a program that can be repeated exactly", "switches", "exact")
    ] = 1,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know whether operations were deterministic")
    if not run.card.seeded:
        raise NotEnoughData("no seed was set, so the run cannot be repeated anyway: see no-seed")
    on = int(run.card.deterministic_ops)
    if on >= least:
        return None
    return Finding(
        headline=f"A seed was set, and deterministic operations were not switched on ({number(on)} of {number(least)}).",
        why="On a GPU the same seed gives weights that differ in the last digits at first, and in the first ones later.",
        evidence=[Evidence("deterministic operations switched on", on, least, "switches", "card", "run", 0)],
        fixes=[
            Fix(
                "Switch them on right after the seed.",
                "Then sums are added up in one order; some operations are slower for it.",
                "keras.utils.set_random_seed(1)\ntf.config.experimental.enable_op_determinism()",
            )
        ],
        first_step=0,
        last_step=run.last_step,
    )
