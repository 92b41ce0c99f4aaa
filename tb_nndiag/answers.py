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
from typing import Any

import tb_nndiag
from tb_nndiag import charts, engine, explain, verdict
from tb_nndiag.logdir import RunStamp, Unreadable
from tb_nndiag.rule import SEVERITIES, all_rules
from tb_nndiag.run import Run
from tb_nndiag.verdict import Verdict

FORMAT = 1  # of the answers; docs/http_api.md

logger = logging.getLogger(__name__)


def overview(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"format": FORMAT, "version": tb_nndiag.__version__, "runs": entries}


def overview_entry(run: Run) -> dict[str, Any]:
    """One run in the overview: its leading finding, what each family of rules says, and a curve of its loss."""
    verdicts = engine.diagnose(run)
    leading = [answer for answer in verdicts if answer.leads]
    return {
        "run": run.name,
        "leading": _short(leading[0]) if leading else None,
        "more": max(0, len(leading) - 1),
        "counts": {severity: sum(answer.severity == severity for answer in leading) for severity in SEVERITIES},
        "fired": [answer.rule for answer in verdicts if answer.finding],
        "families": _families(verdicts),
        "unknown": sum(answer.status == "unknown" for answer in verdicts),
        "first_wall_time": run.first_wall_time,
        "last_wall_time": run.last_wall_time,
        "last_step": run.last_step,
        "ended": run.ended,
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
        says = answer.severity if answer.leads else "follows" if answer.finding else answer.status
        known = worst.setdefault(explain.family(answer.code), says)
        worst[explain.family(answer.code)] = min(known, says, key=order.index)
    return worst


def entry_without_verdict(run_name: str, *, stamp: RunStamp | None = None, problem: str = "") -> dict[str, Any]:
    """The overview's entry of a run that could not be read or judged (`problem` says why), or not yet."""
    return {
        "run": run_name,
        "leading": None,
        "more": 0,
        "counts": dict.fromkeys(SEVERITIES, 0),
        "fired": [],
        "families": {},
        "unknown": 0,
        "first_wall_time": None,
        "last_wall_time": stamp.last_wall_time if stamp else None,
        "last_step": stamp.last_step if stamp else None,
        "ended": False,
        "spark": [],
        "pending": not problem,
        "problem": problem,
    }


def run_detail(run: Run) -> dict[str, Any]:
    """All that is known about one run: every rule's answer, the run card and the charts."""
    verdicts = engine.diagnose(run)
    rules = {rule.name: rule for rule in all_rules()}
    enable = {v.rule: explain.enabled_by(rules[v.rule], run) for v in verdicts if v.status == "unknown"}
    return {
        "format": FORMAT,
        "run": run.name,
        "problems": list(run.problems),
        "first_wall_time": run.first_wall_time,
        "last_wall_time": run.last_wall_time,
        "last_step": run.last_step,
        "ended": run.ended,
        "card": charts.card(run),
        "verdicts": [verdict.to_json(answer) for answer in verdicts],
        "enable": {rule: line for rule, line in enable.items() if line},
        "charts": charts.charts(run, verdicts),
    }


def rules() -> dict[str, Any]:
    """The page of every rule."""
    families = [{"digit": digit, "title": title} for digit, title in explain.FAMILIES.items()]
    return {"format": FORMAT, "families": families, "rules": [explain.as_json(rule) for rule in all_rules()]}


def status(stamps: Mapping[str, RunStamp | None]) -> dict[str, Any]:
    """Changes whenever the overview may have: a page asks for this often, and for the rest only then."""
    seen = repr(sorted(stamps.items(), key=lambda item: item[0]))
    return {"format": FORMAT, "stamp": hashlib.sha256(seen.encode()).hexdigest()[:16]}


def strict_json(content: Any) -> str:
    """Raises ValueError for NaN and infinities, which browsers cannot parse."""
    return json.dumps(content, allow_nan=False, separators=(",", ":"))


class Overviews:
    """The overview's entries, each kept until its run has changed.

    An entry belongs to the stamp (last step, last wall time) that was listed before its run was read. A run that grew
    in between is therefore judged again next time, and no answer is ever older than the list it stands in, unless it
    says that it is `pending`.
    """

    def __init__(self):
        self._entries: dict[tuple[str, str], tuple[RunStamp | None, dict[str, Any]]] = {}
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
            known = {name: self._entries.get((experiment_id, name), (None, {})) for name in stamps}
            kept = {}
            for name in sorted(stamps, key=lambda name: (bool(known[name][1]), -_last_wall_time(stamps[name]))):
                known_stamp, entry = known[name]
                if stamps[name] is not None and known_stamp == stamps[name]:
                    kept[name] = known_stamp, entry
                elif time.monotonic() < end:
                    kept[name] = stamps[name], _judged(name, read)
                else:
                    late = {**entry, "pending": True} if entry else entry_without_verdict(name, stamp=stamps[name])
                    kept[name] = known_stamp, late
            # Forgets the runs that are gone.
            self._entries = {(experiment_id, name): each for name, each in kept.items() if not _is_new(each)}
            return [kept[name][1] for name in stamps]


def _is_new(kept: tuple[RunStamp | None, dict[str, Any]]) -> bool:
    """Whether nobody has judged it yet."""
    return kept[1]["pending"] and kept[0] is None


def _last_wall_time(stamp: RunStamp | None) -> float:
    return stamp.last_wall_time if stamp is not None else 0.0


def _judged(run_name: str, read: Callable[[str], Run]) -> dict[str, Any]:
    try:
        entry = overview_entry(read(run_name))
        strict_json(entry)  # one run's stray NaN must not cost the whole overview
        return entry
    except Unreadable as problem:
        return entry_without_verdict(run_name, problem=str(problem))
    except Exception as error:
        logger.exception("tb-nndiag could not diagnose the run %r", run_name)
        return entry_without_verdict(
            run_name, problem=f"This run could not be diagnosed ({type(error).__name__}: {error})."
        )
