from dataclasses import replace

import numpy as np
from made_up import card, gaps, run, series
from recorded import recorded


def easier(val=0.2, train=0.5, epochs=8, location=0.0, distance=0.5, **more):
    shift = series("label_shift", location=location, distance=distance)
    return run(gap=gaps([train] * epochs, np.broadcast_to(val, epochs)), baseline=series("baseline"), label_shift=shift, **more)


FIRES = {
    "validation of one class": recorded("validation_of_one_class"),
    "less than half": easier(0.24),
    "just enough": easier(0.05, 0.16),
    "five epochs": easier(epochs=5),
    "in the last five epochs": easier([0.5] * 3 + [0.2] * 5),
    "other classes": easier(distance=0.31),
    "other quantities": easier(location=0.51, distance=np.nan),
}
HINTS = {}
SILENT = {
    "more than half": easier(0.26),
    "too little to matter": easier(0.05, 0.14),
    "in the last four epochs": easier([0.5] * 4 + [0.2] * 4),
    "it went away": easier([0.2] * 7 + [0.5]),
    "the same classes: training rows may be augmented": easier(distance=0.29),
    "a hundred classes in few rows": easier(distance=0.6, card=None, labels=series("labels", distinct=100), overlap=series("overlap", train_rows=1000, val_rows=200)),
    "the same quantities": easier(location=0.49, distance=np.nan),
}
UNKNOWN = {
    "four epochs": easier(epochs=4),
    "no validation": easier(np.nan),
    "rows are weighted": easier(card=replace(card(), weighted=True)),
    "targets were not compared": run(gap=gaps([0.5] * 8, 0.2), baseline=series("baseline")),
}
