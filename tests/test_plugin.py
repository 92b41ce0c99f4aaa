"""The plugin's routes, through TensorBoard's own WSGI application and real event files."""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import made_up
import pytest
from recorded import recorded
from tensorboard.backend import application
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.plugins import base_plugin
from werkzeug.test import Client

from keras_callbacks.event_writer import EventWriter
from tb_nndiag import answers, bundle
from tb_nndiag import data_provider as data_provider_module
from tb_nndiag import logdir as logdir_module
from tb_nndiag.config_file import read_settings
from tb_nndiag.loader import NNDiagLoader
from tb_nndiag.logdir import RunStamp
from tb_nndiag.rule import HEADINGS
from tb_nndiag.run import Run
from tb_nndiag.signals import MOST_RECORDS

BASE = "/data/plugin/nndiag"


class Site:
    """A logdir, TensorBoard's Python loader on it, and an HTTP client.

    own: the plugin reads the event files itself, as it does for a plain `--logdir`
    """

    def __init__(self, logdir, loss_record=None, *, own=True):
        self.logdir = logdir
        self._loss_record = loss_record
        self._writers = {}
        self._multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={"nndiag": MOST_RECORDS})
        flags = argparse.Namespace(logdir=str(logdir), path_prefix="", samples_per_plugin={}, window_title="")
        loader = NNDiagLoader()
        if own:
            loader.fix_flags(flags)
        provider = data_provider.MultiplexerDataProvider(self._multiplexer, str(logdir))
        self.client = Client(application.TensorBoardWSGIApp(flags, [loader], provider))

    def record(self, run_name, *losses):
        """Append one loss record per value, at the steps that follow."""
        writer, step = self._writers.get(run_name) or (EventWriter(str(self.logdir / run_name)), 0)
        for loss in losses:
            step += 1
            writer.write("loss", step, self._loss_record(step, loss))
        writer.flush()
        self._writers[run_name] = writer, step
        self.reload()

    def reload(self):
        self._multiplexer.AddRunsFromDirectory(str(self.logdir))
        self._multiplexer.Reload()

    def get(self, route, **options):
        return self.client.get(BASE + route, **options)

    def overview(self):
        """By run, once all are judged; one answer takes no longer than the page waits, and there it asks again."""
        found = None
        while found is None or any(entry["pending"] for entry in found):
            found = strict(self.get("/runs"))["runs"]
        return {entry["run"]: entry for entry in found}


@pytest.fixture(params=[True, False], ids=["own files", "data provider"])
def site(request, tmp_path, loss_record):
    return Site(tmp_path, loss_record, own=request.param)


@pytest.fixture
def judged(monkeypatch) -> Counter:
    """How often each run was judged."""
    counts: Counter = Counter()
    diagnose = answers.engine.diagnose

    def counting(run, **options):
        counts[run.name] += 1
        return diagnose(run, **options)

    monkeypatch.setattr(answers.engine, "diagnose", counting)
    return counts


def strict(response):
    """The answer's JSON; NaN and infinities, which Python would let pass, are refused."""

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    assert response.content_type == "application/json"
    return json.loads(response.get_data(as_text=True), parse_constant=refuse)


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_an_empty_logdir_has_an_empty_overview(site):
    answer = site.get("/runs")
    assert answer.status_code == 200
    place = strict(answer)["place"]
    assert strict(answer) == {
        "format": 1, "version": answers.tb_nndiag.__version__, "place": place, "stamp": answers.stamp_of({}), "runs": [],
    }  # fmt: skip
    assert re.fullmatch("[0-9a-f]{16}", place)  # and no path


def test_each_logdir_has_a_place_of_its_own(tmp_path):
    places = [strict(Site(tmp_path / name).get("/runs"))["place"] for name in ("a", "b", "a")]
    assert places[0] == places[2] != places[1]


