from dataclasses import replace

from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

CARD = card(dense("hidden"), dense("answer", 1, "linear", output=True), loss="MeanSquaredError")


def asked(std=31.0, mean=0.0, left=0.91, card=CARD):
    return run(card=card, loss=losses([1.0]), gap=gaps([left]), baseline=series("baseline"), labels=series("labels", std=std, mean=mean))


FIRES = {
    "prices of half a million": recorded("prices"),
    "just over the spread": asked(),
    "just over the offset": asked(std=1.0, mean=-10.1),
}
HINTS = {}
SILENT = {
    "a healthy regression": recorded("healthy_regression"),
    "just under the spread": asked(std=29.0),
    "just under the offset": asked(std=1.0, mean=9.9),
    "constant targets": asked(std=0.0, mean=5.0),
    "large, but it learns": asked(left=0.89),
    "a loss that does not mind": asked(card=card(dense("hidden"), dense("answer", 1, "linear", output=True), loss="MeanAbsolutePercentageError")),
    "an output with bounds is another rule's": asked(card=card(dense("hidden"), dense("answer", 1, "sigmoid", output=True), loss="MeanSquaredError")),
}
UNKNOWN = {
    "two losses": asked(card=replace(CARD, losses=CARD.losses * 2)),
    "no run card": asked(card=None),
    "two outputs": asked(card=card(dense("a", output=True), dense("b", output=True))),
    "labels were not recorded": run(card=CARD, loss=losses([1.0])),
}
TOLD = {
    "just over the spread": [("limits", [30, 0.9])],
    "just over the offset": [("limits", [10, 0.9])],
    "prices of half a million": [("says", "targets have a standard")],
}
