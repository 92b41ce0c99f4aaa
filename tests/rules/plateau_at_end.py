import numpy as np
from made_up import gaps, losses, run, series
from recorded import recorded


def rests(falls=5, rests=10, end=0.1, apart=0.0, start=1.0):
    """Falls for some epochs, and then rests for others, where it goes up and down by `apart`."""
    resting = np.full(rests, end)
    resting[::2] += apart
    train = np.r_[np.linspace(start, end + 0.05, falls), resting[::-1]]
    return run(gap=gaps(train), loss=losses([end]), baseline=series("baseline"))


FIRES = {
    "a regression that has converged": recorded("converged"),
    "two thirds of the training": rests(),
    "just over a third": rests(falls=9, rests=6),
    "up and down by just under a hundredth": rests(apart=0.009),
    "just enough learned": rests(end=0.49),
    "from the first evaluation on": rests(falls=0, rests=12),
}
HINTS = {}
SILENT = {
    "a healthy run that goes on falling": recorded("healthy_regression"),
    "just under a third": rests(falls=11, rests=5),
    "up and down by just over a hundredth": rests(apart=0.011),
    "too little learned": rests(end=0.51),
    "it became NaN": run(gap=gaps([0.5] * 9 + [np.nan]), loss=losses([0.5]), baseline=series("baseline")),
}
UNKNOWN = {
    "seven evaluations": rests(falls=2, rests=5),
    "the constant's loss is not known": run(gap=gaps([0.1] * 9), loss=losses([0.1]), baseline=series("baseline", constant_loss=np.nan)),
    "nothing was evaluated": run(loss=losses([1.0])),
}
