"""Trains the runs behind docs/folklore.md: five sayings, each with the run that contradicts it.

    python benchmarks/folklore/train.py OUT
    python benchmarks/folklore/page.py OUT > docs/folklore.md

Each run goes to OUT/SAYING/NAME#SEED. Data: a made table of 20 features in 4 classes, and scikit-learn's digits.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn import datasets

from keras_callbacks import Diagnosis

L = keras.layers
SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam
UPDATES, BATCH, SEEDS = 3000, 20, (1, 2)
Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def table(rows: int) -> Data:
    """So many training rows of the made table, and 1,000 others: the class is the largest of four bent features."""
    random = np.random.default_rng(0)
    x = random.standard_normal((11_000, 20)).astype("float32")
    y = np.tanh(x @ random.standard_normal((20, 16)) / 2).dot(random.standard_normal((16, 4))).argmax(1)
    return x[:rows], y[:rows], x[10_000:], y[10_000:]


def digits() -> Data:
    data = datasets.load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    x, y = (data.data / 16).astype("float32")[order], data.target[order]
    return x[:1300], y[:1300], x[1300:], y[1300:]


def network(features: int, classes: int, widths=(32, 32), activation="relu", dropout=0.0, **layer) -> keras.Model:
    hidden = []
    for width in widths:
        hidden += [L.Dense(width, activation, **layer), *([L.Dropout(dropout)] if dropout else [])]
    return keras.Sequential([keras.Input((features,)), *hidden, L.Dense(classes, "softmax")])


def fit(
    model: keras.Model, data: Data, optimizer: keras.optimizers.Optimizer, log_dir: str, *, epochs: int, batch: int = 32
) -> None:
    """Trains and records; writes what Keras says of each epoch, and how many outputs and units of hidden layers are zero."""
    model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False)
    x, y, *new = data
    history = model.fit(
        x, y, batch, epochs, verbose=0, validation_data=tuple(new), callbacks=[Diagnosis(log_dir, quiet=True)]
    )
    (pathlib.Path(log_dir) / "history.json").write_text(json.dumps(history.history))
    hidden = [layer for layer in model.layers[:-1] if isinstance(layer, L.Dense)]
    zero = [np.asarray(keras.Model(model.inputs[0], layer.output)(x)) == 0 for layer in hidden]
    shares = {
        layer.name: {"outputs": float(z.mean()), "units": float(z.all(0).mean())}
        for layer, z in zip(hidden, zero, strict=True)
    }
    (pathlib.Path(log_dir) / "zeros.json").write_text(json.dumps(shares))


HE = {"kernel_initializer": "he_normal"}
PAIRS: dict[str, tuple[Callable, Callable]] = {
    "eight sigmoid layers": (
        lambda: (network(20, 4, (32,) * 8, "sigmoid"), SGD(0.1)),
        lambda: (network(20, 4, (32,) * 8, **HE), SGD(0.1)),
    ),
    "biases of -5": (
        lambda: (network(20, 4, bias_initializer=keras.initializers.Constant(-5.0)), SGD(0.1)),
        lambda: (network(20, 4), SGD(0.1)),
    ),
    "learning rate 1e-5": (lambda: (network(20, 4), SGD(1e-5)), lambda: (network(20, 4), SGD(0.1))),
    "learning rate 100": (lambda: (network(20, 4), SGD(100.0)), lambda: (network(20, 4), SGD(0.1))),
}


def more_data() -> Iterator:
    for name, makers in PAIRS.items():
        for kind, make in zip(("sick", "healthy"), makers, strict=True):
            for rows in (20, 10_000):

                def train(log_dir, make=make, rows=rows):
                    model, optimizer = make()
                    x, y, *new = table(rows)
                    again = 10_000 // rows  # few rows come more often, so that an epoch has the same number of updates
                    data = (np.tile(x, (again, 1)), np.tile(y, again), *new)
                    fit(model, data, optimizer, log_dir, epochs=UPDATES * BATCH // 10_000, batch=BATCH)

                yield f"{name}, {kind}, {rows} rows", train


def clipping() -> Iterator:
    for name, clip in (
        ("no clipping", {}),
        ("clipnorm=1", {"clipnorm": 1.0}),
        ("clipvalue=0.5", {"clipvalue": 0.5}),
        ("clipnorm=0.01", {"clipnorm": 0.01}),
    ):
        yield (
            f"sigmoid, {name}",
            lambda d, c=clip: fit(network(64, 10, (32,) * 8, "sigmoid"), digits(), SGD(0.1, **c), d, epochs=15),
        )
    yield "relu with He, no clipping", lambda d: fit(network(64, 10, (32,) * 8, **HE), digits(), SGD(0.1), d, epochs=15)


def every_epoch() -> Iterator:
    yield "Adam, dropout", lambda d: fit(network(64, 10, (64, 32), dropout=0.3), digits(), Adam(3e-3), d, epochs=30)
    yield "Adam, batches of 8", lambda d: fit(network(64, 10, (64, 32)), digits(), Adam(2e-3), d, epochs=15, batch=8)
    yield "momentum", lambda d: fit(network(64, 10, (64, 32)), digits(), SGD(0.05, momentum=0.9), d, epochs=30)


def zeros() -> Iterator:
    yield "relu", lambda d: fit(network(64, 10, (64, 64)), digits(), Adam(2e-3), d, epochs=15)
    low = keras.initializers.Constant(-3.0)
    yield (
        "relu, biases of -3",
        lambda d: fit(network(64, 10, (64, 64), bias_initializer=low), digits(), Adam(2e-3), d, epochs=15),
    )


def leakage() -> Iterator:
    yield "dropout 0.5", lambda d: fit(network(64, 10, (64, 64), dropout=0.5), digits(), Adam(1e-3), d, epochs=20)
    yield "no dropout", lambda d: fit(network(64, 10, (64, 64)), digits(), Adam(1e-3), d, epochs=20)


SAYINGS = {f.__name__: f for f in (more_data, clipping, every_epoch, zeros, leakage)}


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    for seed in SEEDS:
        for saying, runs in SAYINGS.items():
            for name, train in runs():
                log_dir = out / saying / f"{name}#{seed}"
                if log_dir.exists():
                    continue
                keras.backend.clear_session()
                keras.utils.set_random_seed(seed)
                began = time.time()
                train(str(log_dir))
                print(f"{saying:12} {name:40} {seed} {time.time() - began:5.1f} s", flush=True)


if __name__ == "__main__":
    main()
