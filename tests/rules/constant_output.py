import numpy as np
from made_up import run, series
from recorded import recorded


def answers(*spread, **labels):
    return run(outputs=series("outputs", spread=np.array(spread)), labels=series("labels", **labels))


FIRES = {
    "dead layers": recorded("biases_too_low"),
    "a softmax over one unit": recorded("one_softmax_unit"),
    "just under the floor, twice": answers(0.0049 * 0.5, 0.0049 * 0.5),
    "it became so": answers(0.4, 0.0, 0.0),
    "ten classes, one-hot": run(outputs=series("outputs", spread=np.array([1e-3, 1e-3]), width=10), labels=series("labels", width=10, spread=0.3)),
    "ten classes as numbers": run(outputs=series("outputs", spread=np.array([1e-4, 1e-4]), width=10), labels=series("labels", distinct=10, spread=2.9)),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "just over the floor": answers(0.0051 * 0.5, 0.0051 * 0.5),
    "once only": answers(0.4, 0.0),
    "constant targets": answers(0.0, 0.0, spread=0),
    "a single class": run(outputs=series("outputs", spread=np.array([0.0, 0.0]), width=10), labels=series("labels", distinct=1, spread=0)),
    "NaN is another rule's": answers(np.nan, np.nan),
}
UNKNOWN = {
    "one evaluation": answers(0.0),
    "two outputs for one target": run(outputs=series("outputs", ("a", "b"), spread=np.zeros((2, 2))), labels=series("labels")),
    "two targets for one output": run(outputs=series("outputs", spread=np.zeros(2)), labels=series("labels", ("a", "b"))),
    "two outputs": run(outputs=series("outputs", ("a", "b"), spread=np.zeros((2, 2))), labels=series("labels", ("a", "b"))),
    "nothing was evaluated": run(),
}
TOLD = {
    "a softmax over one unit": [("says", "they vary by nothing"), ("says", "predictions of `dense_2` are the")],
    "ten classes as numbers": [("says", "vary by 0.000333 of the")],
}
