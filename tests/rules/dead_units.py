from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

ANSWER = dense("answer", 1, "sigmoid", output=True)
LAYERS = ("hidden", "hidden_1", "answer")


def dead(*shares, left=1.0, layers=LAYERS, **more):
    """shares: of `hidden`, one an evaluation"""
    values = [[share] + [0.0] * (len(layers) - 1) for share in shares]
    return run(units=series("units", layers, dead_share=values), loss=losses([1.0]), gap=gaps([left] * 2), baseline=series("baseline"), **more)


FIRES = {
    "biases of -3": recorded("biases_too_low"),
    "just over the limit, twice": dead(0.51, 0.51),
    "they died later": dead(0.0, 0.6, 0.6),
    "it has hardly learned": dead(0.6, 0.6, left=0.91),
}
HINTS = {"dead, but it learns": dead(0.9, 0.9, left=0.89)}
SILENT = {
    "a layer without an activation": dead(0.9, 0.9, card=card(dense("hidden", activation=""), dense("hidden_1"), ANSWER)),
    "a single unit": dead(0.9, 0.9, card=card(dense("hidden", 1), dense("hidden_1"), ANSWER)),
    "a healthy run": recorded("healthy_dense"),
    "just under the limit": dead(0.49, 0.49),
    "once only": dead(0.0, 0.9),
    "they came back": dead(0.9, 0.9, 0.1),
    "the output may": run(units=series("units", LAYERS, dead_share=[[0, 0, 1], [0, 0, 1]]), loss=losses([1.0]), gap=gaps([1, 1]), baseline=series("baseline")),
}
UNKNOWN = {
    "one evaluation": dead(0.9),
    "inputs that do not vary": dead(0.9, 0.9, inputs=series("inputs", constant_share=1)),
    "no run card": dead(0.9, 0.9, card=None),
    "no hidden layer": dead(0.9, 0.9, layers=("other",)),
    "units were not recorded": run(loss=losses([1.0]), card=card()),
}
TOLD = {
    "biases of -3": [("says", "Start `dense` and `dense_1` with He"), ("says", 'bias_initializer="zeros", name="dense_1"'), ("says", "even before")],
    "they died later": [("says not", "even before")],
}
