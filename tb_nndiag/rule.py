"""What a rule is: a documented function from a run to a finding.

A rule's module docstring is its page, the decorator its metadata, the keyword-only parameters its limits.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import math
import pkgutil
import sys
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from tb_nndiag.signals import SIGNALS

SEVERITIES = ("error", "warning", "hint")
# Rules that see that a network did not learn, but not why: what keeps it from learning explains them all.
OUTCOMES = (
    "loss-plateau",
    "constant-output",
    "majority-class",
    "underfitting",
    "undertrained",
    "cannot-fit-small-data",
    "capacity",
)
HEADINGS = ("What it sees", "Why it matters", "What to do first", "When it is wrong", "Source")


class NotEnoughData(Exception):
    """The rule cannot tell yet; the text says what is missing."""


class NeedsExperiment(NotEnoughData):
    """No single training can tell; the text says which other ones can."""

    def __init__(self, experiment: str) -> None:
        super().__init__(f"needs the experiment: {experiment}")


@dataclass(frozen=True)
class Limit:
    """What a threshold means, its unit, where its default was measured, and the chart that shows it as a line.

    times_last: the line is the limit times the chart's last layer, for limits that compare layers
    """

    means: str
    unit: str = ""
    source: str = ""
    chart: str = ""
    times_last: bool = False


@dataclass(frozen=True)
class Evidence:
    """One number that a reader can check: `value` against `limit`, `where`, at `step`."""

    measure: str  # in words: "gradient of `dense` over gradient of `dense_9`"
    value: float
    limit: float
    unit: str
    signal: str  # a key of SIGNALS, or "card": it stands in the run card
    where: str  # a layer, or "run"
    step: int
    chart: str = ""  # that shows it, where the signal has several; not part of the JSON

    def __post_init__(self) -> None:
        if self.signal != "card" and self.signal not in SIGNALS:
            raise ValueError(
                f"Evidence names the signal {self.signal!r}; expected 'card' or one of {', '.join(SIGNALS)}."
            )


CHANGES = {  # kind of a change → what its target is; what its value is
    "optimizer": ("an argument of the optimizer, or `optimizer`: the whole of it", "the argument's value, or an optimizer"),
    "loss": ("the output's name, or `model`", "a loss"),
    "metrics": ("`model`", "a list of names"),
    "layer": ("`LAYER.ARGUMENT`", "the argument's value, as the layer's constructor takes it"),
    "replace": ("the layer", "the layer that comes in its place; null: none does"),
    "insert": ("the layer before; empty: none is", "a layer"),
    "inputs": ("the input's name", "a layer that the input passes first; without a mean it is to be adapted to the training rows"),
    "targets": ("the output's name", "a layer that the targets pass; likewise"),
    "fit": ("an argument of `fit`", "its value; `class_weight` may be `balanced`: rows / (classes * rows of the class)"),
    "precision": ("`model`", "the name of a dtype policy"),
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A part of a fix that a program can apply: what to set, and to which value.

    kind: a key of CHANGES; value: strict JSON; what is an object in Keras is `keras(class_name, ...)`
    """

    kind: str
    target: str
    value: Any

    def __post_init__(self) -> None:
        if self.kind not in CHANGES:
            raise ValueError(f"A change is of the kind {self.kind!r}; expected one of {', '.join(CHANGES)}.")


@dataclass(frozen=True)
class Fix:
    """One thing to try: an order, its reason, code in this run's own names and values, the same as data.

    changes: to be made together; empty where a person must decide or look
    """

    do: str
    because: str = ""
    code: str = ""
    changes: Sequence[Change] = ()


