"""Prints what the limits are set by: the measured numbers of every run of a sweep, beside what was said of it.

python benchmarks/calibration/sweep.py OUT
python benchmarks/calibration/table.py OUT > docs/calibration.md
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict

import numpy as np

from tb_nndiag.engine import diagnose
from tb_nndiag.layers import median, median_ratio, with_kernels, with_updates_to_judge
from tb_nndiag.logdir import read, runs_below
from tb_nndiag.progress import now_left, reference_loss
from tb_nndiag.rule import number
from tb_nndiag.run import Run

INTRODUCTION = """# Calibration

Where the limits of the rules come from: sweeps of one fault each, from none to gross, under SGD, momentum and Adam, on small
dense and convolutional networks (benchmarks/calibration/sweep.py). This page is made by

    python benchmarks/calibration/sweep.py OUT --seeds {seeds}
    python benchmarks/calibration/table.py OUT > docs/calibration.md

One column says how the run ended: **left** is the loss of the held training rows over that of the best constant
prediction (1 is no better than a constant). The others are what rules compare with their limits: **update** is the median
over the larger layers of a step's size over the weights' (early: the larger median of the first 5 and 20 records),
**1st/last** compares the first layer that has a kernel with the last, **dead** and **saturated** are the largest share in a
hidden layer, **scale** the largest scale of a feature, **ratio** that over the median one, **first loss** that of the first
batch over the constant prediction's, **val rise** the validation loss at the end over its minimum. The last column is the
leading verdict; hints are in parentheses.

The number behind # is the seed. The family `healthy` holds no fault: any error or warning there is a false alarm.
"""


def features(run: Run) -> dict[str, float]:
    """The numbers that rules compare with their limits; NaN where they do not exist."""
    found = {"left": now_left(run), "first loss": float(run["loss"].of_run("first")[0]) / reference_loss(run)}
    layers = with_updates_to_judge(run)
    if layers:
        ratio = median_ratio(run, layers)
        found |= {"update": median(ratio), "early update": float(np.fmax(median(ratio[:20]), median(ratio[:5])))}
    kernels = with_kernels(run, "updates")
    if len(kernels) > 2:
        for name, signal, stat in (("update 1st/last", "updates", "ratio"), ("gradient 1st/last", "gradients", "rms")):
            with np.errstate(all="ignore"):
                found[name] = median(run[signal].column(kernels[0], stat) / run[signal].column(kernels[-1], stat))
    hidden = [p.name for p in run.card.hidden if p.name in run["units"].columns] if run.card and "units" in run else []
    if hidden:
        found["dead"] = max(run["units"].last(name, "dead_share") for name in hidden)
        found["saturated"] = max(run["units"].last(name, "saturated_share") for name in hidden)
    if "inputs" in run:
        found |= {"scale": run["inputs"].last(0, "largest_scale"), "ratio": run["inputs"].last(0, "scale_ratio")}
    val = run["gap"].of_run("val") if "gap" in run else np.zeros(0)
    if np.isfinite(val).any():
        found["val rise"] = float(val[-1] / np.nanmin(val))
    return found


COLUMNS = (
    "left",
    "early update",
    "update",
    "update 1st/last",
    "gradient 1st/last",
    "dead",
    "saturated",
    "scale",
    "ratio",
    "first loss",
    "val rise",
)


def verdict_of(run: Run) -> str:
    leading = [v for v in diagnose(run) if v.leads]
    return ", ".join(v.rule if v.severity != "hint" else f"({v.rule})" for v in leading) or "-"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("out", help="what sweep.py wrote")
    rows: dict[str, list[str]] = defaultdict(list)
    seeds = set()
    for name, directory in runs_below(arguments.parse_args().out):
        family, _, rest = name.partition("/")
        run = read(directory, name)
        seeds.add(rest.rpartition("#")[2])
        values = features(run)
        cells = [number(v) if math.isfinite(v := values.get(c, math.nan)) else "·" for c in COLUMNS]
        rows[family].append(f"| {rest} | {' | '.join(cells)} | {verdict_of(run)} |")
    print(INTRODUCTION.format(seeds=",".join(sorted(seeds))))
    for family, lines in rows.items():
        print(f"## {family} ({len(lines)} runs)\n")
        print(f"| run | {' | '.join(COLUMNS)} | verdict |\n|---|{'---|' * (len(COLUMNS) + 1)}")
        print("\n".join(lines), end="\n\n")


if __name__ == "__main__":
    main()
