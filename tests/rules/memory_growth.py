from dataclasses import replace

import numpy as np
from made_up import card, run, series
from recorded import recorded


def process(growth=0.5, records=40, every=10, falls=0, first=1e9, plan=None, **stats):
    """Grows by this share of itself from half of the training to its end, but for some records."""
    held = np.linspace(first * (1 - growth), first * (1 + growth), 2 * records)[-records - 1 :]
    held[0] = first
    held[1 : 2 * falls : 2] = held[2 : 2 * falls + 1 : 2] + 1
    held = np.r_[np.full(records - 1, first), held]
    steps = np.arange(1, len(held) + 1) * every
    made = card() if plan is None else replace(card(), steps_per_epoch=plan)
    return run(resources=series("resources", steps=steps, **{"resident_bytes": held, **stats}), card=made)


FIRES = {
    "a callback that keeps a megabyte a batch": recorded("batches_kept"),
    "half as much again": process(),
    "just over a tenth": process(growth=0.101),
    "a fifth of the records fall": process(falls=8),
    "no run card": replace(process(), card=None),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "just under a tenth": process(growth=0.099),
    "more than a fifth of the records fall": process(falls=9),
    "it shrinks": process(growth=-0.5),
}
UNKNOWN = {
    "not Linux": process(resident_bytes=np.nan),
    "nine records in the second half": process(records=8),
    "hardly more than an epoch": process(plan=780),
}
