"""Settings in TOML, and which file counts."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from recorded import RUNS

from tb_nndiag import cli, explain
from tb_nndiag.config_file import found_settings, read_settings
from tb_nndiag.rule import all_rules
from tb_nndiag.run import Settings

EVERYTHING = """
select = ["NND901"]
[limits.loss-plateau]
patience = 500
[ignore]
NND501 = "on purpose"
class-imbalance = false
[severity]
underfitting = "error"
"""
READ = Settings({"loss-plateau": {"patience": 500.0}}, {"overfitting": "on purpose", "class-imbalance": ""}, {"underfitting": "error"}, ("no-seed",))
IN_PROJECT = "[tool.nndiag]" + EVERYTHING.replace("\n[", "\n[tool.nndiag.")


def test_a_file_of_ours_and_a_projects_file_say_the_same(tmp_path):
    (tmp_path / "nndiag.toml").write_text(EVERYTHING)
    (tmp_path / "other.toml").write_text(EVERYTHING)
    (tmp_path / "pyproject.toml").write_text(IN_PROJECT + "[tool.ruff]\nline-length = 120\n")
    assert {str(read_settings(tmp_path / name)) for name in ("nndiag.toml", "other.toml", "pyproject.toml")} == {str(READ)}


def test_the_nearest_file_that_speaks_of_us_counts(tmp_path):
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(IN_PROJECT)
    (below / "pyproject.toml").write_text("[project]\nname = 'nndiag-user'\n")
    assert found_settings(below) == READ
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.nndiag.severity]\noverfitting = 'hint'")
    assert found_settings(below) == Settings(severity={"overfitting": "hint"})
    (tmp_path / "a" / "nndiag.toml").write_text("")
    assert found_settings(below) == Settings()


def test_a_projects_file_that_does_not_speak_of_us_may_be_broken(tmp_path):
    (tmp_path / "nndiag.toml").write_text(EVERYTHING)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "pyproject.toml").write_text("[[[")
    assert found_settings(tmp_path / "a") == READ


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("nndiag.toml", "[limit.loss-plateau]\npatience = 3", "There is no setting `limit`. Did you mean `limits`?"),
        ("nndiag.toml", "[ignore]\noverfiting = 'x'", "There is no rule called 'overfiting'. Did you mean `overfitting`?"),
        ("nndiag.toml", "[severity]\noverfitting = 'warn'", "There is no severity 'warn', which `overfitting` is to have. Did you mean `warning`?"),
        ("nndiag.toml", "limits = 3", "`limits` is 3; expected one entry"),
        ("nndiag.toml", "[ignore", "It is no TOML ("),
        ("nndiag.toml", b"\xff", "It is no TOML ("),
        ("pyproject.toml", "[project]", "There is no table [tool.nndiag]."),
        ("pyproject.toml", "tool = 'nndiag'", "There is no table [tool.nndiag]."),
        ("pyproject.toml", "tool.nndiag = 3", "`tool.nndiag` is 3; expected a table."),
        ("nowhere.toml", None, "It cannot be read (No such file or directory)."),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(tmp_path, name, content, sentence):
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ValueError) as refused:
        read_settings(file)
    assert str(refused.value).startswith(f"{file}: {sentence}")


def test_a_directory_that_is_gone_is_refused_by_name(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ValueError, match=r"^\.: It cannot be looked at \(No such file or directory\)\.$"):
        found_settings()


def test_the_documented_file_callback_and_flags_are_taken(tmp_path, capsys):
    from keras_callbacks import Diagnosis

    page = (Path(__file__).resolve().parents[1] / "docs" / "configuration.md").read_text()
    (tmp_path / "pyproject.toml").write_text(page.split("```toml\n")[1].split("```")[0])
    assert read_settings(tmp_path / "pyproject.toml") == Settings(
        {"loss-plateau": {"patience": 500.0}}, {"overfitting": "fine-tuned on few rows, stopped early by hand", "class-imbalance": ""}, {"underfitting": "error"},
        read_settings(tmp_path / "pyproject.toml").select,
    )
    assert "no-seed" in read_settings(tmp_path / "pyproject.toml").select
    eval(page.split("```python\n")[1].split("```")[0], {"Diagnosis": Diagnosis})
    with pytest.raises(SystemExit):
        cli.main(["check", "--help"])
    known = capsys.readouterr().out
    assert {flag for flag in re.findall(r"--[a-z][a-z-]+", page) if flag not in known} == set()


# ---- nndiag check ----------------------------------------------------------------------------------------------------


@pytest.fixture
def check(capsys, tmp_path, monkeypatch):
    """check("few_rows", "--ignore", ...) → exit code, what was printed, the error; in an empty directory."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def called(run, *arguments):
        shutil.copytree(RUNS / run, "logs", dirs_exist_ok=True)
        code = cli.main(["check", "logs", *arguments])
        out, err = capsys.readouterr()
        return code, out, "\n".join(line for line in err.splitlines() if line.startswith("nndiag"))

    return called


def test_an_ignored_finding_is_shown_last_with_its_reason_and_does_not_count(check):
    assert check("few_rows")[0] == 1
    code, out, err = check("few_rows", "--ignore", "NND501=few rows on purpose")
    assert (code, err) == (0, "")
    assert "no findings" in out
    last = out.rstrip().split("\n   NND501 ")[1]
    assert last.startswith("overfitting ignored (few rows on purpose): The validation loss was best in epoch 14")
    assert "could not be checked" not in last


