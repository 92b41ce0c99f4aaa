"""The data, the networks and the `fit` that the sweeps share; the zoo and the recorded cases take them, too.

Data: scikit-learn's digits (1,797 real 8x8 images), its table of breast cancer, and made ones; nothing is downloaded.
"""

from __future__ import annotations

import keras
import numpy as np
from sklearn import datasets

from keras_callbacks import Diagnosis

L = keras.layers


def digits(image: bool = False):
    data = datasets.load_digits()
    x = (data.images / 16).astype("float32")
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], data.target[order]
    x = x[..., None] if image else x.reshape(-1, 64)
    return x[:1300], y[:1300], x[1300:], y[1300:]


def regression(rows: int = 1000, noise: float = 0.05, features: int = 8):
    random = np.random.default_rng(1)
    x = random.uniform(-1, 1, (rows, features)).astype("float32")
    y = np.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2] - x[:, 3] + noise * random.standard_normal(rows)
    y = ((y - y.mean()) / y.std()).astype("float32")[:, None]
    cut = int(rows * 0.8)
    return x[:cut], y[:cut], x[cut:], y[cut:]


def cancer():
    data = datasets.load_breast_cancer()
    x = ((data.data - data.data.mean(0)) / data.data.std(0)).astype("float32")
    y = data.target.astype("float32")[:, None]
    return x[:400], y[:400], x[400:], y[400:]


def words(rows: int = 1500, length: int = 12, vocabulary: int = 500):
    """Sentences of made words; whether their words' values are positive on the whole."""
    random = np.random.default_rng(0)
    x = random.integers(0, vocabulary, (rows, length))
    value = random.standard_normal(vocabulary)
    y = (value[x].mean(1) > 0).astype("float32")[:, None]
    cut = int(rows * 0.8)
    return x[:cut], y[:cut], x[cut:], y[cut:]


def dense(widths=(64, 32), activation="relu", shape=(64,), out=10, out_activation="softmax", **kwargs):
    hidden = [L.Dense(w, activation, **kwargs) for w in widths]
    return keras.Sequential([keras.Input(shape), *hidden, L.Dense(out, out_activation)])


def conv(activation="relu", **kwargs):
    return keras.Sequential([
        keras.Input((8, 8, 1)), L.Conv2D(16, 3, padding="same", activation=activation, **kwargs), L.MaxPooling2D(),
        L.Conv2D(32, 3, padding="same", activation=activation, **kwargs), L.Flatten(), L.Dense(10, "softmax"),
    ])  # fmt: skip


def fit(
    model,
    data,
    optimizer,
    log_dir,
    *,
    loss="sparse_categorical_crossentropy",
    epochs=15,
    batch=32,
    compiled=None,
    callbacks=(),
    **more,
):
    """data: (x, y, val_x, val_y), or (x, y) without validation; compiled: more arguments of `compile`; more: of `fit`."""
    model.compile(optimizer, loss, **{"jit_compile": False, **(compiled or {})})
    x, y, *validation = data
    if validation:
        more["validation_data"] = tuple(validation)
    callbacks = [*callbacks, Diagnosis(log_dir, overhead=1.0, quiet=True)]  # in full, also on a busy machine
    model.fit(x, y, batch, epochs, verbose=0, callbacks=callbacks, **more)
