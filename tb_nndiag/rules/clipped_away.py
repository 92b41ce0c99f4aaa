"""Clipping removes nearly all of the gradient.

## What it sees

The norm of the gradient before and after the optimizer's clipping, at the observed steps; and whether steps became so short by
it that little was learned.

## Why it matters

Clipping is meant for the rare gradient that is far too large. Where it acts on every step it replaces the learning rate by
a smaller one that nobody chose.

## What to do first

Clip at the size that gradients of this run usually have, or not at all.

## When it is wrong

Adam and its relatives divide by the gradient's own size: clipping the norm does nothing to them unless what is left is as small
as their epsilon. That is why the steps are looked at: where they are long enough, or the run has learned, it is a hint.

## Source

Pascanu et al. 2013: a threshold of half to ten times the average norm. Limits: as of `learning-rate-too-low`.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag.layers import median, median_ratio, with_updates_to_judge
from tb_nndiag.progress import HARM, SIGNALS, evidence_of_harm, harmed, now_left
from tb_nndiag.rule import OUTCOMES, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run
from tb_nndiag.snippets import CLIPPING, learning_rate, optimizer


@rule(
    "NND207",
    severity="error",
    reads=["loss"],
    may_read=["clipping", "updates", "optimizer", *SIGNALS],
    explains=[*OUTCOMES, "class-imbalance", "learning-rate-too-low"],
)
def clipped_away(
    run: Run,
    *,
    least: Annotated[float, Limit("norm of the gradient after clipping over that before", "ratio", "judgment")] = 0.01,
    often: Annotated[float, Limit("share of the observed steps at which less is left", "share", "judgment")] = 0.5,
    floor: Annotated[
        float, Limit("update over the weights per step, median of layers and records", "ratio", "docs/calibration.md")
    ] = 3e-4,
    stuck: Annotated[float, HARM] = 0.9,
    records: Annotated[float, Limit("records before the rule speaks", "records", "judgment")] = 10,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know the optimizer and the layers")
    if "clipping" not in run:
        if run.card.optimizer and any(key in run.card.optimizer.settings for key in CLIPPING):
            raise NotEnoughData("what clipping removes was not recorded")
        return None
    series = run["clipping"]
    if len(series) < records:
        raise NotEnoughData(f"needs {number(records)} records, has {len(series)}")
    before, after = series.of_run("before"), series.of_run("after")
    left = after / before
    cut = left < least  # NaN < least is False: no gradient, or one that is not finite
    if not cut.mean() > often:
        return None
    typical = median(left[cut])
    layers = with_updates_to_judge(run) if "updates" in run else []
    ratio = median(median_ratio(run, layers)) if layers else float("nan")
    harm = ratio < floor and harmed(run, stuck)
    set_now = run.card.optimizer.settings if run.card.optimizer else {}
    unset: dict[str, float | None] = {key: None for key in CLIPPING if key in set_now}
    usual = float(f"{np.median(before[np.isfinite(before)]):.1g}")
    step = int(series.steps[-1])
    moved = f", and a step moves the weights by {number(ratio)} of their size" if harm else ""
    return Finding(
        headline=(
            f"Clipping leaves {number(typical)} of the gradient (limit: {number(least)}) at {cut.mean():.0%} of the observed"
            f" steps{moved}."
        ),
        why=(
            "The steps are as long as the clipping allows, whatever the gradient is."
            if harm
            else "The steps are long enough all the same; what the gradient's size could tell the optimizer is lost."
        ),
        evidence=[
            Evidence(
                "norm of the gradient after clipping over that before", typical, least, "ratio", "clipping", "run", step
            ),
            *(
                [
                    Evidence(
                        "update over the weights, median of layers and records",
                        ratio,
                        floor,
                        "ratio",
                        "updates",
                        "run",
                        step,
                    ),
                    evidence_of_harm(now_left(run), stuck, step),
                ]
                if harm
                else []
            ),
        ],
        fixes=[
            Fix(
                f"Clip at {number(usual)}, the usual norm of this run's gradients.",
                "Then only what is unusually large is cut.",
                *optimizer(run, learning_rate(run), **{**unset, "global_clipnorm": usual}),
            ),
            Fix(
                "Or leave the clipping away.",
                "Without gradients that explode it is not needed.",
                *optimizer(run, learning_rate(run), **unset),
            ),
        ],
        first_step=series.began(int(np.argmax(cut))),
        last_step=int(series.steps[np.flatnonzero(cut)[-1]]),
        active=bool(cut[-1]),
        severity="" if harm else "hint",
    )