def test_the_overview_has_an_entry_for_every_run_with_the_keys_of_the_contract(site):
    site.record("a", 3.0, 2.0, 1.0)
    site.record("deep/b", 1.0)
    entries = site.overview()
    assert sorted(entries) == ["a", "deep/b"]
    assert set(entries["a"]) == {
        "run", "leading", "leads", "counts", "fired", "families", "unknown", "crashed", "first_wall_time", "last_wall_time",
        "last_step", "ended", "best_val_loss", "spark", "pending", "problem",
    }  # fmt: skip
    assert (entries["a"]["last_step"], entries["deep/b"]["last_step"]) == (3, 1)
    assert entries["a"]["spark"] == [3.0, 2.0, 1.0]
    assert entries["a"]["problem"] == ""
    assert entries["a"]["last_wall_time"] >= entries["a"]["first_wall_time"] > 1e9


def test_a_run_has_the_answer_of_every_rule(site):
    site.record("a", 3.0, 2.0)
    detail = strict(site.get("/run", query_string={"run": "a"}))
    assert set(detail) == {
        "format", "run", "problems", "first_wall_time", "last_wall_time", "last_step", "ended", "card", "verdicts",
        "optional", "enable", "charts",
    }  # fmt: skip
    assert detail["run"] == "a"
    assert detail["last_step"] == 2
    rules = [answer["rule"] for answer in detail["verdicts"]]
    assert sorted(rules) == sorted(rule.name for rule in answers.engine.all_rules())
    assert [chart["id"] for chart in detail["charts"]] == ["loss"]


def test_a_run_without_validation_is_told_the_line_that_lets_more_rules_look():
    run = recorded("healthy_dense")
    without = dataclasses.replace(run.card, validation=False)

    def detail_of(card):
        recorded_run = Run("a", {"loss": run["loss"], "gap": made_up.gaps([1.0] * 5)}, card)
        return answers.run_detail(recorded_run, answers.engine.diagnose(recorded_run))

    detail = detail_of(without)
    assert "validation_data=" in detail["enable"]["overfitting"]["code"]
    assert "validation" not in detail_of(run.card)["enable"]["overfitting"]["code"]
    unknown = {answer["rule"] for answer in detail["verdicts"] if answer["status"] == "unknown"}
    assert set(detail["enable"]) == unknown


def test_what_only_evaluations_see_is_said_since_the_first_of_them():
    run = recorded("biases_too_low")
    detail = answers.run_detail(run, answers.engine.diagnose(run))
    told = {v["rule"]: v["evaluated"] for v in detail["verdicts"] if v["status"] == "fires"}
    assert told["dead-units"] == run["units"].steps[0] > 1
    deep = recorded("sigmoid_deep")
    verdicts = answers.run_detail(deep, answers.engine.diagnose(deep))["verdicts"]
    assert next(v for v in verdicts if v["rule"] == "vanishing-gradients")["evaluated"] is None  # steps show it
    target = recorded("prices")
    verdicts = answers.run_detail(target, answers.engine.diagnose(target))["verdicts"]
    assert next(v for v in verdicts if v["rule"] == "unscaled-target")["evaluated"] is None  # it held before the first


def test_every_rule_has_a_page(site, tmp_path):
    pages = strict(site.get("/rules"))
    assert [page["code"] for page in pages["rules"]] == [rule.code for rule in answers.engine.all_rules()]
    families = {family["digit"] for family in pages["families"]}
    for page in pages["rules"]:
        assert page["title"]
        assert "\n" not in page["title"]
        assert [section["heading"] for section in page["sections"]] == list(HEADINGS)
        assert all(section["paragraphs"] for section in page["sections"])
        assert page["family"] in families
        (tmp_path / "pyproject.toml").write_text(page["ignore"])
        assert read_settings(tmp_path / "pyproject.toml").ignore == {page["rule"]: "the reason"}
        assert page["opt_in"] == answers.engine.all_rules()[pages["rules"].index(page)].opt_in


