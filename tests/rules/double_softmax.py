from dataclasses import replace

import numpy as np
from made_up import card, dense, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer, Loss

SPARSE = "SparseCategoricalCrossentropy"


def model(*layers, from_logits=False, loss=SPARSE, shown=1.5, real=np.nan):
    gap = series("gap", train=np.array([shown]), from_predictions=real, epoch=1)
    return run(card=card(dense("hidden"), *layers, loss=loss, from_logits=from_logits), loss=losses([1.0]), gap=gap)


def answer(activation="softmax", units=10, output=True):
    return dense("answer", units, activation, output=output)


def after(activation="softmax", class_name="Activation", units=10):
    return Layer("last", class_name, activation, output_shape=(-1, units), output=True)


def shares(low=0.0, high=0.9, total=1.0, width=10, loss=SPARSE, from_logits=True, columns=("output",)):
    """A model of one's own, whose predictions are these; no layer shows what its `call` does."""
    outputs = series("outputs", columns, min=low, max=high, row_sum=total, width=width)
    return replace(model(answer("linear", output=False), from_logits=from_logits, loss=loss), series={"loss": losses([1.0]), "outputs": outputs})


RESHAPE = after("", "Reshape")
FIRES = {
    "a softmax that was reshaped, taken for logits": recorded("softmax_reshaped_from_logits"),
    "a softmax of a softmax": recorded("two_softmaxes"),
    "an activation layer": model(answer(output=False), after()),
    "a sigmoid of a sigmoid": model(answer("sigmoid", 1, False), after("sigmoid", units=1), loss="BinaryCrossentropy"),
    "three sigmoids of sigmoids": model(answer("sigmoid", 3, False), after("sigmoid", units=3), loss="BinaryCrossentropy"),
    "a single softmax, whose logits are lost": model(answer(units=1, output=False), after("", "Reshape", units=1), from_logits=True, loss="BinaryCrossentropy", real=1.5),
    "with a dropout between": model(answer(output=False), Layer("dropout", "Dropout"), after()),
    "a softmax that no layer shows": shares(),
    "a softmax that no layer shows, as sure as can be": shares(high=1.0),
    "about a sum of 1": shares(total=0.9991),
    "the predictions have the loss that is shown": model(answer(output=False), RESHAPE, from_logits=True, shown=1.5, real=1.51),
}
HINTS = {
    "a softmax whose logits are kept": recorded("softmax_from_logits"),
    "a sigmoid whose logits are kept": model(answer("sigmoid", 1), from_logits=True, loss="BinaryCrossentropy"),
    "nothing learned yet": model(answer(), from_logits=True, shown=2.3, real=2.3),
    "the predictions have another loss": model(answer(output=False), RESHAPE, from_logits=True, shown=1.5, real=1.52),
    "nothing was evaluated": run(card=card(answer(output=False), RESHAPE, loss=SPARSE, from_logits=True), loss=losses([1.0])),
    "their loss is not known": model(answer(output=False), RESHAPE, from_logits=True),
}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "logits, and it says so": model(answer("linear"), from_logits=True),
    "a softmax of logits": model(answer("linear", output=False), after()),
    "predictions below zero": shares(low=-0.1),
    "predictions above one": shares(high=1.1),
    "predictions that add up to something else": shares(total=0.998),
    "a single number": shares(width=1, total=1.0),
    "a loss of single numbers": shares(loss="BinaryCrossentropy"),
    "shares, and the loss knows": shares(from_logits=False),
    "shares of two outputs": shares(columns=("a", "b")),
    "a hidden softmax": model(answer(output=False), dense("last", 10, "softmax", output=True)),
    "a softmax of a sigmoid": model(answer("sigmoid", output=False), after()),
    "something lies between": model(answer(output=False), Layer("sum", "Add"), after()),
    "the output is another layer": model(answer(), Layer("side", "Activation", "softmax"), from_logits=True),
}
UNKNOWN = {
    "two losses": run(card=replace(card(), losses=(Loss(SPARSE), Loss(SPARSE))), loss=losses([1.0])),
    "no run card": run(card=None, loss=losses([1.0])),
    "the loss was not recorded": run(),
}
TOLD = {
    "a single softmax, whose logits are lost": [("says not", "No class of")],
    "three sigmoids of sigmoids": [("says", "No prediction can get below 0.5.")],
    "their loss is not known": [("evidence", 1)],
    "the predictions have another loss": [("evidence", 2)],
    "a softmax of a softmax": [("says", "No class of 10 can get more than 0.232. The loss"), ("says", 'keras.layers.Dense(10, activation="linear", name="dense_1")')],
    "a sigmoid of a sigmoid": [("says", "No prediction can get below 0.5. The loss")],
}
