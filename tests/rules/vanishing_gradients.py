from dataclasses import replace

import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

LAYERS = ("a", "b", "c", "answer")
CARD = card(dense("a", activation="sigmoid"), dense("b", activation="sigmoid"), dense("c", activation="sigmoid"), dense("answer", 1, "sigmoid", output=True))
TWO = card(dense("a"), dense("answer", 1, "sigmoid", output=True))


def faded(update=0.01, gradient=1e-4, left=1.0, records=12, card=CARD, layers=LAYERS, every=5, last=0.005):
    """update, gradient: of the first layer, one number or one a record, over the others'; last: theirs"""
    steps = np.arange(1, records + 1) * every
    rows = lambda first: np.column_stack([np.resize(first, records), np.ones((records, len(layers) - 1))])  # noqa: E731
    return run(
        card=card, loss=losses([1.0] * records), gap=gaps([left, left]), baseline=series("baseline"),
        gradients=series("gradients", layers, steps, rms=rows(gradient)), updates=series("updates", layers, steps, ratio=last * rows(update)),
    )  # fmt: skip


PROJECTED = replace(CARD, layers=(replace(CARD.layers[0], class_name="EinsumDense"), *CARD.layers[1:]))


FIRES = {
    "eight sigmoid layers": recorded("sigmoid_deep"),
    "updates just under the floor": faded(update=0.039, gradient=1),
    "gradients just under the floor, as under Adam": faded(update=1, gradient=0.9e-3),
    "just enough records, and steps": faded(records=10),
    "the last layer just moves": faded(last=1.1e-5),
    "until the last layer died": faded(update=[0.01] * 8 + [np.nan] * 4, gradient=[1e-4] * 8 + [np.nan] * 4),
    "it has hardly learned": faded(left=0.91),
}
HINTS = {}
SILENT = {
    "the queries of attention": faded(card=PROJECTED),

    "eight relu layers": recorded("healthy_deep_relu"),
    "both just over their floor": faded(update=0.041, gradient=1.1e-3),
    "faded, but it learns": faded(left=0.89),
    "no layer moves": faded(last=0.9e-5),
    "two layers": faded(card=TWO, layers=("a", "answer")),
    "no gradient at all is another rule's": faded(update=np.nan, gradient=np.nan),
}
UNKNOWN = {
    "nine records": faded(records=9, every=6),
    "48 steps": faded(every=4),
    "no run card": faded(card=None),
    "gradients were not recorded": run(loss=losses([1.0])),
}
TOLD = {
    "until the last layer died": [("step", 40), ("last_step", 40), ("active", False)],
    "eight sigmoid layers": [("says", "`dense` moves its weights"), ("says", "of what `dense_8` moves")],
}
