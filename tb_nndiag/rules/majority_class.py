"""One class is predicted for nearly all rows.

## What it sees

The share of the held rows for which the most predicted class is predicted, against the share of the commonest class among their
targets. Two evaluations in a row, the last included.

## Why it matters

An accuracy that equals the share of the commonest class looks like a result and is none: the network never decides for
another.

## What to do first

Look at what else was found: this is a consequence more often than a cause. If nothing was, give the rare classes more weight.

## When it is wrong

Where one class is much commoner than all others, and the inputs tell little, its prediction is right for each row: such targets
are not judged. A network that has learned something is given a hint.

## Source

On no healthy run of docs/calibration.md was a class predicted for all rows that had no such share among the targets.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.progress import HARM, SIGNALS, harmed, reference_loss
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import FIT_TEN_ROWS, class_weights

BINARY = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
CLASSIFYING = (
    *BINARY, "CategoricalCrossentropy", "CategoricalFocalCrossentropy", "SparseCategoricalCrossentropy", "KLDivergence",
)  # fmt: skip


@rule("NND706", severity="warning", reads=["outputs", "labels"], may_read=SIGNALS)
def majority_class(
    run: Run,
    *,
    most: Annotated[
        float, Limit("share of the rows for which the same class is predicted", "share", "docs/calibration.md")
    ] = 0.99,
    common: Annotated[
        float, Limit("share of the commonest class among the targets, above which it may be right", "share", "judgment")
    ] = 0.7,
    stuck: Annotated[float, HARM] = 0.9,
) -> Finding | None:
    if run.card is None or len(run.card.losses) != 1 or run.card.losses[0].name not in CLASSIFYING:
        raise NotEnoughData("needs a run card with one loss that tells classes apart")
    outputs, labels = run["outputs"], run["labels"]
    if len(outputs.columns) != 1 or len(labels.columns) != 1:
        raise NotEnoughData("needs one output with its target; there are several")
    if len(outputs) < 2:
        raise NotEnoughData("needs two evaluations of the held rows, has one")
    loss = run.card.losses[0]
    if loss.name in BINARY and outputs.last(0, "width") > 1:
        return None  # several labels at once: the largest is no decision
    if loss.from_logits and outputs.last(0, "width") == 1:
        raise NotEnoughData("the predictions are logits, and were counted as probabilities")
    share, wanted = outputs.of_run("majority_share"), labels.last(0, "majority_share")
    same = share > most
    if not (same[-2:].all() and wanted < common and np.isfinite(outputs.last(0, "mean"))):
        return None
    step = int(outputs.steps[-1])
    return Finding(
        headline=(
            f"The same class is predicted for {100 * share[-1]:.3g}% of the rows (limit: {100 * most:.3g}%); the commonest among the targets"
            f" has {wanted:.0%}."
        ),
        why="The network never decides for another class, so that its accuracy is the share of one class.",
        evidence=[
            Evidence("share of the most predicted class", float(share[-1]), most, "share", "outputs", "run", step),
            Evidence("share of the commonest class among the targets", wanted, common, "share", "labels", "run", step),
        ],
        fixes=[
            Fix(
                "Try to fit ten rows of several classes.",
                "A network that cannot has a defect in its layers, loss or learning rate; more data will not mend it.",
                FIT_TEN_ROWS,
            ),
            Fix(
                "Give the rarer classes more weight.",
                "Then the commonest is no longer the cheapest answer.",
                *class_weights(run),
            ),
        ],
        first_step=outputs.since(same),
        last_step=step,
        severity="" if harmed(run, stuck) or _shown_only(run) else "hint",
    )


def _shown_only(run: Run) -> bool:
    """Whether the loss of the predictions themselves is no better than a constant's, whatever the loss shown is."""
    try:
        return "gap" in run and run["gap"].last(0, "from_predictions") > reference_loss(run)
    except NotEnoughData:
        return False
