"""Writes what is generated: from the rules docs/rules/ and the families of rules in README.md between its two marks; from the list of tested
kinds of training (tests/kinds.py) docs/kinds.md; from tb_nndiag/rates.json docs/rates.md.

python scripts/make_docs.py
"""

from __future__ import annotations

import pathlib
import re
import sys

from tb_nndiag import rates
from tb_nndiag.explain import families, page, table
from tb_nndiag.rule import Rule, all_rules

ROOT = pathlib.Path(__file__).resolve().parents[1]
MARKS = ("<!-- rules: made by scripts/make_docs.py -->", "<!-- end of rules -->")


def readme_with_rules(text: str) -> str:
    """The README's text with the rules as they are. Raises ValueError when its marks are missing."""
    pattern = re.compile(f"{re.escape(MARKS[0])}.*?{re.escape(MARKS[1])}", re.S)
    if not pattern.search(text):
        raise ValueError(f"README.md lacks the marks {MARKS[0]!r} and {MARKS[1]!r}.")
    return pattern.sub(lambda _: f"{MARKS[0]}\n{families(all_rules())}{MARKS[1]}", text)


def page_with_picture(rule: Rule) -> str:
    """The rule's page; its picture, where scripts/make_pictures.py drew one, stands below the first sentence.

    Pages that it names, such as docs/calibration.md, become links.
    """
    text = re.sub(r"\bdocs/(\w+\.md)", r"[docs/\1](../\1)", page(rule))
    if not (ROOT / "docs" / "rules" / f"{rule.name}.svg").is_file():
        return text
    head, section, rest = text.partition("## What it sees")
    picture = f"![A recorded run with {rule.name}, and a healthy one.]({rule.name}.svg)"
    return f"{head}{picture}\n\n{section}{rest}"


def kinds_page() -> str:
    """docs/kinds.md, from the list that tests/test_kinds.py trains."""
    sys.path.insert(0, str(ROOT / "tests"))
    from kinds import KINDS, NOT_TRAINED_HERE

    lines = [
        "# What is measured of which training",
        "",
        "Made by `python scripts/make_docs.py` from tests/kinds.py. tests/test_kinds.py trains each kind twice, with the callback and",
        "without: unless the table says otherwise, every signal is recorded, and weights, optimizer state, metrics and history are equal bit",
        "for bit.",
        "",
        "| | kind | |",
        "|---|---|---|",
    ]
    for kind in KINDS.values():
        missing = ", ".join(f"`{signal}`" for signal in sorted(kind.missing))
        works = f"partly, without {missing}: {kind.why}" if missing else f"works: {kind.why}" if kind.why else "works"
        lines.append(f"| {kind.group} | {kind.name} | {works} |")
    lines += [f"| other | {name} | {why} |" for name, why in NOT_TRAINED_HERE.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    folder = ROOT / "docs" / "rules"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        old.unlink()
    for rule in all_rules():
        (folder / f"{rule.name}.md").write_text(page_with_picture(rule))
    (folder / "README.md").write_text(table(all_rules()))
    (ROOT / "docs" / "kinds.md").write_text(kinds_page())
    (ROOT / "docs" / "rates.md").write_text(rates.page(all_rules()))
    readme = ROOT / "README.md"
    readme.write_text(readme_with_rules(readme.read_text()))


if __name__ == "__main__":
    main()
