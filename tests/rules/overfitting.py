from dataclasses import replace

import numpy as np
from made_up import card, gaps, run, series
from recorded import recorded

FALLING = np.linspace(1, 0.1, 20)


def valley(rise=0.2, best=7, wobble=0.0, epochs=20, train=FALLING, **more):
    """A validation loss that falls to 1 at epoch `best` and rises, by `rise` in the median of its last third."""
    at = np.arange(1, epochs + 1)
    tail = np.median(at[-max(3, (epochs - best + 1) // 3) :]) - best
    val = 1 + np.where(at < best, (best - at) * 0.1, (at - best) * rise / tail) + wobble * np.resize([1, -1], epochs) * (at != best)
    return run(gap=gaps(train[:epochs], val), **more)


def accuracy(*last, low=0.8):
    values = np.column_stack([np.linspace(0.5, 0.99, 20), [*np.linspace(min(low, 0.5), low, 7), *np.resize(last, 13)]])
    return series("epoch", ("accuracy", "val_accuracy"), np.arange(1, 21) * 20, value=values)


FIRES = {
    "sixty rows": recorded("few_rows"),
    "just over the limit": valley(0.105),
    "more than the noise": valley(0.4, wobble=0.05),
    "with the accuracy": valley(0.4, epoch=accuracy(0.75)),
    "an accuracy that was never any good": valley(0.4, epoch=accuracy(0.4, low=0.4)),
    "it ran all its epochs": valley(0.4, card=replace(card(), epochs=20, ended=True)),
    "it has not ended yet": valley(0.4, card=replace(card(), epochs=30, ended=False)),
    "six epochs after the best": valley(0.4, best=5, epochs=10),
}
HINTS = {
    "the accuracy is still at its best": valley(0.4, epoch=accuracy(0.795)),
    "stopped before its last epoch": valley(0.4, card=replace(card(), epochs=30, ended=True)),
    "it is, as far as it was measured": valley(0.4, epoch=accuracy(0.795, np.nan)),
}
SILENT = {
    "a healthy run": recorded("healthy_regression"),
    "just under the limit": valley(0.095),
    "within the noise": valley(0.12, wobble=0.08),
    "a bump at the end": valley(0.4, best=17),
    "both losses rise": valley(0.4, train=FALLING[::-1]),
    "noise without a trend": run(gap=gaps(FALLING, [*np.linspace(2, 1, 7), *np.resize([1.3, 1.4, 1.3, 1.2], 13)])),
}
UNKNOWN = {
    "no validation": run(gap=gaps(FALLING)),
    "five epochs": valley(0.5, best=2, epochs=5),
    "nothing was evaluated": run(),
}
TOLD = {
    "sixty rows": [("says", "Add dropout after `dense_1` or weight")],
}
