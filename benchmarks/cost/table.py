"""Prints what observing costs, beside the goals.

python benchmarks/cost/run.py OUT.json
python benchmarks/cost/table.py OUT.json > docs/cost.md
"""

from __future__ import annotations

import argparse
import json
import pathlib
from collections import defaultdict
from statistics import median

from keras_callbacks import schedule
from keras_callbacks.samples import STEPS_KEPT
from tb_nndiag.signals import CARD_TAG, SIGNALS

INTRODUCTION = """# What observing costs

CPU time, memory and bytes of `fit` with the callback `Diagnosis`, with Keras' own `TensorBoard` callback, and with neither,
side by side. This page is made by

    python benchmarks/cost/run.py OUT.json --pairs {pairs}
    python benchmarks/cost/table.py OUT.json > docs/cost.md

on {machine}.
Each fit has a process of its own, held to one thread: batches of 32 rows, 256 validation rows, two epochs. A ratio is the CPU
time over that of the plain fit of the same round: the median of the rounds, in parentheses the smallest and the largest.
**control** is a second plain fit: what it is away from 1 is noise. `jit on` is Keras' default, also on a CPU.

**long training** is the callback with the second, plain form of the step compiled at once. The callback does so when that saves more
over the steps that are left than it takes; for most of these short fits it does not, and they run in the observed form throughout (**diagnosis**). Records
come at distances that grow with the run and take 1 % of its time at most, beyond the first five seconds: the median step is that of a long training.
"""
TABLES = {  # key of run.py: (title, whether it is compared as a ratio, unit, digits)
    "median_step_ms": ("A step: median of the second epoch's", True, "ms", 3),
    "step_ms": ("Steps and their records: mean of the second epoch's", True, "ms", 3),
    "first_step_s": ("First step: from the start of `fit` to the second step", True, "s", 2),
    "first_end_s": ("End of the first epoch, where the evaluation of held rows is traced", False, "s", 2),
    "last_end_s": ("End of the second epoch and of the fit", False, "s", 2),
    "fit_s": ("The whole of two epochs", True, "s", 2),
    "peak_mb": ("Peak resident memory", False, "MB", 0),
}
LONG = "long training"
GOALS = (  # what, nets ("": all), key, variant, beside what, the most it may be
    ("a step of about 2 ms in a long training, times the plain one", "dense", "median_step_ms", LONG, "none", 1.03),
    ("a step of about 10 ms in a long training, times the plain one", "cnn", "median_step_ms", LONG, "none", 1.01),
    ("a step in a long training, times the one with `TensorBoard`", "", "median_step_ms", LONG, "TensorBoard", 1.0),
    ("the first step, times the plain one", "", "first_step_s", "diagnosis", "none", 1.10),
    ("MB of memory over the plain fit's", "", "peak_mb", "diagnosis", "none", 20),
    ("MB of memory over the plain fit's in a long training", "", "peak_mb", LONG, "none", 20),
    ("MB written by a run of any length", "", "", "diagnosis", "", 2),
)
LENGTHS = (10**3, 10**5, 10**7)  # steps
EPOCH = 100  # steps, where bytes are reckoned: short epochs write more
WRITTEN = f"""
## Written by a run of so many steps

MB, reckoned: the largest record of each signal in the measured fit, times the number of records that
`keras_callbacks/schedule.py` asks for, with epochs of {EPOCH} steps.
"""
Case = dict[str, dict[int, dict]]  # the fits of one net with one jit, by variant and pair


def compared(case: Case, variant: str, key: str, beside: str = "none") -> list[float]:
    """One figure per pair: a ratio or a difference, as `TABLES` says."""
    pairs = [(fit[key], case[beside][pair][key]) for pair, fit in case[variant].items() if pair in case[beside]]
    return [a / b if TABLES[key][1] else a - b for a, b in pairs]


def recorded_steps(until: int, following, layers: int) -> list[int]:
    """The steps (or epochs) that a schedule asks for, up to and with `until`."""
    found, at = [], 1
    while at <= until:
        found.append(at)
        at = following(at, layers)
    return found


