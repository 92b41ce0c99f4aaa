"""Two variants differ by less than reruns of one; trainings with other seeds tell.

## What it sees

Nothing yet: one run has one seed. It takes reruns of the same program.

## Why it matters

A change that is "better by 0.3 %" is no change when a rerun moves by 0.5 %. Most comparisons of two single runs are of this kind.

## What to do first

Train each variant with at least three seeds, and compare the difference of the means with the spread:

    for seed in (1, 2, 3):
        keras.utils.set_random_seed(seed)
        model = build_model()
        model.fit(x, y, epochs=20, verbose=0, callbacks=[Diagnosis(f"logs/variant-a-{seed}")])
        print(seed, model.evaluate(x_val, y_val, verbose=0))

The tab draws the runs of a logdir over each other.

## When it is wrong

Three seeds give a rough spread. The validation rows add a noise of their own, which no seed shows: `small-validation-set`.

## Source

Bouthillier et al. 2021, "Accounting for Variance in Machine Learning Benchmarks".
"""

from __future__ import annotations

from tb_nndiag.rule import Finding, NeedsExperiment, rule
from tb_nndiag.run import Run


@rule("NND903", severity="hint", reads=[])
def within_seed_noise(run: Run) -> Finding | None:
    raise NeedsExperiment("train each variant with three seeds, and compare the difference with their spread")
