import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

NARROW = card(dense("wide", 64, "relu"), dense("narrow", 2, "relu"), dense("answer", 10, "softmax", output=True))
AS_MANY = card(dense("wide", 64, "relu"), dense("narrow", 10, "relu"), dense("answer", 10, "softmax", output=True))
TWO = card(dense("hidden", 8, "relu"), dense("one", 10, "softmax", output=True), dense("other", 10, "softmax", output=True))
LINEAR = card(dense("answer", 1, "sigmoid", output=True))


def stopped(left=0.5, val=1.0, epochs=9, **more):
    train = np.broadcast_to(left, epochs) if np.ndim(left) == 0 else np.asarray(left, float)
    return run(gap=gaps(train, train * val), loss=losses(train), baseline=series("baseline"), **more)


FIRES = {
    "a line between two moons": recorded("linear_on_moons"),
    "just over the limit": stopped(0.31),
    "just under what was learned at all": stopped(0.96),
    "validation a little worse": stopped(val=1.14),
    "eight epochs": stopped(epochs=8),
    "a fall of next to nothing": stopped(np.linspace(0.52, 0.5, 9)),
    "a slow fall, far up": stopped(np.linspace(0.8, 0.7, 9)),
    "a slow fall, just over two thirds": stopped(np.linspace(0.75, 0.655, 9)),
    "a layer of two units before ten outputs": stopped(card=NARROW),
    "a layer of as many units as outputs": stopped(card=AS_MANY),
    "two outputs": stopped(card=TWO),
    "without a hidden layer": stopped(card=LINEAR),
    "without a run card": stopped(card=None),
}
HINTS = {}
SILENT = {
    "a fall that counts": stopped(np.linspace(0.58, 0.5, 9)),
    "a healthy run": recorded("healthy_dense"),
    "just under the limit": stopped(0.29),
    "nothing was learned: another rule's": stopped(0.98),
    "validation much worse": stopped(val=1.16),
    "a slow fall, further down": stopped(np.linspace(0.7, 0.6, 9)),
    "a fall that counts far up": stopped(np.linspace(0.9, 0.7, 9)),
    "still falling": stopped(np.linspace(0.9, 0.5, 9)),
}
UNKNOWN = {
    "seven epochs": stopped(epochs=7),
    "no validation": run(gap=gaps([0.5] * 9), loss=losses([0.5]), baseline=series("baseline")),
    "nothing was evaluated": run(loss=losses([0.5])),
}
TOLD = {
    "a slow fall, far up": [("says", "The loss hardly falls any more, at 70% of")],
    "a fall of next to nothing": [("says", "The loss has stopped at 50% of")],
    "a layer of two units before ten outputs": [("says", "Make `narrow` wider: 10 units instead of 2."), ("says", "What tells 10 outputs apart must pass it.")],
    "a layer of as many units as outputs": [("says", "Make `wide` wider: 128 units instead of 64."), ("says", "Then it can express more.")],
    "just over the limit": [("says", "Make `hidden` wider: 64 units instead of 32."), ("says not", "It has no hidden layer with an activation, so it can only dr")],
    "two outputs": [("says", "Make `hidden` wider: 16 units instead of 8.")],
    "without a run card": [("says not", "It has no hidden layer with an activation, so it can only dr")],
}
