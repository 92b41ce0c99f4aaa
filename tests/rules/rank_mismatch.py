from dataclasses import replace

import numpy as np
from made_up import card, dense, gaps, run, series
from recorded import recorded

from tb_nndiag.run import Layer

SQUARED = "MeanSquaredError"


def shapes(targets=(1, 1), predictions=(2, 1), loss="function", constant=1.0, perfect=0.0, shape=(), **more):
    answer = replace(dense("answer", predictions[1], "linear", output=True), output_shape=(-1, *shape))
    return run(labels=series("labels", rank=targets[0], width=targets[1]), outputs=series("outputs", rank=predictions[0], width=predictions[1]),
               baseline=series("baseline", constant_loss=constant), perfect=series("perfect", loss=perfect),
               card=card(dense("hidden"), answer, loss=loss), **more)  # fmt: skip


def without(signal):
    made = shapes(perfect=2.0)
    return replace(made, series={k: v for k, v in made.series.items() if k != signal})


def own_step(std=0.05, targets=(1, 1), predictions=(2, 1), steps=(50, 100), spread=1.0, losses=()):
    """A `train_step` of the model's own, whose loss is not known."""
    return run(labels=series("labels", rank=targets[0], width=targets[1], std=spread), card=replace(card(), losses=losses),
               outputs=series("outputs", steps=steps, rank=predictions[0], width=predictions[1], std=np.broadcast_to(std, len(steps))))  # fmt: skip


FIRES = {
    "a loss that drops a dimension of the targets": recorded("all_pairs_compared"),
    "a loss of all pairs": shapes(perfect=2.0),
    "just over the limit": shapes(perfect=1.25),
    "a loss of all pairs that drops a dimension itself": shapes((2, 1), (2, 1), constant=0.25, perfect=0.5),
    "a network that stays above the constant": shapes(perfect=2.0, gap=gaps([1.2, 0.91])),
    "nearly so": shapes((2, 1), (2, 1), constant=0.254, perfect=0.496),
    "one target for each row, three for each of its predictions": shapes(predictions=(3, 1), loss=SQUARED, shape=(12, 1)),
}
WARNINGS = {
    "a train_step of its own that answers the same": own_step(),
    "just under the limit of its own": own_step(0.09),
    "it varied in the first half": own_step((0.5, 0.5, 0.09, 0.09), steps=(50, 100, 150, 200)),
    "three targets for one prediction": shapes((2, 3), (2, 1), SQUARED, shape=(1,)),
    "one target for three predictions of a layer without weights": replace(shapes((2, 1), (2, 3)), card=card(dense("hidden"), Layer("last", "Activation", "softmax", output_shape=(-1, 3), output=True), loss=SQUARED)),
    "one target for three predictions": shapes((2, 1), (2, 3), SQUARED, shape=(3,)),
    "one target for the predictions of all steps": shapes((2, 1), (3, 1), SQUARED, shape=(12, 1)),
    "one target for predictions of a shape that is not known": shapes((2, 1), (2, 3), SQUARED),
    "of an output that is not known": replace(shapes((2, 1), (2, 3)), card=card(dense("hidden"), loss=SQUARED)),
    "of a shape that varies": shapes((2, 1), (2, 3), SQUARED, shape=(-1, 3)),
}
HINTS = {}
SILENT = {
    "a train_step of its own that answers": own_step(0.11),
    "it still varied in the second half": own_step((0.09, 0.09, 0.5, 0.09), steps=(50, 100, 150, 200)),
    "a train_step of its own, both of one rank": own_step(targets=(2, 1)),
    "both of rank one": own_step(predictions=(1, 1)),
    "two predictions of a row": own_step(predictions=(2, 2)),
    "after 99 steps": own_step(steps=(50, 99)),
    "targets that are all the same": own_step(0.0, spread=0.0),
    "a loss that is known, and the same answers": own_step(losses=card(loss=SQUARED).losses),
    "the same answers without a run card": replace(own_step(), card=None),
    "not that near": shapes((2, 1), (2, 1), constant=0.2575, perfect=0.5),
    "pairs of several numbers": shapes((2, 3), (2, 3), constant=0.25, perfect=0.5),
    "a healthy regression": recorded("healthy_regression"),
    "a healthy classifier": recorded("healthy_dense"),
    "Keras makes up for it": shapes(loss=SQUARED, shape=(1,)),
    "just under the limit": shapes(perfect=1.15),
    "targets of 1 for a distance of 0, as the network learns": shapes(perfect=2.0, gap=gaps([1.2, 0.89, 1.0])),
    "a loss that is not finite is another rule's": shapes(perfect=2.0, gap=gaps([float("nan")] * 2)),
    "of one rank: a loss that is no distance": shapes((2, 1), (2, 1), perfect=2.0),
    "of one rank: not twice the variance": shapes((2, 1), (2, 1), constant=0.25, perfect=0.51),
    "of one rank: a constant's loss that is not the variance": shapes((2, 1), (2, 1), constant=0.26, perfect=0.5),
    "a gain, and no loss": shapes(constant=-1.0, perfect=-0.5),
    "quantiles of one target": shapes((2, 1), (2, 3), shape=(3,)),
    "of one shape": shapes((2, 3), (2, 3), SQUARED, shape=(3,)),
    "a single step": shapes((2, 1), (3, 1), SQUARED, shape=(1, 1)),
    "steps beside steps": shapes((2, 12), (3, 1), SQUARED, shape=(12, 1)),
    "a target for each step": shapes((3, 1), (3, 1), SQUARED, shape=(12, 1)),
    "the constant's loss was not recorded": without("baseline"),
    "the perfect loss was not recorded": without("perfect"),
    "steps beside steps of any number": shapes((2, 12), (3, 1), SQUARED, shape=(-1, 1)),
    "two losses": replace(shapes((2, 1), (2, 3)), card=replace(card(dense("hidden")), losses=card(loss=SQUARED).losses * 2)),
    "without a run card": replace(shapes(predictions=(3, 1)), card=None),
}
UNKNOWN = {
    "two outputs": run(labels=series("labels", ("a", "b")), outputs=series("outputs", ("a", "b"))),
    "two targets of one output": run(labels=series("labels", ("a", "b")), outputs=series("outputs")),
    "two outputs of one target": run(labels=series("labels"), outputs=series("outputs", ("a", "b"))),
    "nothing was evaluated": run(),
}
TOLD = {
    "a train_step of its own that answers the same": [("says", "in a `train_step` of the model's own"), ("says", "y = keras.ops.reshape(y, keras.ops.shape(y_pred))")],
    "one target for three predictions of a layer without weights": [("says", "keras.layers.Dense(1)")],
    "one target for each row, three for each of its predictions": [("says", "Every prediction meets the targets of all rows in the batch, and can only learn their mean."), ("says", "keras.layers.Dense(1)  # after a layer with return_sequences=False, or after Flatten")],
    "three targets for one prediction": [("says", "The one prediction"), ("says", 'keras.layers.Dense(3, name="answer")')],
}
