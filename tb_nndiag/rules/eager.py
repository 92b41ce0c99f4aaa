"""The training runs step by step in Python, without a compiled graph.

## What it sees

The run card: the model was compiled with `run_eagerly=True`, and the training is longer than a look at a few steps.

## Why it matters

Every operation is called from Python, one by one. Small networks take many times as long; the result is the same.

## What to do first

Leave `run_eagerly` away. To look at the values within a step, run a few steps eagerly and then compile again.

## When it is wrong

A train step that does something only Python can do (another library, a print of values) has to run so.

## Source

TensorFlow's guide "Better performance with tf.function". Limit: judgment; family `eager` of docs/calibration.md has the
same trainings both ways.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.layers import median
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run


@rule("NND803", severity="hint", reads=["loss"], may_read=["timing"])
def eager(
    run: Run,
    *,
    short: Annotated[float, Limit("steps of a training that is a look, and may be slow", "steps", "judgment")] = 100,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know how the step is run")
    if not run.card.run_eagerly or run.last_step <= short:
        return None
    step = run.last_step
    seconds = median(run["timing"].of_run("step_seconds")) if "timing" in run else float("nan")
    takes = f", {number(1000 * seconds)} ms each" if seconds > 0 else ""
    return Finding(
        headline=f"{step:,} steps ran eagerly{takes} (a look takes {number(short)}): each operation is called from Python.",
        why="Compiled into a graph the same steps give the same result, and small networks take a fraction of the time.",
        evidence=[Evidence("steps that ran eagerly", step, short, "steps", "card", "run", step)],
        fixes=[
            Fix(
                "Compile the model without `run_eagerly`.",
                "Keras then makes one graph of the whole step.",
                "model.compile(optimizer=model.optimizer, loss=model.loss)",
            ),
        ],
        first_step=1,
        last_step=step,
    )
