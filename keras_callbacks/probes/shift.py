"""How validation rows differ from the training's, and whether they are the same ones. Only statistics leave this module."""

from __future__ import annotations

import hashlib

import numpy as np

from keras_callbacks.probes.columns import by_feature, columns_of
from keras_callbacks.probes.labels import is_one_hot

MOST_CLASSES = 1000  # whole-numbered targets with more distinct values are no classes


def measure(train: np.ndarray, val: np.ndarray) -> np.ndarray:
    """One input.

    train, val: (rows, ..., features)
    Returns (4,): median over features of |difference of means| / std of training, median of std of validation / std of
    training, the largest of the former, share of validation's values outside training's range by more than half of it.
    Features that are constant in training count in the last alone.
    """
    ours, theirs = columns_of(train), columns_of(val)
    margin = (ours.high - ours.low) / 2
    outside = np.mean((by_feature(val) < ours.low - margin) | (by_feature(val) > ours.high + margin))
    varies = ours.std > 1e-6 * np.maximum(np.abs(ours.mean), 1e-6)
    if not varies.any():
        return np.array([np.nan, np.nan, np.nan, outside])
    location = (np.abs(theirs.mean - ours.mean) / np.where(varies, ours.std, 1))[varies]
    scale = (theirs.std / np.where(varies, ours.std, 1))[varies]
    return np.array([np.median(location), np.median(scale), location.max(), outside])


def measure_labels(train: np.ndarray, val: np.ndarray) -> np.ndarray:
    """One output's targets.

    train, val: (rows,) or (rows, ..., width)
    Returns (2,): |difference of means| / std of training; total variation distance between the shares of the classes (0: the
    same, 1: no class in common; NaN where targets are no classes).
    """
    a, b = np.asarray(train, np.float64), np.asarray(val, np.float64)
    std = a.std()
    location = abs(b.mean() - a.mean()) / std if std > 0 else np.nan
    classes_a, classes_b = _classes(a), _classes(b)
    if classes_a is None or classes_b is None:
        return np.array([location, np.nan])
    names = np.union1d(classes_a, classes_b)
    if len(names) > MOST_CLASSES:
        return np.array([location, np.nan])
    shares = [np.bincount(np.searchsorted(names, c), minlength=len(names)) / len(c) for c in (classes_a, classes_b)]
    return np.array([location, np.abs(shares[0] - shares[1]).sum() / 2])


def overlap(train: list[np.ndarray], val: list[np.ndarray]) -> np.ndarray:
    """Rows that are equal in everything.

    train, val: the inputs and targets, one array (rows, ...) each, in the same order
    Returns (1, 5): training rows, validation rows, validation rows that also are training rows, training rows that repeat
    another one, distinct training rows.
    """
    ours, theirs = _fingerprints(train), _fingerprints(val)
    known = set(ours)
    return np.array([[len(ours), len(theirs), sum(f in known for f in theirs), len(ours) - len(known), len(known)]])


def _classes(targets: np.ndarray) -> np.ndarray | None:
    flat = targets.reshape(-1, targets.shape[-1]) if targets.ndim > 1 else targets.reshape(-1, 1)
    if is_one_hot(flat):
        return flat.argmax(axis=1)
    return flat.reshape(-1) if flat.shape[1] == 1 and (flat == np.round(flat)).all() else None


def _fingerprints(parts: list[np.ndarray]) -> list[bytes]:
    flat = [np.ascontiguousarray(p, np.float32).reshape(len(p), -1) for p in parts]
    return [
        hashlib.blake2b(b"".join(p[i].tobytes() for p in flat), digest_size=16).digest() for i in range(len(flat[0]))
    ]
