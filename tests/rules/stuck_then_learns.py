import numpy as np
from made_up import card, dense, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer


def learns_at(stuck=300, last=1000, end=0.1, at_first=1.0, records=101, hidden=None, layers=None, **parts):
    steps = np.unique(np.linspace(1, last, records).astype(int))
    loss = np.where(steps < stuck, at_first, end)
    layers = layers or ([dense("hidden", activation=hidden), dense("answer", 1, "sigmoid", output=True)] if hidden else [])
    made = card(*layers)
    return run(loss=losses(loss, steps), baseline=series("baseline"), gap=series("gap", steps=[last], train=end, epoch=1), card=made, **parts)


FIRES = {
    "four sigmoid layers": recorded("sigmoid_stuck_at_first"),
    "a third of the training": learns_at(),
    "a sigmoid layer": learns_at(hidden="sigmoid", optimizer=series("optimizer")),
    "a gate, then a sigmoid layer": learns_at(
        layers=[Layer("gate", "LSTM", "tanh", output_shape=(-1, 8)), dense("bent"), dense("squashed", activation="tanh"), dense("answer", 1, "sigmoid", output=True)],
        optimizer=series("optimizer"),
    ),
    "just over a fifth": learns_at(stuck=210),
    "just over a hundred steps": learns_at(stuck=110, last=200),
    "just enough learned": learns_at(end=0.49),
    "just no progress": learns_at(at_first=0.951),
    "no run card": run(**learns_at().series, card=None),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "it learns at once": learns_at(stuck=1),
    "just under a fifth": learns_at(stuck=185),
    "just under a hundred steps": learns_at(stuck=90, last=200),
    "not enough learned": learns_at(end=0.51),
    "a little progress": learns_at(at_first=0.949),
    "its batches were never better, though it learned": learns_at(stuck=2000, end=0.1),
    "it never learns": learns_at(stuck=1000, end=1.0),
    "one lucky batch at the beginning, and late": run(
        loss=losses(np.r_[1.0, 0.2, np.full(8, 1.0), np.full(90, 0.2)], np.arange(100) * 10 + 1), baseline=series("baseline")
    ),
}
UNKNOWN = {
    "nine records": learns_at(records=9),
    "the constant's loss is not known": run(loss=losses([1.0] * 20), baseline=series("baseline", constant_loss=np.nan)),
    "no baseline": run(loss=losses([1.0] * 20)),
}
TOLD = {
    "a sigmoid layer": [("says", "Replace the sigmoid of `hidden` by relu")],
    "a gate, then a sigmoid layer": [("says", "Replace the tanh of `squashed` by relu"), ("says not", "`gate`"), ("says not", "`bent`")],
}
