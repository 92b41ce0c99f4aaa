import numpy as np
from made_up import card, dense, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer

NAN = np.nan
PLACES = ("input", "output of hidden", "loss", "gradient of hidden")

OWN = card(dense("hidden"), Layer("mine", "Lambda"), dense("answer", 1, "sigmoid", output=True))


def at(place, card=OWN):
    return run(loss=losses([1, NAN], nonfinite=[0, 1]), nonfinite=series("nonfinite", ("input", place, "loss"), [2], count=[[0, 3, 1]]), card=card)


FIRES = {
    "a rate below zero": recorded("rate_negative"),
    "a learning rate that overflows": recorded("steps_explode"),
    "one batch, from which it recovered": run(loss=losses([1, 1, 1], nonfinite=[0, 1, 0])),
    "an infinite loss": run(loss=losses([1, np.inf], nonfinite=[0, 1])),
    "NaN to the end": run(loss=losses([1, 0.9, NAN], nonfinite=[0, 0, 1])),
    "an output broke first": run(loss=losses([1, NAN], nonfinite=[0, 1]), nonfinite=series("nonfinite", PLACES, [2], count=[[0, 3, 1, 9]])),
    "a layer without weights broke first": at("output of mine"),
    "a layer with weights broke first": at("output of hidden"),
    "the gradient of a layer without weights broke first": at("gradient of mine"),
    "a layer broke first that is not known": at("output of other"),
    "a layer broke first without a run card": at("output of mine", card=None),
    "the loss itself broke first": run(loss=losses([1, NAN], nonfinite=[0, 1]), nonfinite=series("nonfinite", PLACES, [2], count=[[0, 0, 1, 9]])),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "a NaN that a relu hides from the loss": recorded("row_with_nan"),
    "a loss that is large but finite": run(loss=losses([1, 1e30])),
}
UNKNOWN = {"no loss was seen": run()}
TOLD = {
    "a layer without weights broke first": [("says", "Look at what `mine` computes: it was given finite numbers."), ("says", "keras.ops.exp(x -")],
    "a layer with weights broke first": [("says not", "Look at what")],
    "the gradient of a layer without weights broke first": [("says not", "Look at what")],
    "a layer broke first that is not known": [("says not", "Look at what")],
    "a layer broke first without a run card": [("says not", "Look at what")],
    "NaN to the end": [("value", "NaN"), ("evidence", 2)],
    "an output broke first": [("evidence", 3)],
    "an infinite loss": [("value", "Infinity")],
    "a learning rate that overflows": [("says", "(limit: 0). The first"), ("first_step", 16), ("active", True), ("says", "was the gradient of `dense_1`.")],
}
