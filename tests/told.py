"""What the cases of a rule ask of a finding, besides that there is one: `TOLD = {case: [(word, ...), ...]}`."""

from __future__ import annotations

from tb_nndiag.rule import Finding, number


def tells(finding: Finding, word: str, wanted: object) -> bool:
    """Whether it does: ("first_step", 3), ("active", False), ("says", "a part of its text"), ("says not", ...), ("where", "a layer of its evidence"),
    ("evidence", how many numbers), ("limits", [of each]); of the first evidence ("value", "as text"), ("measures", "a part of its name"), ("step", 3)."""
    text = " ".join([finding.headline, finding.why, *(f"{fix.do} {fix.because} {fix.code}" for fix in finding.fixes)])
    if word == "says":
        return str(wanted) in text
    if word == "says not":
        return str(wanted) not in text
    if word == "where":
        return wanted in [e.where for e in finding.evidence]
    if word == "evidence":
        return len(finding.evidence) == wanted
    if word == "limits":
        return [e.limit for e in finding.evidence] == wanted
    if word == "value":
        return number(finding.evidence[0].value) == wanted
    if word == "measures":
        return str(wanted) in finding.evidence[0].measure
    if word == "step":
        return finding.evidence[0].step == wanted
    return getattr(finding, word) == wanted
