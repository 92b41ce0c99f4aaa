from dataclasses import replace

import numpy as np
from made_up import card, losses, run, series
from recorded import recorded

RISING = np.linspace(1, 1.6, 30)

FIRES = {
    "a negative learning rate": recorded("rate_negative"),
    "just over the limit": run(loss=losses(RISING), baseline=series("baseline")),
    "without a known constant": run(loss=losses(RISING)),
    "a lucky first batch does not hide it": run(loss=losses([1, 1, 1, *RISING])),
    "a loss of its own, far above its start": run(loss=losses(np.linspace(1, 100, 30)), card=replace(card(), losses=())),
    "without a run card": run(loss=losses(RISING), card=None),
    "five records": run(loss=losses([1, 1, 2, 2, 2])),
    "worse than the first batch after a good time": run(loss=losses([1, 0.5, 0.4, 2, 3, 4])),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_regression"),
    "just under the limit": run(loss=losses(np.linspace(1, 1.49, 30))),
    "above its start, but below a constant's": run(loss=losses(RISING), baseline=series("baseline", constant_loss=1.2)),
    "a loss of its own, which may rise on purpose": run(loss=losses(np.linspace(1, 14, 30)), card=replace(card(), losses=())),
    "a lucky first batch": run(loss=losses([0.4, 1, 1, 1, 1, 1.1, 1.1])),
    "one bad batch at the very end": run(loss=losses([1.0] * 9 + [9.0])),
    "a loss that is below zero": run(loss=losses([-5, -4, -3, -2, -1, -0.1])),
}
UNKNOWN = {"four records": run(loss=losses([1, 1, 2, 2])), "no loss was seen": run()}
TOLD = {
    "worse than the first batch after a good time": [("first_step", 1)],
    "a negative learning rate": [("says", "Use a positive learning rate: 0.02.")],
}
