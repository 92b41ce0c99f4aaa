"""A rule's documentation, from the rule itself."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from tb_nndiag.rule import Rule, number

FAMILIES = {  # first digit of a code → what its rules are about
    "1": "Numbers",
    "2": "Gradients and updates",
    "3": "Units and activations",
    "4": "Optimization",
    "5": "Fit and generalization",
    "6": "Data",
    "7": "Model and loss",
    "8": "Speed and memory",
    "9": "Reproducibility",
}


def family(code: str) -> str:
    """The first digit of `NND201`."""
    return code.removeprefix("NND")[:1]


def page(rule: Rule) -> str:
    """The rule's page: Markdown."""
    title, _, rest = rule.doc.partition("\n")
    off = f'off unless selected: `select = ["{rule.name}"]` · ' if rule.opt_in else ""
    lines = [f"# {rule.code} {rule.name}", "", f"**{rule.severity}** · {off}{title}", rest.rstrip(), ""]
    if rule.limits:
        lines += ["## Limits", "", "| name | default | unit | what it is | measured in |", "|---|---|---|---|---|"]
        lines += [
            f"| `{n}` | {number(default)} | {limit.unit} | {limit.means} | {limit.source} |"
            for n, (default, limit) in rule.limits.items()
        ]
        lines.append("")
    reads = ", ".join(f"`{s}`" for s in (*rule.reads, *rule.may_read))
    lines.append(
        f"Reads {reads or 'the run card alone'}."
        + (f" Explains {', '.join(f'`{r}`' for r in rule.explains)}." if rule.explains else "")
    )
    return "\n".join(lines) + "\n"


def as_json(rule: Rule) -> dict[str, Any]:
    """The rule's page as plain data: docs/http_api.md."""
    title, *sections = rule.doc.split("\n## ")
    return {
        "code": rule.code,
        "rule": rule.name,
        "severity": rule.severity,
        "family": family(rule.code),
        "title": title.strip(),
        "sections": [
            {
                "heading": section.partition("\n")[0],
                "paragraphs": [_paragraph(p) for p in section.partition("\n")[2].split("\n\n") if p.strip()],
            }
            for section in sections
        ],
        "limits": [
            {"name": name, "default": number(default), "unit": limit.unit, "means": limit.means, "source": limit.source}
            for name, (default, limit) in rule.limits.items()
        ],
        "opt_in": rule.opt_in,
        "reads": [*rule.reads, *rule.may_read],
        "explains": list(rule.explains),
        "ignore": f'[tool.nndiag.ignore]\n{rule.code} = "the reason"',
    }


def _paragraph(text: str) -> str:
    """One line; code keeps its lines, without the indentation that marks it."""
    lines = text.strip("\n").splitlines()
    return (
        textwrap.dedent("\n".join(lines)) if all(line.startswith("    ") for line in lines) else " ".join(text.split())
    )


def table(rules: Sequence[Rule]) -> str:
    """All rules as Markdown tables, one a family, beside the rules' pages."""
    lines = ["# All rules", "", "Made by `python scripts/make_docs.py` from tb_nndiag/rules/."]
    for digit, title in FAMILIES.items():
        lines += ["", f"## NND{digit}xx {title}", "", "| code | rule | severity | it sees |", "|---|---|---|---|"]
        lines += [
            f"| {rule.code} | [`{rule.name}`]({rule.name}.md) | {rule.severity}{', off by default' if rule.opt_in else ''} | {rule.title} |"
            for rule in rules
            if rule.code[3] == digit
        ]
    return "\n".join(lines) + "\n"


def families(rules: Sequence[Rule]) -> str:
    """The families of rules as a Markdown table, each rule a link to its page.

    Those that are off by default are left out, and those that take an experiment: they have no limit, since they judge nothing.
    """
    lines = ["| code | about | rules |", "|---|---|---|"]
    for digit, title in FAMILIES.items():
        links = [
            f"[{r.name}](docs/rules/{r.name}.md)" for r in rules if r.code[3] == digit and r.limits and not r.opt_in
        ]
        lines += [f"| NND{digit}xx | {title} | {', '.join(links)} |"] if links else []
    return "\n".join(lines) + "\n"