def test_the_status_changes_when_a_run_does_and_only_then(site):
    def stamp():
        return strict(site.get("/status"))["stamp"]

    stamps = [stamp()]
    site.record("a", 1.0)
    stamps += [stamp(), stamp()]
    site.record("a", 2.0)
    stamps += [stamp()]
    site.record("b", 2.0)
    stamps += [stamp()]
    assert strict(site.get("/runs"))["stamp"] == stamps[-1]
    assert [a == b for a, b in pairwise(stamps)] == [False, True, False, False]


def test_a_loss_that_is_not_finite_is_still_strict_json(site):
    site.record("a", 1.0, float("nan"), float("inf"))
    entry = site.overview()["a"]
    assert entry["problem"] == ""
    assert entry["spark"] == [1.0, None, None]
    strict(site.get("/run", query_string={"run": "a"}))


def test_the_overview_counts_what_leads(recorded_logdir):
    site = Site(recorded_logdir)
    site.reload()
    entries = site.overview()
    assert entries["healthy"]["leading"] is None
    assert entries["healthy"]["counts"] == {"error": 0, "warning": 0, "hint": 0}
    leading = entries["sick"]["leading"]
    assert leading["severity"] == "error"
    assert entries["diverged"]["leading"]["severity"] == "error"
    detail = strict(site.get("/run", query_string={"run": "sick"}))
    verdicts = detail["verdicts"]
    findings = [answer for answer in verdicts if answer["status"] == "fires" and not answer["explained_by"]]
    assert leading == {key: findings[0][key] for key in ("code", "rule", "severity", "headline")}
    assert sum(entries["sick"]["counts"].values()) == len(findings) == len(entries["sick"]["leads"])
    assert set(entries["sick"]["fired"]) == {answer["rule"] for answer in verdicts if answer["status"] == "fires"}
    asked = [answer for answer in verdicts if not answer["reason"].startswith(("off by default", "needs the experiment"))]
    assert set(entries["sick"]["families"]) == {answer["code"][3] for answer in asked}
    assert entries["sick"]["families"][leading["code"][3]] == "error"
    assert "error" not in entries["healthy"]["families"].values()
    assert entries["sick"]["unknown"] == sum(answer["status"] == "unknown" for answer in asked)
    assert set(detail["optional"]) == {answer["rule"] for answer in verdicts} - {answer["rule"] for answer in asked}


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["/status", "/runs", "/run?run=a", "/rules", "/static/index.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_reading_is_allowed(site, route, method):
    site.record("a", 1.0)
    answer = site.client.open(BASE + route, method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert method in strict(answer)["error"]


@pytest.mark.parametrize("route", ["/status", "/runs", "/run?run=a", "/rules", "/static/index.js"])
def test_head_answers_like_get_without_a_body(site, route):
    site.record("a", 1.0)
    answer = site.client.head(BASE + route)
    assert answer.status_code == 200
    assert answer.get_data() == b""
    assert int(answer.headers["Content-Length"]) == len(site.get(route).get_data()) > 0


def test_a_run_that_does_not_exist_is_not_found(site):
    site.record("a", 1.0)
    answer = site.get("/run", query_string={"run": "b" * 5000})
    assert answer.status_code == 404
    sentence = strict(answer)["error"]
    assert "`" + "b" * 200 + "`" in sentence  # named, but not echoed at full length


@pytest.mark.parametrize("query", [{}, {"name": "a"}])
def test_a_request_that_names_no_run_is_a_bad_one(site, query):
    answer = site.get("/run", query_string=query)
    assert answer.status_code == 400
    assert "`run`" in strict(answer)["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../plugin.py",
        "/static/%2e%2e/plugin.py",
        "/static/..%2f..%2fsetup.py",
        "/static//etc/passwd",
        "/static/.stamp",
        "/static/",
        "/static",
        "/",
        "/nothing",
    ],
)
def test_nothing_is_served_but_the_known_addresses(site, path):
    assert site.get(path).status_code == 404


def test_a_run_called_like_a_path_reads_no_file(site):
    assert site.get("/run", query_string={"run": "../../../etc/passwd"}).status_code == 404


@pytest.mark.parametrize("route", ["/status", "/runs", "/rules", "/run", "/run?run=x", "/run?run=a", "/static/index.js"])
def test_every_answer_forbids_sniffing_and_has_a_content_type(site, route):
    site.record("a", 1.0)
    answer = site.get(route)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content_type


# ---- work is done once -----------------------------------------------------------------------------------------------


def test_an_unchanged_run_is_judged_once_and_a_changed_one_again(site, judged):
    site.record("a", 1.0)
    site.record("b", 1.0)
    assert site.overview() == site.overview()
    assert judged == {"a": 1, "b": 1}
    site.record("b", 2.0)
    assert site.overview()["b"]["last_step"] == 2
    assert judged == {"a": 1, "b": 2}


def test_a_runs_page_takes_the_verdicts_of_the_overview_until_the_run_changes(site, judged):
    site.record("a", 1.0)
    site.overview()
    for _ in range(2):
        assert strict(site.get("/run?run=a"))["last_step"] == 1
    assert judged == {"a": 1}
    site.record("a", float("nan"))
    detail = strict(site.get("/run?run=a"))
    assert judged == {"a": 2}
    assert [answer["rule"] for answer in detail["verdicts"] if answer["status"] == "fires"]


def test_a_run_that_grew_while_it_was_read_is_judged_again(judged):
    overviews = answers.Overviews()
    overviews.entries("", {"a": RunStamp(1, 1.0)}, Run)  # listed at step 1; what is read may be newer already
    overviews.entries("", {"a": RunStamp(2, 2.0)}, Run)
    overviews.entries("", {"a": RunStamp(2, 2.0)}, Run)
    assert judged == {"a": 2}


def test_a_run_that_could_not_be_listed_is_tried_every_time(judged):
    overviews = answers.Overviews()
    overviews.entries("", {"a": None}, Run)
    overviews.entries("", {"a": None}, Run)
    assert judged == {"a": 2}


def test_visitors_at_the_same_time_share_one_judgement(judged):
    overviews = answers.Overviews()

    def read_slowly(run_name):
        time.sleep(0.05)
        return Run(run_name)

    with ThreadPoolExecutor(4) as visitors:
        entries = list(visitors.map(lambda _: overviews.entries("", {"a": RunStamp(1, 1.0)}, read_slowly), range(4)))
    assert judged == {"a": 1}
    assert all(each == entries[0] for each in entries)


def test_runs_of_one_name_in_two_experiments_are_two_runs(judged):
    overviews = answers.Overviews()
    first = overviews.entries("first", {"a": RunStamp(1, 1.0)}, lambda name: Run(name, last_wall_time=1.0))
    second = overviews.entries("second", {"a": RunStamp(1, 1.0)}, lambda name: Run(name, last_wall_time=2.0))
    assert (first[0]["last_wall_time"], second[0]["last_wall_time"]) == (1.0, 2.0)


def test_a_run_that_is_gone_is_forgotten(judged):
    overviews = answers.Overviews()
    overviews.entries("", {"a": RunStamp(1, 1.0), "b": RunStamp(1, 1.0)}, Run)
    assert [entry["run"] for entry in overviews.entries("", {"b": RunStamp(1, 1.0)}, Run)] == ["b"]
    overviews.entries("", {"a": RunStamp(1, 1.0), "b": RunStamp(1, 1.0)}, Run)
    assert judged == {"a": 2, "b": 1}


def test_what_is_not_judged_in_time_is_pending_and_comes_with_the_next_answer(judged):
    overviews = answers.Overviews()
    stamps = {"old": RunStamp(1, 1.0), "new": RunStamp(1, 9.0), "middle": RunStamp(1, 5.0)}

    def read_slowly(run_name):
        time.sleep(0.02)
        return Run(run_name)

    def pending():
        entries = overviews.entries("", stamps, read_slowly, seconds=0.01)
        assert [entry["run"] for entry in entries] == list(stamps)
        return [entry["run"] for entry in entries if entry["pending"]]

    assert pending() == ["old", "middle"]  # the latest first
    stamps["new"] = RunStamp(2, 10.0)
    assert pending() == ["old", "new"]  # what was never judged comes before what changed
    assert pending() == ["new"]
    assert pending() == pending() == []
    assert judged == {"old": 1, "middle": 1, "new": 2}


def test_the_list_of_runs_comes_at_once_when_nothing_shall_be_judged(site, judged):
    site.record("a", 1.0)
    (entry,) = strict(site.get("/runs?judge=no"))["runs"]
    assert (entry["run"], entry["pending"]) == ("a", True)
    assert entry["last_step"] in (1, None)  # of a file only reading tells
    assert abs(entry["last_wall_time"] - time.time()) < 60
    assert judged == {}
    site.overview()
    (entry,) = strict(site.get("/runs?judge=no"))["runs"]
    assert entry["pending"] is False


def test_a_run_that_waits_to_be_judged_anew_shows_what_was_known():
    overviews = answers.Overviews()
    overviews.entries("", {"a": RunStamp(1, 1.0)}, lambda name: Run(name, last_wall_time=1.0))
    (late,) = overviews.entries("", {"a": RunStamp(2, 2.0)}, Run, seconds=-1)
    assert (late["last_wall_time"], late["pending"]) == (1.0, True)
    (new,) = overviews.entries("", {"b": RunStamp(7, 2.0)}, Run, seconds=-1)
    assert (new["last_step"], new["families"], new["pending"]) == (7, {}, True)


# ---- runs that change while TensorBoard runs, read from their files ---------------------------------------------------


def test_runs_that_came_and_went_are_seen_without_tensorboard_looking_again(tmp_path, loss_record):
    site = Site(tmp_path, loss_record)
    assert site.overview() == {}
    site.record("a/b", 1.0)
    site.record("c", 1.0)
    site.reload = lambda: None  # from now on TensorBoard is told of nothing
    site.record("d", 1.0, 2.0)
    shutil.rmtree(tmp_path / "c")
    (tmp_path / "a").rename(tmp_path / "e")
    entries = site.overview()
    assert sorted(entries) == ["d", "e/b"]
    assert entries["d"]["last_step"] == 2
    assert site.get("/run?run=c").status_code == 404
    assert strict(site.get("/run?run=e/b"))["last_step"] == 1


def test_a_logdir_that_is_not_there_yet_is_empty_until_it_is(tmp_path, loss_record):
    site = Site(tmp_path / "logs", loss_record)
    assert site.overview() == {}
    site.record("a", 1.0)
    assert list(site.overview()) == ["a"]


def test_a_restart_in_a_run_directory_is_judged_again(tmp_path, loss_record, judged):
    Site(tmp_path, loss_record).record("a", 3.0, 2.0, 1.0)
    site = Site(tmp_path, loss_record)
    assert site.overview()["a"]["last_step"] == 3
    Site(tmp_path, loss_record).record("a", 9.0)  # another writer, and so another file
    assert site.overview()["a"]["spark"] == [9.0]
    assert judged == {"a": 2}


def test_a_file_replaced_by_another_of_its_size_and_time_is_judged_again(tmp_path, loss_record):
    first, second = Site(tmp_path / "logs", loss_record), Site(tmp_path / "others", loss_record)
    first.record("a", 1.0)
    assert first.overview()["a"]["spark"] == [1.0]
    second.record("a", 2.0)
    (old,), (new,) = (list((site.logdir / "a").iterdir()) for site in (first, second))
    os.utime(new, ns=(old.stat().st_atime_ns, old.stat().st_mtime_ns))
    new.replace(old)
    assert first.overview()["a"]["spark"] == [2.0]


def test_a_half_written_record_is_read_when_it_is_whole(tmp_path, loss_record):
    site = Site(tmp_path, loss_record)
    site.record("a", 1.0, 2.0, 3.0)
    (file,) = (tmp_path / "a").iterdir()
    content = file.read_bytes()
    file.write_bytes(content[:-5])
    assert strict(site.get("/run?run=a"))["last_step"] == site.overview()["a"]["last_step"] == 2
    file.write_bytes(content)
    assert strict(site.get("/run?run=a"))["last_step"] == site.overview()["a"]["last_step"] == 3


def test_of_a_damaged_file_the_page_says_so(tmp_path, loss_record):
    site = Site(tmp_path, loss_record)
    site.record("a", 1.0, 2.0, 3.0)
    (file,) = (tmp_path / "a").iterdir()
    content = bytearray(file.read_bytes())
    content[-10] ^= 1
    file.write_bytes(content)
    detail = strict(site.get("/run?run=a"))
    assert detail["last_step"] == 2
    assert "an event file is damaged after its event 3: the rest is lost" in detail["problems"]


def test_a_run_that_goes_while_it_is_looked_at_costs_itself_alone(tmp_path, loss_record, monkeypatch):
    site = Site(tmp_path, loss_record)
    site.record("a", 1.0)
    site.record("b", 1.0)
    stamps = logdir_module.Files.stamps

    def and_then_one_goes(files):
        found = stamps(files)
        shutil.rmtree(tmp_path / "b", ignore_errors=True)
        return found

    monkeypatch.setattr(logdir_module.Files, "stamps", and_then_one_goes)
    entries = {entry["run"]: entry for entry in strict(site.get("/runs"))["runs"]}
    assert entries["b"]["problem"] == "The run 'b' has no data of the Diagnosis callback."
    assert entries["a"]["problem"] == ""
    assert list(site.overview()) == ["a"]


# ---- one broken thing costs that one thing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (logdir_module.Unreadable("The records of `loss` have no shape."), "The records of `loss` have no shape."),
        (KeyError("surprise"), "This run could not be diagnosed (KeyError: 'surprise')."),
        (MemoryError(), "This run could not be diagnosed (MemoryError: )."),
    ],
    ids=["unreadable", "a defect of ours", "too large"],
)
def test_a_run_that_cannot_be_read_is_named_and_the_others_answer(site, monkeypatch, error, sentence):
    run_of = logdir_module.run_of

    def makes_all_but_one(name, *points):
        if name == "broken":
            raise error
        return run_of(name, *points)

    for module in (logdir_module, data_provider_module):
        monkeypatch.setattr(module, "run_of", makes_all_but_one)
    site.record("broken", 1.0)
    site.record("whole", 1.0)
    entries = site.overview()
    assert entries["broken"]["problem"] == sentence
    assert entries["broken"]["leading"] is None
    assert set(entries["broken"]) == set(entries["whole"])
    assert entries["whole"]["problem"] == ""
    assert site.get("/run", query_string={"run": "whole"}).status_code == 200
    answer = site.get("/run", query_string={"run": "broken"})
    assert answer.status_code == 500
    assert str(error) in strict(answer)["error"]


