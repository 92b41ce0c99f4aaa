"""Trains healthy networks of every kind with `Diagnosis`, judges each, and prints what was said of it.

    python benchmarks/zoo/zoo.py OUT --seeds 1,2,3          # every kind of kinds.py
    python benchmarks/zoo/zoo.py OUT --draws 200            # settings drawn at random, all of them sound
    python benchmarks/zoo/zoo.py OUT --short                # one seed of the cheapest kinds, in less than a minute

A run that is in OUT already is not trained again. The exit code is 1 when an error or a warning speaks: each would be a
false alarm. `table.py` writes docs/zoo.md from OUT. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from draws import draws
from kinds import all_kinds

from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read
from tb_nndiag.progress import now_left
from tb_nndiag.rule import NotEnoughData, number
from tb_nndiag.verdict import Verdict

SHORT = (
    "logistic_regression",
    "hundred_classes",
    "two_class_softmax",
    "hinge_linear",
    "two_epochs",
    "no_validation",
    "true_and_false",
    "raw_table_normalized",
    "clipnorm",
    "bag_of_words",
)


def findings(log_dir: pathlib.Path, name: str) -> tuple[list[Verdict], str]:
    """What speaks of a run, and the share of the constant prediction's loss that is left at its end, as text."""
    run = read(log_dir, name)
    try:
        left = number(now_left(run))
    except NotEnoughData:
        left = "·"
    return [v for v in diagnose(run) if v.finding or v.status == "crashed"], left


def wanted(options: argparse.Namespace) -> Iterator[tuple[str, int, Callable[[str], None]]]:
    """(kind, seed, training) of everything that was asked for."""
    if options.draws:
        for number_, train in enumerate(draws(options.draws), 1):
            yield f"draw_{number_:03d}", number_, train
        return
    kinds = all_kinds()
    names = options.only.split(",") if options.only else SHORT if options.short else kinds
    unknown = [name for name in names if name not in kinds]
    if unknown:
        sys.exit(f"There is no kind {unknown[0]!r}. There are: {', '.join(kinds)}.")
    for seed in [1] if options.short else [int(s) for s in options.seeds.split(",")]:
        for name in names:
            yield name, seed, kinds[name]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--only", default="", help="kinds, comma-separated")
    arguments.add_argument("--seeds", default="1")
    arguments.add_argument("--short", action="store_true")
    arguments.add_argument("--draws", type=int, default=0, metavar="N", help="train N random settings instead")
    options = arguments.parse_args()
    alarms = 0
    for kind, seed, train in wanted(options):
        log_dir, began = options.out / f"{kind}#{seed}", time.time()
        if not log_dir.exists():
            keras.backend.clear_session()
            keras.utils.set_random_seed(seed)
            beside = log_dir.with_name(f".{log_dir.name}")  # an interrupted training leaves no half run
            shutil.rmtree(beside, ignore_errors=True)
            train(str(beside))
            beside.rename(log_dir)
        spoke, left = findings(log_dir, kind)
        alarms += any(v.severity != "hint" or v.status == "crashed" for v in spoke)
        said = ", ".join(f"{v.status if v.status == 'crashed' else v.severity} {v.rule}" for v in spoke) or "-"
        print(f"{kind:28} {seed:3} {time.time() - began:5.1f} s  left {left:>8}  {said}", flush=True)
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
