"""The cheapest kinds of the healthy zoo, trained anew: no error and no warning. All of them: docs/zoo.md."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ZOO = ROOT / "benchmarks" / "zoo" / "zoo.py"


@pytest.mark.timeout(600)
def test_healthy_trainings_get_no_error_and_no_warning(tmp_path):
    trained = subprocess.run([sys.executable, ZOO, tmp_path / "zoo", "--short"], capture_output=True, text=True)
    assert trained.returncode == 0, trained.stdout + trained.stderr
    checked = subprocess.run(
        [sys.executable, "-m", "tb_nndiag.cli", "check", tmp_path / "zoo", "--format", "json"], capture_output=True, text=True
    )
    runs = json.loads(checked.stdout)["runs"]
    assert len(runs) == len(trained.stdout.splitlines()) >= 10
    for run in runs:
        assert run["problems"] == []
        assert not [v for v in run["verdicts"] if v["status"] == "crashed"]
    shares = [float(share) for share in re.findall(r"left +(\S+)", trained.stdout)]
    assert len(shares) == len(runs)
    assert max(shares) < 0.3  # each learned far more than a constant


def test_an_unknown_kind_is_refused_with_the_known_ones(tmp_path):
    trained = subprocess.run([sys.executable, ZOO, tmp_path, "--only", "nonsense"], capture_output=True, text=True)
    assert trained.returncode == 1
    assert "There is no kind 'nonsense'. There are: conv_batch_norm, " in trained.stderr
