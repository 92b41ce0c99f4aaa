"""No seed was set: the same program will give another result next time.

## What it sees

The run card: whether `keras.utils.set_random_seed` was called before the training.

## Why it matters

First weights, the order of the rows and dropout are drawn at random. Two runs then differ even if nothing was changed, and by as much
as many a change one would like to try.

## What to do first

Set one seed at the top of the program, before the model is built and the data are shuffled. For a comparison that means something,
run each variant with three seeds.

## When it is wrong

A program may give a seed to each initializer and each shuffle by itself; that is not seen. A training that nobody will repeat needs no
seed, which is why this rule is off by default.

## Source

Keras, "Reproducibility in Keras models": what `set_random_seed` sets (Python, NumPy and the backend).
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run


@rule("NND901", severity="hint", reads=[], opt_in=True)
def no_seed(
    run: Run,
    *,
    least: Annotated[float, Limit("seeds that a program sets, to be repeatable", "seeds", "exact")] = 1,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know whether a seed was set")
    seeds = int(run.card.seeded)
    if seeds >= least:
        return None
    return Finding(
        headline=f"{number(seeds)} seeds were set before this training (limit: {number(least)}): a rerun will differ.",
        why="First weights, the order of the rows and dropout are drawn anew each time, and nobody can draw these again.",
        evidence=[Evidence("seeds that were set", seeds, least, "seeds", "card", "run", 0)],
        fixes=[
            Fix(
                "Set a seed at the top of the program.",
                "It seeds Python, NumPy and TensorFlow, and with them Keras' layers and shuffles.",
                "keras.utils.set_random_seed(1)",
            )
        ],
        first_step=0,
        last_step=run.last_step,
    )
