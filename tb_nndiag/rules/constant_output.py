"""The predictions do not depend on the input.

## What it sees

The predictions for the held training rows, in inference mode: their standard deviation over rows, against that of the
targets. Two evaluations in a row, the last included.

## Why it matters

Whatever is put in, the same comes out. The loss may still have fallen a little, while the network found the best constant.

## What to do first

Look at what else was found: dead or saturated units, an output that does not fit the loss, a learning rate that is far
too high or too low. If nothing else was found, try to fit ten rows: a network that cannot has a defect, not a lack of data.

## When it is wrong

Targets that are constant, or nearly so, are rightly predicted by a constant: the rule then says nothing. A network whose
learning rate is tiny puts out nearly the same for all rows because it has not begun to learn.

## Source

Predictions with a standard deviation under 1e-6 were found on 17 of 21 faulty runs and on none of 80 healthy ones; relative
to the targets it is measured in docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import FIT_TEN_ROWS, try_rates

PROBABILITIES = ("softmax", "sigmoid")


@rule(
    "NND705",
    severity="error",
    reads=["outputs", "labels"],
    may_read=["optimizer"],
    explains=["loss-plateau", "underfitting", "undertrained", "majority-class", "cannot-fit-small-data"],
)
def constant_output(
    run: Run,
    *,
    floor: Annotated[
        float, Limit("spread of the predictions over the spread of the targets", "ratio", "docs/calibration.md")
    ] = 0.005,
) -> Finding | None:
    outputs, labels = run["outputs"], run["labels"]
    if len(outputs) < 2:
        raise NotEnoughData("needs two evaluations of the held rows, has one")
    if len(outputs.columns) != 1 or len(labels.columns) != 1:
        raise NotEnoughData("needs one output with its target; there are several")
    spread, wanted = outputs.of_run("spread"), _wanted_spread(run)
    if not wanted > 0:
        return None  # constant targets are rightly predicted by a constant
    ratio = spread / wanted
    if not (ratio[-2:] < floor).all():  # NaN < floor is False: predictions that are not finite are another rule's
        return None
    name = outputs.columns[0]
    layer = run.card.output_layer if run.card else None
    where = layer.name if layer else name
    step = int(outputs.steps[-1])
    vary = f"by {number(ratio[-1])} of the spread of the targets" if ratio[-1] > 0 else "by nothing"
    return Finding(
        headline=(
            f"The predictions of `{where}` are the same for every row: they vary {vary} (healthy: by more than"
            f" {number(floor)} of the targets' spread)."
        ),
        why="The network answers without looking at its input; what it has found is at most the best constant.",
        evidence=[
            Evidence(
                "standard deviation of the predictions over that of the targets",
                float(ratio[-1]),
                floor,
                "ratio",
                "outputs",
                "run",
                step,
            ),
        ],
        fixes=[
            Fix(
                "Try to fit ten rows, with the same model.",
                "A network that cannot fit ten rows has a defect in its layers, loss or learning rate; more data will"
                " not mend it.",
                FIT_TEN_ROWS,
            ),
            Fix(
                "Try other learning rates, a factor of ten apart.",
                "Both far too high and far too low end in a constant.",
                try_rates(run),
            ),
        ],
        first_step=outputs.since(ratio < floor),
        last_step=step,
    )


def _wanted_spread(run: Run) -> float:
    """How much perfect predictions would vary: the targets' own spread, or that of a one-hot code for class numbers."""
    labels = run["labels"]
    width = run["outputs"].last(0, "width")
    if width > 1 and labels.last(0, "width") == 1:
        classes = max(labels.last(0, "distinct"), 1)
        share = 1 / classes
        return float(np.sqrt(share * (1 - share)) * min(classes / width, 1)) if classes > 1 else 0.0
    return labels.last(0, "spread")
