"""The documents of `nndiag check` for other tools, and known findings."""

from __future__ import annotations

import json
import re
import shutil
from xml.etree import ElementTree as xml

import pytest
from recorded import RUNS

from tb_nndiag import cli
from tb_nndiag.engine import diagnose
from tb_nndiag.formats import Answer, github, junit, sarif, text
from tb_nndiag.logdir import read
from tb_nndiag.rule import Evidence, Finding, Fix, all_rules
from tb_nndiag.verdict import Verdict


@pytest.fixture
def check(capsys, tmp_path, monkeypatch):
    """check("sarif", "few_rows", ...) → exit code, what was printed; `broken` is a run that cannot be read."""
    monkeypatch.chdir(tmp_path)

    def called(form, *runs, flags=()):
        shutil.rmtree("logs", ignore_errors=True)
        for run in runs:
            if run == "broken":
                (tmp_path / "logs" / run).mkdir(parents=True)
                (tmp_path / "logs" / run / "events.out.tfevents.1.x.nndiag").write_bytes(b"no event file")
            else:
                shutil.copytree(RUNS / run, tmp_path / "logs" / run)
        code = cli.main(["check", "logs", "--format", form, *flags])
        return code, capsys.readouterr().out

    return called


def fired(run: str) -> list[Verdict]:
    return [v for v in diagnose(read(RUNS / run)) if v.fires]


def made_up(severity="error", headline="It became 50 %, worse\x1b.", **more) -> Verdict:
    finding = Finding(headline, "Why.", [Evidence("loss", 2.0, 1.0, "", "loss", "run", 1)], [Fix("Mend it.")], 1, 1)
    return Verdict("NND101", "nan-loss", severity, "fires", finding=finding, **more)


def answer(*verdicts, run="a\x00b<&>:c,d", problems=()) -> Answer:
    return Answer(run, run, "logs/some run", verdicts, problems)


# ---- sarif -----------------------------------------------------------------------------------------------------------


def test_sarif_has_what_code_scanning_requires(check):
    code, out = check("sarif", "sigmoid_deep", "few_rows", "healthy_dense")
    document = json.loads(out)
    assert code == 1
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "tb-nndiag"
    assert [rule["id"] for rule in rules] == [rule.code for rule in all_rules()]
    for rule in rules:
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))
        assert len(rule["shortDescription"]["text"]) <= 1024
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    expected = [(f"logs/{name}", v.code) for name in ("few_rows", "sigmoid_deep") for v in fired(name)]
    seen = []
    for result in run["results"]:
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"].startswith(place["artifactLocation"]["uri"].removeprefix("logs/") + ": ")
        assert place["region"]["startLine"] == 1
        assert "suppressions" not in result
        seen.append((place["artifactLocation"]["uri"], result["ruleId"]))
    assert seen == expected
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_sarif_fingerprints_stay_the_same_when_numbers_change():
    prints = [
        json.loads(sarif([answer(made_up(headline=headline))]))["runs"][0]["results"][0]["partialFingerprints"] for headline in ("It is 3.", "It is 4.")
    ]
    assert prints[0] == prints[1]


def test_sarif_suppresses_what_is_ignored_and_names_what_could_not_be_read(check):
    _, out = check("sarif", "few_rows", "broken", flags=["--ignore", "overfitting=on purpose"])
    (run,) = json.loads(out)["runs"]
    (ignored,) = [r for r in run["results"] if r["ruleId"] == "NND501"]
    assert ignored["suppressions"] == [{"kind": "external", "justification": "on purpose"}]
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    (note,) = invocation["toolExecutionNotifications"]
    assert (note["level"], note["message"]["text"][:8]) == ("error", "broken: ")


def test_sarif_addresses_are_relative_below_the_current_directory_and_absolute_elsewhere(tmp_path, monkeypatch):
    def uri(directory):
        run = json.loads(sarif([Answer("a", "a", str(directory), [made_up()], [])]))["runs"][0]
        return run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]

    monkeypatch.chdir(tmp_path)
    assert uri(tmp_path / "logs" / "a b") == "logs/a%20b"
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert uri(tmp_path / "logs") == (tmp_path / "logs").as_uri()


