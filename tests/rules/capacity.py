from dataclasses import replace

import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded


def sized(ratio=30.0, train=0.1, val=0.5, rows=100, layers=(), **parts):
    """A network with so many parameters for each of 100 numbers to learn."""
    made = replace(card(*layers), batch_size=20, steps_per_epoch=rows // 20, trainable_parameters=int(ratio * 100))
    gap = gaps(np.full(5, train), np.full(5, val))
    return run(**{"gap": gap, "loss": losses(np.full(5, train), gap.steps), "baseline": series("baseline"), "card": made, **parts})


OUTPUT = dense("answer", 1, "sigmoid", output=True)
FIRES = {
    "sixty rows": recorded("few_rows"),
    "large, and far apart": sized(),
    "just over the size": sized(ratio=20.1),
    "just far enough apart": sized(val=0.31),
    "small, and much is left": sized(0.1, train=0.6, val=0.6),
    "just under the size": sized(0.49, train=0.6, val=0.6),
    "just enough left": sized(0.1, train=0.41, val=0.41),
    "without a hidden layer": sized(0.1, train=0.6, val=0.6, layers=[OUTPUT]),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "just not large": sized(ratio=19.9),
    "large, and together": sized(val=0.29),
    "just not small": sized(0.51, train=0.6, val=0.6),
    "small, and little is left": sized(0.1, train=0.39, val=0.39),
    "small, and nothing was learned": sized(0.1, train=0.98, val=0.98),
    "small, and still falling": sized(0.1, gap=gaps(np.linspace(0.9, 0.6, 9), np.linspace(0.9, 0.6, 9))),
    "small, and far apart": sized(0.1, train=0.6, val=0.9),
}
UNKNOWN = {
    "no run card": sized(card=None),
    "an unknown number of rows": sized(card=replace(card(), steps_per_epoch=0)),
    "two outputs": sized(layers=[dense("one", output=True), dense("other", output=True)]),
    "no validation": sized(val=np.nan),
    "the constant's loss is not known": sized(baseline=series("baseline", constant_loss=np.nan)),
}
TOLD = {
    "large, and far apart": [("says", "Make `hidden`, the widest layer, narrower: 8 units"), ("says", "Dropout(rate=0.3)"), ("says not", "add a hidden layer")],
    "small, and much is left": [("says", "Make `hidden`, the widest layer, wider: 128 units"), ("says", "Or add a hidden layer"), ("says not", "Dropout")],
    "without a hidden layer": [("says", "Add a hidden layer"), ("says not", "the widest layer")],
}
