"""The targets are so large, or lie so far from zero, that the network does not get there.

## What it sees

The targets of the held rows, where a linear output is trained with a distance (squared or absolute): their spread and
their mean. And the harm: how much of a constant prediction's loss is left; with several outputs, how much must be left by the mean and the
spread of the predictions.

## Why it matters

A network starts with outputs near zero. With prices of half a million the first thousands of steps only carry the output
there, the gradients are as large as the targets, and no usual learning rate fits.

## What to do first

Standardize the targets with the mean and standard deviation of the training rows, and turn predictions back with the same
numbers.

## When it is wrong

Large targets that are learned all the same are not accused. Relative losses (MAPE, logarithmic ones) do not mind scale
and are not judged.

## Source

LeCun et al. 1998, Efficient BackProp, section 4. Limits: docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.progress import SIGNALS, against_constant, now_left
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import standardized_targets


@rule(
    "NND602",
    severity="error",
    reads=["labels", "loss"],
    may_read=[*SIGNALS, "outputs"],
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "exploding-gradients",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "diverging-loss",
        "dead-units",
        "nan-loss",
        "vanishing-gradients",
        "oscillating-loss",
    ],
)
def unscaled_target(
    run: Run,
    *,
    spread: Annotated[float, Limit("standard deviation of the targets", "", "docs/calibration.md")] = 30,
    offset: Annotated[
        float, Limit("absolute mean of the targets over their standard deviation", "ratio", "docs/calibration.md")
    ] = 10,
    stuck: Annotated[
        float, Limit("share of the constant prediction's loss that must be left", "share", "docs/calibration.md")
    ] = 0.9,
) -> Finding | None:
    labels = run["labels"]
    for column, whose in enumerate(_distances(run)):
        if whose is None:
            continue
        std, mean = labels.last(column, "std"), abs(labels.last(column, "mean"))
        far = mean / std if std > 0 else 0.0
        if not (std > spread or far > offset):
            continue
        left, where = (_at_least_left(run, column), f" of `{whose}`") if whose else (now_left(run), "")
        if left > stuck:
            break
    else:
        return None
    step = int(labels.steps[-1])
    large = std > spread
    what = (
        f"a standard deviation of {number(std)} (limit: {number(spread)})"
        if large
        else f"a mean of {number(mean)}, {number(far)} times their standard deviation (limit: {number(offset)})"
    )
    return Finding(
        headline=(
            f"The targets{where} have {what}, and the network did not get there:"
            f" {_far_from_them(run, column) if where else against_constant(run)}."
        ),
        why="Its outputs start near zero: the steps are spent on carrying them there, and no usual learning rate fits.",
        evidence=[
            Evidence("standard deviation of the targets", std, spread, "", "labels", "run", step)
            if large
            else Evidence(
                "mean of the targets over their standard deviation", far, offset, "ratio", "labels", "run", step
            ),
            Evidence(
                "loss over that of the best constant prediction", left, stuck, "share", "gap", "run", run.last_step
            ),
        ],
        fixes=[
            Fix(
                "Standardize the targets, and turn predictions back.",
                "Then the output begins where the targets are.",
                *standardized_targets(run),
            ),
            Fix(
                "If the targets are positive and range over decades, learn their logarithm.",
                "A distance of logarithms is a ratio, and ratios are what matters then.",
                "y, y_val = np.log(y), np.log(y_val)",
            ),
        ],
        first_step=0,
        last_step=max(step, run.last_step),
    )


def _distances(run: Run) -> list[str | None]:
    """For each column of the targets the output that it is for ("": the only one); None where it is not to be judged.

    Raises NotEnoughData when it is not known which loss and which layer belong to which targets.
    """
    card, columns = run.card, run["labels"].columns
    if card is None or len(card.losses) != len(columns):
        raise NotEnoughData("needs a run card with a loss for each of the targets")
    of = {loss.output: loss for loss in card.losses}  # in the order of `compile`; the targets may come in another
    if len(columns) > 1 and set(columns) != set(of):
        raise NotEnoughData("needs a run card that says which targets each loss is for")
    asked: list[str | None] = []
    for loss in [of[column] for column in columns] if len(columns) > 1 else card.losses:
        layer = card.output_layer if len(columns) == 1 else card.layer(loss.output)
        if layer is None:
            raise NotEnoughData("needs a run card that says which layer puts out what a loss is for")
        judged = loss.is_distance and layer.activation in ("", "linear")
        asked.append((loss.output if len(columns) > 1 else "") if judged else None)
    return asked


def _at_least_left(run: Run, column: int) -> float:
    """A lower bound of what is left of a constant's squared error, from mean and spread of targets and predictions alone."""
    if "outputs" not in run or run["outputs"].columns != run["labels"].columns:
        return float("nan")
    (std, mean), (its_std, its_mean) = (
        [run[s].last(column, t) for t in ("std", "mean")] for s in ("labels", "outputs")
    )
    return ((std - its_std) ** 2 + (mean - its_mean) ** 2) / std**2 if std > 0 else float("nan")


def _far_from_them(run: Run, column: int) -> str:
    std, mean = (run["outputs"].last(column, stat) for stat in ("std", "mean"))
    return f"its predictions have a mean of {number(mean)} and a standard deviation of {number(std)}"
