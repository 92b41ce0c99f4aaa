"""Trainings that hold no fault, of many kinds."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
from sklearn import datasets
from training import L, cancer, conv, dense, digits, fit, regression, words


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
