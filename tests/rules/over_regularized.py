import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer

ANSWER = dense("answer", 1, "sigmoid", output=True)


def regularized(penalty=1.0, left=0.7, rate=None, over=1.3, every=40, fall=0.0, mode=True, perfect=0.0, kind="Dropout", early=None, size=None, last=None):
    drops = [Layer("drop", kind, settings={"rate": rate}), Layer("drop_1", "SpatialDropout1D", settings={"rate": 0.1}), Layer("drop_2", "Dropout")] if rate else []
    end = [dense("answer", 1, "sigmoid"), Layer("drop_last", "Dropout", output=True, settings={"rate": last})] if last is not None else [ANSWER]
    made = card(dense("hidden", settings={"kernel_regularizer": "L2"}), *drops, *end)
    train = np.linspace(left + fall, left, 6) + penalty
    gap = gaps(train, every=every)
    gap.values[:, 0, gap.stats.index("penalty")] = penalty
    if early is not None:
        gap.values[0, 0, gap.stats.index("penalty")] = early
        gap.values[0, 0, gap.stats.index("train")] = left + early
    held = left + penalty
    weights = {"updates": series("updates", ("hidden", "answer"), weight_rms=np.array([[0.1, 0.1], [0.1 * size] * 2]))} if size else {}
    parts = weights | ({"mode": series("mode", inference=held, training=perfect + (held - perfect) * over)} if mode else {})
    return run(card=made, gap=gap, loss=losses(train, np.arange(1, 7) * every), baseline=series("baseline"),
               perfect=series("perfect", loss=perfect), **parts)  # fmt: skip


FIRES = {
    "a penalty of 0.3": recorded("penalty_too_strong"),
    "more penalty than loss": regularized(),
    "just over half": regularized(0.72),
    "just badly fitted": regularized(left=0.51),
    "a hundred steps": regularized(every=17),
    "dropout of 0.7": regularized(0.0, rate=0.7),
    "dropout, just over the factor": regularized(0.0, rate=0.9, over=1.21),
    "above the floor of the loss": regularized(0.0, rate=0.9, over=1.21, left=0.8, perfect=0.3),
    "dropout, and little learned in either mode": regularized(0.0, left=0.76, rate=0.7, over=1.0),
    "a fall of next to nothing": regularized(fall=0.02),
    "the penalty went with the weights": regularized(0.0, left=1.0, early=9.0, size=0.01),
    "just over half of the loss, at first": regularized(0.0, left=0.96, early=1.0, size=0.29),
    "the penalty went with the weights, still falling": regularized(0.0, left=1.0, early=9.0, size=0.01, fall=0.5),
    "a penalty beside a layer with a rate of its own": regularized(rate=0.1, kind="Mine"),
    "dropout of the predictions": regularized(0.0, left=0.1, last=0.3),
}
HINTS = {"fitted somewhat": regularized(left=0.49), "hardly fitted somewhat": regularized(left=0.21), "fitted somewhat, still falling": regularized(left=0.4, fall=0.2)}
SILENT = {
    "dropout of none of the predictions": regularized(0.0, left=0.1, last=0.0),
    "a healthy run": recorded("healthy_dense"),
    "just under half": regularized(0.68),
    "well fitted": regularized(left=0.19),
    "the weights shrank, and it learned": regularized(0.0, left=0.94, early=9.0, size=0.01),
    "the weights kept their size": regularized(0.0, left=1.0, early=9.0, size=0.31),
    "little penalty at any time": regularized(0.0, left=1.0, early=0.9, size=0.01),
    "dropout, well fitted": regularized(0.0, left=0.49, rate=0.7),
    "dropout, and a little learned in both": regularized(0.0, left=0.74, rate=0.7, over=1.0),
    "usual dropout, and nothing learned": regularized(0.0, left=0.96, rate=0.69),
    "usual dropout": regularized(0.0, rate=0.69),
    "dropout that does little": regularized(0.0, rate=0.9, over=1.19),
    "dropout, without the two modes": regularized(0.0, rate=0.9, mode=False),
    "another layer with a rate": regularized(0.0, rate=0.9, kind="Mine"),
    "still falling": regularized(fall=0.2),
}
UNKNOWN = {
    "96 steps": regularized(every=16),
    "nothing was evaluated": run(loss=losses([1.0])),
}
TOLD = {
    "a penalty beside a layer with a rate of its own": [("says not", "Mine")],
    "fitted somewhat": [("limits", [0.5, 0.2])],
    "just over half": [("limits", [0.5, 0.5])],
    "more penalty than loss": [("says", "factor by ten, in `hidden`.")],
    "dropout of 0.7": [("says", 'keras.layers.Dropout(rate=0.0, name="drop")'), ("says not", 'keras.layers.Dropout(rate=0.0, name="drop_2")')],
}
