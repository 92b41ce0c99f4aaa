"""`nndiag` as it is typed: what it prints, and its exit code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest
from recorded import RUNS

from tb_nndiag import __version__, cli, explain
from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read
from tb_nndiag.report import text
from tb_nndiag.rule import Evidence, Finding, Fix, all_rules, find
from tb_nndiag.verdict import FORMAT, Verdict, to_json

NOT_A_RUN = b"no event file at all"


@pytest.fixture
def nndiag(capsys):
    """nndiag("check", logdir) → exit code, what was printed, what went to stderr."""

    def called(*arguments) -> tuple[int, str, str]:
        code = cli.main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return code, out, "\n".join(line for line in err.splitlines() if line.startswith("nndiag"))  # TensorFlow talks, too

    return called


@pytest.fixture
def logdir(tmp_path):
    """logdir("sigmoid_deep", ...) → a logdir with copies of these recorded runs; "broken" is one that cannot be read."""

    def made(*runs: str):
        for name in runs:
            if name == "broken":
                (tmp_path / name).mkdir()
                (tmp_path / name / "events.out.tfevents.1.x.nndiag").write_bytes(NOT_A_RUN)
            else:
                shutil.copytree(RUNS / name, tmp_path / name)
        return tmp_path

    return made


def strict(text: str):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def runs_in(text: str) -> dict[str, str]:
    """What was printed of each run."""
    return {part.split("\n", 1)[0]: part.split("\n", 1)[1] for part in text.split("── ")[1:]}


# ---- check -----------------------------------------------------------------------------------------------------------


def test_a_healthy_run_is_clean_and_says_so_in_two_lines(nndiag, logdir):
    code, out, err = nndiag("check", logdir("healthy_dense"))
    assert (code, err) == (0, "")
    title, found, *rest = out.splitlines()
    assert title == "── healthy_dense"
    clear = sum(v.status == "clear" for v in diagnose(read(RUNS / "healthy_dense")))
    assert found == f"   no findings: {clear} rules looked and found nothing"
    said = "\n".join(rest).split(" rules are off, ")[0].splitlines()
    assert not [line for line in said[:-1] if line and " could not be checked: " not in line]


def test_a_sick_run_has_its_cause_first_with_numbers_and_fixes_and_its_consequences_below(nndiag, logdir):
    code, out, err = nndiag("check", logdir("sigmoid_deep"))
    assert (code, err) == (1, "")
    lines = out.splitlines()
    words = " ".join(out.split())
    leading, *folded = [v for v in diagnose(read(RUNS / "sigmoid_deep")) if v.finding]
    assert lines[1].startswith("NND201 error: Gradients fade")
    assert leading.finding.headline in words
    assert leading.finding.why in words
    assert all(e.measure in words for e in leading.finding.evidence)
    assert f"First: {leading.finding.fixes[0].do}" in words
    assert all(f"Then: {fix.do}" in words for fix in leading.finding.fixes[1:])
    assert [line.split()[1] for line in lines if line.startswith("   └ ")] == [v.code for v in folded]
    assert not any(v.finding.why in words for v in folded)
    assert not [line for line in lines if len(line) > 100 and "keras." not in line]  # code is never broken


def made_up_verdict(first=1, last=90, active=True, **more) -> Verdict:
    evidence = [Evidence("loss", 2.5, 1.0, "ratio", "loss", "run", 1250), Evidence("step", 0.1, 3e-4, "seconds", "updates", "dense", 7)]
    fixes = [Fix("Do this.", "It helps.", "a = 1\nb = 2"), Fix("Do that.")]
    return Verdict("NND999", "made-up", "warning", "fires", finding=Finding("It happened.", "It matters.", evidence, fixes, first, last, active), **more)


def test_a_finding_is_printed_with_headline_numbers_reason_and_fixes_in_this_order():
    assert text([made_up_verdict()]).splitlines() == [
        "NND999 warning: It happened. (from the start on)",
        "                loss: 2.5 (limit 1; step 1,250)",
        "                step: 0.1 seconds (limit 3e-04; dense, step 7)",
        "                It matters.",
        "                First: Do this. It helps.",
        "                    a = 1",
        "                    b = 2",
        "                Then: Do that.",
    ]


def test_a_folded_finding_is_its_headline_alone():
    assert text([made_up_verdict(explained_by="cause")]) == "   └ NND999 warning: It happened. (from the start on)"
    assert text([made_up_verdict()], details=False) == "NND999 warning: It happened. (from the start on)"


@pytest.mark.parametrize(
    ("steps", "told"), [((1, 90, True), "from the start on"), ((0, 90, False), "from the start to step 90, no longer since"), ((2, 90, True), "from step 2 on"), ((2, 1250, False), "from step 2 to step 1,250, no longer since")]
)
def test_it_is_told_since_when_a_finding_holds_and_whether_it_is_over(steps, told):
    assert text([made_up_verdict(*steps)], details=False) == f"NND999 warning: It happened. ({told})"


def test_what_leads_and_is_no_hint_can_be_printed_alone():
    finding = made_up_verdict().finding
    error = Verdict("NND998", "other", "error", "fires", finding=finding)
    hint = Verdict("NND995", "small", "hint", "fires", finding=finding)
    folded = Verdict("NND997", "third", "error", "fires", finding=finding, explained_by="other")
    clear = Verdict("NND996", "clear", "error", "clear")
    printed = text([error, folded, made_up_verdict(), hint, clear], only_leading=True, details=False)
    assert [line.split(":")[0] for line in printed.splitlines()] == ["NND998 error", "NND999 warning"]
    assert text([clear]) == ""


def test_what_could_not_be_checked_is_named(nndiag, logdir):
    _, out, _ = nndiag("check", logdir("linear_on_moons"))
    unknown = [v for v in diagnose(read(RUNS / "linear_on_moons")) if v.status == "unknown"]
    assert unknown
    for verdict in unknown:
        assert verdict.off != (f"   {verdict.rule} could not be checked: {verdict.reason}\n" in out)
    assert f"rules are off, or need an experiment (--select RULE, nndiag explain RULE): {', '.join(v.rule for v in unknown if v.off)}" in " ".join(out.split())


def test_runs_are_printed_in_the_order_of_their_names(nndiag, logdir):
    where = logdir("sigmoid_deep", "few_rows", "healthy_dense")
    shutil.copytree(RUNS / "healthy_dense", where / "a" / "nested")
    _, out, _ = nndiag("check", where)
    assert list(runs_in(out)) == ["a/nested", "few_rows", "healthy_dense", "sigmoid_deep"]
    assert "NND501 warning" in runs_in(out)["few_rows"]
    assert "no findings" in runs_in(out)["healthy_dense"]


def test_a_single_runs_directory_can_be_checked(nndiag, logdir):
    code, out, _ = nndiag("check", logdir("sigmoid_deep") / "sigmoid_deep")
    assert (code, list(runs_in(out))) == (1, ["sigmoid_deep"])


def test_json_is_strict_and_has_every_answer_in_reading_order(nndiag, logdir):
    code, out, err = nndiag("check", logdir("row_with_nan", "healthy_dense", "broken"), "--format", "json")
    answer = strict(out)
    assert (code, err) == (1, "")
    assert set(answer) == {"format", "runs"}
    assert answer["format"] == FORMAT == 1
    assert [run["run"] for run in answer["runs"]] == ["broken", "healthy_dense", "row_with_nan"]
    assert all(set(run) == {"run", "problems", "verdicts"} for run in answer["runs"])
    broken, *readable = answer["runs"]
    assert (broken["verdicts"], len(broken["problems"])) == ([], 1)
    for run in readable:
        assert run["problems"] == []
        assert run["verdicts"] == [to_json(v) for v in diagnose(read(RUNS / run["run"]))]
        assert {v["rule"] for v in run["verdicts"]} == {rule.name for rule in all_rules()}


SEVEREST = {"sigmoid_deep": "error", "few_rows": "warning", "linear_on_moons": "hint", "healthy_dense": "none"}


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("fail_on", "failing"),
    [
        ("error", {"error"}),
        ("warning", {"error", "warning"}),
        (None, {"error", "warning"}),
        ("hint", {"error", "warning", "hint"}),
        ("never", set()),
    ],
)
def test_the_exit_code_tells_whether_there_is_a_finding_that_counts(nndiag, fail_on, failing, form):
    for run, severest in SEVEREST.items():
        code, _, _ = nndiag("check", RUNS / run, "--format", form, *(("--fail-on", fail_on) if fail_on else ()))
        assert code == (1 if severest in failing else 0), run


def test_one_sick_run_is_enough(nndiag, logdir):
    assert nndiag("check", logdir("healthy_dense", "sigmoid_deep", "healthy_conv"))[0] == 1
    assert nndiag("check", logdir(), "--fail-on", "never")[0] == 0


def test_an_unknown_severity_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", ".", "--fail-on", "fatal"])
    assert ended.value.code == 2
    assert "'fatal'" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_logdir_without_a_recorded_run_could_not_be_looked_at(nndiag, tmp_path, form):
    code, out, err = nndiag("check", tmp_path, "--format", form)
    assert (code, out) == (2, "")
    assert err.startswith(f"nndiag: No run below {str(tmp_path)!r} was recorded by the Diagnosis callback. Add it to fit: ")


def test_a_logdir_that_is_no_directory_could_not_be_looked_at(nndiag, tmp_path):
    code, out, err = nndiag("check", tmp_path / "nowhere")
    assert (code, out) == (2, "")
    assert err == f"nndiag: {str(tmp_path / 'nowhere')!r} is not a directory; expected the one that you give to `tensorboard --logdir`."


def test_runs_that_are_all_broken_could_not_be_looked_at(nndiag, logdir):
    code, out, _ = nndiag("check", logdir("broken"))
    assert code == 2
    assert runs_in(out)["broken"].strip() == (
        "could not read everything: The run 'broken' has no data of the Diagnosis callback that can be read:"
        " an event file is damaged after its event 0: the rest is lost."
    )


@pytest.mark.parametrize(("other", "expected"), [("healthy_dense", 0), ("sigmoid_deep", 1)])
def test_a_broken_run_is_named_and_the_others_answer(nndiag, logdir, other, expected):
    code, out, _ = nndiag("check", logdir("broken", other))
    assert code == expected
    assert list(runs_in(out)) == sorted(["broken", other])
    assert "has no data of the Diagnosis callback" in runs_in(out)["broken"]
    assert "no findings" not in runs_in(out)["broken"]
    assert "could not read everything" not in runs_in(out)[other]


def test_a_run_with_a_missing_card_is_checked_and_says_so(nndiag, tmp_path, loss_record):
    from keras_callbacks.event_writer import EventWriter

    writer = EventWriter(str(tmp_path / "bare"))
    writer.write("loss", 1, loss_record(1, 2.0))
    writer.close()
    code, out, _ = nndiag("check", tmp_path)
    assert code == 0
    assert "   could not read everything: the run card is missing: layers are known by their number only\n" in out
    assert " could not be checked: " in out


def test_a_rule_that_crashed_is_named(nndiag, monkeypatch):
    monkeypatch.setattr(cli, "diagnose", lambda run: [Verdict("NND999", "odd", "error", "crashed", "KeyError: 'x'")])
    code, out, _ = nndiag("check", RUNS / "healthy_dense")
    assert code == 0
    assert "   NND999 odd failed: KeyError: 'x'\n" in out


def test_control_characters_in_names_do_not_reach_the_terminal(nndiag, tmp_path):
    shutil.copytree(RUNS / "healthy_dense", tmp_path / "run\x1b[31m")
    _, out, _ = nndiag("check", tmp_path)
    assert "\x1b" not in out


def test_a_terminal_that_cannot_show_every_character_gets_the_rest():
    done = subprocess.run(
        [sys.executable, "-c", f"{WITHOUT_KERAS}\nfrom tb_nndiag.cli import main; sys.exit(main(['check', {str(RUNS / 'sigmoid_deep')!r}]))"],
        env={"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
    )
    assert done.returncode == 1
    assert b"NND201 error" in done.stdout


# ---- explain, rules, version -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["NND201", "nnd201", "vanishing-gradients"])
def test_a_rule_is_explained_by_its_code_and_by_its_name(nndiag, word):
    code, out, err = nndiag("explain", word)
    assert (code, err) == (0, "")
    assert out.strip() == explain.page(find("vanishing-gradients")).strip()
    assert out.startswith("# NND201 vanishing-gradients\n\n**error** · Gradients fade")
    assert "| `gradient_floor` |" in out


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("vanishing-gradient", "nndiag: There is no rule called 'vanishing-gradient'. Did you mean `vanishing-gradients`?"),
        ("NND2001", "nndiag: There is no rule called 'NND2001'. Did you mean `NND20"),
        ("zzz", "nndiag: There is no rule called 'zzz'. There are: nan-loss, "),
    ],
)
def test_an_unknown_rule_is_refused_with_the_nearest_one(nndiag, word, sentence):
    code, out, err = nndiag("explain", word)
    assert (code, out) == (2, "")
    assert err.startswith(sentence)


def test_rules_lists_every_rule_in_the_order_of_codes(nndiag):
    code, out, err = nndiag("rules")
    assert (code, err) == (0, "")
    listed = out.partition("\n\n")[0].splitlines()
    rules, reads = listed[::3], listed[1::3]
    assert [line.split(maxsplit=3) for line in rules] == [[r.code, r.severity, r.name, r.title] for r in all_rules()]
    signals = [re.findall(r"[a-z_]+", line.split("reads ")[1].replace("if recorded: ", "").replace("the run card alone", "")) for line in reads]
    assert signals == [[*r.reads, *r.may_read] for r in all_rules()]
    assert ["off unless selected" in line for line in reads] == [r.opt_in for r in all_rules()]


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"nndiag {__version__}\n")


def test_no_command_is_no_question(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_a_reader_who_has_seen_enough_is_no_error(monkeypatch):
    class Closed:
        def write(self, text):
            raise BrokenPipeError

        flush = close = lambda self: None

    monkeypatch.setattr(sys, "stdout", Closed())
    monkeypatch.setattr(sys, "stderr", Closed())
    assert cli.main(["rules"]) == 0


# ---- without Keras and TensorFlow ------------------------------------------------------------------------------------

WITHOUT_KERAS = """\
import sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("keras", "tensorflow", "rich"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
"""


def without_keras(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", WITHOUT_KERAS + code], capture_output=True, text=True)


def test_the_whole_reading_side_works_without_keras_and_tensorflow():
    done = without_keras(
        f"""
from tb_nndiag.cli import main
codes = [main(["check", {str(RUNS)!r}, "--format", "json"]), main(["check", {str(RUNS / "healthy_dense")!r}]), main(["explain", "NND201"]), main(["rules"])]
import tb_nndiag.loader, tb_nndiag.plugin, tb_nndiag.charts, tb_nndiag.report, tb_nndiag.html_report
from tb_nndiag.logdir import read
run = read({str(RUNS / "sigmoid_deep")!r})
detail = tb_nndiag.answers.run_detail(run, tb_nndiag.engine.diagnose(run))
assert detail["charts"] and detail["verdicts"][0]["rule"] == "vanishing-gradients"
assert not {{"keras", "tensorflow", "keras_callbacks"}} & set(sys.modules)
print(codes)
"""
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[1, 0, 0, 0]"
    decoded = json.JSONDecoder().raw_decode(done.stdout)[0]
    found = {run["run"]: [v["rule"] for v in run["verdicts"] if v["status"] == "fires"] for run in decoded["runs"]}
    assert found["healthy_conv"] == []
    assert found["sigmoid_deep"][0] == "vanishing-gradients"
    assert not [v for run in decoded["runs"] for v in run["verdicts"] if v["status"] == "crashed"]


def test_the_demo_without_keras_says_what_to_install():
    done = without_keras("from tb_nndiag.cli import main; sys.exit(main(['demo', '--no-serve']))")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "needs the extra packages" in done.stderr
    assert "No module named 'keras'" in done.stderr
    assert done.stderr.rstrip().endswith("pip install '.[demo]' in a clone of tb-nndiag")


# ---- demo ------------------------------------------------------------------------------------------------------------


def test_the_demo_touches_no_directory_with_somebodys_file(nndiag, tmp_path):
    (tmp_path / "healthy_mlp").mkdir()
    (tmp_path / "healthy_mlp" / "events").write_text("of an earlier demo")
    (tmp_path / "thesis.txt").write_text("three years")
    code, out, err = nndiag("demo", "--logdir", tmp_path, "--no-serve")
    assert (code, out) == (2, "")
    assert err == f"nndiag: {str(tmp_path)!r} already holds 'thesis.txt', which is not a demo's run. Give another directory: --logdir NAME"
    assert (tmp_path / "thesis.txt").read_text() == "three years"
    assert (tmp_path / "healthy_mlp" / "events").exists()


def test_the_demo_takes_no_file_for_a_directory(nndiag, tmp_path):
    (tmp_path / "file").write_text("mine")
    code, _, err = nndiag("demo", "--logdir", tmp_path / "file", "--no-serve")
    assert (code, err) == (2, f"nndiag: {str(tmp_path / 'file')!r} is a file; expected a directory to write the demo's runs to.")
