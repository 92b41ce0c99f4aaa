from dataclasses import replace

import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer, Loss, Optimizer

MODEL = card(dense("first"), dense("second"), dense("third"), dense("answer", 10, "softmax", output=True))
NAMES = tuple(layer.name for layer in MODEL.layers)


def gradients(*rms, records=10, left=1.0, known=MODEL, **parts):
    """rms: of each layer; or, of each record, of each layer"""
    rms = np.array(rms, float)
    rms = np.tile(rms, (records, 1)) if rms.ndim == 1 else rms
    names = tuple(layer.name for layer in known.layers) if known else NAMES
    return run(card=known, gradients=series("gradients", names, rms=rms), loss=losses([1.0]), gap=gaps([left]), baseline=series("baseline"), **parts)


def units(**stats):
    return series("units", NAMES, **stats)


def moved(rms, names=NAMES):
    return series("updates", names, update_rms=rms)


DECAYS = replace(MODEL, optimizer=Optimizer("AdamW", 0.1, settings={"weight_decay": 0.1}))
FIRES = {
    "a layer that lets no gradient through": recorded("stop_gradient"),
    "the first layer, and little was learned": gradients(0, 0.1, 0.1, 0.1, left=0.31),
    "the first two": gradients(0, 0, 0.1, 0.1),
    "its units are alive": gradients(0, 0.1, 0.1, 0.1, units=units(dead_share=0.98, saturated_share=0.98)),
    "the output may be saturated": gradients(0, 0.1, 0.1, 0.1, units=units(saturated_share=[[0, 0, 0, 1]])),
    "the next gradient is small": gradients(0, 1.1e-7, 0.1, 0.1),
    "inputs of at most zero": gradients(0, 0.1, 0.1, 0.1, inputs=series("inputs", max=0)),
    "inputs that are not all zero": gradients(0, 0.1, 0.1, 0.1, inputs=series("inputs", min=0)),
    "it only decays": gradients(0, 0.1, 0.1, 0.1, known=DECAYS, updates=moved(1e-6)),
    "nothing moves it": gradients(0, 0.1, 0.1, 0.1, updates=moved([[0, 1, 1, 1]])),
    "no optimizer in the run card": gradients(0, 0.1, 0.1, 0.1, known=replace(MODEL, optimizer=None)),
    "its updates were not measured": gradients(0, 0.1, 0.1, 0.1, updates=moved(1, NAMES[1:])),
    "a layer of a nested model": gradients(0, 0.1, known=card(dense("encoder/dense"), dense("answer", 10, "softmax", output=True))),
}
TWO = replace(
    card(dense("shared"), dense("kind", 3, "softmax", output=True), dense("price", 1, "linear", output=True)),
    losses=(Loss("CategoricalCrossentropy", output="kind"), Loss("MeanSquaredError", output="price")),
)
WARNINGS = {
    "an output whose loss has no weight": gradients(0.1, 0, 0.1, known=TWO),
    "the last one": gradients(0.1, 0.1, 0, known=TWO),
}
HINTS = {
    "an output without a loss of its own": gradients(0.1, 0, 0.1, known=replace(TWO, losses=TWO.losses[1:])),
    "the first layer, but much was learned": gradients(0, 0.1, 0.1, 0.1, left=0.29),
    "a part that the task does not use": gradients(0.1, 0, 0.1, 0.1),
}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "two outputs that get one": gradients(0.1, 1e-30, 0.1, known=TWO),
    "an output without weights": gradients(0.1, 0, 0.1, known=replace(TWO, layers=(TWO.layers[0], Layer("kind", "Activation", "softmax", output=True), TWO.layers[2]))),
    "no output gets one": gradients(0.1, 0, 0, known=TWO),
    "all layers get one": gradients(1e-30, 0.1, 0.1, 0.1),
    "at one step it got one": gradients(*[[0, 1, 1, 1]] * 9, [1e-9, 1, 1, 1]),
    "no layer gets one": gradients(0, 0, 0, 0),
    "no later layer gets one": gradients(0.1, 0.1, 0.1, 0),
    "gradients that have faded to nothing": gradients(0, 0.9e-7, 0.1, 0.1),
    "a second optimizer trains it": gradients(0, 0.1, 0.1, 0.1, updates=moved(1e-6)),
    "a layer is dead": gradients(0, 0.1, 0.1, 0.1, units=units(dead_share=[[0, 1, 0, 0]])),
    "a layer is saturated": gradients(0, 0.1, 0.1, 0.1, units=units(saturated_share=[[0, 1, 0, 0]])),
    "inputs that are all zero": gradients(0, 0.1, 0.1, 0.1, inputs=series("inputs", min=0, max=0)),
    "gradients that are not finite": gradients(np.nan, 0.1, 0.1, 0.1),
    "an embedding": gradients(0, 0.1, known=card(Layer("words", "Embedding", "", "Uniform", 80, 80, (-1, 8), (10, 8)), dense("answer", 10, "softmax", output=True))),
}
UNKNOWN = {
    "nine records": gradients(0, 0.1, 0.1, 0.1, records=9),
    "no run card": gradients(0, 0.1, 0.1, 0.1, known=None),
    "gradients were not recorded": run(loss=losses([1.0])),
}
TOLD = {
    "an output whose loss has no weight": [("says", "The output `kind` is not trained"), ("where", "kind")],
    "the last one": [("says", 'loss_weights={"price": 1.0}')],
}
