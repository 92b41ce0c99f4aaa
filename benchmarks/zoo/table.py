"""Prints docs/zoo.md: what was said of each kind of healthy training.

python benchmarks/zoo/zoo.py OUT --seeds 1,2,3
python benchmarks/zoo/zoo.py OUT --draws 200
python benchmarks/zoo/table.py OUT > docs/zoo.md
"""

from __future__ import annotations

import argparse
import math
from collections import Counter, defaultdict

from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read, runs_below
from tb_nndiag.progress import now_left
from tb_nndiag.rule import SEVERITIES, NotEnoughData, number
from tb_nndiag.run import Run

INTRODUCTION = """# The healthy zoo

Trainings in which a practitioner would change nothing, of as many kinds as possible: any error or warning here is a false alarm.
This page is made by

    python benchmarks/zoo/zoo.py OUT --seeds {seeds}
    python benchmarks/zoo/zoo.py OUT --draws {drawn}
    python benchmarks/zoo/table.py OUT > docs/zoo.md

{summary}

**left** is the loss of the held training rows at the end over that of the best constant prediction, the worst of the seeds: 1 is
no better than a constant. It is not known (·) for several outputs and for losses of one's own.

| kind | seeds | left | errors | warnings | hints |
|---|---|---|---|---|---|
{rows}"""


def left(run: Run) -> float:
    try:
        return now_left(run)
    except NotEnoughData:
        return math.nan


def plural(count: int) -> str:
    return "" if count == 1 else "s"


def told(found: Counter[str], runs: int) -> str:
    return ", ".join(f"`{rule}` ({count} of {runs})" for rule, count in sorted(found.items())) or "-"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("out", help="what zoo.py wrote")
    seeds: set[str] = set()
    shares: dict[str, list[float]] = defaultdict(list)
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: {severity: Counter() for severity in SEVERITIES})
    for name, directory in runs_below(arguments.parse_args().out):
        kind, _, seed = name.rpartition("#")
        kind = "random draws" if kind.startswith("draw_") else kind
        if kind != "random draws":
            seeds.add(seed)
        run = read(directory, name)
        shares[kind].append(left(run))
        for verdict in diagnose(run):
            if verdict.finding:
                found[kind][verdict.severity][verdict.rule] += 1
    rows, total = [], Counter()
    for kind in sorted(shares, key=lambda kind: (kind == "random draws", kind)):
        runs, worst = len(shares[kind]), max(shares[kind])
        cells = [told(found[kind][severity], runs) for severity in SEVERITIES]
        total.update({severity: sum(found[kind][severity].values()) for severity in SEVERITIES})
        rows.append(f"| {kind} | {runs} | {number(worst) if math.isfinite(worst) else '·'} | {' | '.join(cells)} |")
    runs, drawn = sum(map(len, shares.values())), len(shares.get("random draws", ()))
    summary = (
        f"{runs - drawn} runs of {len(shares) - bool(drawn)} kinds and {drawn} of random settings: "
        f"{', '.join(f'{total[severity]} {severity}{plural(total[severity])}' for severity in SEVERITIES)}."
    )
    print(INTRODUCTION.format(seeds=",".join(sorted(seeds)), drawn=drawn, summary=summary, rows="\n".join(rows)))


if __name__ == "__main__":
    main()