def megabytes(case: Case, steps: int) -> float:
    """Size of a run's event file: the largest record of each tag, times how many the schedule has."""
    fit = next(iter(case["diagnosis"].values()))
    sizes, layers = fit["record_bytes"], fit["layers"]
    step = len(recorded_steps(steps, schedule.next_step, layers))
    epoch = len(recorded_steps(steps // EPOCH, schedule.next_epoch, layers))
    by_cadence = {"step": step + 1, "epoch": epoch + 1, "once": 2}  # and one at the end
    counts = {f"nndiag/{signal}": by_cadence[about.cadence] for signal, about in SIGNALS.items()}
    counts[CARD_TAG] = 5  # at the first step, when columns become known, and at the end
    return sum(size * counts[tag] for tag, size in sizes.items()) / 1e6


def row(*cells: object, head: bool = False) -> None:
    print(f"| {' | '.join(map(str, cells))} |" + head * ("\n" + "|---" * len(cells) + "|"))


def print_goals(cases: dict[str, Case]) -> None:
    print("## Goals\n\nThe largest figure of `Diagnosis`, and where.\n")
    row("goal", "at most", "measured", "where", "met", head=True)
    for what, net, key, variant, beside, most in GOALS:
        found = {}
        for name, case in cases.items():
            if key and name.startswith(net) and (figures := compared(case, variant, key, beside)):
                found[name] = median(figures)
            elif not key and case[variant]:
                found[name] = max(megabytes(case, steps) for steps in LENGTHS)
        if found:
            where = max(found, key=found.__getitem__)
            row(what, most, f"{found[where]:.3f}", where, "yes" if found[where] <= most else "no")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("measured", type=pathlib.Path, help="what run.py wrote")
    fits = json.loads(arguments.parse_args().measured.read_text())
    cases: dict[str, Case] = defaultdict(lambda: defaultdict(dict))
    for fit in fits:
        cases[f"{fit['net']}, jit {fit['jit']}"][fit["variant"]][fit["pair"]] = fit
    variants = [v for v in dict.fromkeys(fit["variant"] for fit in fits) if v != "none"]
    rounds = {name: len(case["none"]) for name, case in cases.items()}
    print(INTRODUCTION.format(pairs=1 + max(fit["pair"] for fit in fits), machine=fits[0]["machine"]))
    print_goals(cases)
    print("\n## Nets\n")
    row(
        "net",
        "parameters",
        "rounds",
        "steps of an epoch",
        "records in the second epoch",
        "steps observed for them",
        head=True,
    )
    for fit in {fit["net"]: fit for fit in fits}.values():
        steps = fit["steps"]
        at = recorded_steps(2 * steps, schedule.next_step, fit["layers"])
        observed = {step - i for step in at for i in range(STEPS_KEPT)}
        most = max(count for name, count in rounds.items() if name.startswith(f"{fit['net']},"))
        row(
            fit["net"],
            f"{fit['parameters']:,}",
            most,
            f"{steps:,}",
            *(sum(steps < s for s in of) for of in (at, observed)),
        )

    for key, (title, as_ratio, unit, digits) in TABLES.items():
        print(f"\n## {title}\n\n{'Times the plain fit' if as_ratio else f'{unit} more than the plain fit'}.\n")
        row("net", f"plain, {unit}", *variants, head=True)
        for name, case in cases.items():
            found = [compared(case, variant, key) for variant in variants]
            cells = [
                f"{median(f):.{digits}f} ({min(f):.{digits}f} to {max(f):.{digits}f})" if f else "·" for f in found
            ]
            row(name, f"{median(fit[key] for fit in case['none'].values()):.2f}", *cells)
    print(WRITTEN)
    row("net", *(f"{steps:,} steps" for steps in LENGTHS), head=True)
    for name, case in cases.items():
        if case["diagnosis"]:
            row(name, *(f"{megabytes(case, steps):.2f}" for steps in LENGTHS))


if __name__ == "__main__":
    main()
