from dataclasses import replace

import numpy as np
from made_up import card, dense, losses, run, series
from recorded import recorded

from tb_nndiag.run import Loss

SQUARED, SPARSE, CATEGORICAL = "MeanSquaredError", "SparseCategoricalCrossentropy", "CategoricalCrossentropy"
QUANTITIES = {"integer": 0, "distinct": 400}


def reported(name, *values, loss=SQUARED, epochs=3, known=True, **labels):
    values = np.array([[1.0, value] for value in (values or [0.5] * epochs)])
    output = dense("answer", *((1, "linear") if loss == SQUARED else (20, "softmax")), output=True)
    return run(card=card(output, loss=loss) if known else None, epoch=series("epoch", ("loss", name), value=values), labels=series("labels", **labels), loss=losses([1.0]))


FIRES = {
    "accuracy of a regression": recorded("accuracy_of_quantities"),
    "accuracy of quantities": reported("accuracy", **QUANTITIES),
    "just over twenty values": reported("acc", integer=0, distinct=21),
    "binary accuracy of one-hot targets": reported("binary_accuracy", loss=CATEGORICAL, width=10),
    "an accuracy that compares exactly": reported("accuracy", 0, 0, 0, loss=SPARSE, distinct=20),
}
HINTS = {}
SILENT = {
    "a healthy classifier": recorded("healthy_metrics"),
    "a classifier": reported("accuracy", loss=SPARSE),
    "no accuracy": recorded("healthy_regression"),
    "another metric": reported("mean_absolute_error", **QUANTITIES),
    "twenty values": reported("accuracy", integer=0, distinct=20),
    "whole numbers": reported("accuracy", integer=1, distinct=400),
    "another loss": reported("accuracy", loss="BinaryCrossentropy", **QUANTITIES),
    "categorical accuracy of one-hot targets": reported("categorical_accuracy", loss=CATEGORICAL, width=10),
    "binary accuracy of several labels at once": reported("binary_accuracy", loss="BinaryCrossentropy", width=10),
    "binary accuracy of one column": reported("binary_accuracy", loss=CATEGORICAL),
    "right once": reported("accuracy", 0, 0, 0.01, loss=SPARSE),
    "many classes": reported("accuracy", 0, 0, 0, loss=SPARSE, distinct=21),
    "a squared loss on classes": reported("accuracy", 0, 0, 0),
}
UNKNOWN = {
    "two epochs": reported("accuracy", epochs=2, **QUANTITIES),
    "two losses": run(card=replace(card(), losses=(Loss(SQUARED),) * 2), epoch=series("epoch", value=np.zeros(3)), labels=series("labels")),
    "two targets": run(epoch=series("epoch", value=np.zeros(3)), labels=series("labels", ("a", "b"))),
    "no run card": reported("accuracy", known=False, **QUANTITIES),
    "no metrics": run(),
}
TOLD = {
    "binary accuracy of one-hot targets": [("says", "(limit: 1): zeros")],
}
