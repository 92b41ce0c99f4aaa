"""Runs that were really trained (tests/runs/record.py)."""

from __future__ import annotations

import pathlib
from functools import cache

from tb_nndiag.logdir import read
from tb_nndiag.run import Run

RUNS = pathlib.Path(__file__).resolve().parent / "runs"


@cache
def recorded(name: str) -> Run:
    """The recorded run of that name."""
    return read(RUNS / name)


def names() -> list[str]:
    """All recorded runs."""
    return sorted(path.name for path in RUNS.iterdir() if path.is_dir() and not path.name.startswith("__"))
