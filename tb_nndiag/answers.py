"""What the page is told, as plain data: by the plugin's routes (docs/http_api.md), and in a saved report.

A logdir may come from strangers: a run that cannot be read or judged costs that one run and is named.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import tb_nndiag
from tb_nndiag import charts, engine, explain, verdict
from tb_nndiag.enabling import enabling
from tb_nndiag.logdir import RunStamp, Unreadable
from tb_nndiag.rule import SEVERITIES, all_rules
from tb_nndiag.run import Run
from tb_nndiag.verdict import Verdict

FORMAT = 1  # of the answers; docs/http_api.md

logger = logging.getLogger(__name__)


def overview(
    entries: list[dict[str, Any]], stamps: Mapping[str, RunStamp | None] | None = None, place: str = ""
) -> dict[str, Any]:
    """All runs. stamps: what was listed before they were judged; place: what tells this logdir from others.

    A saved report has neither.
    """
    return {
        "format": FORMAT,
        "version": tb_nndiag.__version__,
        "place": hashlib.sha256(place.encode()).hexdigest()[:16] if place else "",
        "stamp": stamp_of(stamps or {}),
        "runs": entries,
    }


def overview_entry(run: Run, verdicts: list[Verdict]) -> dict[str, Any]:
    """One run in the overview: its leading finding, what each family of rules says, and a curve of its loss.

    verdicts: `engine.diagnose(run)`
    """
    leading = [answer for answer in verdicts if answer.leads]
    return {
        "run": run.name,
        "leading": _short(leading[0]) if leading else None,
        "leads": {answer.rule: answer.severity for answer in leading},
        "counts": {severity: sum(answer.severity == severity for answer in leading) for severity in SEVERITIES},
        "fired": [answer.rule for answer in verdicts if answer.fires],
        "families": _families(verdicts),
        "unknown": sum(answer.status == "unknown" and not answer.off for answer in verdicts),
        "crashed": [answer.rule for answer in verdicts if answer.status == "crashed"],
        "first_wall_time": run.first_wall_time,
        "last_wall_time": run.last_wall_time,
        "last_step": run.last_step,
        "ended": run.ended,
        "best_val_loss": charts.best_val_loss(run),
        "spark": charts.spark(run),
        "pending": False,
        "problem": "",
    }


def _short(answer: Verdict) -> dict[str, Any]:
    whole = verdict.to_json(answer)
    return {key: whole[key] for key in ("code", "rule", "severity", "headline")}


def _families(verdicts: list[Verdict]) -> dict[str, str]:
    """First digit of the codes → the worst that a rule of the family says."""
    order = (*SEVERITIES, "follows", "crashed", "unknown", "clear")
    worst: dict[str, str] = {}
    for answer in verdicts:
        if answer.off:
            continue
        says = answer.severity if answer.leads else "follows" if answer.fires else answer.status
        says = "clear" if says == "ignored" else says
        known = worst.setdefault(explain.family(answer.code), says)
        worst[explain.family(answer.code)] = min(known, says, key=order.index)
    return worst


def entry_without_verdict(run_name: str, *, stamp: RunStamp | None = None, problem: str = "") -> dict[str, Any]:
    """The overview's entry of a run that could not be read or judged (`problem` says why), or not yet."""
    return {
        "run": run_name,
        "leading": None,
        "leads": {},
        "counts": dict.fromkeys(SEVERITIES, 0),
        "fired": [],
        "families": {},
        "unknown": 0,
        "crashed": [],
        "first_wall_time": None,
        "last_wall_time": stamp.last_wall_time if stamp else None,
        "last_step": stamp.last_step if stamp else None,
        "ended": False,
        "best_val_loss": None,
        "spark": [],
        "pending": not problem,
        "problem": problem,
    }


def run_detail(run: Run, verdicts: list[Verdict]) -> dict[str, Any]:
    """All that is known about one run: every rule's answer, the run card and the charts.

    verdicts: `engine.diagnose(run)`
    """
    return {
        "format": FORMAT,
        "run": run.name,
        "problems": list(run.problems),
        "first_wall_time": run.first_wall_time,
        "last_wall_time": run.last_wall_time,
        "last_step": run.last_step,
        "ended": run.ended,
        "card": charts.card(run),
        "verdicts": [verdict.to_json(answer) | {"evaluated": _evaluated(answer, run)} for answer in verdicts],
        "optional": [answer.rule for answer in verdicts if answer.off],
        "enable": {rule: asdict(line) for rule, line in enabling(verdicts, run).items()},
        "charts": charts.charts(run, verdicts),
    }


