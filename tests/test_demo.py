"""The demo, whole: eight trainings, each with the verdict that it is there to show."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

LEADING = {
    "healthy_mlp": [],
    "healthy_cnn": [],
    "deep_sigmoid": ["vanishing-gradients"],
    "low_biases": ["dead-units"],
    "large_steps": ["learning-rate-too-high"],
    "few_rows": ["overfitting"],
    "raw_pixels": ["unscaled-input"],
    "one_softmax_unit": ["output-loss-mismatch"],
}


def nndiag(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tb_nndiag.cli", *map(str, arguments)], capture_output=True, text=True)


@pytest.mark.timeout(900)
def test_each_run_of_the_demo_shows_its_fault_and_the_healthy_ones_show_none(tmp_path):
    logdir = tmp_path / "demo"
    made = nndiag("demo", "--no-serve", "--logdir", logdir)
    assert made.returncode == 0, made.stderr
    checked = nndiag("check", logdir, "--format", "json")
    assert checked.returncode == 1
    found = {}
    for run in json.loads(checked.stdout)["runs"]:
        assert run["problems"] == []
        found[run["run"]] = [v["rule"] for v in run["verdicts"] if v["status"] == "fires" and not v["explained_by"]]
    assert found == LEADING
    assert all(name in made.stdout for name in LEADING)
    again = nndiag("demo", "--no-serve", "--logdir", tmp_path)  # holds a stranger's directory
    assert again.returncode == 2
    assert "already holds 'demo'" in again.stderr