@dataclass(frozen=True)
class Finding:
    """What one rule found in one run.

    evidence: at least one; fixes: at least one, in the order to try them
    first_step, last_step: the first and the last step at which it was seen; 0 is before the first step
    active: it held at the last record still
    severity: lower than the rule's own, for a symptom that did no harm; empty: the rule's own
    """

    headline: str
    why: str
    evidence: Sequence[Evidence]
    fixes: Sequence[Fix]
    first_step: int
    last_step: int
    active: bool = True
    severity: str = ""

    def __post_init__(self) -> None:
        if not self.evidence or not self.fixes:
            raise ValueError(
                f"A finding needs at least one number and one fix; {self.headline!r} has "
                f"{len(self.evidence)} and {len(self.fixes)}."
            )
        if self.severity not in ("", *SEVERITIES):
            raise ValueError(
                f"A finding's severity is {self.severity!r}, expected one of {', '.join(SEVERITIES)} or none."
            )
        if self.first_step > self.last_step:
            raise ValueError(f"A finding begins before it ends; got steps {self.first_step} to {self.last_step}.")


@dataclass(frozen=True)
class Rule:
    """One question about a run."""

    code: str
    name: str
    severity: str
    reads: tuple[str, ...]  # without these signals the answer is "unknown"
    may_read: tuple[str, ...]  # these help when they are there
    explains: tuple[str, ...]  # rules whose findings this one can cause
    check: Callable[..., Finding | None]
    opt_in: bool = False  # it speaks of healthy runs, too: it is asked where somebody selects it

    @property
    def doc(self) -> str:
        """The rule's page, Markdown: its title, then the five headings."""
        return inspect.cleandoc(sys.modules[self.check.__module__].__doc__ or "")

    @property
    def title(self) -> str:
        """The first line of the page."""
        return self.doc.splitlines()[0]

    @cached_property
    def limits(self) -> dict[str, tuple[float, Limit]]:
        """Name of each limit → its default and what it means."""
        hints = typing.get_type_hints(self.check, include_extras=True)
        found: dict[str, tuple[float, Limit]] = {}
        for name, parameter in inspect.signature(self.check).parameters.items():
            for note in getattr(hints.get(name), "__metadata__", ()):
                if isinstance(note, Limit):
                    found[name] = (parameter.default, note)
        return found


def rule(
    code: str,
    *,
    severity: str,
    reads: Sequence[str],
    may_read: Sequence[str] = (),
    explains: Sequence[str] = (),
    opt_in: bool = False,
) -> Callable[[Callable[..., Finding | None]], Rule]:
    """Makes a rule of a function `(run, *, limit=default, ...) -> Finding | None`.

    Raises ValueError for an unknown severity or signal.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"{code}: severity is {severity!r}, expected one of {', '.join(SEVERITIES)}.")
    for signal in (*reads, *may_read):
        if signal not in SIGNALS:
            raise ValueError(f"{code} reads {signal!r}, which is no signal; expected some of {', '.join(SIGNALS)}.")

    def made(check: Callable[..., Finding | None]) -> Rule:
        name = check.__name__.replace("_", "-")
        others = tuple(signal for signal in dict.fromkeys(may_read) if signal not in reads)
        return Rule(code, name, severity, tuple(reads), others, tuple(explains), check, opt_in)

    return made


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of the package `rules`, in the order of their codes."""
    import tb_nndiag.rules as package

    found: list[Rule] = []
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        found.extend(
            value
            for value in vars(loaded).values()
            if isinstance(value, Rule) and value.check.__module__ == loaded.__name__
        )
    return tuple(sorted(found, key=lambda r: r.code))


def find(word: str) -> Rule:
    """The rule of that code or name. Raises ValueError with the nearest one when there is none."""
    known = {rule.name: rule for rule in all_rules()}
    codes = {rule.code: rule for rule in all_rules()}
    found = known.get(word) or codes.get(str(word).upper())
    if found is None:
        raise ValueError(f"There is no rule called {word!r}.{did_you_mean(str(word), {**known, **codes})}")
    return found


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known word, or all of them."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f" Did you mean `{near[0]}`?" if near else f" There are: {', '.join(known) or 'none'}."


def number(value: float) -> str:
    """Three digits, as a reader likes them: 0.031, 3.1e-5, 12, 1,250, NaN; the page writes them alike (text.js)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    if 999.5 <= abs(value) < 1e6:
        return f"{round(value):,}"
    if 0.99995e-4 <= abs(value) < 1000:  # a float32 of 0.0001 is a little less
        return f"{value:.3g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"
