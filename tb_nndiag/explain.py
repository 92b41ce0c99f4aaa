"""A rule's documentation, from the rule itself."""

from __future__ import annotations

from collections.abc import Sequence

from tb_nndiag.rule import Rule, number


def page(rule: Rule) -> str:
    """The rule's page: Markdown."""
    title, _, rest = rule.doc.partition("\n")
    lines = [f"# {rule.code} {rule.name}", "", f"**{rule.severity}** · {title}", rest.rstrip(), ""]
    if rule.limits:
        lines += ["## Limits", "", "| name | default | unit | what it is | measured in |", "|---|---|---|---|---|"]
        lines += [
            f"| `{n}` | {number(default)} | {limit.unit} | {limit.means} | {limit.source} |"
            for n, (default, limit) in rule.limits.items()
        ]
        lines.append("")
    reads = ", ".join(f"`{s}`" for s in dict.fromkeys((*rule.reads, *rule.may_read)))
    lines.append(
        f"Reads {reads}." + (f" Explains {', '.join(f'`{r}`' for r in rule.explains)}." if rule.explains else "")
    )
    return "\n".join(lines) + "\n"


def table(rules: Sequence[Rule]) -> str:
    """All rules as a Markdown table."""
    lines = ["| code | rule | severity | it sees |", "|---|---|---|---|"]
    lines += [
        f"| {rule.code} | [`{rule.name}`](docs/rules/{rule.name}.md) | {rule.severity} | {rule.title} |"
        for rule in rules
    ]
    return "\n".join(lines) + "\n"
