"""What the training takes of the machine."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np


def measure(traces: int) -> np.ndarray:
    """traces: how often the train step was traced. Returns (1, 2): resident memory of the process in bytes (NaN where the
    system does not tell), traces."""
    return np.array([[resident_bytes(), traces]])


def resident_bytes() -> float:
    """Resident memory of this process; NaN where /proc does not tell."""
    try:
        return float(int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE)
    except (OSError, ValueError, IndexError):
        return float("nan")
