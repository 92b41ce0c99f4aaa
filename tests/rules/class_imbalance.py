from dataclasses import replace

import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded


def shares(common=0.95, predicted=1.0, left=0.85, units=1, every=50, rows=500, loss="BinaryCrossentropy", end=None, weighted=None, **labels):
    """weighted: the share of all weight on the rows of the commonest class"""
    train = np.linspace(left if end is None else end, left, 6)
    weights = {} if weighted is None else {"weights": series("weights", majority_share=weighted)}
    return run(**weights, card=card(dense("hidden"), dense("answer", units, "softmax" if units > 1 else "sigmoid", output=True), loss=loss),
               labels=series("labels", majority_share=common, **labels), outputs=series("outputs", majority_share=predicted),
               gap=gaps(train, every=every), loss=losses(train, np.arange(1, 7) * every), baseline=series("baseline", rows=rows))  # fmt: skip


ONE_HOT = {"width": 5, "row_sum_min": 1, "row_sum_max": 1, "loss": "CategoricalCrossentropy", "units": 5}

FIRES = {
    "one class in sixteen rows": recorded("rare_class"),
    "one in twenty, never predicted": shares(),
    "just over the ratio": shares(0.911),
    "hardly ever predicted": shares(predicted=0.9905),
    "just over the limit": shares(left=0.81),
    "two hundred steps": shares(every=34),
    "ten rare rows": shares(rows=201),
    "five classes, one-hot": shares(0.72, **ONE_HOT),
    "five class numbers": shares(0.72, units=5, loss="SparseCategoricalCrossentropy"),
    "a fall of next to nothing": shares(end=0.87),
    "weights the wrong way round, and it learns": shares(0.75, 0.8, left=0.2, weighted=0.9),
    "weights that just favor the commonest class": shares(0.75, 0.8, left=0.2, weighted=0.858),
    "classes that are just uneven": shares(0.601, 0.7, left=0.2, weighted=0.9),
    "all weight on one class": shares(0.75, 0.8, left=0.2, weighted=1.0),
}
HINTS = {
    "it has learned something": shares(left=0.79),
    "still falling": shares(end=1.0),
}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "just under the ratio": shares(0.908),
    "the rare class is predicted": shares(predicted=0.9895),
    "five classes, not that rare": shares(0.71, **ONE_HOT),
    "one class alone is another rule's": shares(1.0),
    "one class alone, weighted": shares(1.0, weighted=1.0),
    "weights that favor the rare class": shares(0.75, 0.8, left=0.2, weighted=0.5),
    "weights that favor the commonest class a little": shares(0.75, 0.8, left=0.2, weighted=0.856),
    "weights of classes that are about even": shares(0.599, 0.7, left=0.2, weighted=0.9),
    "weights of a class that is predicted as often as it is": shares(0.75, 0.75, left=0.2, weighted=0.9),
    "rows with several weights": shares(0.75, 0.8, left=0.2, weighted=np.nan),
    "two labels a row": shares(0.98, **{**ONE_HOT, "row_sum_min": 2, "row_sum_max": 2}),
    "several labels a row": shares(0.98, **{**ONE_HOT, "row_sum_min": 0}),
    "classes of pixels": shares(rank=4),
    "quantities": shares(loss="MeanSquaredError"),
}
UNKNOWN = {
    "198 steps": shares(every=33),
    "nine rare rows": shares(rows=190),
    "no run card": run(card=None, labels=series("labels"), outputs=series("outputs"), gap=gaps([1.0]), baseline=series("baseline")),
    "no loss": replace(shares(), card=replace(card(), losses=())),
    "several outputs": run(labels=series("labels", ("a", "b")), outputs=series("outputs"), gap=gaps([1.0]), baseline=series("baseline")),
    "nothing was evaluated": run(),
}
TOLD = {
    "one in twenty, never predicted": [("first_step", 0), ("says", "class_weight={0: 0.53, 1: 10}"), ("says", '["Recall", "Precision"]')],
    "weights the wrong way round, and it learns": [("says", "class_weight={0: 0.67, 1: 2}"), ("value", "3"), ("first_step", 0), ("evidence", 2)],
    "five class numbers": [("says not", "Precision")],
    "five classes, one-hot": [("says", "np.unique(y.argmax(axis=-1), return_counts=True)")],
}
