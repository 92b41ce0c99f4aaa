"""Asks every rule about a run, and puts causes before what they explain. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tb_nndiag.rule import SEVERITIES, Finding, NeedsExperiment, NotEnoughData, Rule, all_rules
from tb_nndiag.run import Run
from tb_nndiag.signals import SIGNALS
from tb_nndiag.verdict import Verdict


def diagnose(run: Run, *, rules: Sequence[Rule] | None = None) -> list[Verdict]:
    """The answer of every rule about this run, under the run's settings, in reading order.

    Leading findings come first, each followed by what it explains; then unknown, crashed, clear, ignored.
    """
    rules = all_rules() if rules is None else rules
    verdicts = _fold([_ask(rule, run) for rule in rules], rules, run)
    return _reading_order([_weighed(v, rule, run) for v, rule in zip(verdicts, rules, strict=True)])


def _ask(rule: Rule, run: Run) -> Verdict:
    def answer(status: str, **more: object) -> Verdict:
        return Verdict(rule.code, rule.name, rule.severity, status, **more)  # type: ignore[arg-type]

    if rule.opt_in and rule.name not in run.settings.select:
        return answer("unknown", reason=f'off by default; `select = ["{rule.name}"]` lets it look', off=True)
    missing = [signal for signal in rule.reads if signal not in run]
    if missing:
        return answer("unknown", reason=f"not recorded: {', '.join(missing)}")
    try:
        with np.errstate(all="ignore"):
            finding = rule.check(run.only((*rule.reads, *rule.may_read)), **_limits(rule, run))
        if not isinstance(finding, (Finding, type(None))):
            raise TypeError(f"the rule returned {finding!r:.80}, expected a Finding or None")
    except NotEnoughData as missing_data:
        return answer("unknown", reason=str(missing_data), off=isinstance(missing_data, NeedsExperiment))
    except Exception as error:  # one rule's defect must not silence the others
        return answer("crashed", reason=f"{type(error).__name__}: {error}")
    if finding is None:
        return answer("clear")
    ignored = run.settings.ignore.get(rule.name, "")
    verdict = answer("ignored" if ignored else "fires", reason=ignored, finding=finding)
    return replace(verdict, severity=finding.severity or rule.severity)


def _limits(rule: Rule, run: Run) -> dict[str, float]:
    """The values of the run's settings for this rule; a whole number stays one where the rule counts with it."""
    values = {k: v for k, v in run.settings.limits.get(rule.name, {}).items() if k in rule.limits}
    whole = {k for k, v in values.items() if isinstance(rule.limits[k][0], int) and float(v).is_integer()}
    return {k: int(v) if k in whole else v for k, v in values.items()}


def _weighed(verdict: Verdict, rule: Rule, run: Run) -> Verdict:
    """With the severity of the run's settings; what the rule itself takes less seriously, for want of harm, stays so."""
    wanted = run.settings.severity.get(rule.name, rule.severity)
    if verdict.severity != rule.severity:
        wanted = max(wanted, verdict.severity, key=SEVERITIES.index)
    return replace(verdict, severity=wanted)


def seen_by(finding: Finding, run: Run) -> int:
    """The step at which it had begun for certain: the first evaluation, where evaluations alone tell of it; else its first step."""
    if finding.first_step != 1:
        return finding.first_step
    signals = {piece.signal for piece in finding.evidence}
    if "card" in signals or not {SIGNALS[signal].cadence for signal in signals} <= {"epoch", "once"}:
        return finding.first_step
    first = [int(run[s].steps[0]) for s in signals if SIGNALS[s].cadence == "epoch" and s in run]
    return max(first, default=finding.first_step)


def _fold(verdicts: Sequence[Verdict], rules: Sequence[Rule], run: Run) -> list[Verdict]:
    """Says of each finding which other one is its likely cause: the earliest, of these the first in code order."""
    explains = {rule.name: rule.explains for rule in rules}
    fired = [v for v in verdicts if v.fires]

    def cause_of(effect: Verdict) -> str:
        causes = [
            v
            for v in fired
            if effect.rule in explains[v.rule]
            and _share_a_place(v, effect)
            and v.finding.first_step <= seen_by(effect.finding, run)  # type: ignore[union-attr, arg-type]
            and (v.severity != "hint" or effect.severity == "hint")  # what did no harm explains none
        ]
        return min(causes, key=lambda v: (v.finding.first_step, v.code)).rule if causes else ""  # type: ignore[union-attr]

    return [replace(v, explained_by=cause_of(v)) if v.fires else v for v in verdicts]


def _share_a_place(a: Verdict, b: Verdict) -> bool:
    places = [{e.where for e in v.finding.evidence} for v in (a, b) if v.finding]
    return any("run" in p for p in places) or bool(places[0] & places[1])


def _reading_order(verdicts: Sequence[Verdict]) -> list[Verdict]:
    ordered: list[Verdict] = []

    def add(verdict: Verdict) -> None:
        ordered.append(verdict)
        for effect in by_weight:
            if effect.explained_by == verdict.rule:
                add(effect)

    fired = [v for v in verdicts if v.fires]

    def weight(verdict: Verdict) -> tuple[int, int, bool, str]:
        first_step = verdict.finding.first_step  # type: ignore[union-attr]
        configured = first_step == 0 and verdict.code.startswith("NND7")  # with it wrong, no data are right
        return SEVERITIES.index(verdict.severity), first_step, not configured, verdict.code

    by_weight = sorted(fired, key=weight)
    for verdict in by_weight:
        if verdict.leads:
            add(verdict)
    rest = [v for v in verdicts if not v.fires]
    return ordered + sorted(rest, key=lambda v: (("unknown", "crashed", "clear", "ignored").index(v.status), v.code))
