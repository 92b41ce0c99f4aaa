"""Trains sweeps of one fault each, from none to gross, so that limits are set where learning and stuck runs part.

    python benchmarks/calibration/sweep.py OUT [--only depth] [--seeds 1,2,3]

Each run goes to OUT/FAMILY/NAME. `table.py` reads them and prints what the limits are set by.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from faults import FAULTS
from healthy import healthy

FAMILIES = {**FAULTS, "healthy": healthy}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--only", default="", help="families, comma-separated")
    arguments.add_argument("--seeds", default="1")
    options = arguments.parse_args()
    wanted = [f for f in options.only.split(",") if f] or list(FAMILIES)
    for family in wanted:
        for seed in options.seeds.split(","):
            for name, train in FAMILIES[family]():
                log_dir = options.out / family / f"{name}#{seed}"
                if log_dir.exists():
                    continue
                keras.backend.clear_session()
                keras.utils.set_random_seed(int(seed))
                began = time.time()
                train(str(log_dir))
                print(f"{family:14} {name:28} {time.time() - began:5.1f} s", flush=True)


if __name__ == "__main__":
    main()
