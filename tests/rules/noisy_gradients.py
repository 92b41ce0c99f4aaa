from dataclasses import replace

import numpy as np
from made_up import card, run, series
from recorded import recorded

LAYERS = ("hidden", "answer")


def noise(ratio, records=20, plan=None, late=1.0, **parts):
    """Gradients with so much variance over their squared mean in the first quarter of the records, less later."""
    variance = np.where(np.arange(records) < max(records // 4, 5), ratio, late)
    return run(**{"noise": series("noise", LAYERS, mean_square=1.0, variance=variance), "card": plan or card(), **parts})


FIRES = {
    "batches of four rows, a third of the labels wrong": recorded("batches_of_four"),
    "just over twenty": noise(20.1),
    "nothing in common": run(noise=series("noise", LAYERS, np.arange(1, 21), mean_square=0.0, variance=1.0)),
    "with a known rate": noise(50.0, optimizer=series("optimizer")),
    "a large layer alone": run(
        noise=series("noise", LAYERS, np.arange(1, 21), mean_square=np.ones((20, 2)), variance=np.tile([30.0, 1.0], (20, 1)))
    ),
    "a layer without kernels beside": run(
        noise=series("noise", LAYERS, np.arange(1, 21), mean_square=np.tile([1.0, np.nan], (20, 1)), variance=np.tile([30.0, np.nan], (20, 1)))
    ),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "just under twenty": noise(19.9),
    "noisy near the floor": noise(1.0, late=100.0),
    "a small layer alone": run(
        noise=series("noise", LAYERS, np.arange(1, 21), mean_square=np.ones((20, 2)), variance=np.tile([1.0, 100.0], (20, 1)))
    ),
}
UNKNOWN = {
    "nine records": noise(50.0, records=9),
    "no run card": run(noise=series("noise", LAYERS), card=None),
    "an unknown batch": noise(50.0, plan=replace(card(), batch_size=0)),
}
