import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer


def first_weights(*gain, more=(), unseen=(), left=1.0, saturated=0.0, steps=100, first=1, constant=1.0, activation="relu", trainable=True, known=True, val=np.nan):
    """gain: of each hidden layer, all with 16 inputs"""
    hidden = [dense(f"hidden_{i}", 16, activation, 16) for i in range(len(gain))]
    if not trainable:
        hidden = [Layer(p.name, p.class_name, p.activation, "", 272, 0, p.output_shape, p.kernel_shape) for p in hidden]
    layers = [*hidden, *more, dense("answer", 1, "sigmoid", 16, output=True)]
    rms = np.array([[*(value / 4 for value in gain), *[0.25] * (len(more) + 1)]] * 2)
    updates = series("updates", tuple(layer.name for layer in layers), [first, steps], weight_rms=rms)
    units = series("units", tuple(p.name for p in layers), saturated_share=saturated)
    return run(units=units, card=card(*unseen, *layers) if known else None, updates=updates, loss=losses([left]), gap=gaps([left], val), baseline=series("baseline", constant_loss=constant))


CELLS = Layer("cells", "LSTM", "", "", 9, 9, (-1, 16), (16, 64))
FIRES = {
    "normal weights of standard deviation 1": recorded("weights_too_large"),
    "just too large": first_weights(*[2.3] * 4),
    "just too small": first_weights(*[0.44] * 4),
    "on the whole": first_weights(1, 1, 10, 10, 10),
    "three layers that multiply as much as four": first_weights(*[2.9] * 3),
    "three layers, of which half saturates": first_weights(*[10] * 3, saturated=0.5),
    "four layers that saturate": first_weights(*[10] * 4, saturated=0.9),
    "one layer that does": first_weights(24),
    "with tanh": first_weights(*[10] * 4, activation="tanh"),
    "with a layer of another kind": first_weights(*[10] * 4, more=[CELLS]),
    "it has hardly learned": first_weights(*[10] * 4, left=0.91),
}
WARNINGS = {
    "learned by heart": first_weights(*[10] * 4, left=0.1, val=0.6),
    "just enough of the validation rows left": first_weights(*[10] * 4, left=0.1, val=0.51),
    "just a third of it of the training rows": first_weights(*[10] * 4, left=0.19, val=0.6),
}
HINTS = {
    "the validation rows are learned, too": first_weights(*[10] * 4, left=0.1, val=0.49),
    "training rows that are not learned either": first_weights(*[10] * 4, left=0.21, val=0.6),
    "it learns": first_weights(*[10] * 4, left=0.89),
    "harm is not known": first_weights(*[10] * 4, constant=np.nan),
}
SILENT = {
    "six layers just below the limit": first_weights(*[2.1] * 6),
    "a healthy run": recorded("healthy_deep_relu"),
    "just small enough": first_weights(*[2.1] * 4),
    "just large enough": first_weights(*[0.47] * 4),
    "one widens, one narrows": first_weights(0.1, 10, 0.1, 10),
    "three layers that multiply less than four may": first_weights(*[2.8] * 3),
    "three layers that saturate: another rule's": first_weights(*[10] * 3, saturated=0.51),
    "one layer": first_weights(23),
    "three layers that are too small": first_weights(*[0.1] * 3),
    "layers of another kind": first_weights(*[2.8] * 3, more=[CELLS]),
    "a layer that was not measured": first_weights(*[2.8] * 3, unseen=[dense("side", 16, "relu", 16)]),
    "no hidden layer": first_weights(),
    "normalized": first_weights(*[10] * 4, more=[Layer("norm", "LayerNormalization")]),
    "residual": first_weights(*[10] * 4, more=[Layer("sum", "Add")]),
    "frozen": first_weights(*[10] * 4, trainable=False),
    "weights that are all zero": first_weights(*[0] * 4),
}
UNKNOWN = {
    "99 steps": first_weights(*[10] * 4, steps=99),
    "the first step was not seen": first_weights(*[10] * 4, first=2),
    "no run card": first_weights(*[10] * 4, known=False),
    "updates were not recorded": run(loss=losses([1.0])),
}
TOLD = {
    "with a layer of another kind": [("says", "layer by 10 (limit:")],
    "normal weights of standard deviation 1": [("says", "Start `dense`,"), ("says", "(limit: 2.2): over")],
    "just too small": [("says", "Start `hidden_0`,")],
}
