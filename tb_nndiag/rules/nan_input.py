"""An input or a target holds values that are not finite.

## What it sees

NaN and infinite values in the inputs and targets of every batch, up to the first that has any, and in the rows that
were held back for evaluation.

## Why it matters

One such value makes every weight that it meets NaN. Behind a ReLU the damage can stay invisible: on a CPU the ReLU of NaN
is 0, so the loss stays finite while the first layer is dead.

## What to do first

Find the rows and mend them at their source: a logarithm of zero, a division by a standard deviation of zero, a missing
value in a table, an image that did not decode.

## When it is wrong

A model that handles NaN on purpose (a masking layer of one's own that replaces it) is accused too: ignore the rule there.

## Source

Exact; no limit is estimated.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, number, rule
from tb_nndiag.run import Run

HELD = (
    ("inputs", "inputs of the held rows"),
    ("labels", "targets of the held rows"),
    ("val_inputs", "inputs of the validation rows"),
    ("val_labels", "targets of the validation rows"),
)


@rule(
    "NND102",
    severity="error",
    reads=["loss"],
    may_read=["nonfinite", "inputs", "labels", "val_inputs", "val_labels"],
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "nan-loss",
        "exploding-gradients",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "vanishing-gradients",
        "dead-units",
        "saturated-units",
        "diverging-loss",
        "overfitting",
        "unscaled-input",
        "nan-weights",
        "loss-scale-collapse",
        "initial-loss",
    ],
)
def nan_input(
    run: Run,
    *,
    most: Annotated[float, Limit("values that are not finite", "values", "exact")] = 0,
) -> Finding | None:
    found = [*_in_batches(run), *_in_held_rows(run)]
    found = [e for e in found if e.value > most]
    if not found:
        return None
    first = found[0]
    validation = first.signal.startswith("val_")  # the training rows have none
    name = ("y" if "target" in first.measure else "x") + ("_val" if validation else "")
    return Finding(
        headline=f"There are {number(first.value)} {first.measure} at step {first.step:,} (limit: {number(most)}).",
        why=(
            "They spoil no weight, but the validation loss counts rows that the network was not given: it is NaN, or where a ReLU"
            " hides them, wrong."
            if validation
            else "Every weight that meets such a value becomes NaN and stays so, even where a ReLU hides it from the loss."
        ),
        evidence=found,
        fixes=[
            Fix(
                "Find the rows and mend them where they come from.",
                "A logarithm of zero, a division by zero and a missing value are the usual sources.",
                f"print(np.argwhere(~np.isfinite({name}))[:10])",
            ),
            Fix(
                "If that cannot be done, drop these rows.",
                "The others tell the same without them."
                if validation
                else "One such value spoils the weights; the other rows teach the same without it.",
                _without(name),
            ),
        ],
        first_step=0,
        last_step=max(e.step for e in found),
        severity="warning" if validation else "",
    )


def _without(name: str) -> str:
    """Code that drops the rows in which this array has such a value."""
    x, y = ("x_val", "y_val") if name.endswith("_val") else ("x", "y")
    return f"keep = np.isfinite({name}.reshape(len({name}), -1)).all(axis=1)\n{x}, {y} = {x}[keep], {y}[keep]"


def _in_batches(run: Run) -> list[Evidence]:
    if "nonfinite" not in run:
        return []
    series = run["nonfinite"]
    step = int(series.steps[0])
    return [
        Evidence(
            f"values in the {place} of one batch that are not finite",
            float(series.column(place, "count")[0]),
            0,
            "values",
            "nonfinite",
            "run",
            step,
        )
        for place in ("input", "target")
        if place in series.columns
    ]


def _in_held_rows(run: Run) -> list[Evidence]:
    found = []
    for signal, word in HELD:
        if signal in run:
            count = float(np.nansum(run[signal]["nonfinite"][-1]))
            found.append(
                Evidence(
                    f"values in the {word} that are not finite",
                    count,
                    0,
                    "values",
                    signal,
                    "run",
                    int(run[signal].steps[-1]),
                )
            )
    return found
