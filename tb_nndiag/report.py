"""Verdicts as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tb_nndiag.rule import number
from tb_nndiag.verdict import Verdict

WIDTH = 100


def text(verdicts: Sequence[Verdict], *, only_leading: bool = False, details: bool = True) -> str:
    """The findings, causes first and what they explain indented below; "" when there are none.

    verdicts: in reading order, as `engine.diagnose` returns them; only_leading: errors and warnings that nothing else explains
    """
    shown = [v for v in verdicts if v.fires]
    if only_leading:
        shown = [v for v in shown if v.leads and v.severity != "hint"]
    return "\n".join(_finding(v, details) for v in shown)


def brief(verdict: Verdict) -> str:
    """The finding's headline, its numbers and its first fix, for somebody whose training is still running."""
    return _finding(verdict, details=True, all_of_it=False)


def ignored(verdict: Verdict) -> str:
    """One line about a finding that does not count, with the reason."""
    finding = verdict.finding
    assert finding is not None
    return _wrapped(f"   {verdict.code} {verdict.rule} ignored ", f"({verdict.reason}): {finding.headline}")


def off(verdicts: Sequence[Verdict]) -> str:
    """Which rules were not asked, and what to do about it."""
    names = ", ".join(v.rule for v in verdicts)
    return _wrapped(
        "   ", f"{len(verdicts)} rules are off, or need an experiment (--select RULE, nndiag explain RULE): {names}"
    )


def _finding(verdict: Verdict, details: bool, all_of_it: bool = True) -> str:
    finding = verdict.finding
    assert finding is not None
    indent = "   └ " if verdict.explained_by and all_of_it else ""
    head = f"{indent}{verdict.code} {verdict.severity}: "
    lines = [_wrapped(head, finding.headline + _since(verdict))]
    if details and not indent:
        margin = " " * len(head)
        for e in finding.evidence:
            at = f"{e.where}, " if e.where != "run" else ""
            unit = f" {e.unit}" if e.unit not in ("", "ratio", "share") else ""
            lines.append(
                _wrapped(margin, f"{e.measure}: {number(e.value)}{unit} (limit {number(e.limit)}; {at}step {e.step:,})")
            )
        if all_of_it:
            lines.append(_wrapped(margin, finding.why))
        for i, fix in enumerate(finding.fixes if all_of_it else finding.fixes[:1]):
            because = f" {fix.because}" if fix.because else ""
            lines.append(_wrapped(margin, f"{'First' if i == 0 else 'Then'}: {fix.do}{because}"))
            lines.extend(f"{margin}    {visible(line)}" for line in fix.code.splitlines())
    return "\n".join(lines)


def _since(verdict: Verdict) -> str:
    finding = verdict.finding
    assert finding is not None
    start = f"from step {finding.first_step:,}" if finding.first_step > 1 else "from the start"
    return f" ({start} on)" if finding.active else f" ({start} to step {finding.last_step:,}, no longer since)"


def visible(text: str) -> str:
    """Names are data: what would move the cursor or turn the text around is shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _wrapped(head: str, body: str) -> str:
    return textwrap.fill(
        visible(body),
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
