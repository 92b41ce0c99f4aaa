"""What is said while a training runs: a finding counts once two looks in a row agree on it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tb_nndiag.rule import SEVERITIES, all_rules, did_you_mean
from tb_nndiag.verdict import Verdict


def checked_stop_on(words: Any) -> frozenset[str]:
    """Severities and names of rules that end a training; one word or several, rules also by their codes.

    A severity brings the graver ones with it. Raises ValueError for a word that is neither, with the nearest one.
    """
    listed = [words] if isinstance(words, str) else words
    if not isinstance(listed, (list, tuple, set, frozenset)):
        raise ValueError(f"`stop_on` is {words!r}; expected severities or rules, such as ('error',).")
    known: dict[Any, tuple[str, ...]] = {word: SEVERITIES[: i + 1] for i, word in enumerate(SEVERITIES)}
    known |= {rule.name: (rule.name,) for rule in all_rules()} | {rule.code: (rule.name,) for rule in all_rules()}
    found: set[str] = set()
    for word in listed:
        if word not in known:
            nearest = did_you_mean(str(word), known)
            raise ValueError(f"`stop_on` names {word!r}, which is neither a severity nor a rule.{nearest}")
        found.update(known[word])
    return frozenset(found)


class Live:
    """Follows one training from look to look.

    stop_on: what ends it, as `checked_stop_on` returns it: rules wherever they stand, severities where a finding leads
    """

    def __init__(self, stop_on: frozenset[str] = frozenset()) -> None:
        self.told: set[str] = set()  # rules whose findings were printed
        self.unsure = False  # something was seen for the first time: the next look decides
        self._stop_on = stop_on
        self._leading: set[str] = set()  # at the look before
        self._stopping: set[str] = set()

    def look(self, verdicts: Sequence[Verdict]) -> tuple[Verdict | None, Verdict | None]:
        """The leading error to tell of now, and the finding that ends the training; None for neither."""
        now = [v for v in verdicts if v.fires and v.finding and v.finding.active]
        errors = [v for v in now if v.leads and v.severity == "error"]
        stopping = [v for v in now if v.rule in self._stop_on or (v.leads and v.severity in self._stop_on)]
        tell = next((v for v in errors if v.rule in self._leading and v.rule not in self.told), None)
        stop = next((v for v in stopping if v.rule in self._stopping), None)
        self._leading, self._stopping = {v.rule for v in errors}, {v.rule for v in stopping}
        if tell:
            self.told.add(tell.rule)
        self.unsure = bool(self._leading - self.told or self._stopping)
        return tell, stop
