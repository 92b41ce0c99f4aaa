"""A long training on a GPU with tensor cores computes in float32.

## What it sees

The run card: every GPU has tensor cores for 16-bit numbers (compute capability 7.0), and the model's policy is float32. It speaks of
trainings that take long, with steps that are long enough to be spent in products of matrices, and do not wait for data.

## Why it matters

Tensor cores multiply 16-bit matrices several times as fast as the other cores multiply 32-bit ones, and activations take half the memory.

## What to do first

Set the policy before the model is built, and keep the last layer in float32. Weights stay in float32 in any case.

## When it is wrong

Small layers, or sizes that are no multiples of 8, gain little. From compute capability 8.0 on, float32 products use the tensor cores
in part already (TF32). Losses with exponentials or sums over many values may need float32.

## Source

Micikevicius et al. 2018; Keras' guide "Mixed precision". Limits: NVIDIA's tensor cores begin with compute capability 7.0; the others are
judgment: no training was measured on a GPU.
"""

from __future__ import annotations

from typing import Annotated

from tb_nndiag.layers import median
from tb_nndiag.rule import Change, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run

BFLOAT16 = 8.0  # compute capability from which tensor cores take bfloat16


@rule("NND806", severity="hint", reads=["timing"], may_read=["wait"])
def no_mixed_precision(
    run: Run,
    *,
    capability: Annotated[float, Limit("compute capability of the GPUs", "", "NVIDIA's tensor cores")] = 7.0,
    minutes: Annotated[float, Limit("training that is worth a change", "min", "judgment")] = 30,
    least: Annotated[float, Limit("step that is spent in products of matrices", "ms", "judgment")] = 20,
    waiting: Annotated[float, Limit("wait for the batch over the time of a step", "share", "judgment")] = 0.5,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know the GPUs and the precision")
    has = run.card.compute_capability
    if has < capability or run.card.precision != "float32":
        return None
    timing = run["timing"]
    took, step = timing.last(0, "elapsed_seconds") / 60, int(timing.steps[-1])
    each = 1000 * median(timing.of_run("step_seconds"))
    wait = 1000 * median(run["wait"].of_run("seconds")) if "wait" in run else 0.0
    if took < minutes or each < least or wait > waiting * each:
        return None
    policy = "mixed_bfloat16" if has >= BFLOAT16 else "mixed_float16"
    range_kept = (
        "bfloat16 has the range of float32."
        if has >= BFLOAT16
        else "Keras scales the loss, so that small gradients are kept."
    )
    return Finding(
        headline=(
            f"{number(took)} minutes (limit: {number(minutes)}) with steps of {number(each)} ms were computed in float32, on a GPU with tensor"
            f" cores (compute capability {number(has)}; they begin at {number(capability)})."
        ),
        why="Tensor cores multiply 16-bit matrices several times as fast, and activations take half the memory.",
        evidence=[
            Evidence("length of the training", took, minutes, "min", "timing", "run", step),
            Evidence("time of a step", each, least, "ms", "timing", "run", step),
            Evidence("compute capability", has, capability, "", "card", "run", step),
        ],
        fixes=[
            Fix(
                'Set the policy before the model is built, and give its last layer `dtype="float32"`.',
                f"{range_kept} The weights stay in float32.",
                f'keras.mixed_precision.set_global_policy("{policy}")',
                [Change("precision", "model", policy)],
            ),
        ],
        first_step=1,
        last_step=step,
    )
