"""One class is far commoner than the others, and the others are hardly ever predicted.

## What it sees

The share of the commonest class among the held rows' targets and among the network's predictions for them. Where rows or
classes are weighted: whether the weights favor the commonest class, which the network then predicts more often than it is.

## Why it matters

Always answering the commonest class is right most of the time, so accuracy looks fine, and the rows one wants to find are not found.

## What to do first

Weight the classes, or draw the rare ones more often. Look at recall and precision of the rare class, not at accuracy.

## When it is wrong

Where the inputs cannot tell the rare class with certainty, never predicting it (above one half) is right; probabilities may still rank
the rows well. A run whose loss has fallen well below the constant's, or still falls, is only given a hint. Imbalance alone is no fault, and is
not reported. Weights may favor a class because its errors cost more.

## Source

He & Garcia 2009, Learning from Imbalanced Data.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag import snippets
from tb_nndiag.progress import SIGNALS, evidence_of_harm, now_left, room, still_falling
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import Recipe

CLASSES = (
    "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "SparseCategoricalCrossentropy",
)  # fmt: skip


@rule(
    "NND604",
    severity="warning",
    reads=["labels", "outputs", "gap", "baseline"],
    may_read=SIGNALS,
    explains=[
        "constant-output",
        "loss-plateau",
        "majority-class",
        "underfitting",
        "undertrained",
        "cannot-fit-small-data",
    ],
)
def class_imbalance(
    run: Run,
    *,
    ratio: Annotated[
        float, Limit("commonest class over the mean of the others", "ratio", "judgment: a common definition")
    ] = 10,
    found: Annotated[
        float, Limit("share of the rare classes' rows for which one of them is predicted", "share", "judgment")
    ] = 0.2,
    much: Annotated[
        float, Limit("share of the constant prediction's loss that is left", "share", "judgment")
    ] = 0.8,
    patience: Annotated[float, Limit("steps before the rule speaks", "steps", "docs/calibration.md")] = 200,
    favor: Annotated[
        float, Limit("weight of the commonest class against the others, over what its rows alone give it", "ratio", "judgment")
    ] = 2,
    uneven: Annotated[
        float, Limit("commonest class over the mean of the others for its weight to matter", "ratio", "judgment")
    ] = 1.5,
    rare_rows: Annotated[float, Limit("held rows of the rare classes that are enough to judge", "rows", "judgment")] = 10,
) -> Finding | None:  # fmt: skip
    labels, outputs = run["labels"], run["outputs"]
    layer = run.card.output_layer if run.card else None
    if layer is None or len(labels.columns) != 1 or len(run.card.losses) != 1:  # type: ignore[union-attr]
        raise NotEnoughData("needs a run card with one output and one loss")
    one_class_a_row = (
        labels.last(0, "width") == 1 or labels.last(0, "row_sum_min") == labels.last(0, "row_sum_max") == 1
    )
    if run.card.losses[0].name not in CLASSES or not one_class_a_row or labels.last(0, "rank") > 2:  # type: ignore[union-attr]
        return None
    common, predicted = labels.last(0, "majority_share"), outputs.last(0, "majority_share")
    classes = max(layer.units, 2)
    uneven_by = common / (1 - common) * (classes - 1) if common < 1 else 0.0
    favored_by = _odds(run["weights"].last(0, "majority_share")) / _odds(common) if "weights" in run else 1.0
    favored = favored_by > favor and uneven_by > uneven and predicted > common
    if uneven_by < ratio and not favored:
        return None
    if (1 - common) * run["baseline"].last(0, "rows") < rare_rows or run.last_step < patience:
        raise NotEnoughData(f"needs {number(rare_rows)} held rows of the rare classes and {number(patience)} steps")
    if favored:
        return _favored(
            run,
            common,
            predicted,
            Evidence(
                "weight of the commonest class, over what its rows give it",
                favored_by,
                favor,
                "ratio",
                "weights",
                "run",
                int(run["weights"].steps[-1]),
            ),
        )
    share = (1 - predicted) / (1 - common)
    left = now_left(run)
    if share > found:
        return None
    learning = still_falling(run, least=0.02 * room(run))
    step = int(run["gap"].steps[-1])
    return Finding(
        headline=(
            f"{common:.1%} of the targets are one class, and {predicted:.1%} of the predictions: of the rows of the other classes,"
            f" {share:.0%} are predicted as such (limit: {found:.0%})."
        ),
        why=(
            f"Always answering the commonest class is right for {common:.1%} of the rows. Accuracy does not show that nothing"
            " else was learned."
        ),
        evidence=[
            Evidence("predictions of the rare classes over their rows", share, found, "share", "outputs", "run", step),
            Evidence("commonest class over the mean of the others", uneven_by, ratio, "ratio", "labels", "run", step),
            evidence_of_harm(left, much, step),
        ],
        fixes=[
            Fix(
                f"Weight the rare classes, by about {number(round(uneven_by))} against the commonest.",
                "Then a row of a rare class counts as much as it is rare.",
                *snippets.class_weights(run),
            ),
            Fix(
                "Judge by recall and precision.",
                "Accuracy hides a class that is never predicted.",
                *_of_each_class(run),
            ),
        ],
        first_step=0,  # of the targets
        last_step=step,
        severity="" if left > much and not learning else "hint",
    )  # fmt: skip


def _favored(run: Run, common: float, predicted: float, favored: Evidence) -> Finding:
    """Weights that make the rare classes rarer."""
    step = int(run["gap"].steps[-1])
    return Finding(
        headline=(
            f"The weights of the rows favor the commonest class, {number(favored.value)} times (limit: {number(favored.limit)}): it is {common:.1%} of the"
            f" targets and {predicted:.1%} of the predictions."
        ),
        why="Weights are there to make up for classes that are rare; these make them rarer still.",
        evidence=[
            favored,
            Evidence(
                "share of the commonest class in the predictions", predicted, common, "share", "outputs", "run", step
            ),
        ],
        fixes=[
            Fix(
                "Weight the classes the other way round: by how rare they are.",
                "Then a row of a rare class counts as much as it is rare.",
                *snippets.class_weights(run),
            ),
            Fix(
                "Judge by recall and precision.",
                "Accuracy hides a class that is hardly ever predicted.",
                *_of_each_class(run),
            ),
        ],
        first_step=0,  # of the targets
        last_step=step,
    )


def _odds(share: float) -> float:
    return float("inf") if share == 1 else share / (1 - share)


def _of_each_class(run: Run) -> Recipe:
    """Recall and precision; for class numbers Keras has none, so the recall of each class is counted."""
    assert run.card is not None
    if run.card.losses[0].name != "SparseCategoricalCrossentropy":
        return snippets.metrics(run, "Recall", "Precision")
    return Recipe(
        "predicted, wanted = model.predict(x_val).argmax(axis=-1), y_val.ravel()\n"
        "for number in np.unique(wanted):\n"
        "    print(number, (predicted[wanted == number] == number).mean())  # recall"
    )
