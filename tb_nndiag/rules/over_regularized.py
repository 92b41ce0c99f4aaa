"""Regularization is so strong that the network cannot fit even the training rows.

## What it sees

The penalty of L1, L2 and activity regularizers as a part of the whole loss; and `Dropout` layers with a high rate together with a
loss in training mode far above that in inference mode, or nothing learned at all. Either one together with training rows that are badly
fitted.

## Why it matters

The optimizer is busy with keeping the weights small, or learns from units most of which are switched off. Both
training and validation loss stay high.

## What to do first

Divide the penalty's factor by ten, or halve the dropout rate. Both are for networks that fit the training rows too well.

## When it is wrong

A penalty that is most of the loss is usual at the end of a good fit, when little else is left: without badly fitted rows the rule is silent.
Rows that are noise cannot be fitted, whatever the penalty.

## Source

Goodfellow, Bengio & Courville 2016, Deep Learning, chapter 7. Srivastava et al. 2014 for the usual rates of dropout.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.progress import SIGNALS, evidence_of_harm, floor_loss, now_left, room, still_falling
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Layer, Run


@rule(
    "NND512",
    severity="warning",
    reads=["gap", "baseline"],
    may_read=[*SIGNALS, "mode"],
    explains=[*OUTCOMES, "class-imbalance"],
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
    lost: Annotated[
        float, Limit("share left from which on nothing was learned, in either mode", "share", "docs/calibration.md")
    ] = 0.95,
    patience: Annotated[float, Limit("steps before the rule speaks", "steps", "docs/calibration.md")] = 200,
) -> Finding | None:  # fmt: skip
    if run.last_step < patience:
        raise NotEnoughData(f"needs {number(patience)} steps, has {run.last_step}")
    gap, left = run["gap"], now_left(run)
    penalty = gap.last(0, "penalty") / gap.last(0, "train")
    dropout = _strongest(run)
    dropped = (
        dropout is not None
        and dropout.settings["rate"] >= rate
        and (_training_over_inference(run) > factor or left > lost)
    )
    if not left > much or not (penalty > part or dropped) or still_falling(run, least=0.02 * room(run)):
        return None
    step = int(gap.steps[-1])
    if penalty > part:
        headline = (
            f"{penalty:.0%} of the loss is the penalty on weights or activations (limit: {part:.0%}), and the training rows"
            f" have {left:.0%} of a constant prediction's loss left (limit: {much:.0%})."
        )
        why = "Most of each step serves to make weights smaller, and what is left of them cannot fit the rows."
        evidence = Evidence("penalty over the whole loss", penalty, part, "share", "gap", "run", step)
        fix = Fix(
            f"Divide the penalty's factor by ten{_where(run)}.",
            "The rows are fitted badly: there is nothing yet to regularize.",
            "kernel_regularizer=keras.regularizers.L2(1e-5)",
        )
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
            f"Halve the rate of `{name}`.",
            "Dropout is for a network that fits the training rows too well; this one does not fit them.",
            f'keras.layers.{dropout.class_name}({high / 2:.2g}, name="{name.rsplit("/", 1)[-1]}")',
        )
    return Finding(
        headline=headline,
        why=why,
        evidence=[evidence, evidence_of_harm(left, much, step)],
        fixes=[
            fix,
            Fix("Train once without any regularization.", "If the rows are fitted then, it was the cause; add it back in small steps."),
        ],
        first_step=1,
        last_step=step,
    )  # fmt: skip


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


def _where(run: Run) -> str:
    """Where penalties are: ", in `dense`, `dense_1`"."""
    layers = run.card.layers if run.card else ()
    names = [f"`{layer.name}`" for layer in layers if "kernel_regularizer" in layer.settings]
    return f", in {', '.join(names[:4])}" if names else ""
