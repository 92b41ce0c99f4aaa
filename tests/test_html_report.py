"""The saved report: one HTML file with the page, its data, and a policy that lets nothing else in."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from pathlib import Path

import pytest
from recorded import recorded

from tb_nndiag import answers, bundle, cli, html_report
from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import Unreadable
from tb_nndiag.run import Run

HOSTILE = "</script><script>alert(1)</script><!--"


def data_of(page: str) -> dict:
    (found,) = re.findall(r'<script type="application/json" id="nndiag-data">(.*?)</script>', page, re.S)
    return json.loads(found)


def test_a_report_holds_what_the_routes_answer():
    run = recorded("sigmoid_deep")
    verdicts = diagnose(run)
    data = data_of(html_report.page({"deep": run}, written=5.0))
    assert data["overview"]["runs"] == [json.loads(answers.strict_json(answers.overview_entry(run, verdicts) | {"run": "deep"}))]
    assert data["details"] == {"deep": json.loads(answers.strict_json(answers.run_detail(run, verdicts) | {"run": "deep"}))}
    assert data["rules"] == json.loads(answers.strict_json(answers.rules()))
    assert data["written"] == 5.0


def test_a_run_that_could_not_be_read_is_named():
    data = data_of(html_report.page({"fine": Run("fine")}, {"broken": "Its records have no shape."}))
    assert [(run["run"], run["problem"]) for run in data["overview"]["runs"]] == [("fine", ""), ("broken", "Its records have no shape.")]


def test_a_name_from_a_stranger_ends_no_script_and_no_comment():
    run = dataclasses.replace(recorded("healthy_dense"), name=HOSTILE, problems=(HOSTILE,))
    page = html_report.page({HOSTILE: run}, {HOSTILE + "2": HOSTILE})
    assert HOSTILE not in page
    assert page.count("<script") == page.replace(bundle.static_files()["index.js"].decode(), "").count("<script") == 2
    assert data_of(page)["details"][HOSTILE]["problems"] == [HOSTILE]


def test_the_policy_allows_the_pages_own_script_alone():
    page = html_report.page({"a": recorded("healthy_dense")})
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    (script,) = re.findall(r'<script type="module">(.*?)</script>', page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'")
    assert "connect-src" not in policy


def test_a_report_of_a_usual_run_is_small_and_asks_for_nothing():
    page = html_report.page({"a": recorded("sigmoid_deep")})
    assert len(page.encode()) < 1_500_000
    head = page.split("<script")[0]
    assert not re.search(r"\b(src|href)=", head)


def test_without_javascript_the_findings_are_text():
    page = html_report.page({"a": recorded("sigmoid_deep")})
    (text,) = re.findall(r"<noscript>(.*?)</noscript>", page, re.S)
    assert "NND201" in text


def test_without_a_page_there_is_no_report(monkeypatch):
    monkeypatch.setattr(bundle, "static_files", lambda: {"index.js": bundle.PAGE_NOT_BUILT})
    with pytest.raises(FileNotFoundError, match="pip install"):
        html_report.page({"a": Run("a")})


# ---- nndiag report ---------------------------------------------------------------------------------------------------


def test_the_command_writes_the_runs_that_were_asked_for(tmp_path, capsys):
    from recorded import RUNS

    file = tmp_path / "out.html"
    assert cli.main(["report", str(RUNS), "-o", str(file), "--run", "prices", "--run", "few_rows"]) == 0
    assert set(data_of(file.read_text(encoding="utf-8"))["details"]) == {"prices", "few_rows"}
    assert "2 of 2 runs" in capsys.readouterr().out


def test_the_command_names_the_nearest_run_and_a_file_that_cannot_be_written(tmp_path, capsys):
    from recorded import RUNS

    assert cli.main(["report", str(RUNS), "--run", "price"]) == 2
    assert "Did you mean `prices`?" in capsys.readouterr().err
    assert cli.main(["report", str(RUNS / "prices"), "-o", str(tmp_path / "no" / "where.html")]) == 2
    assert "could not be written" in capsys.readouterr().err
    assert cli.main(["report", str(tmp_path)]) == 2


# ---- in a notebook ---------------------------------------------------------------------------------------------------


def test_the_callback_writes_its_run_and_shows_it_in_a_notebook(tmp_path):
    import shutil

    from recorded import RUNS

    from keras_callbacks import Diagnosis

    shutil.copytree(RUNS / "few_rows", tmp_path / "few_rows")
    callback = Diagnosis(str(tmp_path / "few_rows"))
    path = callback.report()
    assert path == str(tmp_path / "few_rows" / "diagnosis.html")
    assert set(data_of(Path(path).read_text(encoding="utf-8"))["details"]) == {"few_rows"}
    assert callback.report(tmp_path / "other.html") == str(tmp_path / "other.html")
    shown = callback._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts allow-downloads"')
    assert "<script" not in shown


def test_a_callback_that_recorded_nothing_is_shown_as_text(tmp_path):
    from keras_callbacks import Diagnosis

    assert Diagnosis(str(tmp_path))._repr_html_() is None
    with pytest.raises(Unreadable):
        Diagnosis(str(tmp_path)).report()


def test_a_saved_report_is_judged_under_the_settings_of_the_run_and_of_the_file_found(tmp_path, monkeypatch):
    from recorded import RUNS

    from tb_nndiag import cli

    monkeypatch.chdir(tmp_path)
    (tmp_path / "nndiag.toml").write_text("[ignore]\noverfitting = 'on purpose, says the file'")
    assert cli.main(["report", str(RUNS / "few_rows"), "-o", "page.html"]) == 0
    assert "on purpose, says the file" in (tmp_path / "page.html").read_text()


def test_the_command_takes_the_settings_that_check_takes(tmp_path, monkeypatch, capsys):
    from recorded import RUNS

    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.toml").write_text("[severity]\nNND501 = 'hint'")

    def overfitting(*flags: str) -> dict:
        assert cli.main(["report", str(RUNS / "few_rows"), "-o", "page.html", *flags]) == 0
        details = data_of((tmp_path / "page.html").read_text(encoding="utf-8"))["details"]
        return next(v for v in details["few_rows"]["verdicts"] if v["rule"] == "overfitting")

    assert overfitting()["status"] == "fires"
    ignored = overfitting("--ignore", "NND501=on purpose")
    assert (ignored["status"], ignored["reason"]) == ("ignored", "on purpose")
    assert overfitting("--limit", "overfitting.patience=1000")["status"] == "unknown"
    assert overfitting("--severity", "overfitting=error")["severity"] == "error"
    assert overfitting("--config", "other.toml")["severity"] == "hint"
    assert cli.main(["report", str(RUNS / "few_rows"), "--ignore", "overfiting=why"]) == 2
    assert "Did you mean" in capsys.readouterr().err
