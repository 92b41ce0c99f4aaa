"""The output layer, the loss and the targets do not belong together.

## What it sees

The run card (output activation and units, the loss and its `from_logits`), checked against the targets and predictions of
the held rows: softmax over a single unit; a loss that expects probabilities and gets something else; targets that the
output's activation cannot reach (several labels or quantities of a row, under a softmax), or that the loss does not allow; a loss that cannot tell classes
apart, predictions that are no shares of them, or a loss that is lower for wrong predictions than for right ones.

## Why it matters

The loss still falls, often beautifully: Keras keeps the logits of a softmax or sigmoid output and trains on them, so
`Dense(1, activation="softmax")` shows a falling loss and predicts 1.0 for every row, for ever.

## What to do first

Two classes: one unit, sigmoid, binary cross-entropy. Several classes: a unit for each, softmax, categorical cross-entropy
(sparse, when the targets are class numbers). Any number: linear output, a squared or absolute loss.

## When it is wrong

Losses and activations that Keras does not know are not judged. Sigmoid with categorical cross-entropy, binary cross-entropy
on a softmax, and a squared loss on classes, do train: they are a hint unless the run has not learned.

## Source

Keras' documentation of its losses; the trap of the kept logits was reproduced with Keras 3.15.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from tb_nndiag import snippets
from tb_nndiag.layers import IMAGES
from tb_nndiag.progress import SIGNALS as PROGRESS
from tb_nndiag.progress import harmed
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Layer, Loss, Run
from tb_nndiag.snippets import Recipe

BINARY = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
CATEGORICAL = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy", "KLDivergence")
SPARSE = ("SparseCategoricalCrossentropy",)
RELATIVE = ("MeanSquaredLogarithmicError", "MeanAbsolutePercentageError", "Poisson")
PROBABILITY_LOSSES = (*BINARY, *CATEGORICAL, *SPARSE)


@dataclass(frozen=True)
class Targets:
    """What is known of the targets; `one_hot` and `classes` are guesses from the held rows."""

    low: float
    high: float
    whole: bool
    distinct: int
    width: int
    one_hot: bool
    least_in_a_row: float
    most_in_a_row: float
    step: int


@rule(
    "NND701",
    severity="error",
    reads=[],  # where the first step fails there is only the run card, and the targets
    may_read=["labels", "outputs", *PROGRESS],
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "diverging-loss",
        "dead-units",
        "saturated-units",
        "vanishing-gradients",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "overfitting",
        "nan-loss",
        "exploding-gradients",
        "memorizing-noise",
        "initial-loss",
        "nan-weights",
        "stuck-then-learns",
    ],
)
def output_loss_mismatch(
    run: Run,
    *,
    tolerance: Annotated[
        float,
        Limit("how far a target may lie outside what can be reached, over the targets' range", "ratio", "judgment"),
    ] = 0.02,
    sums: Annotated[
        float, Limit("how far predictions of classes that exclude each other may add up to something else than 1", "", "judgment")
    ] = 0.05,
    stuck: Annotated[
        float,
        Limit(
            "share of the constant prediction's loss that must be left before a weak mismatch is more than a hint",
            "share",
            "docs/calibration.md",
        ),
    ] = 0.9,
) -> Finding | None:  # fmt: skip
    if run.card is None or len(run.card.losses) != 1 or run.card.output_layer is None:
        raise NotEnoughData("needs a run card with one output and one loss that Keras knows")
    layer, loss = run.card.output_layer, run.card.losses[0]
    targets = _targets(run)
    for found in (
        _single_softmax(run, layer, targets),
        _single_class(run, layer, loss),
        _forbidden_targets(run, loss, targets, layer, tolerance),
        _no_probabilities(run, layer, loss),
        _not_adding_up(run, layer, loss, sums),
        _several_at_once(run, layer, loss, targets, sums),
        _out_of_reach(run, layer, loss, targets, tolerance),
        _rewards_errors(run, layer),
    ):
        if found:
            return replace(found, evidence=[*found.evidence, *_unkept_loss(run, layer)])
    weak = (
        _independent_classes(run, layer, loss, targets)
        or _answers_of_their_own(run, layer, loss, targets)
        or _distance_on_classes(run, layer, loss, targets)
    )
    if weak is None:
        return None
    return replace(weak, severity="warning" if harmed(run, stuck) else "hint")


def _unkept_loss(run: Run, layer: Layer) -> list[Evidence]:
    """The loss of the predictions themselves, where it is far from the one that Keras computes from kept logits."""
    if "gap" not in run:
        return []
    shown, real = run["gap"].last(0, "train"), run["gap"].last(0, "from_predictions")
    if not real > 2 * shown:
        return []
    step = int(run["gap"].steps[-1])
    return [
        Evidence("loss of the predictions themselves, beside the one shown", real, shown, "", "gap", layer.name, step)
    ]


def _single_softmax(run: Run, layer: Layer, targets: Targets | None) -> Finding | None:
    if layer.activation != "softmax" or layer.units != 1:
        return None
    return _finding(
        f"`{layer.name}` is a softmax over 1 unit (a softmax needs at least 2): it predicts 1.0 for every input.",
        "A softmax divides each unit by the sum over all units. With one unit that is always 1, whatever the weights"
        " are, while Keras computes the loss from the logits behind it, so that the loss may fall all the same.",
        Evidence("units under the softmax", 1, 2, "units", "card", layer.name, 0),
        [
            Fix(
                "Two classes: use a sigmoid.",
                "It turns one number into the probability of the second class.",
                *_dense(run, layer, "sigmoid", 1, "BinaryCrossentropy"),
            ),
            Fix(
                "More classes: one unit for each.",
                f"`fit` got {targets.distinct} distinct targets." if targets else "Each answers for its class.",
                *_dense(
                    run,
                    layer,
                    "softmax",
                    max(int(targets.high) + 1, 2) if targets else 2,
                    "SparseCategoricalCrossentropy",
                ),
            ),
        ],
    )


def _single_class(run: Run, layer: Layer, loss: Loss) -> Finding | None:
    if loss.name not in (*CATEGORICAL[:2], *SPARSE) or layer.units != 1:
        return None
    return _finding(
        f"`{loss.name}` gets 1 unit from `{layer.name}` (it needs one for each class, at least 2): the loss is the same"
        " whatever is predicted.",
        "Categorical cross-entropy normalizes over the classes. With a single one its probability is always 1, and no"
        " gradient flows.",
        Evidence("units of the output layer", 1, 2, "units", "card", layer.name, 0),
        [
            Fix(
                "Use binary cross-entropy with a sigmoid.",
                "That is the loss for one unit.",
                *_dense(run, layer, "sigmoid", 1, "BinaryCrossentropy"),
            )
        ],
    )


def _forbidden_targets(run: Run, loss: Loss, targets: Targets | None, layer: Layer, tolerance: float) -> Finding | None:
    if targets is None:
        return None
    if loss.name in (*BINARY, *CATEGORICAL):
        low, high = 0.0, 1.0
    elif loss.name in SPARSE:
        low, high = 0.0, layer.units - 1.0
    else:
        return None
    outside = max(low - targets.low, targets.high - high)
    if not outside > tolerance:
        return None
    worst = targets.high if targets.high - high >= low - targets.low else targets.low
    several = targets.whole and targets.distinct > 2 and targets.width == 1
    fixes = []
    if loss.name in BINARY and several:
        units = int(targets.high) + 1
        fixes.append(
            Fix(
                f"The targets look like {targets.distinct} classes: give each a unit.",
                "One unit tells two classes apart.",
                *_dense(run, layer, "softmax", units, "SparseCategoricalCrossentropy"),
            )
        )
    elif loss.name in BINARY and targets.low < 0:
        fixes.append(_into_zero_and_one(run, targets))
    elif loss.name in SPARSE and targets.low >= 1:
        fixes.append(_from_zero(run, targets))
    elif loss.name in SPARSE:
        fixes.append(
            Fix(
                f"Give `{layer.name}` a unit for every class: {int(targets.high) + 1} instead of {layer.units}.",
                f"Classes are counted from 0, so that the highest, {int(targets.high)}, takes that many.",
                *_dense(run, layer, "softmax", int(targets.high) + 1, loss.name),
            )
        )
    fixes.append(
        Fix(
            "If the targets are quantities and no classes: predict them with a linear output.",
            "A squared distance takes any number.",
            *_dense(run, layer, "linear", max(targets.width, 1), "MeanSquaredError"),
        )
    )
    return _finding(
        f"Targets reach {number(worst)}, but `{loss.name}` takes {number(low)} to {number(high)} here.",
        (
            "There is no unit for such a class: TensorFlow stops with an error, or the loss becomes NaN."
            if loss.name in SPARSE
            else "Outside that range the loss is no longer a likelihood: it has no floor, and the best prediction is"
            " not the target."
        ),
        Evidence("most extreme target", worst, high if worst > high else low, "", "labels", layer.name, targets.step),
        fixes,
    )


def _no_probabilities(run: Run, layer: Layer, loss: Loss) -> Finding | None:
    if loss.name not in PROBABILITY_LOSSES or loss.from_logits:
        return None
    right = "sigmoid" if loss.name in BINARY else "softmax"
    fixes = [
        Fix(
            f"Let `{layer.name}` put out probabilities: {right}.",
            f"`{loss.name}` takes numbers from 0 to 1.",
            *_dense(run, layer, right, layer.units, loss.name),
        ),
        Fix(
            "If you prefer logits, keep a linear output, and say so to the loss.",
            "This is the numerically better way; predictions are logits then.",
            *_dense(run, layer, "linear", layer.units, loss.name, from_logits=True),
        ),
    ]
    why = (
        f"`{loss.name}` takes the logarithm of what it gets, clipped to 0..1: outside that range no gradient flows, and"
        " the loss means nothing."
    )
    if "outputs" in run:
        outputs = run["outputs"]
        low, high, step = outputs.last(0, "min"), outputs.last(0, "max"), int(outputs.steps[-1])
        if low < -0.01 or high > 1.01:
            value, limit = (low, 0.0) if low < -0.01 else (high, 1.0)
            head = (
                f"`{loss.name}` expects probabilities, but `{layer.name}` puts out {number(low)} to {number(high)}"
                " (probabilities: 0 to 1)."
            )
            return _finding(
                head, why, Evidence("most extreme prediction", value, limit, "", "outputs", layer.name, step), fixes
            )
    if layer.activation in ("linear", "relu", "tanh"):
        low, high = IMAGES.get(layer.activation, (float("-inf"), float("inf")))
        head = (
            f"`{loss.name}` expects probabilities (0 to 1), but `{layer.name}` has the activation `{layer.activation}`,"
            f" which reaches {'any number' if low < -1 else f'from {number(low)} up' if high > 1 else '-1 to 1'}."
        )
        value, limit = (high, 1.0) if high > 1 else (low, 0.0)
        return _finding(
            head, why, Evidence("what the activation can reach", value, limit, "", "card", layer.name, 0), fixes
        )
    return None


def _not_adding_up(run: Run, layer: Layer, loss: Loss, tolerance: float) -> Finding | None:
    if loss.name not in (*CATEGORICAL[:2], *SPARSE) or loss.from_logits or layer.activation in ("softmax", "sigmoid"):
        return None
    if "outputs" not in run or not abs(run["outputs"].last(0, "row_sum") - 1) > tolerance:
        return None
    total, step = run["outputs"].last(0, "row_sum"), int(run["outputs"].steps[-1])
    return _finding(
        f"The predictions of a row add up to {number(total)} (shares of classes: 1), but `{loss.name}` takes them for the"
        " probabilities of classes that exclude each other.",
        "Keras divides them by their sum before it takes the logarithm, so that the loss may fall all the same; what the"
        " model puts out are no probabilities.",
        Evidence("sum of the predictions of a row", total, 1.0, "", "outputs", layer.name, step),
        [
            Fix(
                f"Let `{layer.name}` be a softmax over the classes, which are the last axis.",
                "A softmax over another axis shares 1 among the rows of a batch.",
                *_dense(run, layer, "softmax", layer.units, loss.name),
            )
        ],
    )


def _several_at_once(run: Run, layer: Layer, loss: Loss, targets: Targets | None, tolerance: float) -> Finding | None:
    if targets is None or layer.activation != "softmax" or targets.width != layer.units:
        return None
    furthest = max(targets.most_in_a_row - 1, 1 - targets.least_in_a_row)
    if loss.is_distance and not targets.whole and furthest > tolerance:
        return _quantities_that_share(run, layer, loss, targets)
    if loss.name not in BINARY or not targets.most_in_a_row > 1 + tolerance:
        return None
    return _finding(
        f"The targets of a row add up to as much as {number(targets.most_in_a_row)}, but `{layer.name}` is a softmax: what it predicts"
        " for a row adds up to 1.",
        f"Where several labels are true at once they share that 1, so that none gets near its target, and `{loss.name}` asks for each.",
        Evidence("largest sum of a row's targets", targets.most_in_a_row, 1.0, "", "labels", layer.name, targets.step),
        [
            Fix(
                "Use a sigmoid: each label is a question of its own.",
                "Then a row may have as many labels as are true.",
                *_dense(run, layer, "sigmoid", layer.units, loss.name),
            )
        ],
    )


def _quantities_that_share(run: Run, layer: Layer, loss: Loss, targets: Targets) -> Finding:
    low, high = targets.least_in_a_row, targets.most_in_a_row
    worst = high if high - 1 >= 1 - low else low
    return _finding(
        f"The targets of a row add up to {number(low)} to {number(high)}, but `{layer.name}` is a softmax: what it predicts for a row"
        " adds up to 1.",
        f"Its {layer.units} numbers share that 1, so that no row whose targets add up to something else can be predicted.",
        Evidence("sum of a row's targets, furthest from 1", worst, 1.0, "", "labels", layer.name, targets.step),
        [
            Fix(
                f"Make `{layer.name}` linear: each number is a question of its own.",
                "A linear output reaches every number.",
                *_dense(run, layer, "linear", layer.units, loss.name),
            ),
        ],
    )


def _out_of_reach(run: Run, layer: Layer, loss: Loss, targets: Targets | None, tolerance: float) -> Finding | None:
    if targets is None or layer.activation not in IMAGES or not (loss.is_distance or loss.name in RELATIVE):
        return None
    low, high = IMAGES[layer.activation]
    outside = max(low - targets.low, targets.high - high)
    if not outside > tolerance * (targets.high - targets.low):
        return None
    worst, limit = (targets.high, high) if targets.high - high >= low - targets.low else (targets.low, low)
    return _finding(
        f"Targets reach from {number(targets.low)} to {number(targets.high)}, but `{layer.name}` ({layer.activation})"
        f" can only put out {number(low)} to {number(high)}.",
        "Rows whose target lies outside can never be predicted, and push the layer into saturation.",
        Evidence("most extreme target", worst, limit, "", "labels", layer.name, targets.step),
        [
            Fix(
                f"Make `{layer.name}` linear.",
                "A linear output reaches every number.",
                *_dense(run, layer, "linear", layer.units, loss.name),
            ),
            Fix(
                f"If the activation must stay, scale the targets from {number(targets.low)} to {number(targets.high)} into 0 to 1.",
                "Then every target can be reached.",
                *snippets.into_unit_range(run),
            ),
        ],
    )


def _rewards_errors(run: Run, layer: Layer) -> Finding | None:
    if "baseline" not in run or "perfect" not in run or "gap" not in run or run.card.weighted:  # type: ignore[union-attr]
        return None  # with weights below zero, as for rewards, wrong predictions are to be cheap
    constant, perfect = run["baseline"].last(0, "constant_loss"), run["perfect"].last(0, "loss")
    lowest = float(np.fmin.reduce(run["gap"].of_run("train")))
    if not (constant < 0 and perfect > constant / 2 and lowest < (constant + perfect) / 2):
        return None
    return _finding(
        f"The loss is lower the worse the predictions are: predicting every target exactly would cost {number(perfect)}, the cheapest"
        f" constant costs {number(constant)} (a loss: at least half as much as that), and training went down to {number(lowest)}.",
        "Training makes a loss small. Of a score that is to become large, such as a likelihood, the negative is the loss.",
        Evidence(
            "loss of predicting every target exactly",
            perfect,
            constant / 2,
            "",
            "perfect",
            layer.name,
            int(run["gap"].steps[-1]),
        ),
        [
            Fix(
                "Turn the sign of the loss around.",
                "Then it is lowest where predictions meet their targets.",
                "model.compile(optimizer=model.optimizer, loss=lambda y_true, y_pred: -your_loss(y_true, y_pred))",
            )
        ],
    )


def _independent_classes(run: Run, layer: Layer, loss: Loss, targets: Targets | None) -> Finding | None:
    if layer.activation != "sigmoid" or loss.name not in (*CATEGORICAL[:2], *SPARSE):
        return None
    return _finding(
        f"`{layer.name}` is a sigmoid over {layer.units} units (a softmax adds up to 1) under `{loss.name}`: the"
        " predictions are no probabilities of one class among several.",
        "Keras trains it like a softmax, on the logits, but what the model puts out and what the loss means differ.",
        Evidence("units under the sigmoid", layer.units, 1, "units", "card", layer.name, 0),
        [
            Fix(
                "Classes exclude each other: use softmax.",
                "Then the predictions of a row add up to 1.",
                *_dense(run, layer, "softmax", layer.units, loss.name),
            ),
            Fix(
                "Several may be true at once: keep sigmoid, use binary cross-entropy.",
                "Then each unit answers for itself.",
                *_dense(run, layer, "sigmoid", layer.units, "BinaryCrossentropy"),
            ),
        ],
    )


def _answers_of_their_own(run: Run, layer: Layer, loss: Loss, targets: Targets | None) -> Finding | None:
    if layer.activation != "softmax" or layer.units <= 2 or loss.name not in BINARY:
        return None  # with two units it is the same
    if targets is None or not targets.one_hot:
        return None
    return _finding(
        f"`{loss.name}` takes each of the {layer.units} units of `{layer.name}` (softmax) for a question of its own (limit: 2),"
        " but the targets are one class of several.",
        "Nearly all of the loss is about classes that a row does not have, so that it is small from the start, and binary"
        " accuracy is high for a network that answers nothing.",
        Evidence("units under the softmax", layer.units, 2, "units", "card", layer.name, 0),
        [
            Fix(
                "Classes exclude each other: use categorical cross-entropy.",
                "It asks for the right class alone.",
                *snippets.loss(run, "CategoricalCrossentropy"),
            ),
            Fix(
                "Several may be true at once: use sigmoid.",
                "Then each unit answers for itself.",
                *_dense(run, layer, "sigmoid", layer.units, "BinaryCrossentropy"),
            ),
        ],
    )


def _distance_on_classes(run: Run, layer: Layer, loss: Loss, targets: Targets | None) -> Finding | None:
    if targets is None or not loss.is_distance or layer.activation not in ("softmax", "sigmoid"):
        return None
    if not (targets.one_hot if layer.units > 1 else targets.whole and (targets.low, targets.high) == (0.0, 1.0)):
        return None
    right = "CategoricalCrossentropy" if layer.activation == "softmax" else "BinaryCrossentropy"
    return _finding(
        f"`{loss.name}` measures a distance, but the {targets.distinct} distinct targets (quantities have more than 2)"
        " are classes.",
        f"Behind a {layer.activation} its gradient vanishes where a prediction is confidently wrong, so that learning"
        " starts slowly or not at all.",
        Evidence("distinct targets", targets.distinct, 2, "values", "labels", layer.name, targets.step),
        [
            Fix(
                f"Use {'categorical' if layer.activation == 'softmax' else 'binary'} cross-entropy.",
                "Its gradient is largest where the prediction is most wrong.",
                *snippets.loss(run, right),
            )
        ],
    )


def _targets(run: Run) -> Targets | None:
    if "labels" not in run or len(run["labels"].columns) != 1:
        return None
    series = run["labels"]
    of = {stat: series.last(0, stat) for stat in series.stats}
    if not of["max"] >= of["min"]:
        return None
    one_hot = of["distinct"] == 2 and of["row_sum_min"] == of["row_sum_max"] == 1 and of["min"] == 0
    return Targets(
        of["min"], of["max"], bool(of["integer"]), int(of["distinct"]), int(of["width"]), one_hot,
        of["row_sum_min"], of["row_sum_max"], int(series.steps[-1]),
    )  # fmt: skip


def _finding(headline: str, why: str, evidence: Evidence, fixes: list[Fix]) -> Finding:
    return Finding(headline=headline, why=why, evidence=[evidence], fixes=fixes, first_step=0, last_step=evidence.step)


def _dense(run: Run, layer: Layer, activation: str, units: int, loss: str, **config: bool) -> Recipe:
    return snippets.both(snippets.layer(layer, activation, units=units), snippets.loss(run, loss, **config))


def _into_zero_and_one(run: Run, targets: Targets) -> Fix:
    span = targets.high - targets.low
    return Fix(
        f"Turn targets of {number(targets.low)} and {number(targets.high)} into 0 and 1.",
        "Binary cross-entropy takes the share of the second class.",
        *snippets.shifted_targets(run, 1 / span, -targets.low / span),
    )


def _from_zero(run: Run, targets: Targets) -> Fix:
    return Fix(
        f"Count the classes from 0, and not from {int(targets.low)}.",
        "Then the last class has a unit, too.",
        *snippets.shifted_targets(run, 1.0, -float(int(targets.low))),
    )
