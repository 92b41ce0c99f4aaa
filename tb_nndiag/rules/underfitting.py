"""The network has stopped improving far above a perfect fit, or hardly improves, for training and validation rows alike.

## What it sees

The loss of the held training rows in inference mode, over that of the best constant prediction; whether it still falls; and
whether the validation loss is about the same.

## Why it matters

Where training and validation agree, more data will not help: the network cannot express what is there, or is not let to.

## What to do first

A larger network, or one with a hidden layer; more units in a layer that has fewer than there are outputs; less regularization; more telling features; then a longer training.

## When it is wrong

Noise sets a floor that no network gets below, and this rule cannot know it: that is why it is a hint. Fit a hundred rows: if
the network can, the rest is noise or needs more epochs; if it cannot, the network is too small.

## Source

Goodfellow, Bengio & Courville, Deep Learning, section 5.2. Limits: docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.progress import SIGNALS, evidence_of_harm, now_left, room, still_falling
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import before
from tb_nndiag.snippets import layer as layer_code


@rule("NND502", severity="hint", reads=["loss", "gap", "baseline"], may_read=SIGNALS, explains=["capacity"])
def underfitting(
    run: Run,
    *,
    much: Annotated[
        float, Limit("share of the constant prediction's loss that is left", "share", "docs/calibration.md")
    ] = 0.3,
    stuck: Annotated[
        float, Limit("share from which on nothing was learned, which is another rule's", "share", "docs/calibration.md")
    ] = 0.97,
    apart: Annotated[
        float,
        Limit("validation loss over the training rows' that still counts as equal", "ratio", "docs/calibration.md"),
    ] = 1.15,
    falling: Annotated[
        float,
        Limit(
            "fall over the last third of the records that counts as learning, over the constant's loss",
            "share",
            "docs/calibration.md",
        ),
    ] = 0.02,
    most: Annotated[
        float,
        Limit("share left from which on a fall must be larger to count as learning", "share", "docs/calibration.md"),
    ] = 0.65,
    slow: Annotated[
        float,
        Limit("fall that counts then; below it the training is not just too short", "share", "docs/calibration.md"),
    ] = 0.05,
    patience: Annotated[float, Limit("epochs before the rule speaks", "epochs", "judgment")] = 8,
) -> Finding | None:
    gap = run["gap"]
    val, train = gap.last(0, "val"), gap.last(0, "train")
    if not np.isfinite(val):
        raise NotEnoughData(
            "needs a validation loss, to tell a network that is too small from one that learned by heart"
        )
    if gap.of_run("epoch")[-1] < patience:
        raise NotEnoughData(f"needs {number(patience)} epochs, has {number(gap.of_run('epoch')[-1])}")
    left = now_left(run)
    least = (slow if left > most else falling) * room(run)
    if not much < left < stuck or val > apart * train or still_falling(run, least=least):
        return None
    stopped = not still_falling(run, least=falling * room(run))
    step = int(gap.steps[-1])
    hidden = [layer for layer in run.card.hidden if layer.activation not in ("", "linear")] if run.card else []
    linear = (
        "It has no hidden layer with an activation, so it can only draw straight lines. "
        if run.card and not hidden
        else ""
    )
    outputs = run.card.output_layer.units if run.card and run.card.output_layer else 0
    widest = max(hidden, key=lambda layer: layer.units, default=None)
    narrowest = min(hidden, key=lambda layer: layer.units, default=None)
    narrow = narrowest is not None and narrowest.units < outputs
    wanted = narrowest if narrow else widest
    first = next((layer for layer in run.card.layers if layer.parameters), None) if run.card else None
    larger = (
        Fix(
            f"Make `{wanted.name}` wider: {max(2 * wanted.units, outputs)} units instead of {wanted.units}.",
            f"What tells {outputs} outputs apart must pass it." if narrow else "Then it can express more.",
            *layer_code(wanted, units=max(2 * wanted.units, outputs)),
        )
        if wanted
        else Fix(
            f"Put a hidden layer with an activation before `{first.name}`." if first else "Add a hidden layer.",
            "Then it can express more.",
            *(before(run, first, "Dense", units=32, activation="relu") if first else ()),
        )
    )
    return Finding(
        headline=(
            f"The loss {'has stopped' if stopped else 'hardly falls any more,'} at {left:.0%} of the best constant prediction's"
            f" (limit: {much:.0%}), and validation agrees ({number(val)} against {number(train)})."
        ),
        why=(
            f"{linear}Training and validation rows are predicted equally badly: more rows will not help, a network that"
            " can express more might. It may also be noise that no network can predict."
        ),
        evidence=[
            evidence_of_harm(left, much, step),
            Evidence(
                "validation loss over that of the held training rows", val / train, apart, "ratio", "gap", "run", step
            ),
        ],
        fixes=[
            larger,
            Fix(
                "Try to fit a hundred rows with the same network.",
                "If it can, the network is large enough, and noise or too few epochs are to blame.",
                "model.fit(x[:100], y[:100], epochs=300, verbose=0)",
            ),
        ],
        first_step=step,
        last_step=step,
    )
