import numpy as np
from made_up import card, dense, gaps, run, series
from recorded import recorded

from tb_nndiag.run import Layer


def constant(*shares, left=0.95, rows=500):
    names = tuple(f"input_{i + 1}" for i in range(len(shares)))
    return run(inputs=series("inputs", names, constant_share=np.array([shares]), rows=rows), gap=gaps([left]), baseline=series("baseline"))


def looked_up(low, high, left=0.95, integer=0, kind="Embedding", names=("input",)):
    words = Layer("words", kind, parameters=800, trainable_parameters=800, kernel_shape=(100, 8))
    made = card(Layer("reshape", "Reshape"), words, dense("answer", 1, "sigmoid", output=True))
    return run(card=made, inputs=series("inputs", names, min=low, max=high, integer=integer), gap=gaps([left]), baseline=series("baseline"))


FIRES = {
    "pixels divided as whole numbers": recorded("divided_as_whole_numbers"),
    "words that were divided by their number": looked_up(0.0, 0.99),
    "words that were standardized, of which few are far": looked_up(-0.9, 0.9),
    "every row is the same": constant(1.0),
    "twenty rows": constant(1.0, rows=20),
    "both inputs are": constant(1.0, 1.0),
    "just over what is left": constant(1.0, left=0.91),
}
HINTS = {
    "words that were divided, and it learns": looked_up(0.0, 0.99, left=0.89),
    "all constant, and it learns": constant(1.0, left=0.89),
    "most features": constant(0.51),
    "how it learns is not known": run(inputs=series("inputs", ("pixels",), constant_share=1.0)),
}
SILENT = {
    "two inputs": looked_up(0.0, 0.99, names=("input", "other")),
    "values that are not finite": looked_up(np.nan, np.nan),
    "a model without weights": run(card=card(Layer("flat", "Flatten")), inputs=series("inputs"), gap=gaps([0.95]), baseline=series("baseline")),
    "two words": looked_up(0.0, 1.0),
    "whole numbers": looked_up(0, 0, integer=1),
    "quantities": looked_up(0.0, 0.99, kind="Dense"),
    "a healthy run": recorded("healthy_conv"),
    "half of the features": constant(0.5),
    "a mask beside an input that varies": constant(1.0, 0.1),
}
UNKNOWN = {
    "19 rows": constant(1.0, rows=19),
    "inputs were not recorded": run(),
}
TOLD = {"words that were divided by their number": [("evidence", 2)], "words that were divided, and it learns": [("evidence", 1)]}
