"""TensorBoard as users start it: a process of its own, with either of its loaders."""

from __future__ import annotations

import os
import re
import shutil
import urllib.error

import pytest
from tensorboard.data import server_ingester

from keras_callbacks.event_writer import EventWriter
from tb_nndiag.signals import MOST_RECORDS

OURS, THEIRS = (), ("--samples_per_plugin=nndiag=2000",)  # with a limit of the user's we read through TensorBoard

# The data server is a program of its own, which is not there for every platform; the Python loader always is.
LOADERS = ["--load_fast=false"]
try:
    server_ingester.get_server_binary()
    LOADERS.append("--load_fast=true")
except server_ingester.NoDataServerError:
    pass


@pytest.fixture(scope="module")
def servers(tensorboard_server, recorded_logdir):
    started = {(loader, *more): tensorboard_server(recorded_logdir, loader, *more) for loader in LOADERS for more in (OURS, THEIRS)}
    for server in started.values():
        server.wait_for_runs()
    return started


@pytest.fixture(params=[(loader, *more) for loader in LOADERS for more in (OURS, THEIRS)], ids=" ".join)
def server(request, servers):
    return servers[request.param]


def test_the_overview_has_the_sick_runs_and_silence_about_the_healthy_one(server):
    entries = server.wait_for_runs()
    assert sorted(entries) == ["diverged", "healthy", "sick"]  # no run of Keras' own, none of TensorBoard's
    assert entries["healthy"]["leading"] is None
    assert entries["sick"]["leading"]["severity"] == "error"
    assert entries["diverged"]["leading"]["severity"] == "error"


@pytest.mark.parametrize("run", ["healthy", "sick", "diverged"])
def test_a_run_of_real_keras_has_verdicts_card_and_charts(server, run):
    detail = server.get_json(f"data/plugin/nndiag/run?run={run}")
    assert detail["problems"] == []
    assert detail["ended"] is True
    assert detail["card"]["layers"]
    assert {"loss", "metrics"} <= {chart["id"] for chart in detail["charts"]}
    assert not [answer for answer in detail["verdicts"] if answer["status"] == "crashed"]


def test_the_page_can_be_opened(server):
    assert b"import(" in server.get("data/plugin_entry.html?name=nndiag")
    assert b"render" in server.get("data/plugin/nndiag/static/index.js")


def test_nothing_of_ours_is_logged(server):
    assert re.findall(r".*tb_nndiag/\w+\.py.*|.*tb-nndiag (?:could|cannot).*", server.log()) == []
    assert "Traceback" not in server.log()


@pytest.mark.parametrize("run", ["healthy", "sick", "diverged"])
def test_both_loaders_and_the_files_lead_to_the_same_answer(servers, run):
    answers = [server.get_json(f"data/plugin/nndiag/run?run={run}") for server in servers.values()]
    for answer in answers[1:]:
        assert answer == answers[0]


def test_tensorboard_shows_the_tab_although_it_keeps_one_record_a_series(server):
    assert server.get_json("data/plugins_listing")["nndiag"]["enabled"] is True


def test_several_logdirs_are_read_through_tensorboard(tensorboard_server, recorded_logdir):
    spec = f"--logdir_spec=one:{recorded_logdir / 'sick'},two:{recorded_logdir / 'healthy'}"
    started = tensorboard_server(recorded_logdir, "--logdir=", spec)

    def ended():
        entries = {entry["run"]: entry for entry in started.get_json("data/plugin/nndiag/runs")["runs"]}
        return entries if len(entries) == 2 and all(entry["ended"] for entry in entries.values()) else None

    entries = started.wait_for(ended)
    assert (entries["one/."]["leading"]["severity"], entries["two/."]["leading"]) == ("error", None)
    started.stop()


@pytest.mark.parametrize("flags", [*((loader,) for loader in LOADERS), ("--logdir=", "--logdir_spec=.")], ids=" ".join)
def test_no_record_of_a_long_run_is_dropped(tensorboard_server, tmp_path, loss_record, flags):
    """By itself TensorBoard would keep 10 or 100 of them, and not the first."""
    writer = EventWriter(str(tmp_path / "long"))
    for step in range(1, MOST_RECORDS + 1):
        writer.write("loss", step, loss_record(step, 1 / step))
    writer.close()
    started = tensorboard_server(tmp_path, *flags)
    started.wait_for(lambda: _last_step(started) == MOST_RECORDS)
    detail = started.get_json("data/plugin/nndiag/run?run=long")
    chart = next(chart for chart in detail["charts"] if chart["id"] == "loss")
    assert chart["steps"][0] == 1
    assert chart["steps"][-1] == MOST_RECORDS
    assert len(chart["steps"]) > 200
    started.stop()


@pytest.mark.parametrize("loader", LOADERS)
def test_runs_that_come_grow_and_go_are_followed(tensorboard_server, tmp_path, loss_record, loader):
    def overview() -> dict:
        return {e["run"]: (e["last_step"], e["pending"]) for e in started.get_json("data/plugin/nndiag/runs")["runs"]}

    started = tensorboard_server(tmp_path, loader)
    assert overview() == {}
    writer = EventWriter(str(tmp_path / "a"))
    writer.write("loss", 1, loss_record(1, 1.0))
    writer.flush()
    started.wait_for(lambda: overview() == {"a": (1, False)})
    writer.write("loss", 2, loss_record(2, 1.0))
    writer.close()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    started.wait_for(lambda: overview() == {"a": (2, False), "b": (2, False)})
    started.wait_for(lambda: started.get_json("data/plugins_listing")["nndiag"]["enabled"])
    assert started.get_json("data/runs") == ["a", "b"]
    shutil.rmtree(tmp_path / "a")
    started.wait_for(lambda: overview() == {})
    started.stop()


def _last_step(server) -> int:
    runs = server.get_json("data/plugin/nndiag/runs")["runs"]
    return runs[0]["last_step"] if runs else 0


def test_a_defect_in_our_plugin_costs_our_tab_only(tensorboard_server, recorded_logdir, tmp_path):
    breaks_our_import = """
import sys

class Breaks:
    def find_spec(self, name, path=None, target=None):
        if name == "tb_nndiag.plugin":
            raise SyntaxError("broken on purpose")

sys.meta_path.insert(0, Breaks())
"""
    (tmp_path / "sitecustomize.py").write_text(breaks_our_import)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    started = tensorboard_server(recorded_logdir, "--load_fast=false", env=env)
    listing = started.get_json("data/plugins_listing")
    assert "scalars" in listing
    assert "nndiag" not in listing
    assert started.get("").startswith(b"<!doctype html>")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        started.get("data/plugin/nndiag/runs")
    assert "tb-nndiag cannot be loaded, so TensorBoard has no Diagnosis tab." in started.log()
    assert "broken on purpose" in started.log()
