"""The network does much worse in one mode than in the other, on the same rows: in inference mode, or hopelessly in training mode.

## What it sees

The loss of the held training rows twice: in inference mode, as in `evaluate` and `predict`, and in training mode. Two
evaluations in a row, after batch normalization has had the time that its momentum asks for. The other way round only where training
mode does worse than a constant prediction.

## Why it matters

Training goes well, and what is validated, saved and used is another network: the averages of batch normalization do not
describe what its layers get, or something else acts in one mode only. Where training mode is hopeless, each step follows what a
layer does in training alone: noise, or a defect.

## What to do first

A smaller `momentum` for batch normalization, so that its averages catch up within the training; larger batches; a
normalization that does the same in both modes.

## When it is wrong

In the first some hundred steps the averages lag behind by nature: 1 / (1 - momentum) steps and more. The rule waits three times as long,
unless the training ends before, or while the loss in inference mode falls fast: then it is a hint, while inference mode does fairly well. Training mode that is somewhat worse is what
dropout does, and no fault: no healthy training was measured to be worse in it than a constant.

## Source

Ioffe & Szegedy 2015 for the averages; Keras' documentation of `BatchNormalization` for the two modes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from tb_nndiag import snippets
from tb_nndiag.progress import SIGNALS, floor_loss, room
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Layer, Run, Series


@rule(
    "NND511",
    severity="error",
    reads=["mode", "baseline"],
    may_read=SIGNALS,
    explains=[*OUTCOMES, "class-imbalance", "overfitting", "memorizing-noise"],
)
def mode_mismatch(
    run: Run,
    *,
    factor: Annotated[
        float, Limit("loss in inference mode over that in training mode, on the same rows", "ratio", "judgment")
    ] = 2.0,
    much: Annotated[
        float, Limit("difference of the two, over the constant prediction's loss", "share", "judgment")
    ] = 0.2,
    poor: Annotated[
        float,
        Limit(
            "loss in inference mode over the constant prediction's, from which on averages that lag behind are no hint",
            "share",
            "judgment",
        ),
    ] = 0.5,
    lags: Annotated[
        float,
        Limit("steps that an average may lag behind, over 1 / (1 - momentum)", "ratio", "3: 95 % of the way"),
    ] = 3.0,
    nearing: Annotated[
        float,
        Limit(
            "loss in inference mode over that of the evaluation before, of averages that catch up",
            "ratio",
            "docs/zoo.md",
        ),
    ] = 0.8,
    hopeless: Annotated[
        float,
        Limit(
            "loss in training mode over the constant prediction's, where inference mode does better",
            "ratio",
            "docs/zoo.md",
        ),
    ] = 1.2,
    learns: Annotated[
        float,
        Limit("loss in inference mode over the constant prediction's, below which that is a hint", "share", "judgment"),
    ] = 0.8,
) -> Finding | None:
    mode = run["mode"]
    if len(mode) < 2:
        raise NotEnoughData("needs two evaluations of the held rows, has one")
    floor, whole = floor_loss(run), room(run)
    inference, training = (mode.of_run(stat) - floor for stat in ("inference", "training"))
    worse = (training > factor * inference) & (training > hopeless * whole)
    if worse[-2:].all():
        found = _hopeless_in_training(mode, worse, training / inference, training / whole, factor, hopeless)
        return replace(found, severity="hint") if inference[-1] < learns * whole else found
    apart = (inference > factor * training) & (inference - training > much * whole)
    if not apart[-2:].all():  # NaN > x is False: a loss that is not finite is another rule's
        return None
    slowest = _slowest(run)
    momentum = float(slowest.settings["momentum"]) if slowest else 0.0
    needs = lags / max(1 - momentum, 1e-9)
    if slowest and mode.steps[-1] < min(needs, _ends_at(run)):
        raise NotEnoughData(
            f"the averages of `{slowest.name}` need about {number(round(needs))} steps, it has had {run.last_step}"
        )
    step, ratio = int(mode.steps[-1]), float(inference[-1] / training[-1])
    late = (
        f" The averages of `{slowest.name}` (momentum {momentum:g}) need {round(needs):,} steps."
        if slowest and step < needs
        else ""
    )
    catching_up = slowest and inference[-1] < nearing * inference[-2]
    # it ended before the averages caught up, and does fairly well
    by_nature = (late or catching_up) and inference[-1] < poor * whole
    return Finding(
        headline=(
            f"In inference mode the loss is {number(mode.last(0, 'inference'))}, in training mode {number(mode.last(0, 'training'))},"
            f" on the same rows: {number(ratio)} times as much (limit: {number(factor)}).{late}"
        ),
        why="What is validated, saved and used is inference mode: the network that was trained is not the one that answers.",
        evidence=[
            Evidence("loss in inference mode over that in training mode", ratio, factor, "ratio", "mode", "run", step),
            Evidence("difference of the two over the constant prediction's loss", float((inference - training)[-1] / whole), much, "share", "mode", "run", step),
        ],
        fixes=[*_fixes(run, slowest), _look_for_a_flag()],
        first_step=mode.since(apart),
        last_step=step,
        severity="hint" if by_nature else "",
    )  # fmt: skip


def _hopeless_in_training(
    mode: Series, worse: np.ndarray, ratio: np.ndarray, share: np.ndarray, factor: float, hopeless: float
) -> Finding:
    """Something that acts in training mode only keeps the network from learning."""
    step = int(mode.steps[-1])
    return Finding(
        headline=(
            f"In training mode the loss is {number(mode.last(0, 'training'))}, in inference mode {number(mode.last(0, 'inference'))}, on the"
            f" same rows: {number(ratio[-1])} times as much (limit: {number(factor)}), and worse than a constant prediction."
        ),
        why="Each step follows what the network does in training mode: what a layer does in that mode alone drowns what the rows say.",
        evidence=[
            Evidence("loss in training mode over that in inference mode", float(ratio[-1]), factor, "ratio", "mode", "run", step),
            Evidence("loss in training mode over the constant prediction's", float(share[-1]), hopeless, "ratio", "mode", "run", step),
        ],
        fixes=[_look_for_a_flag()],
        first_step=mode.since(worse),
        last_step=step,
    )  # fmt: skip


def _slowest(run: Run) -> Layer | None:
    """The layer (a batch normalization) whose averages follow with the largest momentum."""
    layers = [layer for layer in (run.card.layers if run.card else ()) if "momentum" in layer.settings]
    return max(layers, key=lambda layer: layer.settings["momentum"], default=None)


def _ends_at(run: Run) -> float:
    """The last step that the training will have; infinity when that is not known."""
    if run.ended:
        return run.last_step
    assert run.card is not None
    return run.card.epochs * run.card.steps_per_epoch or np.inf


def _fixes(run: Run, slowest: Layer | None) -> list[Fix]:
    if slowest is None:
        return []
    steps = max(run.last_step, 1)
    momentum = min(float(slowest.settings["momentum"]), 0.9 if steps < 1000 else 0.99)
    return [
        Fix(
            f"Give `{slowest.name}` a momentum of {momentum:g}: it fits a training of {steps:,} steps.",
            "Its averages are what inference mode normalizes with; they follow within about 3 / (1 - momentum) steps.",
            *snippets.set_layer(slowest, momentum=momentum),
        ),
        Fix(
            f"Or replace `{slowest.name}` by a layer normalization, which does the same in both modes.",
            "The statistics of few rows differ from batch to batch, and their average describes none.",
            *snippets.replace(slowest, "LayerNormalization"),
        ),
    ]


def _look_for_a_flag() -> Fix:
    return Fix(
        "Compare both modes on ten rows, layer by layer.",
        "The first layer whose outputs differ is the one that acts in one mode only.",
        "print(model(x[:10], training=False))\nprint(model(x[:10], training=True))",
    )
