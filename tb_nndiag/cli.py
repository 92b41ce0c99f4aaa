"""`nndiag`: check a logdir, save what was found as a page, explain a rule, list the rules, train the demo."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from tb_nndiag import __version__, explain, rates
from tb_nndiag.baseline import read_baseline, write_baseline
from tb_nndiag.config_file import found_settings, read_settings
from tb_nndiag.engine import diagnose
from tb_nndiag.formats import FORMATS, Answer
from tb_nndiag.logdir import Unreadable, read, runs_below
from tb_nndiag.rule import SEVERITIES, all_rules, did_you_mean, find
from tb_nndiag.run import Settings
from tb_nndiag.settings import applied, checked, merged

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
    check.add_argument("--format", choices=tuple(FORMATS), default="text")
    check.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        default="warning",
        help="least severity that makes the exit code 1 (default: warning)",
    )
    baseline = check.add_mutually_exclusive_group()
    baseline.add_argument("--baseline", metavar="FILE", help="report what is not in this file")
    baseline.add_argument(
        "--write-baseline", metavar="FILE", help="write what is found to this file, and report nothing"
    )
    _add_settings(check)
    check.set_defaults(command=_check)

    saved = commands.add_parser(
        "report", help="write what the tab shows into one HTML file", description=_report.__doc__
    )
    saved.add_argument("logdir", help="the directory that you give to tensorboard --logdir")
    saved.add_argument("-o", "--output", default="diagnosis.html", help="the file to write (default: diagnosis.html)")
    saved.add_argument("--run", action="append", metavar="NAME", help="this run alone; may be given several times")
    _add_settings(saved)
    saved.set_defaults(command=_report)

    explained = commands.add_parser("explain", help="print a rule's page")
    explained.add_argument("rule", help="its code or its name, such as NND201 or vanishing-gradients")
    explained.set_defaults(command=_explain)

    rules = commands.add_parser("rules", help="list all rules: what each reads, its hits and false alarms")
    rules.set_defaults(command=_rules)

    demo = commands.add_parser(
        "demo", help="train eight small networks, six of them sick, and open TensorBoard on them"
    )
    demo.add_argument("--logdir", default="demo_logs", help="where to write (default: demo_logs)")
    demo.add_argument("--no-serve", action="store_true", help="train only")
    demo.add_argument("--port", type=int, default=6006, help="TensorBoard's port; 0: any free one (default: 6006)")
    demo.set_defaults(command=_demo)
    return parser


def _add_settings(command: argparse.ArgumentParser) -> None:
    """The flags that `_settings` reads."""
    settings = command.add_argument_group(
        "settings", "above those of a file and of the run's owner: docs/configuration.md"
    )
    settings.add_argument("--limit", action="append", default=[], metavar="RULE.LIMIT=VALUE", help="another limit")
    settings.add_argument("--ignore", action="append", default=[], metavar="RULE=REASON", help="findings do not count")
    settings.add_argument("--no-ignore", action="append", default=[], metavar="RULE", help="they count all the same")
    settings.add_argument(
        "--severity", action="append", default=[], metavar="RULE=SEVERITY", help="they weigh this much"
    )
    settings.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="RULE",
        help="ask it, although it is off by default; NND9: all NND9xx",
    )
    settings.add_argument(
        "--config", metavar="FILE", help="settings in TOML (default: the nearest nndiag.toml or pyproject.toml)"
    )


def _check(options: argparse.Namespace) -> int:
    """Judges every run below LOGDIR. Exit code: 0 clean, 1 findings at or above --fail-on, 2 could not look."""
    reader = _settings(options)
    found = _runs(options.logdir)
    known = read_baseline(options.baseline) if options.baseline else {}
    answers = []
    for name, directory in found:
        shown = _name_shown(options.logdir, name)
        answers.append(_answer(name, shown, directory, merged(known.get(shown, Settings()), reader)))
    if options.write_baseline:
        codes = {answer.shown: [v.code for v in answer.found] for answer in answers}
        write_baseline(options.write_baseline, codes)
        print(f"{sum(map(len, codes.values()))} findings of {len(codes)} runs are in {options.write_baseline} now.")
        return CLEAN if any(answer.verdicts for answer in answers) else COULD_NOT_LOOK
    failing = SEVERITIES[: SEVERITIES.index(options.fail_on) + 1] if options.fail_on != "never" else ()
    printed = FORMATS[options.format](answers, failing)
    if printed:
        print(printed)
    if not any(answer.verdicts for answer in answers):
        return COULD_NOT_LOOK
    return FOUND if any(v.severity in failing for answer in answers for v in answer.found) else CLEAN


def _runs(logdir: str) -> list[tuple[str, str]]:
    """Name and directory of every run. Raises Unreadable when there is none."""
    found = list(runs_below(logdir))
    if not found:
        raise Unreadable(
            f"No run below {logdir!r} was recorded by the Diagnosis callback. "
            "Add it to fit: model.fit(..., callbacks=[Diagnosis('logs/run1')])."
        )
    return found


def _name_shown(logdir: str, name: str) -> str:
    """The name of a run; that of the logdir for the logdir itself."""
    return os.path.basename(os.path.abspath(logdir)) if name == "." else name


def _report(options: argparse.Namespace) -> int:
    """Writes the Diagnosis page of every run below LOGDIR into one HTML file, to be sent or kept: it needs no
    TensorBoard and no network. Exit code: 0, or 2 when no run could be read."""
    from tb_nndiag import html_report

    reader = _settings(options)
    found = {_name_shown(options.logdir, name): directory for name, directory in _runs(options.logdir)}
    for name in options.run or ():
        if name not in found:
            raise ValueError(f"There is no run called {name!r}.{did_you_mean(name, found)}")
    runs, unreadable = {}, {}
    for name in options.run or found:
        try:
            runs[name] = applied(read(found[name], name), reader)
        except Unreadable as error:
            unreadable[name] = str(error)
    try:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(html_report.page(runs, unreadable))
    except OSError as error:
        raise ValueError(f"The report could not be written: {error}") from error
    print(f"Wrote {options.output}: {len(runs)} of {len(runs) + len(unreadable)} runs could be read.")
    return CLEAN if runs else COULD_NOT_LOOK


def _settings(options: argparse.Namespace) -> Settings:
    """Those of the file, below those of the command line."""
    file = read_settings(options.config) if options.config else found_settings()
    limits: dict[str, dict[str, float]] = {}
    for name, value in _pairs("--limit", "RULE.LIMIT=VALUE", options.limit):
        rule, _, limit = name.rpartition(".")
        if not rule:
            raise ValueError(f"--limit names {name!r}; expected RULE.LIMIT=VALUE.")
        limits.setdefault(find(rule).name, {})[limit] = _number(name, value)
    ignore: dict[str, str | bool] = dict(_pairs("--ignore", "RULE=REASON", options.ignore))
    severity = dict(_pairs("--severity", "RULE=SEVERITY", options.severity))
    return merged(
        file, checked(limits, {**ignore, **dict.fromkeys(options.no_ignore, False)}, severity, options.select)
    )


def _pairs(flag: str, form: str, given: Sequence[str]) -> list[tuple[str, str]]:
    for pair in given:
        if "=" not in pair:
            raise ValueError(f"{flag} is {pair!r}; expected {form}.")
    return [(name.strip(), value.strip()) for name, _, value in (pair.partition("=") for pair in given)]


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"The limit {name} is {value!r}; expected a number.") from None


def _answer(name: str, shown: str, directory: str, settings: Settings) -> Answer:
    try:
        run = applied(read(directory, name), settings)
    except Unreadable as error:
        return Answer(name, shown, directory, [], [str(error)])
    return Answer(name, shown, directory, diagnose(run), run.problems, run.card.stopped if run.card else "")


def _explain(options: argparse.Namespace) -> int:
    print(explain.page(find(options.rule)))
    return CLEAN


def _rules(options: argparse.Namespace) -> int:
    for rule in all_rules():
        also = f"if recorded: {', '.join(rule.may_read)}" if rule.may_read else ""
        reads = "; ".join(filter(None, [", ".join(rule.reads), also])) or "the run card alone"
        off = "off unless selected; " if rule.opt_in else ""
        measured = "; ".join(rates.of(rule)) or "not measured yet"
        print(
            f"{rule.code}  {rule.severity:8} {rule.name:24} {rule.title}\n{'':42}{off}reads {reads}\n{'':42}{measured}"
        )
    print(f"\nMeasured with {rates.rates()['command']}; errors and warnings are counted. More: docs/rates.md")
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
