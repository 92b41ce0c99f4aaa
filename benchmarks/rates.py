"""How often each rule names the fault it is for, and how often it speaks of a run without one.

    python benchmarks/calibration/sweep.py OUT --seeds 1,2,3
    python benchmarks/rates.py OUT [CASES ...]
    python scripts/make_docs.py

Writes tb_nndiag/rates.json, of which docs/rates.md and `nndiag rules` are made. OUT is what the sweep wrote: each family grows one fault from none to gross, `healthy` has none. CASES are folders of NAME/faulty
and NAME/twin, a faulty training and the same one mended; runs whose NAME begins with `OK-` have no fault.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read, runs_below
from tb_nndiag.progress import now_left
from tb_nndiag.rates import FILE
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
    r"schedule_end/": "learning-rate-invalid",
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
    data = {
        "command": "python benchmarks/rates.py OUT CASES",
        "stuck": STUCK,
        "runs": {
            "healthy": healthy.runs,
            "faulty": faulty.runs,
            "sound": twins.runs,
            "faulty_told": spoken_of["faulty"],
            "sound_told": spoken_of["sound"],
        },
        "rules": {
            rule.name: {
                "fault": of_fault(rule.name, sick.get(rule.name)),
                "looked": healthy.looked[rule.name],
                "false_alarms": healthy.fires[rule.name],
                "faulty": faulty.fires[rule.name],
                "sound": twins.fires[rule.name],
            }
            for rule in all_rules()
        },
    }
    FILE.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def of_fault(rule: str, counts: Counts | None) -> dict[str, object] | None:
    """Of the runs with the fault that this rule is for: how many, in how many it leads and fires, and what leads instead."""
    if counts is None:
        return None
    what_leads = {name: n for name, n in counts.leads.most_common() if n}
    return {"runs": counts.runs, "leads": counts.leads[rule], "fires": counts.fires[rule], "what_leads": what_leads}


if __name__ == "__main__":
    main()
