"""What `nndiag check` prints: text for people, our JSON, and the documents that other tools read. Pure."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as xml

from tb_nndiag import __version__, report
from tb_nndiag.report import visible
from tb_nndiag.rule import all_rules
from tb_nndiag.verdict import FORMAT, Verdict, to_json

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
SARIF_LEVEL = {"error": "error", "warning": "warning", "hint": "note"}
GITHUB_LEVEL = {"error": "error", "warning": "warning", "hint": "notice"}


@dataclass(frozen=True)
class Answer:
    """What is known of one run below a logdir. Without verdicts it could not be read, and the problems say why.

    name: the run as the JSON names it, "." for the logdir itself; shown: as people know it
    """

    name: str
    shown: str
    directory: str
    verdicts: Sequence[Verdict]
    problems: Sequence[str]
    stopped: str = ""  # why the callback ended the training

    @property
    def found(self) -> list[Verdict]:
        """What fires, in reading order."""
        return [v for v in self.verdicts if v.fires]

    def having(self, status: str) -> list[Verdict]:
        """The verdicts of that status."""
        return [v for v in self.verdicts if v.status == status]


def text(answers: Sequence[Answer], failing: Sequence[str] = ()) -> str:
    """For a terminal."""
    return "\n".join(_run_as_text(answer) for answer in answers)


def _run_as_text(answer: Answer) -> str:
    lines = [f"── {visible(answer.shown)}"]
    lines += [f"   could not read everything: {visible(problem)}" for problem in answer.problems]
    if answer.stopped:
        lines.append(f"   the training was stopped: {visible(answer.stopped)}")
    if answer.found:
        lines.append(report.text(answer.verdicts))
    elif answer.verdicts:
        lines.append(f"   no findings: {len(answer.having('clear'))} rules looked and found nothing")
    lines += [f"   {v.code} {v.rule} failed: {visible(v.reason)}" for v in answer.having("crashed")]
    lines += [f"   {v.rule} could not be checked: {visible(v.reason)}" for v in answer.having("unknown") if not v.off]
    if off := [v for v in answer.having("unknown") if v.off]:
        lines.append(report.off(off))
    lines += [report.ignored(v) for v in answer.having("ignored")]
    return "\n".join([*lines, ""])


def as_json(answers: Sequence[Answer], failing: Sequence[str] = ()) -> str:
    """docs/verdict_json.md"""
    runs = [
        {"run": a.name, "problems": list(a.problems), "verdicts": [to_json(v) for v in a.verdicts]} for a in answers
    ]
    return json.dumps({"format": FORMAT, "runs": runs}, indent=1, allow_nan=False)


def sarif(answers: Sequence[Answer], failing: Sequence[str] = ()) -> str:
    """SARIF 2.1.0, with what GitHub's code scanning asks for: a location, a line and a fingerprint for each result."""
    rules = [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": rule.title},
            "help": {"text": rule.doc, "markdown": rule.doc},
            "defaultConfiguration": {"level": SARIF_LEVEL[rule.severity], "enabled": not rule.opt_in},
        }
        for rule in all_rules()
    ]
    number = {rule["id"]: i for i, rule in enumerate(rules)}
    results = [_result(a, v, number.get(v.code, -1)) for a in answers for v in (*a.found, *a.having("ignored"))]
    problems = [
        {"level": "warning" if a.verdicts else "error", "message": {"text": f"{visible(a.shown)}: {visible(problem)}"}}
        for a in answers
        for problem in a.problems
    ]
    run = {
        "tool": {"driver": {"name": "tb-nndiag", "version": __version__, "rules": rules}},
        "invocations": [
            {"executionSuccessful": all(a.verdicts for a in answers), "toolExecutionNotifications": problems}
        ],
        "results": results,
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, allow_nan=False)


