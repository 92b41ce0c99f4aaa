"""The validation rows are of another kind than the training rows.

## What it sees

Location and scale of the validation rows' inputs beside those of the held training rows, values outside the training rows'
range, and the targets of both. The harm beside it: the validation loss far above that of the training rows, both in inference mode,
from the first epochs on, when nothing can have been learned by heart yet.

## Why it matters

The validation loss tells about rows that the network was not made for, and overfitting, early stopping and the choice of a
model are judged by it. Where the rows in use look like the validation rows, the network fails there as well.

## What to do first

Send both through the same function: the same division, mean, standard deviation, encoding and order of columns, each taken
from the training rows. Then shuffle before you split.

## When it is wrong

A series split by time differs between its parts by nature, and a validation set from another place may be what one wants to
know about. Where the loss does not suffer, this is a hint.

## Source

Quiñonero-Candela et al. 2009, Dataset Shift in Machine Learning. Breck et al. 2019, Data Validation for Machine Learning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from tb_nndiag.progress import SIGNALS, distance_by_chance, val_left_over
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import SHUFFLE


@dataclass(frozen=True)
class Symptom:
    """How one input, or the target, differs; `size` is 1 at the limit."""

    text: str
    measure: str
    value: float
    limit: float
    unit: str
    signal: str
    size: float


@rule(
    "NND510",
    severity="error",
    reads=["gap", "baseline"],
    may_read=[*SIGNALS, "labels", "shift", "label_shift", "overlap"],
    explains=["memorizing-noise", "overfitting"],
)
def train_val_shift(
    run: Run,
    *,
    location: Annotated[
        float, Limit("difference of the means over the training rows' standard deviation, median of the features", "", "judgment")
    ] = 0.5,
    scale: Annotated[
        float, Limit("standard deviation over the training rows', or its inverse, median of the features", "ratio", "judgment")
    ] = 2.0,
    outside: Annotated[float, Limit("values outside the training rows' range by more than half of it", "share", "judgment")] = 0.05,
    classes: Annotated[float, Limit("total variation distance between the shares of the classes", "", "judgment")] = 0.15,
    apart: Annotated[
        float,
        Limit("validation loss over the training rows' in the first evaluations, and in the last", "ratio", "docs/calibration.md"),
    ] = 2.0,
    much: Annotated[
        float, Limit("difference of the two losses now, over the constant prediction's", "share", "docs/calibration.md")
    ] = 0.2,
    far: Annotated[
        float, Limit("validation loss over the training rows' in the first evaluations that no equal rows have", "ratio", "docs/calibration.md")
    ] = 5.0,
    gross: Annotated[float, Limit("size of a shift over its limit that is worth a hint without harm", "ratio", "judgment")] = 6.0,
) -> Finding | None:  # fmt: skip
    symptom = _largest(run, location, scale, outside, classes)
    try:
        steps, val, train = val_left_over(run)
    except NotEnoughData:
        if symptom is None or symptom.size < 1:
            raise
        steps, val, train = np.array([run.last_step]), np.ones(1), np.ones(1)  # a shift whose harm is not known
    first = float(np.median(val[:3] / train[:3]))
    harmed = first > apart and val[-1] > apart * train[-1] and val[-1] - train[-1] > much
    lost = bool(harmed and val[-1] > 1)  # worse than a constant
    unlike = lost and first > far and val[0] > 2
    shifted = symptom is not None and symptom.size > 1
    if not (unlike or (shifted and harmed) or (symptom is not None and symptom.size > gross)):
        return None
    step = int(steps[-1])
    beside = f"loss {number(val[-1])} of a constant prediction's, training rows {number(train[-1])}"
    evidence = []
    if symptom is not None and symptom.size > 1:
        headline = f"{symptom.text} ({beside})."
        evidence.append(
            Evidence(symptom.measure, symptom.value, symptom.limit, symptom.unit, symptom.signal, "run", step)
        )
    else:
        headline = (
            f"The validation rows are not like the training rows: from the first epochs on their loss was {number(first)}"
            f" times the training rows' (rows of one kind: less than {number(far)}; now: {beside})."
        )
    if harmed:
        measure = "validation loss over that of the held training rows, in the first evaluations"
        evidence.append(Evidence(measure, first, apart if shifted else far, "ratio", "gap", "run", step))
    return Finding(
        headline=headline,
        why=(
            "What `fit` shows of the validation says little about the network then: the rows differ, not what was learned."
        ),
        evidence=evidence,
        fixes=[
            Fix(
                "Prepare both sets with one function, its numbers taken from the training rows.",
                "A division or a mean that only one of them got is the commonest cause.",
                "mean, std = x.mean(axis=0), x.std(axis=0) + 1e-7\nx, x_val = (x - mean) / std, (x_val - mean) / std",
            ),
            Fix(
                "Shuffle before the validation rows are split off.",
                "`validation_split` takes the last rows as they are: of a sorted set these are other classes.",
                SHUFFLE,
            ),
        ],
        first_step=1,
        last_step=step,
        severity="" if lost else "warning" if harmed else "hint",
    )


def _largest(run: Run, location: float, scale: float, outside: float, classes: float) -> Symptom | None:
    """The largest shift over its limit, of all that is recorded and finite; None when nothing is."""
    found = []
    if "shift" in run:
        shift = run["shift"]
        for name in shift.columns:
            of = f"The validation rows' `{name}`"
            value = shift.last(name, "location")
            found.append(Symptom(
                f"{of} lies {number(value)} standard deviations beside the training rows' (limit: {number(location)})",
                "difference of the means over the standard deviation", value, location, "", "shift", value / location,
            ))  # fmt: skip
            value = shift.last(name, "scale")
            factor = max(value, 1 / max(value, 1e-6))
            found.append(Symptom(
                f"{of} varies {number(value)} times as much as the training rows' (limit: a factor of {number(scale)})",
                "standard deviation over the training rows'", value, scale, "ratio", "shift", factor / scale,
            ))  # fmt: skip
            value = shift.last(name, "outside_share")
            found.append(Symptom(
                f"{value:.0%} of the validation rows' `{name}` lie far outside the training rows' range (limit: {outside:.0%})",
                "values far outside the training rows' range", value, outside, "share", "shift", value / outside,
            ))  # fmt: skip
    if "label_shift" in run:
        value = run["label_shift"].last(0, "location")
        found.append(Symptom(
            f"The validation targets lie {number(value)} standard deviations beside the training targets (limit: {number(location)})",
            "difference of the targets' means over their standard deviation", value, location, "", "label_shift", value / location,
        ))  # fmt: skip
        value = run["label_shift"].last(0, "distance")
        classes = classes + distance_by_chance(run)
        found.append(Symptom(
            f"{value:.0%} of the validation rows would need another class to have the training rows' shares (limit: {number(classes)})",
            "total variation distance between the shares of the classes", value, classes, "share", "label_shift", value / classes,
        ))  # fmt: skip
    return max((s for s in found if np.isfinite(s.size)), key=lambda s: s.size, default=None)
