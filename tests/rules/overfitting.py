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


def metric(name, trained, validated):
    return series("epoch", (name, f"val_{name}"), np.arange(1, 21) * 20, value=np.column_stack([trained, validated]))


def between_records(made, lowest):
    """The best epoch, 5, was not recorded."""
    gap = made.series["gap"]
    gap.values[:, 0, gap.stats.index("best_val")] = lowest
    gap.values[:, 0, gap.stats.index("best_epoch")] = 5
    return made


def of_a_constant(loss):
    """With the loss of the best constant prediction."""
    return {"baseline": series("baseline", constant_loss=loss), "perfect": series("perfect")}


RISING = np.linspace(0.5, 0.9, 20)
FIRES = {
    "an error is no accuracy": valley(0.4, epoch=metric("mae", np.linspace(0.5, 0.1, 20), RISING)),
    "a score that may be negative": valley(0.4, epoch=metric("r2", RISING - 0.51, RISING)),
    "a number of hits": valley(0.4, epoch=metric("hits", 9 * RISING, 9 * RISING)),
    "an accuracy that fell a little": valley(0.4, epoch=accuracy(0.785)),
    "the accuracy was not measured until after the best epoch": valley(0.4, epoch=metric("accuracy", RISING, [np.nan] * 7 + [0.8] * 13)),
    "the best epoch was not recorded": between_records(valley(0.4), 0.9),
    "the best epoch was recorded": between_records(valley(0.4), 1.1),
    "sixty rows": recorded("few_rows"),
    "just over the limit": valley(0.105),
    "more than the noise": valley(0.4, wobble=0.05),
    "with the accuracy": valley(0.4, epoch=accuracy(0.75)),
    "an accuracy that was never any good": valley(0.4, epoch=accuracy(0.4, low=0.4)),
    "it ran all its epochs": valley(0.4, card=replace(card(), epochs=20, ended=True)),
    "it has not ended yet": valley(0.4, card=replace(card(), epochs=30, ended=False)),
    "just over a twentieth of a constant's loss": valley(0.4, **of_a_constant(7.9)),
    "six epochs after the best": valley(0.4, best=5, epochs=10),
}
HINTS = {
    "an accuracy that is nearly at its best": valley(0.4, epoch=accuracy(0.792)),
    "just under a twentieth of a constant's loss": valley(0.4, **of_a_constant(8.1)),
    "the accuracy was not measured at the best epoch": valley(0.4, epoch=metric("accuracy", RISING, [0.7] * 6 + [np.nan] + [0.8] * 13)),
    "the accuracy is still at its best": valley(0.4, epoch=accuracy(0.795)),
    "stopped before its last epoch": valley(0.4, card=replace(card(), epochs=30, ended=True)),
    "it is, as far as it was measured": valley(0.4, epoch=accuracy(0.795, np.nan)),
}
SILENT = {
    "a rise of twice the usual change": valley(0.2, best=12),
    "a rise without much of a trend": run(gap=gaps(FALLING, [*np.linspace(1.13, 1.01, 13), 1, 1.49, 1.5, 1.48, 1.485, 1.505, 1.495])),
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
    "the best epoch was not recorded": [("says", "best in epoch 5 (0.9)")],
    "the best epoch was recorded": [("says", "best in epoch 7 (1)")],
    "sixty rows": [("says", "Add dropout after `dense_1` or weight")],
}