def test_a_stray_nan_costs_one_run_and_never_reaches_the_browser(site, monkeypatch):
    spark = answers.charts.spark
    monkeypatch.setattr(answers.charts, "spark", lambda run: [float("nan")] if run.name == "broken" else spark(run))
    site.record("broken", 1.0)
    site.record("whole", 1.0)
    entries = site.overview()
    assert "could not be diagnosed" in entries["broken"]["problem"]
    assert entries["whole"]["problem"] == ""


# ---- the page --------------------------------------------------------------------------------------------------------


def test_the_built_page_is_served(site):
    answer = site.get("/static/index.js")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/javascript")
    assert answer.get_data() != bundle.PAGE_NOT_BUILT, "The page is not built: run `pip install -e .`"
    assert b"render" in answer.get_data()


def test_the_page_stays_small():
    assert len(gzip.compress(bundle.static_files()["index.js"])) <= 60 * 1024


def test_every_file_of_the_page_is_served_with_its_own_type(site):
    for name, content in bundle.static_files().items():
        answer = site.get(f"/static/{name}")
        assert answer.get_data() == content
        assert not answer.content_type.startswith("application/octet-stream"), name


def test_a_page_that_was_not_built_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle.importlib.resources, "files", lambda package: tmp_path)
    assert bundle.static_files() == {"index.js": bundle.PAGE_NOT_BUILT}


