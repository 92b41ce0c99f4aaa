"""The train step is traced again and again.

## What it sees

How often Python ran the train step to make a graph of it, so far.

## Why it matters

A trace of the step takes longer than many steps. Keras traces it once, or twice where this callback compiles a second form of it; what is
traced again each epoch makes the training many times slower.

## What to do first

Look for what makes the step anew: a callback that compiles the model or calls `make_train_function`, Python numbers that change and are
given to a `tf.function`.

## When it is wrong

Layers that are unfrozen in stages need a trace each.

## Source

TensorFlow's guide "Better performance with tf.function", rules of tracing. Limit: 2 traces at most in all healthy runs of docs/zoo.md.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.rule import Evidence, Finding, Fix, Limit, number, rule
from tb_nndiag.run import Run


@rule("NND804", severity="warning", reads=["resources"])
def retracing(
    run: Run,
    *,
    most: Annotated[float, Limit("traces of the train step", "traces", "docs/zoo.md")] = 5,
) -> Finding | None:
    traces, steps = run["resources"].of_run("traces"), run["resources"].steps
    if not traces[-1] > most:
        return None
    last = int(steps[-1])
    return Finding(
        headline=f"The train step was traced {number(traces[-1])} times in {last:,} steps (limit: {number(most)}).",
        why="Each trace runs the whole step in Python and compiles it, which takes longer than many steps.",
        evidence=[Evidence("traces of the train step", float(traces[-1]), most, "traces", "resources", "run", last)],
        fixes=[
            Fix(
                "Compile the model once, before `fit`, and let no callback compile it again.",
                "A new learning rate needs no compilation.",
                "model.optimizer.learning_rate = 1e-4",
            ),
            Fix(
                "Give a `tf.function` of your own tensors instead of Python numbers.",
                "It is traced anew for each number, and once for all tensors of a shape.",
                "step(tf.constant(weight))",
            ),
        ],
        first_step=int(steps[int((traces > most).argmax())]),
        last_step=last,
        active=bool(traces[-1] > traces[len(traces) // 2]),
    )
