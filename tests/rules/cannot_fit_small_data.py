from dataclasses import replace

import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer


def few_rows(left=0.8, rows=100, steps=400, parameters=1000, layers=(), falls=0.0, **parts):
    """A training of 20 epochs on so many rows, whose loss falls over its last third or does not."""
    train = np.r_[np.full(14, left + falls), np.full(6, left)]
    made = replace(card(*layers), batch_size=20, steps_per_epoch=rows // 20, trainable_parameters=parameters)
    gap = gaps(train, every=steps // 20)
    return run(**{"gap": gap, "loss": losses(train, gap.steps), "baseline": series("baseline"), "card": made, **parts})


FIRES = {
    "batches of one row": recorded("batches_of_one"),
    "100 rows": few_rows(),
    "300 rows": few_rows(rows=300),
    "just too much left": few_rows(left=0.41),
    "one parameter more than rows": few_rows(parameters=101),
    "three outputs": few_rows(parameters=301, layers=[dense("hidden"), dense("answer", 3, "softmax", output=True)]),
    "no hidden layer": few_rows(layers=[dense("answer", 1, "sigmoid", output=True)]),
    "it hardly falls": few_rows(falls=0.01),
    "a convolution is the narrowest": few_rows(layers=[Layer("image", "Conv2D", "relu", "", 90, 90, (-1, 8, 8, 4), (3, 3, 1, 4)), dense("hidden"), dense("answer", 1, "sigmoid", output=True)]),
    "no activation, and layers that have no weights or size": few_rows(
        layers=[Layer("pool", "GlobalMaxPooling2D", output_shape=(-1, 4)), Layer("odd", "Lambda", "", "", 9, 9, ()), dense("hidden", 8, ""), dense("answer", 1, "sigmoid", output=True)]
    ),
    "a narrow layer": few_rows(layers=[dense("wide"), dense("narrow", 1, "tanh"), dense("answer", 1, "sigmoid", output=True)]),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "few rows, learned by heart": recorded("few_rows"),
    "320 rows": few_rows(rows=320),
    "not too much left": few_rows(left=0.39),
    "as many parameters as rows": few_rows(parameters=100),
    "as many parameters as numbers to learn": few_rows(parameters=300, layers=[dense("hidden"), dense("answer", 3, "softmax", output=True)]),
    "it still falls": few_rows(falls=0.1),
    "it still falls a little": few_rows(falls=0.03),
    "it does badly in inference mode alone": few_rows(loss=losses(np.full(20, 0.1))),
}
UNKNOWN = {
    "280 steps": few_rows(steps=280),
    "no run card": few_rows(card=None),
    "an unknown number of rows": few_rows(card=replace(card(), steps_per_epoch=0)),
    "two outputs": few_rows(layers=[dense("one", output=True), dense("other", output=True)]),
    "the constant's loss is not known": few_rows(baseline=series("baseline", constant_loss=np.nan)),
}
TOLD = {
    "a narrow layer": [("says", "widen `narrow`, the narrowest layer with 1 unit"), ("says", 'keras.layers.Dense(32, activation="tanh", name="narrow")')],
    "a convolution is the narrowest": [("says", "widen `image`"), ("says", 'keras.layers.Conv2D(32, (3, 3), activation="relu", name="image")')],
    "no activation, and layers that have no weights or size": [("says", "widen `hidden`"), ("says", 'keras.layers.Dense(32, activation="relu", name="hidden")')],
    "no hidden layer": [("says", 'keras.layers.Dense(64, activation="relu")'), ("says", "add a hidden layer")],
}
