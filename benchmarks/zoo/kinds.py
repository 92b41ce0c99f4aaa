"""Healthy trainings of every kind: each learns far more than a constant, and nothing in it calls for a change.

A kind is a function of the directory to record to. Families are generators, as in benchmarks/calibration/, whose
data and models are used here; its own 34 healthy kinds are not repeated.
"""

from __future__ import annotations

from collections.abc import Callable

from images import images
from outputs import outputs
from sequences import sequences
from settings import activations, fitting, optimizers, regularized
from tables import tables
from unusual import unusual_data, unusual_losses, unusual_models, unusual_settings

USUAL = (images, sequences, tables, outputs, activations, regularized, optimizers, fitting)
UNUSUAL = (unusual_data, unusual_models, unusual_losses, unusual_settings)


def all_kinds() -> dict[str, Callable[[str], None]]:
    """Name of each kind → what trains it and records to a directory."""
    return {name: train for family in (*USUAL, *UNUSUAL) for name, train in family()}
