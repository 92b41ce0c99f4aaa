from dataclasses import replace

from made_up import card, gaps, losses, run, series
from recorded import recorded


def model(trainable, parameters=100, **parts):
    return run(card=replace(card(), parameters=parameters, trainable_parameters=trainable), loss=losses([1.0]), **parts)


def little(trainable=9, left=0.91):
    """Of 100 parameters so many are trainable; both hidden layers are frozen."""
    made = card()
    layers = tuple(layer if layer.output else replace(layer, trainable_parameters=0) for layer in made.layers)
    frozen = replace(made, layers=layers, parameters=100, trainable_parameters=trainable)
    return run(card=frozen, loss=losses([1.0]), gap=gaps([left, left]), baseline=series("baseline"))


WARNINGS = {"nearly all is frozen, and nothing learned": little()}
FIRES = {
    "every layer is frozen": recorded("frozen"),
    "no parameter is trainable": model(0),
    "nothing moves": model(0, updates=series("updates", ("hidden",), update_rms=0.0)),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "one parameter is trainable, of a run whose harm is not known": model(1),
    "nearly all is frozen, and it learns": little(left=0.89),
    "a tenth is trainable": little(10),
    "a train step of its own moves them": model(0, updates=series("updates", ("hidden",), update_rms=1e-6)),
}
UNKNOWN = {
    "no run card": run(card=None, loss=losses([1.0])),
    "a model that was not built yet": model(0, parameters=0),
}
TOLD = {
    "nearly all is frozen, and nothing learned": [("says", "Only 9 of the 100 parameters are trainable, 9.00% (limit: 10%)"), ("first_step", 0)],
    "every layer is frozen": [("says", "more than 0).")],
}
