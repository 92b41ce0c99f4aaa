"""Gradients are accumulated over so many batches that the weights hardly ever move.

## What it sees

The optimizer's `gradient_accumulation_steps`, how many updates of the weights the steps of the training amount to, and how much was
learned.

## Why it matters

The loss and the metrics are told for each batch, so the training looks as long as ever. But the weights move once in so many batches,
and the gradients of these are averaged: an update is no longer than that of a single batch.

## What to do first

Accumulate fewer batches, or train for as many times more epochs. If the large batch is wanted, raise the learning rate with it.

## When it is wrong

A fine-tuning may need a few updates only; where most of the loss is gone, the rule says nothing.

## Source

Keras, `Optimizer(gradient_accumulation_steps=...)`: gradients are averaged over these steps. Goyal et al. 2017 for the rate.
Limits: family `accumulation` of docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.progress import HARM, SIGNALS, evidence_of_harm, now_left
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import fit, learning_rate, optimizer


@rule(
    "NND209",
    severity="error",
    reads=["loss", "baseline"],
    may_read=["optimizer", *SIGNALS],
    explains=[*OUTCOMES, "class-imbalance", "learning-rate-too-low"],
)
def accumulation_mismatch(
    run: Run,
    *,
    few: Annotated[
        float,
        Limit(
            "updates of the weights that are too few for most networks",
            "updates",
            "docs/calibration.md, accumulation",
        ),
    ] = 100,
    much: Annotated[
        float, Limit("share of the constant prediction's loss that is left", "share", "docs/calibration.md")
    ] = 0.65,
    stuck: Annotated[float, HARM] = 0.9,
) -> Finding | None:
    if run.card is None or run.card.optimizer is None:
        raise NotEnoughData("needs the run card, to know how many batches are accumulated")
    every = int(run.card.optimizer.settings.get("gradient_accumulation_steps", 0) or 0)
    if every < 2:
        return None
    left, updates, step = now_left(run), run.last_step // every, run.last_step
    if updates >= few or left < much:
        return None
    if step < few:
        raise NotEnoughData(f"needs {number(few)} steps, has {step}: without accumulation they would be few as well")
    fewer = max(every // 10, 1)
    moved = {0: "never", 1: "once"}.get(updates, f"{updates} times")
    return Finding(
        headline=(
            f"In {step:,} steps the weights moved {moved} (limit: {number(few)} times): the gradients of {every:,} batches"
            f" are averaged into one update, and {left:.0%} of the best constant prediction's loss is left."
        ),
        why="An update is no longer than that of a single batch, and there are so few of them that the network cannot get far.",
        evidence=[
            Evidence("updates of the weights", updates, few, "updates", "card", "run", step),
            evidence_of_harm(left, much, step),
        ],
        fixes=[
            Fix(
                f"Accumulate {number(fewer)} batches instead of {every:,}." if fewer > 1 else "Do not accumulate.",
                "That makes as many times more updates of the same epochs.",
                *optimizer(run, learning_rate(run), gradient_accumulation_steps=fewer if fewer > 1 else None),
            ),
            Fix(
                f"Or train for {every:,} times as many epochs.",
                "Then there are as many updates as there would be without accumulation.",
                *fit(epochs=every * max(run.card.epochs, 1)),
            ),
        ],
        first_step=1,
        last_step=step,
        severity="" if left > stuck else "warning",
    )  # fmt: skip