# ---- TensorBoard's side ----------------------------------------------------------------------------------------------


def test_the_tab_is_shown_by_tensorboard_itself_and_never_searched_for(site):
    listing = site.client.get("/data/plugins_listing").get_json()["nndiag"]
    assert listing["tab_name"] == "Diagnosis"
    assert listing["enabled"] is False
    site.record("a", 1.0)
    assert site.client.get("/data/plugins_listing").get_json()["nndiag"]["enabled"] is True


def loaded(**flags):
    """The flags after ours were fixed, and the plugin that is made of them."""
    given = argparse.Namespace(**{"logdir": "", "logdir_spec": "", "grpc_data_provider": "", "db": "", "samples_per_plugin": {}, **flags})
    loader = NNDiagLoader()
    loader.fix_flags(given)
    return given, loader.load(base_plugin.TBContext(flags=given, data_provider=None))


@pytest.mark.parametrize("logdir", ["logs", "~/logs", "/logs/a:b,c", "."])
def test_of_a_local_logdir_tensorboard_keeps_one_record_a_series_and_the_plugin_reads_the_rest(logdir):
    flags, plugin = loaded(logdir=logdir)
    assert flags.samples_per_plugin == {"nndiag": 1}
    assert plugin._own_logdir == os.path.abspath(os.path.expanduser(logdir))


