import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

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
    "still falling": stopped(np.linspace(0.9, 0.5, 9)),
}
UNKNOWN = {
    "seven epochs": stopped(epochs=7),
    "no validation": run(gap=gaps([0.5] * 9), loss=losses([0.5]), baseline=series("baseline")),
    "nothing was evaluated": run(loss=losses([0.5])),
}
TOLD = {
    "just over the limit": [("says", "Make `hidden` wider: 64 units instead of 32."), ("says not", "It has no hidden layer with an activation, so it can only dr")],
    "without a run card": [("says not", "It has no hidden layer with an activation, so it can only dr")],
}
