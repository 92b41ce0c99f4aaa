"""How runs are judged, where somebody wants it otherwise: limits, ignored rules, severities, selected rules. Pure.

Who may say so, and who wins: docs/configuration.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from numbers import Real
from typing import Any

from tb_nndiag.rule import SEVERITIES, all_rules, did_you_mean, find
from tb_nndiag.run import Run, Settings

KINDS = tuple(kind.name for kind in fields(Settings))  # "limits", "ignore", "severity", "select"


def checked(limits: Any = None, ignore: Any = None, severity: Any = None, select: Any = ()) -> Settings:
    """Settings under the names of the rules, which may be given by their codes.

    limits: rule → limit → value; ignore: rule → the reason, or False: not ignored, whatever others say;
    severity: rule → "error", "warning" or "hint"; select: rules, or beginnings of codes: "NND9" is every NND9xx
    Raises ValueError for a rule, a limit or a severity that does not exist, with the nearest one that does.
    """
    return Settings(
        {rule: _limits(rule, values) for rule, values in _by_name("limits", limits).items()},
        {rule: _reason(rule, reason) for rule, reason in _by_name("ignore", ignore).items()},
        {rule: _severity(rule, word) for rule, word in _by_name("severity", severity).items()},
        _selected(select),
    )


def merged(*layers: Settings) -> Settings:
    """All of them; where two speak of the same limit or rule, the later one counts. Whatever one selects is selected."""
    limits: dict[str, dict[str, float]] = {}
    ignore: dict[str, str] = {}
    severity: dict[str, str] = {}
    select: set[str] = set()
    for layer in layers:
        for rule, values in layer.limits.items():
            limits.setdefault(rule, {}).update(values)
        ignore |= layer.ignore
        severity |= layer.severity
        select |= {*layer.select}
    return Settings(limits, ignore, severity, tuple(sorted(select)))


def applied(run: Run, reader: Settings) -> Run:
    """The run under its owner's settings and, above them, the reader's.

    What this version does not know of the owner's settings is left out and named in the run's problems.
    """
    known, problems = _known(run.settings)
    return replace(run, settings=merged(known, reader), problems=(*run.problems, *problems))


def _known(settings: Settings) -> tuple[Settings, list[str]]:
    """What of the settings can be used, and a sentence for each entry that cannot."""
    entries: list[dict[str, Any]] = [
        {"limits": {rule: {limit: v}}} for rule, values in settings.limits.items() for limit, v in values.items()
    ]
    entries += [{"ignore": {rule: reason or False}} for rule, reason in settings.ignore.items()]
    entries += [{"severity": {rule: word}} for rule, word in settings.severity.items()]
    entries += [{"select": [rule]} for rule in settings.select]
    known, problems = [], []
    for entry in entries:
        try:
            known.append(checked(**entry))
        except ValueError as error:
            problems.append(f"a setting of the run's own is left out: {error}")
    return merged(*known), problems


def _by_name(kind: str, values: Any) -> dict[str, Any]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ValueError(f"`{kind}` is {values!r}; expected one entry for each rule, such as {_EXAMPLES[kind]}.")
    named: dict[str, Any] = {}
    for word, value in values.items():
        name = find(word).name
        if name in named:
            raise ValueError(f"`{kind}` names `{name}` twice, by its name and by its code; expected it once.")
        named[name] = value
    return named


_EXAMPLES = {
    "limits": '{"loss-plateau": {"stuck": 0.9}}',
    "ignore": '{"overfitting": "the reason"}',
    "severity": '{"overfitting": "hint"}',
}


def _limits(rule: str, values: Any) -> dict[str, float]:
    if not isinstance(values, Mapping):
        raise ValueError(f"The limits of `{rule}` are {values!r}; expected a value for each, by its name.")
    known = find(rule).limits
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"There is no limit of `{rule}` called `{name}`.{did_you_mean(name, known)}")
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise ValueError(f"The limit `{name}` of `{rule}` is {value!r}; expected a finite number.")
    return {name: float(value) for name, value in values.items()}


def _reason(rule: str, reason: Any) -> str:
    if reason is False:
        return ""
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError(f"`{rule}` is to be ignored for the reason {reason!r}; expected one sentence that is shown.")
    return reason.strip()


def _severity(rule: str, word: Any) -> str:
    if word not in SEVERITIES:
        nearest = did_you_mean(str(word), dict.fromkeys(SEVERITIES))
        raise ValueError(f"There is no severity {word!r}, which `{rule}` is to have.{nearest}")
    return word


def _selected(words: Any) -> tuple[str, ...]:
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
        raise ValueError(f'`select` is {words!r}; expected a list of rules, such as ["no-seed", "NND9"].')
    found: set[str] = set()
    for word in words:
        family = [
            rule.name for rule in all_rules() if word.upper().startswith("NND") and rule.code.startswith(word.upper())
        ]
        found.update(family or [find(word).name])
    return tuple(sorted(found))
