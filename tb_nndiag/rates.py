"""How often each rule hits the fault it is for, and how often it speaks of a run without one: rates.json, as measured by benchmarks/rates.py."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tb_nndiag.rule import Rule

FILE = Path(__file__).with_name("rates.json")


@cache
def rates() -> dict[str, Any]:
    """What was measured: `command`, how many `runs` of each kind there were, and of each of the `rules` the counts."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def of(rule: Rule) -> list[str]:
    """The rates of one rule, as parts of a sentence; empty where it was not measured yet."""
    counts, runs = rates()["rules"].get(rule.name), rates()["runs"]
    if counts is None:
        return []
    hit, looked = counts["fault"], counts["looked"]
    return [
        *([f"leads in {hit['leads']} of {hit['runs']} runs with the fault that learned nothing"] if hit else []),
        f"{counts['false_alarms']} false alarms in {looked} healthy runs" if looked else "could look at no healthy run",
        f"fires in {counts['faulty']} of {runs['faulty']} faulty trainings and {counts['sound']} of {runs['sound']} sound ones",
    ]


def page(rules: Sequence[Rule]) -> str:
    """docs/rates.md"""
    runs, known = rates()["runs"], rates()["rules"]
    lines = [
        "# Hits and false alarms",
        "",
        "Made by `python scripts/make_docs.py` from tb_nndiag/rates.json, which",
        f"`{rates()['command']}` writes; `nndiag rules` shows the same. Counted are errors and warnings;",
        "hints accuse nobody. The limits of the rules were set with these runs in view: on networks of another kind expect worse.",
        "",
        "## Runs with a known fault that learned nothing",
        "",
        f"From the sweeps of benchmarks/calibration: runs that have a fault and more than {rates()['stuck']:.0%} of the best constant",
        "prediction's loss left. **leads**: the rule for this fault is a cause that stands first. **fires**: it is said, perhaps as a",
        "consequence of another.",
        "",
        "| fault | runs | leads | fires | what leads |",
        "|---|---|---|---|---|",
    ]
    for rule in rules:
        if hit := known.get(rule.name, {}).get("fault"):
            others = ", ".join(f"`{name}` {n}" for name, n in hit["what_leads"].items())
            link = f"[`{rule.name}`](rules/{rule.name}.md)"
            lines.append(f"| {link} | {hit['runs']} | {hit['leads']} | {hit['fires']} | {others} |")
    lines += [
        "",
        "## Runs without a fault, and others",
        "",
        "**looked**: in how many of the healthy trainings of the sweep the rule could judge. A rule that could look in none has no rate: what it",
        "reads was not recorded, or the runs have no such part. **false alarms**: where it fired.",
        "",
        f"**faulty**, **sound**: in how many of {runs['faulty']} faulty trainings from questions and papers, and of {runs['sound']} mended or sound",
        f"ones, it fired. They are not part of this repository. An error or a warning was given to {runs['faulty_told']} of the {runs['faulty']},",
        f"and to {runs['sound_told']} of the {runs['sound']}.",
        "",
        "| rule | looked | false alarms | faulty | sound |",
        "|---|---|---|---|---|",
    ]
    for rule in rules:
        if counts := known.get(rule.name):
            alarms = counts["false_alarms"] if counts["looked"] else "·"
            link = f"[`{rule.name}`](rules/{rule.name}.md)"
            lines.append(
                f"| {link} | {counts['looked']} of {runs['healthy']} | {alarms} | {counts['faulty']} | {counts['sound']} |"
            )
    return "\n".join(lines) + "\n"
