import numpy as np
from made_up import gaps, run, series
from recorded import recorded


def constant(*shares, left=0.95, rows=500):
    names = tuple(f"input_{i + 1}" for i in range(len(shares)))
    return run(inputs=series("inputs", names, constant_share=np.array([shares]), rows=rows), gap=gaps([left]), baseline=series("baseline"))


FIRES = {
    "every row is the same": constant(1.0),
    "twenty rows": constant(1.0, rows=20),
    "both inputs are": constant(1.0, 1.0),
    "just over what is left": constant(1.0, left=0.91),
}
HINTS = {
    "all constant, and it learns": constant(1.0, left=0.89),
    "most features": constant(0.51),
    "how it learns is not known": run(inputs=series("inputs", ("pixels",), constant_share=1.0)),
}
SILENT = {
    "a healthy run": recorded("healthy_conv"),
    "half of the features": constant(0.5),
    "a mask beside an input that varies": constant(1.0, 0.1),
}
UNKNOWN = {
    "19 rows": constant(1.0, rows=19),
    "inputs were not recorded": run(),
}
