"""The loss became NaN or infinite.

## What it sees

The loss of every single batch, not the running mean of the epoch, and the first tensor that was not finite, in the order
of the computation: input, target, each layer's output, loss, gradients from the last layer to the first, weights.

## Why it matters

Every weight that takes part in such a step becomes NaN itself and stays so: the training cannot recover, and all that
follows is wasted.

## What to do first

Look at the place that broke first. An input or target: the data. A layer's output or the loss: a number grew without
bound, or a logarithm, root or division met zero. A gradient: the step before was too large.

## When it is wrong

Mixed precision skips steps with infinite gradients on purpose; the loss itself stays finite then, and this rule silent.
A loss that is infinite once and finite again (a logarithm of zero in one batch) is reported as over.

## Source

Exact; no limit is estimated. The order in which tensors break: docs/data_flow.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import a_tenth, learning_rate, optimizer


@rule(
    "NND101",
    severity="error",
    reads=["loss"],
    may_read=["nonfinite", "optimizer"],
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "dead-units",
        "overfitting",
        "learning-rate-too-low",
        "loss-scale-collapse",
    ],
)
def nan_loss(
    run: Run,
    *,
    most: Annotated[float, Limit("batches whose loss is not finite", "batches", "exact")] = 0,
) -> Finding | None:
    loss = run["loss"]
    broken = loss.of_run("nonfinite")
    if broken.sum() <= most:
        return None
    record = int(np.argmax(broken > 0))
    step, place, values = _first_place(run, loss.began(record))
    active = not np.isfinite(loss.of_run("last")[-1])
    last_step = int(loss.steps[np.flatnonzero(broken)[-1]])
    worst = float("nan") if np.isnan(loss.of_run("last")[record]) else float("inf")
    where = f"The first tensor that was not finite was the {place}" if place else "What broke first was not seen"
    return Finding(
        headline=(
            f"The loss was not finite in {number(broken.sum())} batches from step {step:,} on (limit: {number(most)})."
            f" {where}."
        ),
        why=(
            "Every weight that took part in such a step is NaN from then on, and stays so: the rest of the training is"
            " lost."
            if active
            else "It is finite again, so the weights were spared; a logarithm of zero in one batch does that."
        ),
        evidence=[
            Evidence("loss of the first broken batch or record", worst, most, "", "loss", "run", step),
            Evidence(
                "batches with a loss that is not finite", float(broken.sum()), most, "batches", "loss", "run", last_step
            ),
            *(
                [Evidence(f"values that are not finite in the {place}", values, 0, "values", "nonfinite", "run", step)]
                if place
                else []
            ),
        ],
        fixes=_fixes(run, place),
        first_step=step,
        last_step=max(last_step, step),
        active=active,
    )


def _first_place(run: Run, step: int) -> tuple[int, str, float]:
    """Step, name and count of the first tensor that broke; the name is empty when it was not recorded."""
    if "nonfinite" not in run:
        return step, "", 0.0
    series = run["nonfinite"]
    counts = series["count"][0]
    first = int(np.argmax(counts > 0))
    name = series.columns[first]
    name = (
        name
        if name in ("input", "target", "loss")
        else " of ".join(f"`{p}`" if i else p for i, p in enumerate(name.split(" of ", 1)))
    )
    return min(step, int(series.steps[0])), name, float(counts[first])


def _fixes(run: Run, place: str) -> list[Fix]:
    rate = learning_rate(run)
    lower = a_tenth(run, "Steps that are too large let numbers grow until they overflow.")
    clip = Fix(
        "Clip the gradient's norm at 1.",
        "A single batch can then no longer throw the weights away.",
        *optimizer(run, rate, global_clipnorm=1.0),
    )
    steps = [clip] if rate <= 0 else [lower, clip]  # one that is not positive is another fault
    if place in ("input", "target"):
        return [
            Fix(
                f"Find the rows whose {place} is not finite, and drop or mend them.",
                "One such row is enough.",
                f"bad = ~np.isfinite({'x' if place == 'input' else 'y'})\nprint(np.argwhere(bad)[:10])",
            )
        ]
    if place == "loss":
        guard = Fix(
            "Keep the arguments of logarithms, roots and divisions in the loss away from zero.",
            "The predictions were finite, the loss of them was not.",
            "keras.ops.log(keras.ops.maximum(p, 1e-7))",
        )
        return [guard, *steps]
    name = place.partition("`")[2].rstrip("`") if place.startswith("output") else ""
    if any(layer.name == name and not layer.parameters for layer in (run.card.layers if run.card else ())):
        guard = Fix(
            f"Look at what `{name}` computes: it was given finite numbers.",
            "An exponential of a large number does that, and a logarithm, a root or a division of zero.",
            "keras.ops.exp(x - keras.ops.max(x, axis=-1, keepdims=True))\nkeras.ops.log(keras.ops.maximum(x, 1e-7))",
        )
        return [guard, *steps]
    return steps
