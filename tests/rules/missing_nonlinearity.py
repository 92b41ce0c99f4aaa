from dataclasses import replace

import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer


def stack(*hidden, left=1.0, chain=True, loss=None, steps=100, output=None):
    known = card(*hidden, output or dense("answer", 1, "sigmoid", 32, output=True))
    batches = losses([left] * 6 if loss is None else loss, np.linspace(1, steps, 6 if loss is None else len(loss)).astype(int))
    return run(card=replace(known, chain=chain), loss=batches, gap=gaps([left] * 2, every=steps // 2), baseline=series("baseline"))


def linear(name="hidden", units=32, inputs=32):
    return dense(name, units, "linear", inputs)


FLATTEN, RELU = Layer("flatten", "Flatten"), Layer("relu", "ReLU", "relu")
NORM = Layer("norm", "BatchNormalization", "", "", 64, 64, (-1, 32), (32,))
CONV = Layer("conv", "Conv2D", "linear", "GlorotUniform", 160, 160, (-1, 6, 6, 16), (3, 3, 1, 16))
FIRES = {
    "straight lines around circles": recorded("linear_on_circles"),
    "two layers": stack(linear()),
    "convolutions": stack(CONV, FLATTEN),
    "convolutions that grow wider": stack(replace(CONV, kernel_shape=(3, 3, 12, 12)), replace(CONV, name="wider", kernel_shape=(3, 3, 12, 16)), FLATTEN),
    "a normalization is linear too": stack(linear(), NORM),
    "an activation that is none": stack(linear(), Layer("activation", "Activation", "linear")),
    "it has learned some": stack(linear(), left=0.21),
    "a layer as wide as its input": stack(linear(units=8, inputs=8)),
    "a layer as wide as the next": stack(linear(units=8), output=dense("answer", 8, "softmax", 8, output=True)),
    "a fall of next to nothing": stack(linear(), loss=np.linspace(1.03, 0.98, 9)),
}
HINTS = {
    "a linear problem": stack(linear(), left=0.19),
    "a fall that counts": stack(linear(), loss=np.linspace(1.06, 0.98, 9)),
    "still falling": stack(linear(), loss=np.linspace(1.5, 1.0, 9)),
}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "a single layer": stack(),
    "nothing but a convolution": stack(FLATTEN, output=CONV),
    "an activation layer": stack(linear(), NORM, RELU),
    "an activation of its own": stack(dense("hidden", activation="tanh"), linear("more")),
    "a maximum is not linear": stack(linear(), Layer("pool", "MaxPooling1D")),
    "a layer that nobody knows": stack(linear(), Layer("mine", "Mine")),
    "a narrow convolution between two wider ones": stack(replace(CONV, kernel_shape=(3, 3, 12, 8)), replace(CONV, name="wider", kernel_shape=(3, 3, 8, 16)), FLATTEN),
    "a narrow layer between two wider ones": stack(linear(units=7), output=dense("answer", 8, "linear", 7, output=True)),
}
UNKNOWN = {
    "99 steps": stack(linear(), steps=99),
    "operations that are no layers may lie between": stack(linear(), chain=False),
    "no run card": run(card=None, loss=losses([1.0], [100])),
}
TOLD = {"two layers": [("evidence", 2)], "a linear problem": [("evidence", 1)]}
