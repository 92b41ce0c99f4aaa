from dataclasses import replace

import numpy as np
from made_up import card, gaps, losses, run, series
from recorded import recorded

TRAIN = np.linspace(0.9, 0.4, 10)


def beside(val=0.5, train=TRAIN, location=0.0, labels=None, more=None, **shift):
    val = np.broadcast_to(val, len(train))
    parts = {"shift": series("shift", ("pixels",), location=location, **shift)} if shift or location else {}
    if labels:
        parts["label_shift"] = series("label_shift", **labels)
    return run(gap=gaps(train, val), baseline=series("baseline"), **parts, **(more or {}))


MANY = {"card": None, "labels": series("labels", distinct=100), "overlap": series("overlap", train_rows=1000, val_rows=200)}  # 0.31 by chance


def harmed(**more):
    return beside(TRAIN * 2.1, **more)


FIRES = {
    "validation rows that were not divided": recorded("validation_pixels_to_255"),
    "pixels of 0 to 255 against 0 to 1": beside([18, 12, 9, *[5] * 7], scale=255.0, outside_share=0.8),
    "nothing is known of the rows, but the loss was far off at once": beside(TRAIN * 5.1),
    "far off at once, and hardly shifted": beside(TRAIN * 5.1, location=0.4),
    "just far enough at once": beside([*TRAIN[:9] * 5.1, 1.01]),
    "more than twice the constant at once": beside([2.05, *[1.5] * 9], np.linspace(0.4, 0.2, 10), scale=2.1),
}
WARNINGS = {
    "just over the location": harmed(location=0.51),
    "just over the scale": harmed(scale=2.1),
    "just under its inverse": harmed(scale=0.48),
    "nothing but zeros": harmed(scale=0.0),
    "values out of range": harmed(outside_share=0.06),
    "the targets lie elsewhere": harmed(labels={"location": 0.51}),
    "other classes": harmed(labels={"distance": 0.16}),
    "other ones of a hundred classes": harmed(labels={"distance": 0.47}, more=MANY),
    "not far apart": beside(np.full(10, 0.52), np.full(10, 0.25), location=0.51),
    "a shift that is not a number beside one that is": harmed(location=np.inf, scale=2.1),
}
HINTS = {
    "a gross shift that does no harm": beside(scale=12.1),
    "a gross one of the classes": beside(labels={"distance": 0.5, "location": 3.1}),
    "a gross one, and nothing was learned": beside(1.1, np.full(10, 1.0), scale=12.1),
    "a gross one, and no validation loss": beside(np.nan, scale=12.1),
}
SILENT = {
    "a hundred classes in few rows": harmed(labels={"distance": 0.45}, more=MANY),
    "a healthy run": recorded("healthy_dense"),
    "rows of one kind": harmed(location=0.49, scale=1.9, outside_share=0.04, labels={"location": 0.49, "distance": 0.14}),
    "not so small a scale": harmed(scale=0.52),
    "a shift that does no harm": beside(location=2.9, scale=11.9),
    "harm that began later": beside(np.linspace(0.9, 2.0, 10), location=0.6),
    "harm that went away": beside(np.linspace(2.9, 0.7, 10), location=0.6),
    "harm too small to matter": beside(np.linspace(0.45, 0.22, 10), np.linspace(0.2, 0.05, 10), location=0.6),
    "not far enough at once": beside(TRAIN * 4.9),
    "far at once, but not in the end": beside([*TRAIN[:9] * 6, 0.95]),
    "far at once, but better than twice the constant": beside(np.linspace(1.9, 1.5, 10), np.linspace(0.3, 0.1, 10)),
    "nothing is known of the rows": beside(),
}
UNKNOWN = {
    "no validation": beside(np.nan),
    "a small shift, and no validation loss": beside(np.nan, scale=1.9),
    "the constant's loss is not known": run(gap=gaps(TRAIN, TRAIN), baseline=series("baseline", constant_loss=np.nan)),
    "rows are weighted": run(gap=gaps(TRAIN, TRAIN * 9), baseline=series("baseline"), card=replace(card(), weighted=True)),
    "nothing was evaluated": run(loss=losses([1.0])),
}
TOLD = {
    "just over the location": [("limits", [0.5, 2.0])],
    "nothing is known of the rows, but the loss was far off at once": [("limits", [5.0])],
    "far off at once, and hardly shifted": [("limits", [5.0])],
}