# ---- junit -----------------------------------------------------------------------------------------------------------


def test_junit_has_a_suite_for_each_run_a_case_for_each_rule_and_counts_that_add_up(check):
    code, out = check("junit", "sigmoid_deep", "few_rows", "linear_on_moons", "broken")
    root = xml.fromstring(out)
    assert (code, root.tag) == (1, "testsuites")
    assert [suite.get("name") for suite in root] == ["broken", "few_rows", "linear_on_moons", "sigmoid_deep"]
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        assert int(element.get("tests")) == len(cases)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.get(name)) == len(list(element.iter(tag))), name
    for suite in root[1:]:
        assert [case.get("name") for case in suite] and {case.get("classname") for case in suite} == {suite.get("name")}
        assert len(suite) == len(all_rules())
        assert all(float(case.get("time")) == 0 and len(case) <= 1 for case in suite)
    failed = [case.get("name").split()[0] for case in root.iter("testcase") if case.find("failure") is not None]
    assert failed == [v.code for run in ("few_rows", "linear_on_moons", "sigmoid_deep") for v in fired(run) if v.severity != "hint"]
    assert "has no data of the Diagnosis callback" in root[0][0].find("error").get("message")
    hint = next(case for case in root[2] if case.find("system-out") is not None)
    assert "hint: " in hint.find("system-out").text


@pytest.mark.parametrize(("fail_on", "fails"), [("error", False), ("warning", True), ("never", False)])
def test_junit_fails_where_the_exit_code_does(check, fail_on, fails):
    code, out = check("junit", "few_rows", flags=["--fail-on", fail_on])
    assert (code, "<failure" in out) == (int(fails), fails)


def test_junit_skips_what_is_unknown_or_ignored_and_counts_a_crash_as_an_error():
    ignored = Verdict("NND101", "a", "error", "ignored", "on purpose", made_up().finding)
    rest = [Verdict("NND102", "b", "error", "unknown", "too short"), Verdict("NND103", "c", "error", "crashed", "KeyError: 'x'"), Verdict("NND104", "d", "error", "clear")]
    root = xml.fromstring(junit([answer(ignored, *rest)], ("error",)))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {"tests": "4", "failures": "0", "errors": "1", "skipped": "2"}
    assert [case[0].get("message") for case in root.iter("testcase") if len(case)] == ["ignored: on purpose", "unknown: too short", "KeyError: 'x'"]


def test_junit_is_xml_whatever_a_name_holds():
    root = xml.fromstring(junit([answer(made_up(), problems=["\x0b"]), answer(problems=["\x0b"])], ("error",)))
    assert root[0].get("name") == "a\\x00b<&>:c,d"


# ---- github ----------------------------------------------------------------------------------------------------------


def test_github_gets_one_command_for_each_finding_that_leads(check):
    code, out = check("github", "sigmoid_deep", "few_rows", "healthy_dense", "linear_on_moons")
    lines = out.splitlines()
    leading = {v.code: v for run in ("sigmoid_deep", "few_rows", "linear_on_moons") for v in fired(run) if v.leads}
    level = {"error": "error", "warning": "warning", "hint": "notice"}
    assert code == 1
    assert len(lines) == len([v for run in ("sigmoid_deep", "few_rows", "linear_on_moons") for v in fired(run) if v.leads])
    for line in lines:
        found = re.fullmatch(r"::(error|warning|notice) title=(\w+)%3A (NND\d{3}) ([\w-]+)::(.+) First: .+", line)
        assert found, line
        assert found[1] == level[leading[found[3]].severity]
    folded = [v.code for v in fired("sigmoid_deep") if v.explained_by == "vanishing-gradients"]
    assert f"It explains {', '.join(folded)}." in next(line for line in lines if "NND201" in line)


def test_github_commands_are_escaped():
    assert github([answer(made_up(), problems=["two\nlines"])]).splitlines() == [
        "::warning title=a\\x00b<&>%3Ac%2Cd::two%0Alines",
        "::error title=a\\x00b<&>%3Ac%2Cd%3A NND101 nan-loss::It became 50 %25, worse\\x1b. First: Mend it.",
    ]


