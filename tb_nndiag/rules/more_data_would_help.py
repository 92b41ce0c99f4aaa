"""More rows would lower the validation loss; a learning curve tells, no single training does.

## What it sees

Nothing yet: a single training cannot tell. It takes a learning curve, the validation loss of the same network trained on a part of
the rows and on all of them.

## Why it matters

Rows are dear. Where the validation loss falls each time the rows are doubled, it will fall about as much the next time: the curve is
near a straight line on logarithmic axes. Where it does not, the money is better spent otherwise.

## What to do first

Train on a quarter, half and all of the rows, for as many steps each, and look at the validation loss:

    for share in (0.25, 0.5, 1.0):
        model, rows = build_model(), int(share * len(x))
        model.fit(x[:rows], y[:rows], epochs=int(20 / share), verbose=0)
        print(rows, model.evaluate(x_val, y_val, verbose=0))

Shuffle the rows once before it. It helps if the last two differ by more than two trainings on the same rows with other seeds do.

## When it is wrong

A network that does not fit the rows it has (`underfitting`, `cannot-fit-small-data`) gains nothing from others, whatever the
curve's first points look like.

## Source

Hestness et al. 2017, "Deep Learning Scaling is Predictable, Empirically".
"""

from __future__ import annotations

from tb_nndiag.rule import Finding, NeedsExperiment, rule
from tb_nndiag.run import Run


@rule("NND505", severity="hint", reads=[])
def more_data_would_help(run: Run) -> Finding | None:
    raise NeedsExperiment("train on a quarter, half and all of the rows, and compare the validation losses")
