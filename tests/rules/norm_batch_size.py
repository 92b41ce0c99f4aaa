from dataclasses import replace

import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer


def norm(*positions, class_name="BatchNormalization", trainable=64):
    return Layer("norm", class_name, "", "", 128, trainable, (-1, *positions, 32), (32,))


def batches(size, *norms, left=1.0, steps=100, constant=1.0):
    known = card(dense("hidden"), *(norms or (norm(),)), dense("answer", 1, "sigmoid", output=True))
    return run(card=replace(known, batch_size=size), loss=losses([left], [steps]), gap=gaps([left], every=steps), baseline=series("baseline", constant_loss=constant))


FIRES = {
    "one row a batch": recorded("batches_of_one"),
    "three rows": batches(3),
    "a row of three positions": batches(1, norm(3, 1)),
    "one of two": batches(3, norm(5, 5), norm()),
    "it has hardly learned": batches(2, left=0.91),
}
WARNINGS = {
    "it learns a little": batches(2, left=0.89),
    "it learns, and some is left": batches(2, left=0.31),
}
HINTS = {
    "it learns": batches(2, left=0.29),
    "harm is not known": batches(2, constant=np.nan),
}
SILENT = {
    "a healthy run": recorded("pixels_to_255_normalized"),
    "four rows": batches(4),
    "positions enough": batches(1, norm(2, 2)),
    "positions that vary": batches(1, norm(-1)),
    "width and height that vary": batches(1, norm(-1, -1)),
    "frozen": batches(1, norm(trainable=0)),
    "another normalization": batches(1, norm(class_name="LayerNormalization")),
}
UNKNOWN = {
    "99 steps": batches(1, steps=99),
    "the batch size is not known": batches(0),
    "no run card": run(card=None, loss=losses([1.0], [100])),
}
TOLD = {
    "it has hardly learned": [("severity", "")],
    "it learns a little": [("severity", "warning")],
}
