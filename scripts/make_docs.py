"""Writes what is generated from the rules: docs/rules/, and the table in README.md between its two marks.

python scripts/make_docs.py
"""

from __future__ import annotations

import pathlib
import re

from tb_nndiag.explain import page, table
from tb_nndiag.rule import Rule, all_rules

ROOT = pathlib.Path(__file__).resolve().parents[1]
MARKS = ("<!-- rules: made by scripts/make_docs.py -->", "<!-- end of rules -->")


def readme_with_table(text: str) -> str:
    """The README's text with a fresh table of rules. Raises ValueError when its marks are missing."""
    pattern = re.compile(f"{re.escape(MARKS[0])}.*?{re.escape(MARKS[1])}", re.S)
    if not pattern.search(text):
        raise ValueError(f"README.md lacks the marks {MARKS[0]!r} and {MARKS[1]!r}.")
    return pattern.sub(lambda _: f"{MARKS[0]}\n{table(all_rules())}{MARKS[1]}", text)


def page_with_picture(rule: Rule) -> str:
    """The rule's page; its picture, where scripts/make_pictures.py drew one, stands below the first sentence.

    Pages that it names, such as docs/calibration.md, become links.
    """
    text = re.sub(r"\bdocs/(\w+\.md)", r"[docs/\1](../\1)", page(rule))
    if not (ROOT / "docs" / "rules" / f"{rule.name}.svg").is_file():
        return text
    head, section, rest = text.partition("## What it sees")
    picture = f"![Left: a recorded run with {rule.name}. Right: a healthy one.]({rule.name}.svg)"
    return f"{head}{picture}\n\n{section}{rest}"


def main() -> None:
    folder = ROOT / "docs" / "rules"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        old.unlink()
    for rule in all_rules():
        (folder / f"{rule.name}.md").write_text(page_with_picture(rule))
    readme = ROOT / "README.md"
    readme.write_text(readme_with_table(readme.read_text()))


if __name__ == "__main__":
    main()
