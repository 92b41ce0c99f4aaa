from made_up import run, series
from recorded import recorded

FIRES = {"a callback that makes the train function anew": recorded("compiled_each_epoch"), "each epoch": run(resources=series("resources", traces=[1, 2, 3, 4, 5, 6])), "at the beginning": run(resources=series("resources", traces=[6, 6, 6]))}
HINTS = {}
SILENT = {"a healthy run": recorded("healthy_dense"), "five times": run(resources=series("resources", traces=[1, 3, 5]))}
UNKNOWN = {"nothing was recorded": run()}
TOLD = {"each epoch": [("first_step", 6), ("active", True)], "at the beginning": [("first_step", 1), ("active", False)]}
