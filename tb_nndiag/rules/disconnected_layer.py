"""A trainable layer never gets a gradient.

## What it sees

The gradient of each trainable layer with a kernel: exactly zero, in all its values and at all observed steps, while a later
layer gets one.

## Why it matters

The loss does not depend on that layer: something between it and the loss lets no gradient through (`stop_gradient`, a
conversion to integers, `argmax`, rounding, NumPy), or its output is not used. It keeps its random weights.

## What to do first

Follow the layer's output towards the loss, and look for the operation that is not differentiable. If the layer is not meant to
learn, set `trainable = False`.

## When it is wrong

Dead or saturated units, and inputs that are all zero, stop gradients too: the rule leaves these to others. A layer that a second
optimizer trains is not accused. A part of a pre-trained model that the task does not use (a pooler, a second head) is harmless:
only when the first layers of the network are cut off and little was learned it is more than a hint.

## Source

A gradient that exists is hardly ever zero in every value; on no healthy run of docs/calibration.md, a layer's was.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.layers import with_kernels
from tb_nndiag.progress import SIGNALS, harmed
from tb_nndiag.rule import OUTCOMES, Change, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run


@rule(
    "NND203",
    severity="error",
    reads=["gradients"],
    may_read=["updates", "units", "inputs", *SIGNALS],
    explains=[*OUTCOMES, "class-imbalance", "vanishing-gradients", "learning-rate-too-low"],
)
def disconnected_layer(
    run: Run,
    *,
    most: Annotated[float, Limit("gradient of the layer, largest of all observed steps", "", "exact")] = 0,
    faint: Annotated[
        float,
        Limit(
            "gradient of the next layer that has one over the largest of all layers, below which gradients have faded",
            "ratio",
            "judgment",
        ),
    ] = 1e-6,
    blocked: Annotated[
        float,
        Limit("share of a layer's units, dead or saturated, that stops every gradient", "share", "judgment"),
    ] = 0.99,
    left: Annotated[
        float,
        Limit(
            "share of the constant prediction's loss that must be left for it to be more than a hint",
            "share",
            "docs/calibration.md",
        ),
    ] = 0.3,
    records: Annotated[float, Limit("records before the rule speaks", "records", "judgment")] = 10,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know which layers are trainable")
    gradients = run["gradients"]
    if len(gradients) < records:
        raise NotEnoughData(f"needs {number(records)} records, has {len(gradients)}")
    layers = with_kernels(run, "gradients")
    largest = {name: float(np.max(gradients.column(name, "rms"))) for name in layers}  # NaN stays NaN
    idle = _idle_output(run, largest, most)
    if idle:
        return _no_weight(idle, largest, most, int(gradients.steps[-1]))
    fed = [i for i, name in enumerate(layers) if largest[name] > most]
    cut = [name for i, name in enumerate(layers[: fed[-1]]) if largest[name] <= most] if fed else []
    if not cut:
        return None
    behind = next(name for name in layers[layers.index(cut[-1]) :] if largest[name] > most)
    if largest[behind] < faint * max(largest.values()):
        return None  # they have faded to nothing on their way
    if _moved(run, cut) or _blocked(run, blocked):
        return None
    from_the_first = layers[: len(cut)] == cut
    step = int(gradients.steps[-1])
    named = ", ".join(f"`{name}`" for name in cut[:4]) + (f" and {len(cut) - 4} more" if len(cut) > 4 else "")
    return Finding(
        headline=(
            f"No gradient reaches {named}: it is exactly {number(most)} at all {len(gradients)} observed steps, while"
            f" `{behind}` gets {number(largest[behind])}."
        ),
        why=(
            f"The loss does not depend on {'them' if len(cut) > 1 else 'it'}, so that"
            f" {'they keep their' if len(cut) > 1 else 'it keeps its'} first weights"
            + (": what comes after builds on random features." if from_the_first else ".")
        ),
        evidence=[
            Evidence(f"largest gradient of `{name}`", largest[name], most, "", "gradients", name, step)
            for name in cut[:5]
        ],
        fixes=[
            Fix(
                f"Look for what lets no gradient through between `{cut[-1]}` and `{behind}`.",
                "`stop_gradient`, `argmax`, rounding, conversion to integers or to NumPy do not; a cast to float"
                " afterwards does not bring it back.",
                "with tf.GradientTape() as tape:\n"
                "    loss = model.compute_loss(x, y, model(x, training=True))\n"
                "for w, g in zip(model.trainable_weights, tape.gradient(loss, model.trainable_weights)):\n"
                "    print(w.path, None if g is None else float(tf.norm(g)))",
            ),
            Fix(
                f"If {named} {'are' if len(cut) > 1 else 'is'} not meant to learn, say so.",
                "A frozen layer is not trained, and costs nothing.",
                "\n".join(_frozen(name) for name in cut),
                [Change("layer", f"{name}.trainable", False) for name in cut],
            ),
        ],
        first_step=1,
        last_step=step,
        severity="" if from_the_first and harmed(run, left) else "hint",
    )


def _idle_output(run: Run, largest: dict[str, float], most: float) -> str:
    """The first of several outputs that has a loss of its own and gets no gradient, while others do; empty: none."""
    assert run.card is not None
    asked = {loss.output for loss in run.card.losses}
    outputs = [layer.name for layer in run.card.layers if layer.name in largest and layer.name in asked]
    idle = [name for name in outputs if largest[name] <= most]
    return idle[0] if 0 < len(idle) < len(outputs) else ""


def _no_weight(name: str, largest: dict[str, float], most: float, step: int) -> Finding:
    return Finding(
        headline=f"The output `{name}` is not trained: its gradient is exactly {number(most)} at all observed steps, while other outputs get one.",
        why="Its loss counts for nothing in the sum of all losses: what it predicts stays random, whatever its metrics say.",
        evidence=[Evidence(f"largest gradient of `{name}`", largest[name], most, "", "gradients", name, step)],
        fixes=[
            Fix(
                f"Give the loss of `{name}` a weight above zero.",
                "The gradient is that of the weighted sum of the losses.",
                f'model.compile(optimizer=model.optimizer, loss=model.loss, loss_weights={{"{name}": 1.0}})  # and those of the other outputs',
            )
        ],
        first_step=1,
        last_step=step,
        severity="warning",
    )


def _moved(run: Run, layers: list[str]) -> bool:
    """Whether something else trains one of these layers: a second optimizer, in a train step of the model's own."""
    assert run.card is not None
    decays = bool(run.card.optimizer and run.card.optimizer.settings.get("weight_decay"))
    return not decays and any(
        run["updates"].column(name, "update_rms").max() > 0
        for name in layers
        if "updates" in run and name in run["updates"].columns
    )


def _frozen(name: str) -> str:
    """The line that freezes this layer, also inside a nested model."""
    found = "".join(f'.get_layer("{part}")' for part in name.split("/"))
    return f"model{found}.trainable = False"


def _blocked(run: Run, share: float) -> bool:
    """Whether units that are all dead or saturated, or inputs that are all zero, account for it."""
    assert run.card is not None
    hidden = [layer.name for layer in run.card.hidden if "units" in run and layer.name in run["units"].columns]
    stopped = any(
        (run["units"].column(name, stat) > share).any() for name in hidden for stat in ("dead_share", "saturated_share")
    )
    empty = "inputs" in run and bool(((run["inputs"]["min"] == 0) & (run["inputs"]["max"] == 0)).any())
    return stopped or empty
