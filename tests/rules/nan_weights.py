from made_up import losses, run, series
from recorded import recorded

PLACES = ("output of hidden", "gradient of hidden", "weights of hidden")


def broken(*count, places=PLACES, **loss):
    return run(loss=losses([1.0, 1.0], **loss), nonfinite=series("nonfinite", places, [2], count=[count]))


FIRES = {
    "a row with NaN": recorded("row_with_nan"),
    "weights": broken(0, 3, 3),
    "weights alone": broken(0, 0, 3),
}
WARNINGS = {
    "gradients that did not reach the weights": broken(0, 3, 0),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "the loss shows it": recorded("steps_explode"),
    "the loss showed it once": broken(0, 3, 3, nonfinite=[0, 1]),
    "an output that is masked": broken(3, 0, 0),
    "nothing is": broken(0, 0, 0),
}
UNKNOWN = {"the loss was not recorded": run()}
TOLD = {
    "a row with NaN": [("says", "(limit: 0), while")],
}
