from dataclasses import replace

import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Loss

CARD = card(dense("hidden"), dense("answer", 1, "linear", output=True), loss="MeanSquaredError")


def asked(std=31.0, mean=0.0, left=0.91, card=CARD):
    return run(card=card, loss=losses([1.0]), gap=gaps([left]), baseline=series("baseline"), labels=series("labels", std=std, mean=mean))


def two(std=31.0, mean=0.0, predicted=0.0, output="b", activation="linear", columns=("a", "b"), **more):
    model = card(dense("hidden"), dense("a", 1, "sigmoid", output=True), dense("b", 1, activation, output=True))
    both = {"std": np.array([0.5, std]), "mean": np.array([0.5, mean])}
    parts = {"outputs": series("outputs", columns, mean=np.zeros((1, 2)), std=np.array([[0.4, predicted]]))}
    return run(card=replace(model, losses=(Loss("BinaryCrossentropy", output="a"), Loss("MeanSquaredError", output=output))), loss=losses([1.0]),
               labels=series("labels", ("a", "b"), **{k: v[None] for k, v in both.items()}), **{**parts, **more})  # fmt: skip


def turned(made):
    return replace(made, card=replace(made.card, losses=made.card.losses[::-1]))


def without_outputs(made):
    return replace(made, series={name: series for name, series in made.series.items() if name != "outputs"})


FIRES = {
    "one of two outputs": two(),
    "of two outputs that were compiled in another order": turned(two()),
    "predictions that hardly vary": two(predicted=1.5),
    "one of two outputs, far from zero": two(std=1.0, mean=-10.1),
    "prices of half a million": recorded("prices"),
    "just over the spread": asked(),
    "just over the offset": asked(std=1.0, mean=-10.1),
}
HINTS = {}
SILENT = {
    "a healthy regression": recorded("healthy_regression"),
    "just under the spread": asked(std=29.0),
    "just under the offset": asked(std=1.0, mean=9.9),
    "two outputs, of usual targets": two(std=29.0),
    "predictions that vary": two(predicted=1.7),
    "an output with bounds, of two": two(activation="tanh"),
    "predictions that are named otherwise": two(columns=("c", "d")),
    "predictions of two that were not recorded": two(outputs=series("outputs")),
    "predictions that were not recorded at all": without_outputs(two()),
    "constant targets": asked(std=0.0, mean=5.0),
    "large, but it learns": asked(left=0.89),
    "a loss that does not mind": asked(card=card(dense("hidden"), dense("answer", 1, "linear", output=True), loss="MeanAbsolutePercentageError")),
    "an output with bounds is another rule's": asked(card=card(dense("hidden"), dense("answer", 1, "sigmoid", output=True), loss="MeanSquaredError")),
}
UNKNOWN = {
    "two losses": asked(card=replace(CARD, losses=CARD.losses * 2)),
    "no run card": asked(card=None),
    "an output that is not known": two(output="c"),
    "two outputs": asked(card=card(dense("a", output=True), dense("b", output=True))),
    "labels were not recorded": run(card=CARD, loss=losses([1.0])),
}
TOLD = {
    "just over the spread": [("limits", [30, 0.9])],
    "just over the offset": [("limits", [10, 0.9])],
    "prices of half a million": [("says", "targets have a standard")],
}