def _evaluated(answer: Verdict, run: Run) -> int | None:
    """The step of the first evaluation, where that saw what may hold since the first step; else None."""
    if answer.finding is None:
        return None
    seen = engine.seen_by(answer.finding, run)
    return seen if seen > answer.finding.first_step else None


def rules() -> dict[str, Any]:
    """The page of every rule."""
    families = [{"digit": digit, "title": title} for digit, title in explain.FAMILIES.items()]
    return {"format": FORMAT, "families": families, "rules": [explain.as_json(rule) for rule in all_rules()]}


def status(stamps: Mapping[str, RunStamp | None]) -> dict[str, Any]:
    """Whether the overview may have changed: a page asks for this often, and for the rest only then."""
    return {"format": FORMAT, "stamp": stamp_of(stamps)}


def stamp_of(stamps: Mapping[str, RunStamp | None]) -> str:
    """Changes whenever a run came, grew or went."""
    return hashlib.sha256(repr(sorted(stamps.items(), key=lambda item: item[0])).encode()).hexdigest()[:16]


def strict_json(content: Any) -> str:
    """Raises ValueError for NaN and infinities, which browsers cannot parse."""
    return json.dumps(content, allow_nan=False, separators=(",", ":"))


@dataclass(frozen=True)
class _Judged:
    """What was said about a run when its stamp was this one."""

    stamp: RunStamp | None  # None: the run could not be listed
    entry: dict[str, Any]
    verdicts: list[Verdict] | None  # None: it could not be judged


class Overviews:
    """The verdicts and the overview's entry of each run, kept until the run has changed.

    They belong to the stamp (last step, last wall time) that was listed before the run was read. A run that grew in
    between is therefore judged again next time, and no answer is ever older than the list it stands in, unless it says
    that it is `pending`.
    """

    def __init__(self):
        self._judged: dict[tuple[str, str], _Judged] = {}
        self._lock = threading.Lock()  # a second visitor waits and finds the work done

    def entries(
        self,
        experiment_id: str,
        stamps: Mapping[str, RunStamp | None],
        read: Callable[[str], Run],
        seconds: float = float("inf"),
    ) -> list[dict[str, Any]]:
        """One entry per run name in `stamps`; `read` is called for the runs that changed since the last time only.

        A run whose stamp is None could not be listed: it is tried again every time. When `seconds` are over, the runs
        that are left stay `pending` until the next call; those never judged come first, the latest of them before others.
        """
        end = time.monotonic() + seconds
        with self._lock:
            before = {name: self._judged.get((experiment_id, name)) for name in stamps}
            self._judged = {
                (experiment_id, name): known for name, known in before.items() if known
            }  # forgets who is gone
            entries = {}
            for name in sorted(stamps, key=lambda name: (before[name] is not None, -_last_wall_time(stamps[name]))):
                known, stamp = before[name], stamps[name]
                if (known is None or stamp is None or known.stamp != stamp) and time.monotonic() < end:
                    known = self._judged[experiment_id, name] = _judged(name, stamp, read)
                if known is None:
                    entries[name] = entry_without_verdict(name, stamp=stamp)
                else:
                    entries[name] = known.entry if known.stamp == stamp else {**known.entry, "pending": True}
            return [entries[name] for name in stamps]

    def verdicts(self, experiment_id: str, run_name: str, stamp: RunStamp | None, run: Run) -> list[Verdict]:
        """The verdicts about a run with this stamp: those of its entry, if it was judged since it changed."""
        known = self._judged.get((experiment_id, run_name))
        if known is not None and known.verdicts is not None and stamp is not None and known.stamp == stamp:
            return known.verdicts
        return engine.diagnose(run)


def _last_wall_time(stamp: RunStamp | None) -> float:
    return stamp.last_wall_time if stamp is not None else 0.0


def _judged(run_name: str, stamp: RunStamp | None, read: Callable[[str], Run]) -> _Judged:
    try:
        run = read(run_name)
        verdicts = engine.diagnose(run)
        entry = overview_entry(run, verdicts)
        strict_json(entry)  # one run's stray NaN must not cost the whole overview
        return _Judged(stamp, entry, verdicts)
    except Unreadable as problem:
        return _Judged(stamp, entry_without_verdict(run_name, problem=str(problem)), None)
    except Exception as error:
        logger.exception("tb-nndiag could not diagnose the run %r", run_name)
        why = f"This run could not be diagnosed ({type(error).__name__}: {error})."
        return _Judged(stamp, entry_without_verdict(run_name, problem=why), None)
