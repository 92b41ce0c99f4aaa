from made_up import run, series
from recorded import recorded


def rows(duplicates=0, train_rows=100, **inputs):
    overlap = series("overlap", train_rows=train_rows, duplicates=duplicates, distinct=train_rows - duplicates)
    return run(overlap=overlap, inputs=series("inputs", **inputs))


FIRES = {"rows three times": recorded("rows_three_times"), "half of them": rows(50), "six of a hundred": rows(6), "50 rows": rows(5, 50)}
HINTS = {}
SILENT = {"a healthy run": recorded("healthy_dense"), "five of a hundred": rows(5), "none": rows()}
UNKNOWN = {"49 rows": rows(40, 49), "whole numbers": rows(50, integer=1), "not recorded": run()}
