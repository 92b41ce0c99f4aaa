"""Asks every rule about a run, and puts causes before what they explain. numpy only."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Real

import numpy as np

from tb_nndiag.rule import SEVERITIES, Finding, NotEnoughData, Rule, all_rules
from tb_nndiag.run import Run
from tb_nndiag.verdict import Verdict

Limits = Mapping[str, Mapping[str, float]]  # rule name → limit → value


def diagnose(run: Run, *, rules: Sequence[Rule] | None = None, limits: Limits | None = None) -> list[Verdict]:
    """The answer of every rule about this run, in reading order.

    limits: other values than the rules' own: {"vanishing-gradients": {"floor": 1e-4}}
    Leading findings come first, each followed by what it explains; then unknown, crashed, clear.
    Raises ValueError when `limits` names a rule or a limit that does not exist, or a value that is no number.
    """
    rules = all_rules() if rules is None else rules
    check_limits(limits or {}, rules)
    verdicts = [_ask(rule, run, (limits or {}).get(rule.name, {})) for rule in rules]
    return _reading_order(_fold(verdicts, rules))


def check_limits(limits: Limits, rules: Sequence[Rule]) -> None:
    """Raises ValueError for a rule or a limit that does not exist, with the nearest name that does."""
    by_name = {rule.name: rule for rule in rules}
    for name, values in limits.items():
        if name not in by_name:
            raise ValueError(f"There is no rule called `{name}`.{did_you_mean(name, by_name)}")
        known = by_name[name].limits
        for limit, value in values.items():
            if limit not in known:
                raise ValueError(f"There is no limit of `{name}` called `{limit}`.{did_you_mean(limit, known)}")
            if isinstance(value, bool) or not isinstance(value, Real) or not np.isfinite(value):
                raise ValueError(f"The limit `{limit}` of `{name}` is {value!r}; expected a finite number.")


def did_you_mean(word: str, known: Mapping[str, object]) -> str:
    """A sentence that names the nearest known word, or all of them."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f" Did you mean `{near[0]}`?" if near else f" There are: {', '.join(known) or 'none'}."


def _ask(rule: Rule, run: Run, limits: Mapping[str, float]) -> Verdict:
    def answer(status: str, **more: object) -> Verdict:
        return Verdict(rule.code, rule.name, rule.severity, status, **more)  # type: ignore[arg-type]

    missing = [signal for signal in rule.reads if signal not in run]
    if missing:
        return answer("unknown", reason=f"not recorded: {', '.join(missing)}")
    try:
        with np.errstate(all="ignore"):
            finding = rule.check(run.only((*rule.reads, *rule.may_read)), **limits)
        if not isinstance(finding, (Finding, type(None))):
            raise TypeError(f"the rule returned {finding!r:.80}, expected a Finding or None")
    except NotEnoughData as missing_data:
        return answer("unknown", reason=str(missing_data))
    except Exception as error:  # one rule's defect must not silence the others
        return answer("crashed", reason=f"{type(error).__name__}: {error}")
    if finding is None:
        return answer("clear")
    return replace(answer("fires", finding=finding), severity=finding.severity or rule.severity)


def _fold(verdicts: Sequence[Verdict], rules: Sequence[Rule]) -> list[Verdict]:
    """Says of each finding which other one is its likely cause: the earliest, of these the first in code order."""
    explains = {rule.name: rule.explains for rule in rules}
    fired = [v for v in verdicts if v.finding]

    def cause_of(effect: Verdict) -> str:
        causes = [
            v
            for v in fired
            if effect.rule in explains[v.rule]
            and _share_a_place(v, effect)
            and v.finding.first_step <= effect.finding.first_step  # type: ignore[union-attr]
            and (v.severity != "hint" or effect.severity == "hint")  # what did no harm explains none
        ]
        return min(causes, key=lambda v: (v.finding.first_step, v.code)).rule if causes else ""  # type: ignore[union-attr]

    return [replace(v, explained_by=cause_of(v)) if v.finding else v for v in verdicts]


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

    fired = [v for v in verdicts if v.finding]
    by_weight = sorted(fired, key=lambda v: (SEVERITIES.index(v.severity), v.finding.first_step, v.code))  # type: ignore[union-attr]
    for verdict in by_weight:
        if verdict.leads:
            add(verdict)
    rest = [v for v in verdicts if not v.finding]
    return ordered + sorted(rest, key=lambda v: (("unknown", "crashed", "clear").index(v.status), v.code))
