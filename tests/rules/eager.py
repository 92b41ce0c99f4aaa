from dataclasses import replace

from made_up import card, losses, run, series
from recorded import recorded


def trained(steps, eagerly=True, **parts):
    return run(loss=losses([1.0], [steps]), card=replace(card(), run_eagerly=eagerly), **parts)


FIRES = {"a short training": recorded("run_eagerly"), "a whole training": trained(101), "with its time": trained(500, timing=series("timing"))}
HINTS = {}
SILENT = {"a graph": recorded("healthy_dense"), "a look": trained(100), "a long graph": trained(500, eagerly=False)}
UNKNOWN = {"no run card": run(loss=losses([1.0]), card=None)}
