"""Families of trainings that grow one fault each, from none to gross.

A family yields a name and a function of the directory to record to.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import keras
import numpy as np
from training import L, conv, dense, digits, fit, regression

from keras_callbacks import Diagnosis

OPTIMIZERS = {
    "sgd": lambda scale=1.0: keras.optimizers.SGD(0.1 * scale),
    "momentum": lambda scale=1.0: keras.optimizers.SGD(0.02 * scale, momentum=0.9),
    "adam": lambda scale=1.0: keras.optimizers.Adam(0.002 * scale),
}


def learning_rate() -> Iterator:
    for name, optimizer in OPTIMIZERS.items():
        for power in (-5, -4, -3, -2, -1, 0, 1, 2, 3):
            yield f"{name}_dense_1e{power:+d}", lambda d, o=optimizer, p=power: fit(dense(), digits(), o(10.0**p), d)
        for power in (-4, -3, -2, 0, 1, 2):
            yield (
                f"{name}_conv_1e{power:+d}",
                lambda d, o=optimizer, p=power: fit(conv(), digits(True), o(10.0**p), d, epochs=8),
            )
        for power in (-4, -3, -2, -1, 0, 1, 2):
            yield (
                f"{name}_regression_1e{power:+d}",
                lambda d, o=optimizer, p=power: fit(
                    dense((32, 16), "tanh", (8,), 1, "linear"), regression(), o(10.0**p), d, loss="mse"
                ),
            )


def depth() -> Iterator:
    for name, optimizer in OPTIMIZERS.items():
        for layers in (1, 2, 3, 4, 5, 8, 10):
            yield (
                f"{name}_sigmoid_{layers:02d}",
                lambda d, o=optimizer, n=layers: fit(dense((32,) * n, "sigmoid"), digits(), o(), d, epochs=20),
            )
        for layers in (4, 12, 20):
            yield (
                f"{name}_relu_{layers:02d}",
                lambda d, o=optimizer, n=layers: fit(
                    dense((32,) * n, "relu", kernel_initializer="he_normal"), digits(), o(0.3), d, epochs=20
                ),
            )
        for layers in (5, 10):
            yield (
                f"{name}_tanh_{layers:02d}",
                lambda d, o=optimizer, n=layers: fit(dense((32,) * n, "tanh"), digits(), o(0.5), d, epochs=20),
            )


def dead() -> Iterator:
    for name, optimizer in OPTIMIZERS.items():
        for bias in (0.0, -0.25, -0.5, -1.0, -1.5, -2.0, -3.0):
            yield (
                f"{name}_bias_{bias:+.2f}",
                lambda d, o=optimizer, b=bias: fit(
                    dense((64, 64), bias_initializer=keras.initializers.Constant(b)), digits(), o(), d
                ),
            )


def saturated() -> Iterator:
    for name, optimizer in OPTIMIZERS.items():
        for activation in ("tanh", "sigmoid"):
            for std in (0.1, 0.3, 1.0, 2.0, 5.0, 20.0):
                start = partial(keras.initializers.RandomNormal, stddev=std)
                yield (
                    f"{name}_{activation}_std_{std}",
                    lambda d, o=optimizer, a=activation, s=start: fit(
                        dense((64, 64), a, kernel_initializer=s()), digits(), o(), d
                    ),
                )


def input_scale() -> Iterator:
    for name, optimizer in OPTIMIZERS.items():
        for factor in (0.01, 1, 4, 16, 64, 255, 1000, 10000):

            def scaled(d, o=optimizer, f=factor):
                x, y, xv, yv = digits()
                fit(dense(), (x * f, y, xv * f, yv), o(), d)

            yield f"{name}_times_{factor}", scaled
        for ratio in (1, 10, 30, 100, 300, 1000, 10000):

            def uneven(d, o=optimizer, r=ratio):
                x, y, xv, yv = regression()
                scale = np.geomspace(1, r, x.shape[1]).astype("float32")
                fit(dense((32, 16), "relu", (8,), 1, "linear"), (x * scale, y, xv * scale, yv), o(0.3), d, loss="mse")

            yield f"{name}_uneven_{ratio}", uneven


def first_weights() -> Iterator:
    for name, optimizer in OPTIMIZERS.items():
        for gain in (0.1, 0.2, 0.33, 0.5, 1.4, 2.5, 3.5, 5.0, 8.0):
            yield (
                f"{name}_gain_{gain}",
                lambda d, o=optimizer, g=gain: fit(
                    dense((64,) * 6, kernel_initializer=keras.initializers.RandomNormal(stddev=g / 8)), digits(), o(), d
                ),
            )


def epsilon() -> Iterator:
    for rate in (1e-3, 1e-2):
        for value in (1e-7, 1e-3, 1e-2, 0.03, 0.1, 1.0):
            yield (
                f"adam_{rate:g}_epsilon_{value:g}",
                lambda d, r=rate, e=value: fit(dense(), digits(), keras.optimizers.Adam(r, epsilon=e), d, epochs=8),
            )


def schedule_end() -> Iterator:
    for name, optimizer in OPTIMIZERS.items():
        for share in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0):

            def ends(d, o=optimizer, s=share):
                made = o()
                steps = int(s * 10 * 41)  # of ten epochs
                made.learning_rate = keras.optimizers.schedules.CosineDecay(float(made.learning_rate), steps)
                fit(dense(), digits(), made, d, epochs=10)

            yield f"{name}_after_{share:.0%}", ends


def norm_batch() -> Iterator:
    for batch in (1, 2, 3, 4, 6, 8, 16, 32):

        def normalized(d, b=batch):
            x, y, xv, yv = digits()
            hidden = [L.Dense(32), L.BatchNormalization(), L.ReLU(), L.Dense(32), L.BatchNormalization(), L.ReLU()]
            model = keras.Sequential([keras.Input((64,)), *hidden, L.Dense(10, "softmax")])
            fit(model, (x[:600], y[:600], xv, yv), keras.optimizers.Adam(1e-3), d, epochs=6, batch=b)

        yield f"adam_batch_{batch:02d}", normalized


def overfit() -> Iterator:
    for name, optimizer in OPTIMIZERS.items():
        for rows, noise in ((2000, 0.05), (400, 0.3), (100, 0.3), (60, 1.0), (40, 2.0)):
            yield (
                f"{name}_rows_{rows}",
                lambda d, o=optimizer, r=rows, n=noise: fit(
                    dense((128, 128), "relu", (8,), 1, "linear"),
                    regression(r, n),
                    o(0.5),
                    d,
                    loss="mse",
                    epochs=60,
                    batch=16,
                ),
            )


def small_data() -> Iterator:
    """Few rows and a network that should learn them by heart; faults that keep it from it."""

    def few(rows, changed=None):
        x, y, xv, yv = digits()
        x, y = x[:rows], y[:rows]
        return (*(changed(x, y) if changed else (x, y)), xv, yv)

    def same_rows(x, y):
        return np.repeat(x[:1], len(x), axis=0), y

    def shuffled(x, y):
        return x, np.random.default_rng(0).permutation(y)

    def in_pairs(x, y):  # every row twice, with another class the second time
        half = len(x) // 2
        return np.concatenate([x[:half], x[:half]]), np.concatenate([y[:half], (y[:half] + 1) % 10])

    for name, optimizer in OPTIMIZERS.items():
        for rows, epochs in ((20, 75), (100, 40)):
            for fault, model, data, rate in (
                ("sound", dense, few(rows), 1.0),
                ("shuffled", dense, few(rows, shuffled), 1.0),
                ("rate_1e-1", dense, few(rows), 0.1),
                ("rate_1e-2", dense, few(rows), 0.01),
                ("linear", partial(dense, ()), few(rows), 1.0),
                ("one_unit", partial(dense, (16, 1, 16), "tanh"), few(rows), 1.0),
                ("sigmoid_6", partial(dense, (32,) * 6, "sigmoid"), few(rows), 1.0),
                ("l2", partial(dense, kernel_regularizer=keras.regularizers.L2(0.3)), few(rows), 1.0),
                ("same_rows", dense, few(rows, same_rows), 1.0),
                ("in_pairs", dense, few(rows, in_pairs), 1.0),
            ):
                yield (
                    f"{name}_{rows:03d}_{fault}",
                    lambda d, o=optimizer, m=model, x=data, r=rate, n=rows, e=epochs: fit(
                        m(), x, o(r), d, epochs=e, batch=n // 5 if n < 50 else n // 10
                    ),
                )


def outliers() -> Iterator:
    """Two rows of 800 have inputs that are too large."""
    for name, optimizer in OPTIMIZERS.items():
        for factor in (1, 3, 5, 10, 20, 30, 100):

            def with_outliers(d, o=optimizer, f=factor):
                x, y, xv, yv = regression()
                x = x.copy()
                x[::400] *= f
                fit(dense((32, 16), "relu", (8,), 1, "linear"), (x, y, xv, yv), o(0.3), d, loss="mse")

            yield f"{name}_times_{factor:03d}", with_outliers


def batch_size() -> Iterator:
    """The smaller the batch, the noisier its gradient; a third of the labels are wrong, so that there is some to begin with."""
    for name, optimizer in OPTIMIZERS.items():
        for batch in (1, 2, 4, 8, 32, 128, 512):

            def noisy(d, o=optimizer, b=batch):
                x, y, xv, yv = digits()
                random = np.random.default_rng(0)
                y = np.where(random.random(len(y)) < 0.33, random.integers(0, 10, len(y)), y)
                fit(dense(), (x, y, xv, yv), o(), d, epochs=max(3, min(20, b)), batch=b)

            yield f"{name}_batch_{batch:03d}", noisy


def accumulation() -> Iterator:
    for steps in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024):
        if steps == 1:
            yield "adam_every_0001", lambda d: fit(dense(), digits(), keras.optimizers.Adam(1e-3), d)
            continue
        yield (
            f"adam_every_{steps:04d}",
            lambda d, k=steps: fit(dense(), digits(), keras.optimizers.Adam(1e-3, gradient_accumulation_steps=k), d),
        )
        yield (
            f"adam_cosine_every_{steps:04d}",
            lambda d, k=steps: fit(
                dense(),
                digits(),
                keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, 615), gradient_accumulation_steps=k),
                d,
            ),
        )


def memory() -> Iterator:
    """A callback that keeps some of what it sees."""
    for kilobytes in (0, 10, 100, 1000, 3000):
        kept = []
        keep = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs, k=kilobytes, to=kept: to.append(np.ones(k * 128))
        )
        yield (
            f"adam_keeps_{kilobytes:04d}_kB_a_step",
            lambda d, c=keep: fit(dense(), digits(), keras.optimizers.Adam(1e-3), d, callbacks=[c]),
        )


def eager() -> Iterator:
    for name, model, data in (("dense", dense, digits), ("conv", conv, lambda: digits(True))):
        for eagerly in (False, True):
            yield (
                f"adam_{name}_{'eager' if eagerly else 'graph'}",
                lambda d, m=model, x=data, e=eagerly: fit(
                    m(), x(), keras.optimizers.Adam(1e-3), d, epochs=5, compiled={"run_eagerly": e}
                ),
            )


def slow_data() -> Iterator:
    """A dataset that takes its time for each batch, alone and prefetched; arrays, for comparison."""
    import tensorflow as tf

    def slowly(d, model, image, milliseconds, ahead):
        x, y, xv, yv = digits(image)

        def batches():
            for i in range(0, len(x) - 31, 32):
                time.sleep(milliseconds / 1000)
                yield x[i : i + 32], y[i : i + 32]

        signature = (tf.TensorSpec((None, *x.shape[1:]), tf.float32), tf.TensorSpec((None,), tf.int64))
        data = tf.data.Dataset.from_generator(batches, output_signature=signature)
        model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", jit_compile=False)
        callbacks = [Diagnosis(d, overhead=1.0, quiet=True)]
        model.fit(
            data.prefetch(2) if ahead else data, validation_data=(xv, yv), epochs=8, verbose=0, callbacks=callbacks
        )

    for name, model, image in (("dense", dense, False), ("conv", conv, True)):
        yield (
            f"adam_{name}_arrays",
            lambda d, m=model, i=image: fit(m(), digits(i), keras.optimizers.Adam(1e-3), d, epochs=8),
        )
        for milliseconds in (0, 0.3, 1, 3, 10, 30):
            for ahead in (False, True):
                yield (
                    f"adam_{name}_{milliseconds}_ms{'_prefetched' if ahead else ''}",
                    lambda d, m=model, i=image, s=milliseconds, a=ahead: slowly(d, m(), i, s, a),
                )


FAULTS = {
    family.__name__: family
    for family in (
        learning_rate,
        depth,
        dead,
        saturated,
        input_scale,
        first_weights,
        epsilon,
        schedule_end,
        norm_batch,
        overfit,
        small_data,
        outliers,
        batch_size,
        accumulation,
        memory,
        eager,
        slow_data,
    )
}
