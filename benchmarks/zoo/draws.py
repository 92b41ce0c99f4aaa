"""Settings drawn at random, each of them sound: what a practitioner could have chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import keras
import numpy as np
from common import CROSS, L, cancer, digits, fit, regression, sequential

DATA = {
    "digits": (digits, 10, "softmax", "sparse_categorical_crossentropy"),
    "cancer": (cancer, 1, "sigmoid", CROSS),
    "regression": (regression, 1, "linear", "mse"),
}
INITIALIZERS = {
    "relu": "he_normal",
    "leaky_relu": "he_normal",
    "elu": "he_normal",
    "gelu": "glorot_uniform",
    "swish": "glorot_uniform",
    "tanh": "glorot_uniform",
    "selu": "lecun_normal",
}
RATES = {  # least and most, for a batch of 32
    "sgd": (0.03, 0.1),
    "momentum": (0.005, 0.02),
    "adam": (1e-3, 4e-3),
    "adamw": (1e-3, 4e-3),
    "rmsprop": (5e-4, 2e-3),
    "nadam": (1e-3, 4e-3),
}


def draws(count: int) -> Iterator[Callable[[str], None]]:
    """The first `count` trainings; which they are does not depend on how many are asked for."""
    random = np.random.default_rng(0)
    for _ in range(count):
        name = str(random.choice(list(DATA)))
        optimizer = str(random.choice(list(RATES)))
        least, most = RATES[optimizer]
        yield partial(
            train,
            name,
            widths=[int(w) for w in random.choice([16, 24, 32, 48, 64, 96, 128], random.integers(1, 5))],
            activation=str(random.choice(list(INITIALIZERS))),
            optimizer=optimizer,
            rate=float(np.exp(random.uniform(np.log(least), np.log(most)))),
            batch=int(random.choice([8, 16, 32, 64])),
            dropout=float(random.choice([0.0, 0.0, 0.1, 0.2])),
            normalized=bool(random.random() < 0.2),
            steps=int(random.integers(250, 450)),
        )


def train(name, log_dir, *, widths, activation, optimizer, rate, batch, dropout, normalized, steps):
    """About as many steps as were drawn, in 2 to 20 epochs; the rate grows with the root of the batch."""
    make, out, out_activation, loss = DATA[name]
    data = make()
    rate *= (batch / 32) ** 0.5 * (
        1 if loss != "mse" or optimizer != "sgd" else 0.3
    )  # plain steps on squares diverge sooner
    made = {
        "sgd": lambda: keras.optimizers.SGD(rate),
        "momentum": lambda: keras.optimizers.SGD(rate, momentum=0.9),
        "adam": lambda: keras.optimizers.Adam(rate),
        "adamw": lambda: keras.optimizers.AdamW(rate),
        "rmsprop": lambda: keras.optimizers.RMSprop(rate),
        "nadam": lambda: keras.optimizers.Nadam(rate),
    }[optimizer]()
    hidden = []
    for width in widths:
        hidden.append(L.Dense(width, kernel_initializer=INITIALIZERS[activation]))
        hidden += [L.BatchNormalization()] if normalized else []
        hidden.append(L.Activation(activation))
        hidden += [L.Dropout(dropout)] if dropout else []
    epochs = min(max(2, round(steps / (len(data[0]) / batch))), 20)
    model = sequential(data[0].shape[1:], *hidden, out=out, activation=out_activation)
    fit(model, data, made, log_dir, loss=loss, epochs=epochs, batch=batch)
