"""`nndiag`: check a logdir, explain a rule, list the rules, train the demo."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import types
from collections.abc import Sequence

if "tensorflow" not in sys.modules:  # TensorBoard imports it when it is installed; reading files takes seconds then
    sys.modules.setdefault("tensorboard.compat.notf", types.ModuleType("notf"))

from tb_nndiag import __version__, explain
from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import Unreadable, read, runs_below
from tb_nndiag.report import text, visible
from tb_nndiag.rule import SEVERITIES, all_rules
from tb_nndiag.verdict import FORMAT, Verdict, to_json

CLEAN, FOUND, COULD_NOT_LOOK = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code: 0 clean, 1 findings, 2 could not look."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a run's name, or a terminal's encoding, may be anything
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except ValueError as error:
        print(f"nndiag: {error}", file=sys.stderr)
        return COULD_NOT_LOOK
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return CLEAN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nndiag", description="A linter for training runs.")
    parser.add_argument("--version", action="version", version=f"nndiag {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="judge every run below a logdir", description=_check.__doc__)
    check.add_argument("logdir", help="the directory that you give to tensorboard --logdir")
    check.add_argument("--format", choices=("text", "json"), default="text")
    check.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        default="warning",
        help="least severity that makes the exit code 1 (default: warning)",
    )
    check.set_defaults(command=_check)

    explained = commands.add_parser("explain", help="print a rule's page")
    explained.add_argument("rule", help="its code or its name, such as NND201 or vanishing-gradients")
    explained.set_defaults(command=_explain)

    rules = commands.add_parser("rules", help="list all rules, and what each reads")
    rules.set_defaults(command=_rules)

    demo = commands.add_parser(
        "demo", help="train eight small networks, six of them sick, and open TensorBoard on them"
    )
    demo.add_argument("--logdir", default="demo_logs", help="where to write (default: demo_logs)")
    demo.add_argument("--no-serve", action="store_true", help="train only")
    demo.add_argument("--port", type=int, default=6006, help="TensorBoard's port; 0: any free one (default: 6006)")
    demo.set_defaults(command=_demo)
    return parser


def _check(options: argparse.Namespace) -> int:
    """Judges every run below LOGDIR. Exit code: 0 clean, 1 findings at or above --fail-on, 2 could not look."""
    found = list(runs_below(options.logdir))
    if not found:
        raise Unreadable(
            f"No run below {options.logdir!r} was recorded by the Diagnosis callback. "
            "Add it to fit: model.fit(..., callbacks=[Diagnosis('logs/run1')])."
        )
    answers = [(name, *_judged(directory, name)) for name, directory in found]
    if options.format == "json":
        runs = [
            {"run": name, "problems": problems, "verdicts": [to_json(v) for v in verdicts]}
            for name, verdicts, problems in answers
        ]
        print(json.dumps({"format": FORMAT, "runs": runs}, indent=1, allow_nan=False))
    else:
        for name, verdicts, problems in answers:
            _print_run(os.path.basename(os.path.abspath(options.logdir)) if name == "." else name, verdicts, problems)
    if all(not verdicts for _, verdicts, _ in answers):
        return COULD_NOT_LOOK
    loud = SEVERITIES[: SEVERITIES.index(options.fail_on) + 1] if options.fail_on != "never" else ()
    return FOUND if any(v.finding and v.severity in loud for _, verdicts, _ in answers for v in verdicts) else CLEAN


def _judged(directory: str, name: str) -> tuple[list[Verdict], list[str]]:
    try:
        run = read(directory, name)
    except Unreadable as error:
        return [], [str(error)]
    return diagnose(run), list(run.problems)


def _print_run(name: str, verdicts: list[Verdict], problems: list[str]) -> None:
    count = {status: sum(v.status == status for v in verdicts) for status in ("fires", "clear", "unknown", "crashed")}
    print(f"── {visible(name)}")
    for problem in problems:
        print(f"   could not read everything: {visible(problem)}")
    if count["fires"]:
        print(text(verdicts))
    elif verdicts:
        print(f"   no findings: {count['clear']} rules looked and found nothing")
    for verdict in verdicts:
        if verdict.status == "crashed":
            print(f"   {verdict.code} {verdict.rule} failed: {verdict.reason}")
    for verdict in verdicts:
        if verdict.status == "unknown":
            print(f"   {verdict.rule} could not be checked: {visible(verdict.reason)}")
    print()


def _explain(options: argparse.Namespace) -> int:
    print(explain.page(explain.find(options.rule)))
    return CLEAN


def _rules(options: argparse.Namespace) -> int:
    for rule in all_rules():
        reads = ", ".join(rule.reads) + (f"; if recorded: {', '.join(extra)}" if (extra := rule.may_read) else "")
        print(f"{rule.code}  {rule.severity:8} {rule.name:24} {rule.title}\n{'':42}reads {reads}")
    return CLEAN


def _demo(options: argparse.Namespace) -> int:
    try:
        from keras_callbacks.demo import run_demo  # needs Keras, which a viewer does not have
    except ImportError as error:
        raise ValueError(
            f"The demo trains networks and needs the extra packages ({error}): pip install '.[demo]' in a clone of tb-nndiag"
        ) from error
    return run_demo(options.logdir, serve=not options.no_serve, port=options.port)


if __name__ == "__main__":
    sys.exit(main())