def test_another_limit_and_another_severity_count_for_the_exit_code(check):
    assert check("few_rows", "--limit", "overfitting.rise=10")[0] == 0
    assert check("few_rows", "--limit", "NND501.rise=0.05", "--limit", "NND501.noise=2")[0] == 1
    assert check("few_rows", "--severity", "overfitting=hint")[0] == 0
    assert "NND501 error" in check("few_rows", "--severity", "overfitting=error", "--fail-on", "error")[1]


def test_the_command_line_stands_above_the_file_and_the_file_is_found_or_named(check, tmp_path):
    (tmp_path / "nndiag.toml").write_text("[ignore]\noverfitting = 'of the file'\n[limits.overfitting]\nrise = 0.05\n")
    code, out, _ = check("few_rows")
    assert (code, "ignored (of the file)" in out) == (0, True)
    assert "ignored (of mine)" in check("few_rows", "--ignore", "overfitting=of mine")[1]
    assert check("few_rows", "--no-ignore", "NND501")[0] == 1
    assert check("few_rows", "--no-ignore", "overfitting", "--limit", "overfitting.rise=10")[0] == 0
    (tmp_path / "other.toml").write_text("")
    assert check("few_rows", "--config", str(tmp_path / "other.toml"))[0] == 1


def test_a_selected_rule_is_asked_and_the_others_that_are_off_stand_in_one_line(check, tmp_path):
    out = check("few_rows")[1]
    assert "no-seed" in out.split("rules are off")[1]
    for way in (["--select", "no-seed"], ["--select", "NND9"]):
        assert "no-seed" not in check("few_rows", *way)[1]
    (tmp_path / "nndiag.toml").write_text("select = ['no-seed']")
    assert "no-seed" not in check("few_rows")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--ignore", "overfitting"], "--ignore is 'overfitting'; expected RULE=REASON."),
        (["--ignore", "overfitting="], "`overfitting` is to be ignored for the reason ''; expected one sentence"),
        (["--ignore", "overfiting=x"], "There is no rule called 'overfiting'. Did you mean `overfitting`?"),
        (["--no-ignore", "overfiting"], "There is no rule called 'overfiting'. Did you mean `overfitting`?"),
        (["--limit", "overfitting.rise"], "--limit is 'overfitting.rise'; expected RULE.LIMIT=VALUE."),
        (["--limit", "overfitting=3"], "--limit names 'overfitting'; expected RULE.LIMIT=VALUE."),
        (["--limit", "overfitting.ries=3"], "There is no limit of `overfitting` called `ries`. Did you mean `rise`?"),
        (["--limit", "overfitting.rise=x"], "The limit overfitting.rise is 'x'; expected a number."),
        (["--limit", "overfitting.rise=nan"], "The limit `rise` of `overfitting` is nan; expected a finite number."),
        (["--severity", "overfitting=eror"], "There is no severity 'eror', which `overfitting` is to have. Did you mean `error`?"),
        (["--select", "no-sed"], "There is no rule called 'no-sed'. Did you mean `no-seed`?"),
        (["--config", "nowhere.toml"], "nowhere.toml: It cannot be read"),
    ],
)
def test_what_is_misspelled_on_the_command_line_is_refused(check, arguments, sentence):
    code, out, err = check("few_rows", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"nndiag: {sentence}")


def test_a_broken_file_is_refused_by_check(check, tmp_path):
    (tmp_path / "nndiag.toml").write_text("[ignores]")
    code, out, err = check("few_rows")
    assert (code, out) == (2, "")
    assert err.endswith("nndiag.toml: There is no setting `ignores`. Did you mean `ignore`?")


# ---- the tab ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def tab(tmp_path, monkeypatch):
    """tab() → overview entry and detail of the run few_rows, by a plugin that is started in a directory with nndiag.toml."""
    import json

    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from werkzeug import test, wrappers

    from tb_nndiag.plugin import NNDiagPlugin
    from tb_nndiag.signals import PLUGIN_NAME

    monkeypatch.chdir(tmp_path)
    multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={PLUGIN_NAME: 0})
    multiplexer.AddRun(str(RUNS / "few_rows"), "few_rows")
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(RUNS))

    def asked():
        pages = NNDiagPlugin(base_plugin.TBContext(data_provider=provider)).get_plugin_apps()

        def ask(route, query=""):
            return json.loads(test.Client(pages[route], wrappers.Response).get(f"{route}?{query}").get_data())

        return ask("/runs")["runs"][0], ask("/run", "run=few_rows")

    return asked


def test_the_tab_judges_under_the_settings_of_the_directory_it_was_started_in(tab, tmp_path):
    assert tab()[0]["leading"]["rule"] == "overfitting"
    (tmp_path / "nndiag.toml").write_text("[ignore]\noverfitting = 'on purpose'")
    entry, detail = tab()
    assert (entry["leading"], entry["fired"], "ignored" in entry["families"].values()) == (None, [], False)
    assert [(v["rule"], v["reason"]) for v in detail["verdicts"] if v["status"] == "ignored"] == [("overfitting", "on purpose")]


def test_the_tab_goes_on_without_a_broken_file_and_says_so(tab, tmp_path):
    (tmp_path / "nndiag.toml").write_text("[ignores]")
    entry, detail = tab()
    assert entry["leading"]["rule"] == "overfitting"
    assert detail["problems"] == [f"the settings are left out: {tmp_path}/nndiag.toml: There is no setting `ignores`. Did you mean `ignore`?"]


def test_the_lines_that_a_rules_page_gives_for_ignoring_it_are_accepted(tmp_path):
    file = tmp_path / "pyproject.toml"
    for rule in all_rules():
        file.write_text(explain.as_json(rule)["ignore"])
        assert read_settings(file).ignore == {rule.name: "the reason"}
