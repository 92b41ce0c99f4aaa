"""How often each rule names the fault it is for, and how often it speaks of a run without one.

    python benchmarks/calibration/sweep.py OUT --seeds 1,2,3
    python benchmarks/rates.py OUT [CASES ...] > docs/rates.md

OUT is what the sweep wrote: each family grows one fault from none to gross, `healthy` has none. CASES are folders of NAME/faulty
and NAME/twin, a faulty training and the same one mended; runs whose NAME begins with `OK-` have no fault.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read, runs_below
from tb_nndiag.progress import now_left
from tb_nndiag.rule import NotEnoughData, all_rules
from tb_nndiag.run import Run
from tb_nndiag.verdict import Verdict

STUCK = 0.9  # share of the constant's loss from which on a run has learned nothing
FAULTS = {  # pattern of a sweep's run → the rule for its fault
    r"learning_rate/.*e-": "learning-rate-too-low",
    r"learning_rate/.*e\+[1-9]": "learning-rate-too-high",
    r"depth/.*_sigmoid_(0[3-9]|1)": "vanishing-gradients",
    r"dead/.*bias_-": "dead-units",
    r"input_scale/": "unscaled-input",
    r"first_weights/": "activation-scale",
    r"epsilon/": "optimizer-choice",
    r"norm_batch/": "norm-batch-size",
}


@dataclass
class Counts:
    """Of each rule: in how many runs it leads, fires, could look."""

    runs: int = 0
    leads: Counter = field(default_factory=Counter)
    fires: Counter = field(default_factory=Counter)
    looked: Counter = field(default_factory=Counter)

    def add(self, verdicts: list[Verdict]) -> None:
        self.runs += 1
        for v in verdicts:
            self.looked[v.rule] += v.status in ("fires", "clear")
            self.fires[v.rule] += v.status == "fires" and v.severity != "hint"
            self.leads[v.rule] += v.leads and v.severity != "hint"


def fault_of(name: str) -> str:
    """The rule for the fault that this run of a sweep has; empty when the sweep names none."""
    return next((rule for pattern, rule in FAULTS.items() if re.match(pattern, name)), "")


def stuck(run: Run) -> bool:
    """Whether it learned nothing. A run that learns is no hit to be missed: its fault did no harm."""
    try:
        left = now_left(run)
    except NotEnoughData:
        return False
    return left > STUCK or not np.isfinite(left)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("out", help="what benchmarks/calibration/sweep.py wrote")
    arguments.add_argument("cases", nargs="*", help="folders of NAME/faulty and NAME/twin")
    options = arguments.parse_args()
    sick: dict[str, Counts] = {}
    healthy, faulty, twins = Counts(), Counts(), Counts()
    spoken_of = Counter()
    for name, directory in runs_below(options.out):
        run = read(directory, name)
        if name.startswith("healthy/"):
            healthy.add(diagnose(run))
        elif fault_of(name) and stuck(run):
            sick.setdefault(fault_of(name), Counts()).add(diagnose(run))
    for folder in options.cases:
        for name, directory in runs_below(folder):
            verdicts = diagnose(read(directory, name))
            sound = name.startswith("OK-") or not name.endswith("/faulty")
            (twins if sound else faulty).add(verdicts)
            spoken_of["sound" if sound else "faulty"] += any(v.leads and v.severity != "hint" for v in verdicts)
    print(page(sick, healthy, faulty, twins, spoken_of))


def page(sick: dict[str, Counts], healthy: Counts, faulty: Counts, twins: Counts, spoken_of: Counter) -> str:
    lines = [
        "# Hits and false alarms",
        "",
        "Made by `python benchmarks/rates.py`, never by hand. Counted are errors and warnings; hints accuse nobody. The limits of the",
        "rules were set with these runs in view: on networks of another kind expect worse.",
        "",
        "## Runs with a known fault that learned nothing",
        "",
        f"From the sweeps of benchmarks/calibration: runs that have a fault and more than {STUCK:.0%} of the best constant",
        "prediction's loss left. **leads**: the rule for this fault is a cause that stands first. **fires**: it is said, perhaps as a",
        "consequence of another.",
        "",
        "| fault | runs | leads | fires | what leads |",
        "|---|---|---|---|---|",
    ]
    for rule in all_rules():
        if counts := sick.get(rule.name):
            others = ", ".join(f"`{name}` {n}" for name, n in counts.leads.most_common() if n)
            lines.append(
                f"| [`{rule.name}`](rules/{rule.name}.md) | {counts.runs} | {counts.leads[rule.name]} | {counts.fires[rule.name]} | {others} |"
            )
    lines += [
        "",
        "## Runs without a fault, and others",
        "",
        "**looked**: in how many of the healthy trainings of the sweep the rule could judge. A rule that could look in none has no rate: what it",
        "reads was not recorded, or the runs have no such part. **false alarms**: where it fired.",
    ]
    if faulty.runs:
        lines += [
            "",
            f"**faulty**, **mended**: in how many of {faulty.runs} faulty trainings from questions and papers, and of {twins.runs} mended or",
            f"sound ones, it fired. They are not part of this repository. An error or a warning was given to {spoken_of['faulty']} of the {faulty.runs}, and to",
            f"{spoken_of['sound']} of the {twins.runs}.",
        ]
    head = ["rule", "looked", "false alarms", *(["faulty", "mended"] if faulty.runs else [])]
    lines += ["", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for rule in all_rules():
        n = rule.name
        looked = healthy.looked[n]
        cells = [f"[`{n}`](rules/{n}.md)", f"{looked} of {healthy.runs}", str(healthy.fires[n]) if looked else "·"]
        cells += [str(faulty.fires[n]), str(twins.fires[n])] if faulty.runs else []
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
