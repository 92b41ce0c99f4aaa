import numpy as np
from made_up import gaps, losses, run, series
from recorded import recorded

LAYERS = ("hidden", "hidden_1", "answer")


def steps(ratio, left=1.0, last_step=100, fall=0.0, end=None, **more):
    at = np.linspace(1, last_step, 10).astype(int)
    held = np.linspace(left + fall, left, 10)
    held[-1] = left if end is None else end
    parts = {"loss": losses([1.0] * 10, at), "gap": gaps(held, every=last_step // 10), "baseline": series("baseline"), "optimizer": series("optimizer")}
    return run(updates=series("updates", LAYERS, at, ratio=np.full((10, 3), ratio)), **parts, **more)


FIRES = {
    "SGD at 1e-4": recorded("rate_too_low"),
    "just under the floor": steps(2.9e-4),
    "it has hardly learned": steps(1e-5, left=0.91),
    "a fall that is too small": steps(1e-5, fall=0.054),
    "forty steps": steps(1e-5, last_step=40),
}
WARNINGS = {"a fall that counts": steps(1e-5, fall=0.09)}
HINTS = {}
SILENT = {
    "a loss that is not finite is another rule's": steps(1e-5, end=np.inf),
    "a healthy run": recorded("healthy_dense"),
    "just over the floor": steps(3.1e-4),
    "short steps at the end of a run that has learned": steps(1e-5, left=0.89),
    "nothing moves at all": steps(0.0),
    "nothing finite was measured": steps(np.nan),
}
UNKNOWN = {
    "39 steps": steps(1e-5, last_step=38),
    "no run card": steps(1e-5, card=None),
    "updates were not recorded": run(loss=losses([1.0])),
}
TOLD = {
    "SGD at 1e-4": [("says", "Raise the learning rate from 0.0001 to"), ("active", True)],
}
