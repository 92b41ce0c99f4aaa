from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

CARD = card(dense("hidden", activation="tanh"), dense("answer", 1, "sigmoid", output=True))


def saturated(*shares, left=1.0, card=CARD, layers=("hidden", "answer")):
    values = [[share, 0.0] for share in shares]
    return run(card=card, units=series("units", layers, saturated_share=values), loss=losses([1.0]), gap=gaps([left] * 2), baseline=series("baseline"))


FIRES = {
    "just over the limit, twice": saturated(0.51, 0.51),
    "it learns nothing": saturated(0.9, 0.9, left=0.91),
}
WARNINGS = {
    "initial weights of 20": recorded("tanh_saturated"),
    "it learns a little": saturated(0.9, 0.9, left=0.89),
    "it learns badly": saturated(0.9, 0.9, left=0.16),
}
HINTS = {"saturated, but it learns": saturated(0.9, 0.9, left=0.14)}
SILENT = {
    "a layer that was not measured": saturated(0.1, 0.1, card=card(dense("unseen", activation="tanh"), dense("hidden", activation="tanh"), dense("answer", 1, "sigmoid", output=True))),
    "a healthy run": recorded("healthy_regression"),
    "just under the limit": saturated(0.49, 0.49),
    "once only": saturated(0.1, 0.9),
    "an activation without bounds": saturated(0.9, 0.9, card=card(dense("hidden"), dense("answer", 1, "sigmoid", output=True))),
    "the output may": run(card=CARD, units=series("units", ("hidden", "answer"), saturated_share=[[0, 1], [0, 1]]), loss=losses([1.0]), gap=gaps([1, 1]), baseline=series("baseline")),
}
UNKNOWN = {
    "one evaluation": saturated(0.9),
    "no run card": saturated(0.9, 0.9, card=None),
    "units were not recorded": run(card=CARD),
}
