"""Regularization is so strong that the network cannot fit even the training rows.

## What it sees

The penalty of L1, L2 and activity regularizers as a part of the whole loss; and `Dropout` layers with a high rate together with a
loss in training mode far above that in inference mode, or nothing learned at all. Either one together with training rows that are badly
fitted. A penalty that was most of the loss, and went away with the weights; and dropout of the predictions themselves.

## Why it matters

The optimizer is busy with keeping the weights small, or learns from units most of which are switched off. Both
training and validation loss stay high.

## What to do first

Divide the penalty's factor by ten, or halve the dropout rate. Both are for networks that fit the training rows too well.

## When it is wrong

A penalty that is most of the loss is usual at the end of a good fit, when little else is left: without badly fitted rows the rule is
silent, and with rows that are fitted somewhat it is a hint.
Rows that are noise cannot be fitted, whatever the penalty.

## Source

Goodfellow, Bengio & Courville 2016, Deep Learning, chapter 7. Srivastava et al. 2014 for the usual rates of dropout.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag import snippets
from tb_nndiag.layers import median, names
from tb_nndiag.progress import SIGNALS, evidence_of_harm, floor_loss, now_left, room, still_falling
from tb_nndiag.rule import OUTCOMES, Change, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Layer, Run
from tb_nndiag.snippets import Recipe


@rule(
    "NND512",
    severity="warning",
    reads=["gap", "baseline"],
    may_read=[*SIGNALS, "mode", "updates"],
    explains=[*OUTCOMES, "class-imbalance", "dead-units", "mode-mismatch", "nan-loss", "vanishing-gradients"],
)
def over_regularized(
    run: Run,
    *,
    part: Annotated[float, Limit("penalty over the whole loss", "share", "docs/calibration.md: 0.63 on a healthy run")] = 0.5,
    rate: Annotated[float, Limit("rate of a dropout layer", "share", "judgment: 0.5 is usual")] = 0.7,
    factor: Annotated[float, Limit("loss in training mode over that in inference mode", "ratio", "judgment")] = 1.2,
    much: Annotated[
        float, Limit("share of the constant prediction's loss that is left", "share", "docs/calibration.md")
    ] = 0.5,
    some: Annotated[
        float, Limit("share left from which on a penalty that is most of the loss is worth a hint", "share", "judgment")
    ] = 0.2,
    shrunk: Annotated[
        float, Limit("size of the weights over that at the start, where nothing was learned", "ratio", "judgment")
    ] = 0.3,
    lost: Annotated[
        float, Limit("share left from which on nothing was learned, in either mode", "share", "docs/calibration.md")
    ] = 0.95,
    drowned: Annotated[
        float, Limit("share left from which on so strong a dropout is to blame, in either mode", "share", "judgment")
    ] = 0.75,
    patience: Annotated[float, Limit("steps before the rule speaks", "steps", "docs/calibration.md")] = 100,
) -> Finding | None:  # fmt: skip
    if run.last_step < patience:
        raise NotEnoughData(f"needs {number(patience)} steps, has {run.last_step}")
    gap, left = run["gap"], now_left(run)
    shares = gap.of_run("penalty") / gap.of_run("train")
    penalty, largest = gap.last(0, "penalty") / gap.last(0, "train"), float(np.max(shares))
    dropout = _strongest(run)
    step = int(gap.steps[-1])
    if dropout is not None and dropout.output and dropout.settings["rate"] > 0:
        return _predictions_dropped(dropout, step)
    size = _size(run)
    gone = largest > part and left > lost and size < shrunk  # with the weights the penalty went, too
    dropped = (
        dropout is not None
        and dropout.settings["rate"] >= rate
        and (_training_over_inference(run) > factor or left > drowned)
    )
    mild = penalty > part and some < left <= much
    if not (gone or mild or (left > much and (penalty > part or dropped))):
        return None
    if not (gone or mild) and still_falling(run, least=0.02 * room(run)):
        return None
    if gone:
        headline = (
            f"The penalty on weights or activations was {largest:.0%} of the loss (limit: {part:.0%}); it has shrunk the weights to"
            f" {number(size)} of their first size (limit: {number(shrunk)}), and nothing was learned."
        )
        why = "Each step makes the weights smaller, whatever the rows say; near zero the network answers the same for every row."
        evidence = Evidence("largest penalty over the whole loss", largest, part, "share", "gap", "run", step)
        fix = _weaker(run)
    elif penalty > part:
        headline = (
            f"{penalty:.0%} of the loss is the penalty on weights or activations (limit: {part:.0%}), and the training rows"
            f" have {left:.0%} of a constant prediction's loss left (limit: {much:.0%})."
        )
        why = "Most of each step serves to make weights smaller, and what is left of them cannot fit the rows."
        evidence = Evidence("penalty over the whole loss", penalty, part, "share", "gap", "run", step)
        fix = _weaker(run)
    else:
        assert dropout is not None
        name, high = dropout.name, float(dropout.settings["rate"])
        headline = (
            f"`{name}` drops {high:.0%} of its inputs (limit: {rate:.0%}), and the training rows have {left:.0%} of a constant"
            f" prediction's loss left (limit: {much:.0%})."
        )
        why = "Each step sees so few of the units that what they could tell together is not learned."
        evidence = Evidence("rate of dropout", high, rate, "share", "card", "run", 0)
        fix = Fix(
            f"Halve the rate of `{name}`, to {high / 2:.2g}.",
            "Dropout is for a network that fits the training rows too well; this one does not fit them.",
            *snippets.set_layer(dropout, rate=float(f"{high / 2:.2g}")),
        )
    return Finding(
        headline=headline,
        why=why,
        evidence=[evidence, evidence_of_harm(left, some if mild else much, step)],
        fixes=[
            fix,
            Fix(
                "Train once without any regularization.",
                "If the rows are fitted then, it was the cause; add it back in small steps.",
                *snippets.both(*_without(run)),
            ),
        ],
        first_step=1,
        last_step=step,
        severity="hint" if mild else "",
    )  # fmt: skip


def _predictions_dropped(layer: Layer, step: int) -> Finding:
    name, rate = layer.name, float(layer.settings["rate"])
    return Finding(
        headline=f"`{name}` is the last layer: it sets {rate:.0%} of the predictions to zero while training (limit: 0).",
        why="No network can predict what is dropped: the loss is large whatever it has learned, or not finite.",
        evidence=[Evidence("rate of dropout on the predictions", rate, 0.0, "share", "card", "run", 0)],
        fixes=[
            Fix(
                f"Put `{name}` before the layer that makes the predictions.",
                "Dropout is for hidden layers.",
                f"# hidden layers, then:\nkeras.layers.{layer.class_name}({rate:.2g}),\n# and the output layer last",
                [Change("replace", name, None)],
            )
        ],
        first_step=1,
        last_step=step,
    )


def _weaker(run: Run) -> Fix:
    return Fix(
        f"Divide the penalty's factor by ten{_where(run)}.",
        "The rows are fitted badly: there is nothing yet to regularize.",
        "\n".join(
            f'# "{p.name}": a tenth of the factor of its {p.settings["kernel_regularizer"]}' for p in _penalized(run)
        ),
    )


def _size(run: Run) -> float:
    """Size of the weights over that at the start, median of the layers; NaN when it is not known."""
    if "updates" not in run:
        return float("nan")
    weights = run["updates"]["weight_rms"]
    return median(weights[-1] / weights[0])


def _strongest(run: Run) -> Layer | None:
    """The dropout layer with the highest rate."""
    layers = [
        layer
        for layer in (run.card.layers if run.card else ())
        if "Dropout" in layer.class_name and "rate" in layer.settings
    ]
    return max(layers, key=lambda layer: layer.settings["rate"], default=None)


def _training_over_inference(run: Run) -> float:
    if "mode" not in run:
        return float("nan")
    mode, floor = run["mode"], floor_loss(run)
    return (mode.last(0, "training") - floor) / (mode.last(0, "inference") - floor)


def _penalized(run: Run) -> list[Layer]:
    return [layer for layer in (run.card.layers if run.card else ()) if "kernel_regularizer" in layer.settings]


def _where(run: Run) -> str:
    """Where penalties are: ", in `dense` and `dense_1`"."""
    return f", in {names(_penalized(run))}" if _penalized(run) else ""


def _without(run: Run) -> list[Recipe]:
    """No penalty and no dropout, where the run card shows any."""
    dropouts = [
        p for p in (run.card.layers if run.card else ()) if "Dropout" in p.class_name and p.settings.get("rate")
    ]
    return [
        *(Recipe(f'# "{p.name}": kernel_regularizer=None', (Change("layer", f"{p.name}.kernel_regularizer", None),)) for p in _penalized(run)),
        *(snippets.set_layer(p, rate=0.0) for p in dropouts),
    ]  # fmt: skip
