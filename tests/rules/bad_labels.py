from dataclasses import replace

from made_up import card, dense, run, series
from recorded import recorded

BINARY, CATEGORICAL, SPARSE = "BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"
ONE_HOT = {"width": 3, "row_sum_min": 1, "row_sum_max": 1}


def labeled(loss=SPARSE, units=3, rows=500, **labels):
    return run(card=card(dense("hidden"), dense("answer", units, "softmax" if units > 1 else "sigmoid", output=True), loss=loss),
               labels=series("labels", **labels), baseline=series("baseline", rows=rows))  # fmt: skip


FIRES = {
    "rows of one class, cut out of ten": recorded("rows_of_one_class"),
    "class numbers that were scaled": labeled(integer=0, max=0.9, distinct=10),
    "counts below zero": labeled("Poisson", min=-0.1),
    "one class in all rows": labeled(majority_share=1.0),
    "one of two": labeled(BINARY, 1, majority_share=1.0),
    "one of three, one-hot": labeled(CATEGORICAL, majority_share=1.0, **ONE_HOT),
    "fifty rows": labeled(majority_share=1.0, rows=50),
}
WARNINGS = {
    "several classes a row": labeled(CATEGORICAL, width=3, row_sum_min=0, row_sum_max=3),
    "just over a sum of 1": labeled(CATEGORICAL, width=3, row_sum_min=1, row_sum_max=1.06),
}
HINTS = {}
SILENT = {
    "a healthy classifier": recorded("healthy_dense"),
    "a healthy regression": recorded("healthy_regression"),
    "class numbers": labeled(max=2, distinct=3),
    "one-hot": labeled(CATEGORICAL, **ONE_HOT),
    "just under a sum of 1": labeled(CATEGORICAL, width=3, row_sum_min=1, row_sum_max=1.04),
    "several labels under binary cross-entropy": labeled(BINARY, width=3, row_sum_min=0, row_sum_max=3),
    "one column of 0 and 2 is another rule's": labeled(CATEGORICAL, 1, row_sum_min=0, row_sum_max=2),
    "soft labels": labeled(BINARY, 1, integer=0),
    "counts": labeled("Poisson", min=0, max=9),
    "amounts below zero under a squared loss": labeled("MeanSquaredError", min=-1),
    "nearly one class": labeled(majority_share=0.998),
    "zeros for a loss that needs no targets": labeled("function", majority_share=1.0),
    "zeros for a residual": labeled("MeanSquaredError", majority_share=1.0),
    "49 rows of one class": labeled(majority_share=1.0, rows=49),
}
UNKNOWN = {
    "no run card": run(card=None, labels=series("labels"), baseline=series("baseline")),
    "two outputs": run(labels=series("labels", ("a", "b")), baseline=series("baseline")),
    "no loss": run(card=replace(card(), losses=()), labels=series("labels"), baseline=series("baseline")),
    "the loss of a constant was not recorded": run(labels=series("labels")),
}
TOLD = {
    "class numbers that were scaled": [("says", 'keras.layers.Dense(1, activation="linear", name="answer")')],
}
