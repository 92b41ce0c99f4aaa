"""Data and models that several families of the zoo train, beside those of benchmarks/calibration/training.py."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable, Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "calibration"))

import keras
import numpy as np
from sklearn import datasets
from training import L, cancer, conv, dense, digits, fit, regression, words

__all__ = ["L", "cancer", "conv", "dense", "digits", "fit", "regression", "words"]
Kinds = Iterator[tuple[str, Callable[[str], None]]]
adam, sgd = keras.optimizers.Adam, keras.optimizers.SGD
schedules = keras.optimizers.schedules
MSE, CROSS, ONE_HOT = "mse", "binary_crossentropy", "categorical_crossentropy"


def shuffled(x, y, rows: int | None = None, val: float = 0.2):
    order = np.random.default_rng(0).permutation(len(x))[:rows]
    x, y, cut = x[order], y[order], int(len(order) * (1 - val))
    return x[:cut], y[:cut], x[cut:], y[cut:]


def standard(x):
    return ((x - x.mean(0)) / x.std(0)).astype("float32")


def column(y):
    return np.asarray(y, "float32")[:, None]


def wine(rows: int | None = None):
    data = datasets.load_wine()
    return shuffled(standard(data.data), data.target, rows)


def diabetes():
    data = datasets.load_diabetes()
    return shuffled(standard(data.data), column((data.target - data.target.mean()) / data.target.std()))


def friedman():
    x, y = datasets.make_friedman1(1500, noise=0.5, random_state=0)
    return shuffled((x * 2 - 1).astype("float32"), column(standard(y)))


def moons():
    x, y = datasets.make_moons(1000, noise=0.15, random_state=0)
    return shuffled(standard(x), column(y))


def table(rows: int = 2000, classes: int = 2, **more):
    x, y = datasets.make_classification(
        rows, 20, n_informative=10, n_classes=classes, flip_y=0.0, random_state=0, **{"class_sep": 1.5, **more}
    )
    return shuffled(standard(x), y)


def binary_table(rows: int = 2000, **more):
    x, y, xv, yv = table(rows, **more)
    return x, column(y), xv, column(yv)


def one_hot(data, classes: int = 10):
    x, y, xv, yv = data
    return x, np.eye(classes, dtype="float32")[y], xv, np.eye(classes, dtype="float32")[yv]


def targets(data, change):
    x, y, xv, yv = data
    return x, change(x, y), xv, change(xv, yv)


def itself(data):
    return targets(data, lambda x, y: x)


def series(rows: int = 1500, window: int = 24):
    """The next value of two waves with some noise, in the order of time."""
    random, t = np.random.default_rng(0), np.arange(rows + window)
    wave = np.sin(t / 5) + 0.5 * np.sin(t / 13) + 0.05 * random.standard_normal(len(t))
    wave = standard(wave)
    x = np.stack([wave[i : i + window] for i in range(rows)])[..., None]
    y, cut = wave[window:, None], int(rows * 0.8)
    return x[:cut], y[:cut], x[cut:], y[cut:]


def text(rows: int = 1200, length: int = 16):
    """Letters, each followed by the one three further on; targets are the next letters."""
    start = np.random.default_rng(0).integers(0, 20, (rows, 1))
    letters = (start + 3 * np.arange(length + 1)) % 20
    return shuffled(letters[:, :-1], letters[:, 1:])


def sequential(shape, *layers, out=10, activation="softmax", dtype=None):
    return keras.Sequential([keras.Input(shape, dtype=dtype), *layers, L.Dense(out, activation)])


def dense_on(data, *layers, out=1, activation="linear"):
    return sequential(data[0].shape[1:], *layers, out=out, activation=activation)