def _result(answer: Answer, verdict: Verdict, rule_number: int) -> dict[str, object]:
    where = {"artifactLocation": {"uri": _uri(answer.directory)}, "region": {"startLine": 1}}
    made: dict[str, object] = {
        "ruleId": verdict.code,
        "ruleIndex": rule_number,
        "level": SARIF_LEVEL[verdict.severity],
        "message": {"text": f"{visible(answer.shown)}: {_sentence(verdict)}"},
        "locations": [{"physicalLocation": where}],
        "partialFingerprints": {
            "primaryLocationLineHash": hashlib.sha256(f"{answer.shown}\0{verdict.code}".encode()).hexdigest()
        },
    }
    if verdict.status == "ignored":
        made["suppressions"] = [{"kind": "external", "justification": verdict.reason}]
    return made


def _uri(directory: str) -> str:
    """Relative to where we are, so that it lies in the repository; absolute where that is not below."""
    relative = os.path.relpath(directory)
    return Path(directory).resolve().as_uri() if relative.startswith("..") else quote(relative.replace(os.sep, "/"))


def junit(answers: Sequence[Answer], failing: Sequence[str] = ()) -> str:
    """JUnit's XML: a suite for each run, a case for each rule; what counts for the exit code has failed.

    failing: the severities that count
    """
    suites = xml.Element("testsuites", name="nndiag")
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for answer in answers:
        suite = xml.SubElement(suites, "testsuite", name=visible(answer.shown))
        count = dict.fromkeys(totals, 0)
        for verdict in answer.verdicts:
            case = _case(suite, answer, f"{verdict.code} {verdict.rule}")
            count["tests"] += 1
            if verdict.fires and verdict.severity in failing:
                count["failures"] += 1
                failure = xml.SubElement(case, "failure", message=_sentence(verdict), type=verdict.severity)
                failure.text = report.text([verdict])
            elif verdict.fires:
                xml.SubElement(case, "system-out").text = report.text([verdict])
            elif verdict.status == "crashed":
                count["errors"] += 1
                xml.SubElement(case, "error", message=visible(verdict.reason), type="crashed")
            elif verdict.status != "clear":
                count["skipped"] += 1
                xml.SubElement(case, "skipped", message=visible(f"{verdict.status}: {verdict.reason}"))
        if not answer.verdicts:
            case = _case(suite, answer, "readable")
            xml.SubElement(case, "error", message=visible("; ".join(answer.problems)), type="unreadable")
            count |= {"tests": 1, "errors": 1}
        for name, number in count.items():
            suite.set(name, str(number))
            totals[name] += number
    for name, number in totals.items():
        suites.set(name, str(number))
    xml.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(suites, encoding="unicode")


def _case(suite: xml.Element, answer: Answer, name: str) -> xml.Element:
    return xml.SubElement(suite, "testcase", classname=visible(answer.shown), name=name, time="0")


def github(answers: Sequence[Answer], failing: Sequence[str] = ()) -> str:
    """Workflow commands: an annotation for each finding that leads, and one for each problem."""
    lines = []
    for answer in answers:
        lines += [_command("warning", answer.shown, problem) for problem in answer.problems]
        for verdict in answer.found:
            if verdict.leads:
                explained = [v.code for v in answer.found if v.explained_by == verdict.rule]
                more = f" It explains {', '.join(explained)}." if explained else ""
                title = f"{answer.shown}: {verdict.code} {verdict.rule}"
                lines.append(_command(GITHUB_LEVEL[verdict.severity], title, _sentence(verdict) + more))
    return "\n".join(lines)


def _command(level: str, title: str, message: str) -> str:
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    in_title = visible(title).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={in_title}::{visible(escaped)}"


def _sentence(verdict: Verdict) -> str:
    """The headline, where it comes from, and what to do first."""
    finding = verdict.finding
    assert finding is not None
    cause = f" It is explained by {verdict.explained_by}." if verdict.explained_by else ""
    return visible(f"{finding.headline}{cause} First: {finding.fixes[0].do}")


FORMATS: Mapping[str, Callable[[Sequence[Answer], Sequence[str]], str]] = {
    "text": text,
    "json": as_json,
    "sarif": sarif,
    "junit": junit,
    "github": github,
}
