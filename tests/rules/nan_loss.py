import numpy as np
from made_up import losses, run, series
from recorded import recorded

NAN = np.nan
PLACES = ("input", "output of hidden", "loss", "gradient of hidden")

FIRES = {
    "a rate below zero": recorded("rate_negative"),
    "a learning rate that overflows": recorded("steps_explode"),
    "one batch, from which it recovered": run(loss=losses([1, 1, 1], nonfinite=[0, 1, 0])),
    "an infinite loss": run(loss=losses([1, np.inf], nonfinite=[0, 1])),
    "NaN to the end": run(loss=losses([1, 0.9, NAN], nonfinite=[0, 0, 1])),
    "an output broke first": run(loss=losses([1, NAN], nonfinite=[0, 1]), nonfinite=series("nonfinite", PLACES, [2], count=[[0, 3, 1, 9]])),
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
    "NaN to the end": [("value", "NaN"), ("evidence", 2)],
    "an output broke first": [("evidence", 3)],
    "an infinite loss": [("value", "Infinity")],
    "a learning rate that overflows": [("says", "(limit: 0). The first"), ("first_step", 16), ("active", True), ("says", "was the gradient of `dense_1`.")],
}
