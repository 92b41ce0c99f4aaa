"""More rows would not lower the validation loss; a learning curve tells, no single training does.

## What it sees

Nothing yet: a single training cannot tell. It takes a learning curve, the losses of the same network trained on a part of the rows
and on all of them.

## Why it matters

"Get more data" is the usual advice, and wrong where training and validation loss have met: then what is left is noise, or what the
network cannot express. Training error does not fall because rows are added.

## What to do first

Train on half and on all of the rows, for as many steps each, and look at both losses:

    for share in (0.5, 1.0):
        model, rows = build_model(), int(share * len(x))
        model.fit(x[:rows], y[:rows], epochs=int(20 / share), verbose=0)
        print(rows, model.evaluate(x[:rows], y[:rows], verbose=0), model.evaluate(x_val, y_val, verbose=0))

If the validation loss stays, or already equals the training loss, look at capacity, features and labels instead.

## When it is wrong

Doubling may show nothing and tenfold may: the curve of a small change is lost in the differences between seeds. Rows of a kind that
is missing today help where more of the same do not.

## Source

Hestness et al. 2017, "Deep Learning Scaling is Predictable, Empirically": the three regions of a learning curve.
"""

from __future__ import annotations

from tb_nndiag.rule import Finding, NeedsExperiment, rule
from tb_nndiag.run import Run


@rule("NND506", severity="hint", reads=[])
def more_data_will_not_help(run: Run) -> Finding | None:
    raise NeedsExperiment("train on half and on all of the rows, and compare training and validation losses")
