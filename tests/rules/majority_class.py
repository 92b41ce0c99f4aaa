from dataclasses import replace

import numpy as np
from made_up import card, dense, losses, run, series
from recorded import recorded

from tb_nndiag.run import Loss


def predicted(*share, wanted=0.5, left=1.0, loss="SparseCategoricalCrossentropy", from_logits=False, width=10, real=np.nan, constant=1.0, mean=0.5):
    gap = series("gap", steps=[20, 40], train=np.array([left] * 2), from_predictions=real, epoch=1)
    return run(card=card(dense("hidden"), dense("answer", width, "softmax" if width > 1 else "sigmoid", output=True), loss=loss, from_logits=from_logits), outputs=series("outputs", majority_share=np.array(share), width=width, mean=mean),
               labels=series("labels", majority_share=wanted), loss=losses([left]), gap=gap, baseline=series("baseline", constant_loss=constant))  # fmt: skip


def without_gap(made):
    return replace(made, series={name: series for name, series in made.series.items() if name != "gap"})


BINARY = {"loss": "BinaryCrossentropy", "width": 1}
FIRES = {
    "dead layers": recorded("biases_too_low"),
    "a loss that falls beside the predictions": recorded("one_softmax_unit"),
    "just over the limit, twice": predicted(0.991, 0.991),
    "it became so": predicted(0.5, 1.0, 1.0),
    "two classes": predicted(1.0, 1.0, **BINARY),
    "as logits": predicted(1.0, 1.0, from_logits=True),
    "a common class": predicted(1.0, 1.0, wanted=0.69),
    "it has hardly learned": predicted(1.0, 1.0, left=0.91),
    "the predictions are worse than the loss": predicted(1.0, 1.0, left=0.1, real=1.1),
}
HINTS = {
    "nothing was evaluated but the predictions": without_gap(predicted(1.0, 1.0, left=0.5)),
    "it has learned something": predicted(1.0, 1.0, left=0.89, real=0.9),
    "harm is not known": predicted(1.0, 1.0, constant=np.nan),
}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "just under the limit": predicted(0.99, 0.99),
    "once only": predicted(0.5, 1.0),
    "no longer": predicted(1.0, 0.5),
    "a very common class": predicted(1.0, 1.0, wanted=0.71),
    "several labels at once": predicted(1.0, 1.0, loss="BinaryCrossentropy"),
    "NaN is another rule's": predicted(1.0, 1.0, mean=np.nan),
}
UNKNOWN = {
    "two outputs for one target": run(card=card(), outputs=series("outputs", ("a", "b"), majority_share=np.ones((2, 2))), labels=series("labels")),
    "two targets for one output": run(card=card(), outputs=series("outputs", majority_share=np.ones(2)), labels=series("labels", ("a", "b"))),
    "one evaluation": predicted(1.0),
    "quantities": recorded("healthy_regression"),
    "logits of one unit": predicted(1.0, 1.0, from_logits=True, **BINARY),
    "two outputs": run(outputs=series("outputs", ("a", "b"), spread=np.zeros((2, 2))), labels=series("labels", ("a", "b"))),
    "two losses": run(card=replace(card(), losses=(Loss("BinaryCrossentropy"),) * 2), outputs=series("outputs", spread=np.ones(2)), labels=series("labels")),
    "no run card": run(card=None, outputs=series("outputs"), labels=series("labels")),
}
TOLD = {
    "dead layers": [("says", "for 100% of the rows (limit: 99%)")],
    "just over the limit, twice": [("says", "for 99.1% of the rows")],
}
