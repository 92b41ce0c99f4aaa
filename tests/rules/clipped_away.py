from dataclasses import replace

import numpy as np
from made_up import card, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Optimizer

LAYERS = ("hidden", "hidden_1", "answer")


def clipped(*after, before=1.0, ratio=1e-5, left=1.0, known=True, measured=True, **parts):
    after = after if len(after) > 1 else after * 10
    model = replace(card(), optimizer=Optimizer("SGD", 0.1, settings={"global_clipnorm": 1e-3})) if known else None
    steps = np.arange(1, len(after) + 1)
    parts = {"baseline": series("baseline"), **({"updates": series("updates", LAYERS, steps, ratio=np.full((len(after), 3), ratio))} if measured else {}), **parts}
    return run(card=model, clipping=series("clipping", steps=steps, before=before, after=np.array(after)), loss=losses([left]), gap=gaps([left]), **parts)


FIRES = {
    "clipped to a norm of a thousandth": recorded("clipped_to_a_thousandth"),
    "just under the limit": clipped(0.009),
    "on more than half of the steps": clipped(*[0.001] * 6, *[1.0] * 5),
    "steps just too short": clipped(0.001, ratio=2.9e-4),
    "it has hardly learned": clipped(0.001, left=0.91),
}
HINTS = {
    "steps long enough": clipped(0.001, ratio=3.1e-4),
    "it has learned": clipped(0.001, left=0.89),
    "harm is not known": clipped(0.001, baseline=series("baseline", constant_loss=np.nan)),
    "updates were not recorded": clipped(0.001, measured=False),
    "no layer to judge": clipped(0.001, updates=series("updates", ("other",), ratio=1e-5)),
}
SILENT = {
    "a gradient of a usual norm": recorded("healthy_gradient_clipped"),
    "an optimizer that does not clip": recorded("healthy_dense"),
    "an optimizer that is not known": run(card=replace(card(), optimizer=None), loss=losses([1.0])),
    "just over the limit": clipped(0.011),
    "on half of the steps": clipped(*[0.001] * 5, *[1.0] * 5),
    "no gradient at all": clipped(0.0, before=0.0),
    "it is not finite": clipped(np.nan, before=np.nan),
}
UNKNOWN = {
    "clipping was not recorded": run(card=replace(card(), optimizer=Optimizer("SGD", 0.1, settings={"clipvalue": 0.5})), loss=losses([1.0])),
    "nine records": clipped(*[0.001] * 9),
    "no run card": clipped(0.001, known=False),
}
TOLD = {
    "just under the limit": [("says", "keras.optimizers.SGD(learning_rate=0.1)")],
}
