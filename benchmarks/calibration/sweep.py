"""Trains sweeps of one fault each, from none to gross, so that limits are set where learning and stuck runs part.

    python benchmarks/calibration/sweep.py OUT [--only depth] [--seeds 1,2,3]

Each run goes to OUT/FAMILY/NAME. `table.py` reads them and prints what the limits are set by. Data: scikit-learn's
digits (1,797 real 8x8 images), its diabetes table, and made ones; nothing is downloaded.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import time
from collections.abc import Iterator
from functools import partial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn import datasets

from keras_callbacks import Diagnosis

L = keras.layers
OPTIMIZERS = {
    "sgd": lambda scale=1.0: keras.optimizers.SGD(0.1 * scale),
    "momentum": lambda scale=1.0: keras.optimizers.SGD(0.02 * scale, momentum=0.9),
    "adam": lambda scale=1.0: keras.optimizers.Adam(0.002 * scale),
}


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


def healthy() -> Iterator:
    adam, sgd = keras.optimizers.Adam, keras.optimizers.SGD
    yield "adam_1e-4", lambda d: fit(dense(), digits(), adam(1e-4), d, epochs=30)
    yield "adam_3e-4_conv", lambda d: fit(conv(), digits(True), adam(3e-4), d, epochs=12)
    yield "sgd_0.5", lambda d: fit(dense(), digits(), sgd(0.5), d)
    yield "gelu", lambda d: fit(dense((64, 64), "gelu"), digits(), adam(1e-3), d)
    yield "selu", lambda d: fit(dense((64, 64, 64), "selu", kernel_initializer="lecun_normal"), digits(), adam(1e-3), d)
    yield "leaky", lambda d: fit(dense((64, 64), "leaky_relu"), digits(), sgd(0.1), d)
    yield "batch_8", lambda d: fit(dense(), digits(), adam(1e-3), d, epochs=6, batch=8)
    yield "batch_512", lambda d: fit(dense(), digits(), adam(5e-3), d, epochs=40, batch=512)
    yield "one_epoch", lambda d: fit(dense(), digits(), adam(3e-3), d, epochs=1, batch=4)
    yield "three_epochs", lambda d: fit(dense(), digits(), adam(1e-3), d, epochs=3)
    yield "long", lambda d: fit(dense((32,)), digits(), adam(1e-3), d, epochs=100)
    yield "momentum_long", lambda d: fit(dense((64,)), digits(), sgd(0.05, momentum=0.9), d, epochs=60)
    yield "wide", lambda d: fit(dense((512,)), digits(), adam(1e-3), d)
    yield (
        "linear_regression",
        lambda d: fit(dense((), shape=(8,), out=1, out_activation="linear"), regression(), sgd(0.05), d, loss="mse"),
    )
    yield (
        "mae",
        lambda d: fit(
            dense((32,), shape=(8,), out=1, out_activation="linear"), regression(), adam(5e-3), d, loss="mae", epochs=30
        ),
    )
    yield (
        "huber_noisy",
        lambda d: fit(
            dense((32,), shape=(8,), out=1, out_activation="linear"),
            regression(noise=1.0),
            adam(2e-3),
            d,
            loss="huber",
            epochs=12,
        ),
    )
    yield "rmsprop", lambda d: fit(dense(), digits(), keras.optimizers.RMSprop(1e-3), d)
    yield "lion", lambda d: fit(dense(), digits(), keras.optimizers.Lion(3e-4), d)
    yield "cosine", lambda d: fit(dense(), digits(), sgd(keras.optimizers.schedules.CosineDecay(0.2, 600)), d)
    yield (
        "warm_up",
        lambda d: fit(
            dense(),
            digits(),
            adam(keras.optimizers.schedules.CosineDecay(0.0, 500, warmup_target=3e-3, warmup_steps=60)),
            d,
        ),
    )

    def binary(d, out="sigmoid", loss="binary_crossentropy"):
        fit(
            dense((16,), shape=(30,), out=1, out_activation=out),
            cancer(),
            adam(3e-3),
            d,
            loss=loss,
            epochs=12,
        )

    yield "binary", binary
    yield "binary_logits", lambda d: binary(d, "linear", keras.losses.BinaryCrossentropy(from_logits=True))

    def logits(d):
        fit(
            dense(out_activation="linear"),
            digits(),
            adam(1e-3),
            d,
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )

    yield "logits", logits

    def autoencoder(d):
        x, _, xv, _ = digits()
        model = keras.Sequential(
            [keras.Input((64,)), L.Dense(32, "relu"), L.Dense(8, "relu"), L.Dense(32, "relu"), L.Dense(64, "sigmoid")]
        )
        fit(model, (x, x, xv, xv), adam(3e-3), d, loss="mse", epochs=20)

    yield "autoencoder", autoencoder

    def norm(d):
        model = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                L.Conv2D(16, 3, use_bias=False),
                L.BatchNormalization(),
                L.ReLU(),
                L.MaxPooling2D(),
                L.Dropout(0.3),
                L.Flatten(),
                L.Dense(32, "relu"),
                L.Dropout(0.5),
                L.Dense(10, "softmax"),
            ]
        )
        fit(model, digits(True), adam(2e-3), d, epochs=15)

    yield "batch_norm_dropout", norm

    def residual(d):
        x = inputs = keras.Input((64,))
        x = L.Dense(64)(x)
        for _ in range(8):
            x = L.Add()([x, L.Dense(64)(L.ReLU()(L.LayerNormalization()(x)))])
        fit(keras.Model(inputs, L.Dense(10, "softmax")(x)), digits(), adam(1e-3), d)

    yield "residual", residual

    def recurrent(d, kind=L.LSTM):
        x, y, xv, yv = digits()
        model = keras.Sequential([keras.Input((8, 8)), kind(32), L.Dense(10, "softmax")])
        fit(model, (x.reshape(-1, 8, 8), y, xv.reshape(-1, 8, 8), yv), adam(5e-3), d, epochs=12)

    yield "lstm", recurrent
    yield "gru", lambda d: recurrent(d, L.GRU)

    def embedding(d):
        model = keras.Sequential(
            [
                keras.Input((12,), dtype="int32"),
                L.Embedding(500, 16),
                L.GlobalAveragePooling1D(),
                L.Dense(16, "relu"),
                L.Dense(1, "sigmoid"),
            ]
        )
        fit(model, words(), adam(5e-3), d, loss="binary_crossentropy", epochs=4)

    yield "embedding", embedding

    def normalized(d):
        x, y, xv, yv = digits()
        scale = L.Normalization()
        scale.adapt(x * 255)
        model = keras.Sequential([keras.Input((64,)), scale, L.Dense(64, "relu"), L.Dense(10, "softmax")])
        fit(model, (x * 255, y, xv * 255, yv), adam(1e-3), d)

    yield "normalization_layer", normalized

    def multilabel(d):
        x, y = datasets.make_multilabel_classification(n_samples=1200, n_features=20, n_classes=4, random_state=0)
        x = (x / 10).astype("float32")
        y = y.astype("float32")
        fit(
            dense((32,), shape=(20,), out=4, out_activation="sigmoid"),
            (x[:900], y[:900], x[900:], y[900:]),
            adam(3e-3),
            d,
            loss="binary_crossentropy",
            epochs=20,
        )

    yield "multi_label", multilabel

    def imbalanced(d):
        x, y, xv, yv = digits()
        keep = (y != 3) | (np.arange(len(y)) % 12 == 0)
        fit(dense(), (x[keep], y[keep], xv, yv), adam(2e-3), d)

    yield "imbalanced", imbalanced

    def transfer(d):
        base = dense((64, 64))
        base.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
        x, y, *_ = digits()
        base.fit(x, y, epochs=5, verbose=0)
        for layer in base.layers[:-1]:
            layer.trainable = False
        model = keras.Sequential([keras.Input((64,)), *base.layers[:-1], L.Dense(10, "softmax")])
        fit(model, digits(), adam(1e-3), d, epochs=10)

    yield "transfer", transfer

    def unscaled_but_learning(d):
        x, y, xv, yv = digits()
        fit(dense(), (x * 16, y, xv * 16, yv), adam(1e-3), d)

    yield "pixels_0_to_16", unscaled_but_learning


FAMILIES = {
    f.__name__: f
    for f in (
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
        healthy,
    )
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--only", default="", help="families, comma-separated")
    arguments.add_argument("--seeds", default="1")
    options = arguments.parse_args()
    wanted = [f for f in options.only.split(",") if f] or list(FAMILIES)
    for family in wanted:
        for seed in options.seeds.split(","):
            for name, train in FAMILIES[family]():
                log_dir = options.out / family / f"{name}#{seed}"
                if log_dir.exists():
                    continue
                keras.backend.clear_session()
                keras.utils.set_random_seed(int(seed))
                began = time.time()
                train(str(log_dir))
                print(f"{family:14} {name:28} {time.time() - began:5.1f} s", flush=True)


if __name__ == "__main__":
    main()
