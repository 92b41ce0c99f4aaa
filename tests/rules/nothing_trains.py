from dataclasses import replace

from made_up import card, losses, run, series
from recorded import recorded


def model(trainable, parameters=100, **parts):
    return run(card=replace(card(), parameters=parameters, trainable_parameters=trainable), loss=losses([1.0]), **parts)


FIRES = {
    "every layer is frozen": recorded("frozen"),
    "no parameter is trainable": model(0),
    "nothing moves": model(0, updates=series("updates", ("hidden",), update_rms=0.0)),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "one parameter is trainable": model(1),
    "a train step of its own moves them": model(0, updates=series("updates", ("hidden",), update_rms=1e-6)),
}
UNKNOWN = {
    "no run card": run(card=None, loss=losses([1.0])),
    "a model that was not built yet": model(0, parameters=0),
}
TOLD = {
    "every layer is frozen": [("says", "more than 0).")],
}