@pytest.mark.parametrize(
    "flags",
    [
        {"logdir_spec": "a:logs,b:others"},
        {"logdir": "gs://bucket/logs"},
        {"logdir": "logs", "grpc_data_provider": "localhost:6806"},
        {"logdir": "logs", "db": "sqlite:somewhere"},
        {"logdir": "logs", "logdir_spec": "a:logs"},
        {},
    ],
    ids=["several logdirs", "remote", "another data provider", "a database", "both", "none"],
)
def test_what_lies_elsewhere_comes_through_tensorboard_with_all_records(flags):
    fixed, plugin = loaded(**flags)
    assert fixed.samples_per_plugin == {"nndiag": MOST_RECORDS}
    assert plugin._own_logdir is None


@pytest.mark.parametrize("limit", [7, 1, 0])
def test_a_limit_of_the_user_stays_and_is_what_is_read(limit):
    flags, plugin = loaded(logdir="logs", samples_per_plugin={"nndiag": limit, "images": 3})
    assert flags.samples_per_plugin == {"nndiag": limit, "images": 3}
    assert plugin._own_logdir is None


def test_without_its_flags_the_plugin_reads_through_tensorboard():
    context = base_plugin.TBContext(flags=argparse.Namespace(logdir="logs"), data_provider=None)
    assert NNDiagLoader().load(context)._own_logdir is None


def test_flags_of_another_tensorboard_are_no_reason_to_stop(caplog):
    with caplog.at_level(logging.WARNING):
        NNDiagLoader().fix_flags(argparse.Namespace())
    assert "tb-nndiag could not set the number of records" in caplog.text


def test_the_entry_point_imports_nothing_that_tensorboard_has_not_loaded():
    code = (
        "import tensorboard.plugins.base_plugin, sys; before = set(sys.modules); import tb_nndiag.loader;"
        "new = set(sys.modules) - before;"
        "print(*sorted(name for name in new if name.split('.')[0] not in sys.stdlib_module_names))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["tb_nndiag", "tb_nndiag.loader"]
