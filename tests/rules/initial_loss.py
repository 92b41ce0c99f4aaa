from dataclasses import replace

import numpy as np
from made_up import card, dense, losses, run, series
from recorded import recorded

from tb_nndiag.run import Loss


def start(first, rows=8, loss="BinaryCrossentropy", penalty=0.0, step=1, constant=1.0, known=True, units=1):
    model = replace(card(dense("answer", units, "softmax" if units > 1 else "sigmoid", output=True), loss=loss), batch_size=rows) if known else None
    gap = series("gap", steps=[20], train=np.array([1.0]), penalty=penalty, epoch=1)
    return run(card=model, loss=losses([1.0], [step], first=first), gap=gap, baseline=series("baseline", constant_loss=constant))


FIRES = {
    "pixels of 0 to 255": recorded("pixels_to_255"),
    "normal weights of standard deviation 1": recorded("weights_too_large"),
    "just over the limit": start(8.1),
    "two outputs, one loss": run(card=replace(card(dense("a", output=True), dense("b", output=True)), batch_size=8), loss=losses([9.0]), baseline=series("baseline")),
}
HINTS = {}
SILENT = {
    "nothing was evaluated": run(card=replace(card(), batch_size=32), loss=losses([1.0]), baseline=series("baseline")),
    "a healthy run": recorded("healthy_dense"),
    "just under the limit": start(7.9),
    "a rare class": start(8 * 0.6, constant=0.05),
    "a hundred classes, of which a few are common": start(8 * 4.6, constant=1.0, units=100),
    "some of it is a penalty": start(11, penalty=5.4),
}
UNKNOWN = {
    "most of it is a penalty": start(20, penalty=10.1),
    "seven rows": start(100, rows=7),
    "a squared loss": start(100, loss="MeanSquaredError"),
    "two losses": run(card=replace(card(), losses=(Loss("BinaryCrossentropy"),) * 2), loss=losses([1.0]), baseline=series("baseline")),
    "the first step was not seen": start(100, step=2),
    "the constant's loss is not known": start(100, constant=np.nan),
    "no run card": start(100, known=False),
}
