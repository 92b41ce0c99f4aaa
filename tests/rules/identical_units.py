from made_up import card, dense, run, series
from recorded import recorded

from tb_nndiag.run import Layer

CARD = card(dense("hidden", 8), dense("answer", 4, "softmax", output=True))


def spread(*values, card=CARD, **more):
    return run(card=card, updates=series("updates", ("hidden", "answer"), unit_spread=[[v, 1.0] for v in values], **more))


FIRES = {
    "constant kernels": recorded("constant_kernels"),
    "kernels of zeros": recorded("zero_kernels"),
    "just under the floor": spread(0.9e-3, 0.9e-3, 0.9e-3),
    "nothing but zeros": spread(float("nan"), float("nan"), float("nan"), weight_max_abs=0.0),
    "they became so": spread(1, 0, 0, 0),
}
HINTS = {}
SILENT = {
    "a layer that was not observed": spread(1.0, 1.0, 1.0, card=card(dense("unseen"), dense("hidden", 8), dense("answer", 4, "softmax", output=True))),
    "one weight for each unit": spread(0.0, 0.0, 0.0, card=card(Layer("hidden", "BatchNormalization", kernel_shape=(8,)), dense("answer", 4, "softmax", output=True))),
    "a healthy run": recorded("healthy_conv"),
    "just over the floor": spread(1.1e-3, 1.1e-3, 1.1e-3),
    "they parted": spread(0, 0, 0, 0.5),
    "the output may": run(card=CARD, updates=series("updates", ("hidden", "answer"), unit_spread=[[1.0, 0.0]] * 3)),
    "a layer of one unit": spread(0, 0, 0, card=card(dense("hidden", 1), dense("answer", 4, "softmax", output=True))),
    "rows of an embedding": spread(0, 0, 0, card=card(dense("hidden", 8).__class__("hidden", "Embedding", kernel_shape=(9, 8)), dense("answer", 4, "softmax", output=True))),
}
UNKNOWN = {
    "two records": spread(0, 0),
    "no run card": spread(0, 0, 0, card=None),
    "updates were not recorded": run(card=CARD),
}
TOLD = {
    "constant kernels": [("says", "weights: he_normal.")],
}
