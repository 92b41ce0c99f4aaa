"""A rule's answer about a run, and its form as strict JSON (docs/verdict_json.md)."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from typing import Any

from tb_nndiag.rule import Evidence, Finding, number

FORMAT = 1
_CHART_OF_SIGNAL = {
    "gap": "loss", "baseline": "loss", "nonfinite": "loss", "epoch": "metrics", "outputs": "predictions",
    "optimizer": "learning_rate", "perfect": "loss", "mode": "loss", "wait": "timing", "worst_gradients": "gradients",
}  # fmt: skip
_SIGNALS_WITHOUT_CHART = {
    "card", "inputs", "fed", "labels", "val_inputs", "val_labels", "timing", "shift", "label_shift", "overlap", "batches",
    "weights", "noise", "clipping", "loss_scale", "resources",
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """The answer of one rule about one run. `finding` is there when it fires, and when it would but is ignored."""

    code: str
    rule: str
    severity: str
    status: str  # "fires", "clear", "unknown", "crashed", or "ignored": it found something that is not to count
    reason: str = ""  # for unknown, crashed and ignored
    finding: Finding | None = None
    explained_by: str = ""  # the rule whose finding is the likely cause
    off: bool = False  # unknown because nobody selected it, or because it needs an experiment: nothing is amiss

    @property
    def fires(self) -> bool:
        """It found something that counts."""
        return self.status == "fires"

    @property
    def leads(self) -> bool:
        """It fires, and nothing else explains it."""
        return self.fires and not self.explained_by


def to_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as a dictionary that strict JSON can hold."""
    finding = verdict.finding
    evidence = [_evidence(e, finding.headline) for e in finding.evidence] if finding else []
    return {
        "code": verdict.code,
        "rule": verdict.rule,
        "severity": verdict.severity,
        "status": verdict.status,
        "reason": verdict.reason,
        "headline": finding.headline if finding else "",
        "why": finding.why if finding else "",
        "evidence": evidence,
        "fixes": [{**asdict(fix), "changes": [asdict(change) for change in fix.changes]} for fix in finding.fixes]
        if finding
        else [],
        "explained_by": verdict.explained_by,
        "first_step": int(finding.first_step) if finding else None,
        "last_step": int(finding.last_step) if finding else None,
        "active": bool(finding and finding.active),
        "charts": _charts(finding) if finding else [],
    }


def _evidence(evidence: Evidence, headline: str) -> dict[str, Any]:
    fields = asdict(evidence)
    del fields["chart"]
    written = _percent if _in_percent(evidence, headline) else number
    return {
        **fields,
        "step": int(evidence.step),
        "value": _finite(evidence.value),
        "value_text": written(evidence.value),
        "limit": _finite(evidence.limit),
        "limit_text": written(evidence.limit),
    }


def _in_percent(evidence: Evidence, headline: str) -> bool:
    """Whether the headline gives this share, or its limit, in percent."""
    if evidence.unit not in ("share", "ratio") or not math.isfinite(evidence.value):
        return False
    return any(re.search(rf"(?<![\d.]){share:.0%}", headline) for share in (evidence.value, evidence.limit))


def _percent(share: float) -> str:
    return f"{number(100 * share)}%"


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _charts(finding: Finding) -> list[str]:
    shown = [e for e in finding.evidence if e.signal not in _SIGNALS_WITHOUT_CHART]
    return list(dict.fromkeys(e.chart or _CHART_OF_SIGNAL.get(e.signal, e.signal) for e in shown))
