from dataclasses import replace

import numpy as np
from made_up import gaps, losses, run, series
from recorded import recorded


def jumps(to=3.0, at=(10,), usual=0.2, worst=0.4, records=20, after=None, constant=1.0):
    """Batches with a loss of `usual` at most `worst`, but for these records."""
    mean, largest = np.full(records, usual), np.full(records, worst)
    largest[list(at)] = to
    if after is not None:
        mean[max(at) + 1 :] = after
    return run(loss=losses(mean, max=largest, worst_step=np.arange(records) + 1), baseline=series("baseline", constant_loss=constant))


def outliers(times=3, left=0.95):
    """Rows that are far off, and nearly all of the loss: the held rows have so much of a constant's loss left."""
    return replace(with_gap := jumps(at=range(8, 8 + 6 * times, 6), records=40), series={**with_gap.series, "gap": gaps([left] * 2)})


FIRES = {
    "a few rows make up the loss": outliers(),
    "nothing but these is left": outliers(left=0.91),
}
HINTS = {
    "twice only": outliers(times=2),
    "rows that are far off, and it learns": outliers(left=0.89),
    "two rows that are far too large": recorded("two_outliers"),
    "one batch": jumps(),
    "the fourth record": jumps(at=(3,)),
    "where half is nearly left": jumps(usual=0.49, worst=0.49),
    "just over five times": jumps(to=2.01),
    "just over a constant": jumps(to=1.01, worst=0.2),
    "twice": jumps(at=(8, 12)),
    "where next to nothing is left": jumps(usual=0.0, worst=0.0),
    "above a penalty": run(**{**jumps(to=7.5, usual=5.2, worst=5.4).series, "gap": series("gap", train=5.2, penalty=5.0, epoch=1)}),
}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "a healthy convolutional net": recorded("healthy_conv"),
    "just under five times": jumps(to=1.99),
    "just under a constant": jumps(to=0.99, worst=0.19),
    "before anything was learned": jumps(usual=0.51, worst=0.51),
    "it does not come back": jumps(after=0.9),
    "the first record": jumps(at=(0,)),
    "the last record": jumps(at=(19,)),
}
UNKNOWN = {
    "ten records": jumps(at=(5,), records=10),
    "the constant's loss is not known": jumps(constant=np.nan),
    "no constant's loss": run(loss=losses([1.0]), gap=gaps([1.0])),
}
TOLD = {
    "a few rows make up the loss": [("limits", [5.0, 1.0, 0.9]), ("active", True), ("says", "A few rows make up nearly all of the loss")],
    "one batch": [("limits", [5.0, 1.0]), ("active", False), ("says", "The network came back.")],
}
