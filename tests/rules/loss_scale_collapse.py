from dataclasses import replace

import numpy as np
from made_up import card, losses, run, series
from recorded import recorded


def scaled(*scale, skipped=0, steps=40):
    at = np.linspace(1, steps, len(scale)).astype(int)
    return run(loss=losses([1.0]), loss_scale=series("loss_scale", steps=at, scale=np.array(scale, float), skipped=skipped))


FIRES = {
    "square roots at zero": recorded("square_roots_in_float16"),
    "just under the limit": scaled(32768, 128, 0.5, skipped=16),
    "most steps were skipped": scaled(32768, 32768, skipped=[0, 21]),
}
HINTS = {}
SILENT = {
    "mixed precision": recorded("healthy_mixed"),
    "float32": recorded("healthy_dense"),
    "just at the limit": scaled(32768, 1),
    "half of the steps": scaled(32768, 32768, skipped=[0, 20]),
    "it fell and came back": scaled(32768, 0.5, 1024),
}
UNKNOWN = {
    "39 steps": scaled(32768, 0.5, steps=39),
    "float16, and the scale was not recorded": run(card=replace(card(), precision="mixed_float16"), loss=losses([1.0])),
    "no run card": run(card=None, loss=losses([1.0])),
}
TOLD = {
    "most steps were skipped": [("first_step", 2)],
}
