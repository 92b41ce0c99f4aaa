from dataclasses import replace

import numpy as np
from made_up import card, gaps, run, series
from recorded import recorded

FITTED = np.linspace(1.0, 0.5, 10)


def learned(train=FITTED, val=1.1, rows=500, **more):
    return run(gap=gaps(train, np.broadcast_to(val, len(train))), baseline=series("baseline", rows=rows), **more)


def targets(spread):
    return {"labels": series("labels", mean=0.5), "val_labels": series("val_labels", spread=0.5 * spread), "card": None}


def best_between(val):
    made = learned()
    gap = made["gap"]
    gap.values[:, 0, gap.stats.index("best_val")] = val
    return made


FIRES = {
    "shuffled labels": recorded("labels_shuffled"),
    "validation rises from the first epoch on": learned(val=np.linspace(1.0, 1.6, 10)),
    "hardly fitted": learned(np.linspace(1.0, 0.79, 10), val=np.linspace(1.0, 1.3, 10)),
    "it begins, and validation only gets worse": learned(np.linspace(1.0, 0.94, 10), val=np.linspace(1.0, 1.03, 10)),
    "just far enough apart": learned(np.linspace(1.0, 0.74, 10), val=1.1),
    "validation just over the limit": learned(val=0.98),
    "just under another kind": learned(val=1.95),
    "five epochs": learned(np.linspace(1.0, 0.5, 5)),
    "a hundred rows": learned(rows=100),
    "validation falls next to nothing": learned(val=np.linspace(1.2, 1.1, 10)),
    "validation targets alike": learned(**targets(1.2)),
    "targets were recorded of one side only": learned(labels=series("labels"), card=None),
    "of the other side only": learned(val_labels=series("val_labels", spread=9)),
    "the best epoch is one of the recorded": best_between(1.1),
}
HINTS = {}
SILENT = {
    "validation follows a little": learned(val=np.linspace(1.25, 1.1, 10)),
    "a healthy run": recorded("healthy_regression"),
    "not yet fitted": learned(np.linspace(1.0, 0.81, 10), val=np.linspace(1.0, 1.01, 10)),
    "hardly fitted, and as far from validation as ever": learned(np.linspace(1.0, 0.81, 10), val=1.2),
    "next to nothing is fitted": learned(np.linspace(1.0, 0.96, 10), val=np.linspace(1.0, 1.3, 10)),
    "validation is worse than a constant from the start on": learned(np.linspace(1.0, 0.81, 10), val=np.linspace(1.03, 1.04, 10)),
    "validation rises to a constant's": learned(np.linspace(1.0, 0.81, 10), val=np.linspace(0.98, 1.01, 10)),
    "not far enough apart": learned(np.linspace(1.0, 0.76, 10), val=1.1),
    "validation was better than a constant once": learned(val=[*[1.1] * 4, 0.96, *[1.1] * 5]),
    "it was, between two records": best_between(0.96),
    "validation of another kind": learned(val=2.05),
    "validation falls as well": learned(val=np.linspace(1.4, 1.1, 10)),
    "validation targets with another spread": learned(**targets(1.3)),
}
UNKNOWN = {
    "four epochs": learned(np.linspace(1.0, 0.5, 4)),
    "99 rows": learned(rows=99),
    "few rows, and no signal in them": recorded("few_rows"),
    "no validation": learned(val=np.nan),
    "rows are weighted": learned(card=replace(card(), weighted=True)),
    "nothing was evaluated": run(),
}
TOLD = {
    "it begins, and validation only gets worse": [("says", "are being learned by heart")],
    "just far enough apart": [("says", "are learned by heart")],
}