def test_github_gets_nothing_of_a_healthy_run(check):
    assert check("github", "healthy_dense") == (0, "")


# ---- text ------------------------------------------------------------------------------------------------------------


def test_text_says_that_the_callback_stopped_the_training():
    assert "   the training was stopped: NND101 nan-loss, found in epoch 2\n" in text([Answer("a", "a", "a", [made_up()], [], "NND101 nan-loss, found in epoch 2")])
    assert "stopped" not in text([answer(made_up())])


# ---- known findings --------------------------------------------------------------------------------------------------


def test_what_is_in_the_baseline_is_ignored_and_what_is_new_is_reported(check, tmp_path):
    code, out = check("text", "few_rows", "healthy_dense", flags=["--write-baseline", "known.json"])
    assert (code, out) == (0, "1 findings of 2 runs are in known.json now.\n")
    assert json.loads((tmp_path / "known.json").read_text()) == {"format": 1, "known": {"few_rows": ["NND501"]}}
    code, out = check("text", "few_rows", "healthy_dense", flags=["--baseline", "known.json"])
    assert code == 0
    assert "NND501 overfitting ignored (known: it is in the baseline): " in out
    code, out = check("json", "few_rows", "sigmoid_deep", flags=["--baseline", "known.json"])
    status = {run["run"]: {v["code"]: v["status"] for v in run["verdicts"]} for run in json.loads(out)["runs"]}
    assert (code, status["few_rows"]["NND501"], status["sigmoid_deep"]["NND201"]) == (1, "ignored", "fires")
    assert check("text", "few_rows", flags=["--baseline", "known.json", "--no-ignore", "overfitting"])[0] == 1


def test_a_finding_that_is_known_of_one_run_is_new_in_another(check):
    check("text", "few_rows", flags=["--write-baseline", "known.json"])
    shutil.copytree(RUNS / "few_rows", "logs/other")
    assert cli.main(["check", "logs", "--baseline", "known.json"]) == 1
    assert cli.main(["check", "logs/few_rows", "--baseline", "known.json"]) == 0


def test_folded_findings_are_known_as_well(check):
    check("text", "sigmoid_deep", flags=["--write-baseline", "known.json"])
    code, out = check("json", "sigmoid_deep", flags=["--baseline", "known.json", "--fail-on", "hint"])
    assert code == 0
    assert {v["code"] for v in json.loads(out)["runs"][0]["verdicts"] if v["status"] == "ignored"} == {v.code for v in fired("sigmoid_deep")}


def test_runs_that_cannot_be_read_make_no_baseline(check):
    assert check("text", "broken", flags=["--write-baseline", "known.json"])[0] == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "It cannot be read (No such file or directory)."),
        ("no json", "Expecting value"),
        ("[]", "It is no baseline of format 1; write it anew with --write-baseline."),
        ('{"format": 2, "known": {}}', "It is no baseline of format 1; write it anew with --write-baseline."),
        ('{"format": 1, "known": []}', "It is no baseline of format 1; write it anew with --write-baseline."),
        ('{"format": 1, "known": {"a": "NND501"}}', "The known findings of a run are 'NND501'; expected a list of rules."),
        ('{"format": 1, "known": {"a": ["NND5001"]}}', "There is no rule called 'NND5001'. Did you mean `NND50"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused(tmp_path, monkeypatch, capsys, content, sentence):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "known.json").write_text(content)
    assert cli.main(["check", str(RUNS / "few_rows"), "--baseline", "known.json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"nndiag: known.json: {sentence}" in err


def test_a_baseline_that_cannot_be_written_is_an_error(check):
    assert check("text", "few_rows", flags=["--write-baseline", "nowhere/known.json"]) == (2, "")


def test_a_baseline_is_either_read_or_written(check):
    with pytest.raises(SystemExit):
        check("text", "few_rows", flags=["--write-baseline", "a", "--baseline", "b"])
