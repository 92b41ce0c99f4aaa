import numpy as np
from made_up import gaps, losses, run, series
from recorded import recorded


def swinging(by=0.1, level=0.35, epochs=20, slope=0.0):
    """A loss that is `by` above and below its level in turn; it lies 2 * by from the mean of its neighbors."""
    at = np.arange(epochs)
    return run(gap=gaps(level + by * np.resize([1, -1], epochs) - slope * at), baseline=series("baseline"))


FIRES = {
    "a learning rate of 0.8": recorded("loss_swings"),
    "up and down by a tenth": swinging(),
    "eighteen epochs": swinging(0.1, 0.5, epochs=18),
    "just rough enough": swinging(0.036, 0.35),
    "just above the level": swinging(0.1, 0.31),
    "while it falls": swinging(0.2, 2.0, slope=0.1),
}
HINTS = {
    "the loss is low in spite of it": swinging(0.1, 0.29),
    "just over the swing": swinging(0.016, 0.05),
}
SILENT = {
        "smooth": swinging(0.0, slope=0.02),
    "just under the swing": swinging(0.014, 0.05),
    "rough, but of little weight": swinging(0.034, 0.35),
    "one bump": run(gap=gaps([*[0.5] * 13, 0.9, *[0.5] * 4]), baseline=series("baseline")),
    "not finite": run(gap=gaps([*np.resize([0.2, 0.4], 17), np.nan]), baseline=series("baseline")),
    "in the first half only": run(gap=gaps([*np.resize([0.2, 0.9], 9), *[0.4] * 9]), baseline=series("baseline")),
}
UNKNOWN = {
    "17 epochs": swinging(epochs=17),
    "a healthy run of few epochs": recorded("healthy_dense"),
    "the constant's loss is not known": run(gap=gaps([1.0] * 18)),
    "nothing was evaluated": run(loss=losses([1.0] * 18), baseline=series("baseline")),
}
