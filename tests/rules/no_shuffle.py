import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

ANSWER = dense("answer", 3, "softmax", output=True)
ONE_HOT = {"width": 3, "row_sum_min": 1, "row_sum_max": 1}


def ordered(spread=8.0, left=0.5, epochs=6, last_batches=0.1, loss="SparseCategoricalCrossentropy", fall=0.0, constant=1.0, labels=None, **more):
    train = np.linspace(left + fall, left, epochs)
    at = np.arange(1, epochs + 1) * 20
    return run(batches=series("batches", steps=at, target_spread=spread), labels=series("labels", **(labels or {})), gap=gaps(train),
               loss=losses(train * last_batches, at), baseline=series("baseline", constant_loss=constant), **{"card": card(dense("hidden"), ANSWER, loss=loss), **more})  # fmt: skip


FIRES = {
    "digits sorted by class": recorded("sorted_by_class"),
    "sorted by class": ordered(),
    "sorted by class, one-hot": ordered(labels=ONE_HOT),
    "just over the distance": ordered(3.1),
    "just badly fitted": ordered(left=0.31),
    "three epochs": ordered(epochs=3),
    "a fall of next to nothing": ordered(fall=0.02),
    "quantities in order, and nothing learned": ordered(loss="MeanSquaredError", left=0.91),
}
HINTS = {"it learns": ordered(left=0.29), "still falling": ordered(fall=0.3)}
SILENT = {
    "rows of several classes, or none": ordered(labels={**ONE_HOT, "row_sum_min": 0}),
    "shuffled": ordered(1.0),
    "just under the distance": ordered(2.9),
    "a series": ordered(loss="MeanSquaredError", left=0.89),
    "a text": ordered(labels={"width": 12, "row_sum_min": 900, "row_sum_max": 900}),
    "several labels a row": ordered(labels={**ONE_HOT, "row_sum_max": 3}),
    "classes of pixels": ordered(labels={**ONE_HOT, "rank": 4}),
    "without a run card": ordered(card=None),
    "not a number, in one batch an epoch": ordered(np.nan),
    "a loss that is not finite": ordered(left=np.nan, last_batches=0),
}
UNKNOWN = {
    "two epochs": ordered(epochs=2),
    "batches were not compared": run(labels=series("labels"), gap=gaps([1.0]), baseline=series("baseline")),
    "the constant's loss is not known": ordered(constant=np.nan),
}
TOLD = {
    "quantities in order, and nothing learned": [("says", "follows their targets")],
    "three epochs": [("says", "follows their classes")],
    "just over the distance": [("evidence", 2)],
    "it learns": [("evidence", 1)],
    "sorted by class": [("says", "dataset.unbatch().shuffle(640).batch(32)")],
}
