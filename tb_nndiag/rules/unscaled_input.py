"""Inputs are far too large or too small, or their features differ widely in scale.

## What it sees

The held training rows: the scale of each feature (the larger of its absolute mean and its standard deviation), and the
largest scale over the median one. And the harm: how much of a constant prediction's loss is left. Moderately large inputs
count only where the first loss shows them and nothing was learned; tiny ones, where nothing was learned.

## Why it matters

The first layer multiplies by the input: with pixels of 0..255 every step is 255 times larger than meant in some
directions, and one large column drowns all others. Inputs near zero leave it with next to nothing to work on.

## What to do first

Standardize each feature with the mean and standard deviation of the training rows (of these only), or put an adapted
Normalization layer first, so that the model carries the scaling with it.

## When it is wrong

Numbers of words or categories for an embedding are not judged, nor are models that normalize first; behind a Rescaling layer what it
puts out is. Large inputs that are
learned all the same get a hint, and so do those under a loss that has no value for some predictions (the logarithm of 0).

## Source

LeCun et al. 1998, Efficient BackProp, section 4.3. "Outside [-1, 1]" accuses 39 % of healthy runs. Limits: docs/calibration.md.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from tb_nndiag import snippets
from tb_nndiag.progress import SIGNALS, broken_by_its_loss, evidence_of_harm, now_left, reference_loss
from tb_nndiag.rule import OUTCOMES, Change, Evidence, Finding, Fix, Limit, NotEnoughData, number, rule
from tb_nndiag.run import Run

NORMALIZING = (
    "Normalization",
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "UnitNormalization",
    "RMSNormalization",
    "Rescaling",
    "Embedding",
    "Discretization",
    "Hashing",
    "CategoryEncoding",
)
SHAPING = (
    "Reshape",
    "Flatten",
    "Permute",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "Dropout",
    "RandomFlip",
    "RandomRotation",
    "RandomZoom",
    "RandomTranslation",
    "Masking",
    "SpatialDropout1D",
    "GaussianNoise",
)


@rule(
    "NND601",
    severity="error",
    reads=["inputs", "loss"],
    may_read=[*SIGNALS, "fed", "nonfinite"],
    explains=[
        *OUTCOMES,
        "class-imbalance",
        "nan-loss",
        "exploding-gradients",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "dead-units",
        "saturated-units",
        "diverging-loss",
        "vanishing-gradients",
        "oscillating-loss",
        "memorizing-noise",
        "initial-loss",
        "nan-weights",
        "loss-scale-collapse",
        "loss-spikes",
        "stuck-then-learns",
    ],
)
def unscaled_input(
    run: Run,
    *,
    scale: Annotated[float, Limit("largest scale of a feature", "", "docs/calibration.md")] = 30,
    ratio: Annotated[float, Limit("largest scale over the median one", "ratio", "docs/calibration.md")] = 50,
    moderate: Annotated[
        float,
        Limit(
            "largest scale that matters where the first loss shows it and nothing was learned",
            "",
            "docs/calibration.md",
        ),
    ] = 10,
    start: Annotated[
        float, Limit("first loss over the constant prediction's that shows it", "ratio", "docs/calibration.md")
    ] = 2,
    tiny: Annotated[
        float, Limit("largest scale that is too small, where nothing was learned", "", "docs/calibration.md")
    ] = 0.05,
    poor: Annotated[
        float,
        Limit("share of the constant prediction's loss left that makes it a warning", "share", "docs/calibration.md"),
    ] = 0.5,
    stuck: Annotated[
        float, Limit("share left that counts as nothing learned, and makes it an error", "share", "docs/calibration.md")
    ] = 0.9,
) -> Finding | None:
    if run.card is None:
        raise NotEnoughData("needs the run card, to know whether the model normalizes its input")
    first = next((p for p in run.card.layers if p.class_name not in SHAPING), None)
    inputs = run["inputs"]
    # by a factor, whatever comes: only what it makes of the input tells
    rescaled = first is not None and first.class_name == "Rescaling" and "fed" in run and len(inputs.columns) == 1
    if first is None or (first.class_name in NORMALIZING and not rescaled):
        return None
    left = now_left(run)
    begun = float(run["loss"].of_run("first")[0]) / reference_loss(run)
    begun = begun if np.isfinite(begun) else float("inf")
    largest, uneven = inputs["largest_scale"][-1], np.nan_to_num(inputs["scale_ratio"][-1])
    if rescaled:
        largest = run["fed"]["largest_scale"][-1]
    too_large = largest > (moderate if left > stuck and begun > start else scale)
    wide = (uneven > ratio) & (largest > 1)
    too_small = (largest < tiny) & (largest > 0) & (left > stuck)
    if "fed" in run and len(largest) == 1 and tiny <= run["fed"].last(0, "largest_scale") <= moderate:
        return None  # the model scales its input itself, in whatever way
    bad = too_large | wide | too_small
    if not bad.any():
        return None
    worst = int(np.argmax(bad * (1 + largest)))
    name, step = inputs.columns[worst], int(inputs.steps[-1])
    limit = tiny if too_small[worst] else moderate if largest[worst] <= scale else scale
    evidence = [
        Evidence(f"largest scale of a feature of `{name}`", float(largest[worst]), limit, "", "inputs", "run", step),
        Evidence(
            f"largest scale over the median one in `{name}`",
            float(uneven[worst]),
            ratio,
            "ratio",
            "inputs",
            "run",
            step,
        ),
        Evidence(
            "first batch's loss over the best constant prediction's",
            begun,
            start,
            "ratio",
            "loss",
            "run",
            int(run["loss"].steps[0]),
        ),
        evidence_of_harm(left, stuck, run.last_step),
    ]
    low, high = inputs["min"][-1, worst], inputs["max"][-1, worst]
    pixels = bool(inputs["integer"][-1, worst]) and low >= 0 and 128 < high <= 255
    standardize = Fix(
        "Standardize each feature, with the training rows' mean and standard deviation.",
        "Then every feature counts alike, and a usual learning rate fits.",
        *snippets.standardized(run),
    )
    layer = Fix(
        "If the model should carry its scaling, put a Normalization layer first.",
        "It is saved with the model, and its numbers with it.",
        "scale = keras.layers.Normalization()\nscale.adapt(x)\nmodel = keras.Sequential([scale, *model.layers])",
        [Change("inputs", name, snippets.keras("Normalization"))],
    )
    divide = Fix(
        "Divide the pixels by 255.",
        f"They reach from {number(low)} to {number(high)}.",
        "x, x_val = x / 255.0, x_val / 255.0",
        [Change("inputs", name, snippets.keras("Rescaling", scale=1 / 255, offset=0.0))],
    )
    uneven_text = (
        f", {number(float(uneven[worst]))} times the median one (limit: {number(ratio)})" if wide[worst] else ""
    )
    side = "at least " if too_small[worst] else ""
    as_fed = f" behind `{first.name}`" if rescaled else ""
    once = Fix(
        f"Scale the input once: leave out `{first.name}`, or what scales the rows before it.",
        f"They reach it from {number(low)} to {number(high)}.",
        f'# leave out the layer "{first.name}"',
        [Change("replace", first.name, None)],
    )
    return Finding(
        headline=(
            f"`{name}` is not scaled{as_fed}: its values reach from {number(low)} to {number(high)}, the largest mean or spread of a"
            f" feature{as_fed} is {number(float(largest[worst]))} (limit: {side}{number(limit)}){uneven_text}."
        ),
        why=(
            "The first layer multiplies by its input: steps are too large along large features, and nothing is learned"
            " from small ones."
        ),
        evidence=[evidence[0], *(e for e in evidence[1:] if e.value > e.limit)],
        fixes=[once, standardize] if rescaled else [divide, standardize] if pixels else [standardize, layer],
        first_step=0,
        last_step=step,
        severity="hint" if left <= poor or broken_by_its_loss(run) else "" if left > stuck else "warning",
    )
