"""Sequences: recurrent, attention and convolution, words and time series."""

from __future__ import annotations

import keras
import numpy as np
from common import CROSS, MSE, Kinds, L, adam, dense, digits, fit, schedules, sequential, series, shuffled, text, words

ops = keras.ops


def sequences() -> Kinds:
    rows = lambda data: (data[0].reshape(-1, 8, 8), data[1], data[2].reshape(-1, 8, 8), data[3])  # noqa: E731

    yield (
        "bidirectional",
        lambda d: fit(sequential((8, 8), L.Bidirectional(L.LSTM(24))), rows(digits()), adam(5e-3), d, epochs=10),
    )
    yield (
        "stacked_gru",
        lambda d: fit(
            sequential((8, 8), L.GRU(32, return_sequences=True), L.Dropout(0.2), L.GRU(32)),
            rows(digits()),
            adam(4e-3),
            d,
            epochs=12,
        ),
    )

    def transformer(d):
        inputs = keras.Input((12,), dtype="int32")
        x = L.Embedding(500, 24)(inputs)
        x = L.LayerNormalization()(x + L.MultiHeadAttention(2, 12, dropout=0.1)(x, x))
        x = L.LayerNormalization()(x + L.Dense(24)(L.Dense(48, "gelu")(x)))
        model = keras.Model(inputs, L.Dense(1, "sigmoid")(L.GlobalAveragePooling1D()(x)))
        fit(model, words(4000), keras.optimizers.AdamW(1e-3), d, loss=CROSS, epochs=4)

    yield "transformer_block", transformer

    def patches(d):
        inputs = keras.Input((8, 8))
        x = L.Dense(32)(inputs)
        x = x + L.Embedding(8, 32)(ops.arange(8))
        for _ in range(2):
            y = L.LayerNormalization()(x)
            x = x + L.MultiHeadAttention(4, 8)(y, y)
            x = x + L.Dense(32)(L.Dense(64, "gelu")(L.LayerNormalization()(x)))
        model = keras.Model(inputs, L.Dense(10, "softmax")(L.GlobalAveragePooling1D()(L.LayerNormalization()(x))))
        rate = schedules.CosineDecay(0.0, 500, warmup_target=2e-3, warmup_steps=100)
        fit(model, rows(digits()), keras.optimizers.AdamW(rate), d, epochs=14)

    yield "vision_transformer", patches
    yield (
        "forecast_in_order",
        lambda d: fit(
            sequential((24, 1), L.LSTM(16), out=1, activation="linear"),
            series(),
            adam(5e-3),
            d,
            loss=MSE,
            epochs=10,
            shuffle=False,
        ),
    )
    yield (
        "forecast_conv",
        lambda d: fit(
            sequential(
                (24, 1),
                L.Conv1D(16, 5, activation="relu"),
                L.Conv1D(16, 5, activation="relu"),
                L.Flatten(),
                out=1,
                activation="linear",
            ),
            series(),
            adam(2e-3),
            d,
            loss="mae",
            epochs=12,
        ),
    )

    def masked(d):
        x, y, xv, yv = words(4000)
        x, xv = x + 1, xv + 1
        body = [L.Embedding(501, 16, mask_zero=True), L.GRU(16)]
        fit(
            sequential((12,), *body, out=1, activation="sigmoid", dtype="int32"),
            (x, y, xv, yv),
            adam(5e-3),
            d,
            loss=CROSS,
            epochs=4,
        )

    yield "masked_gru", masked

    def counts(d):
        x, y, xv, yv = words(2000, 40, 200)
        counted = lambda a: np.stack([np.bincount(row, minlength=200) for row in a]).astype("float32")  # noqa: E731
        fit(
            dense((32,), shape=(200,), out=1, out_activation="sigmoid"),
            (counted(x), y, counted(xv), yv),
            adam(2e-3),
            d,
            loss=CROSS,
            epochs=5,
        )

    yield "bag_of_words", counts

    def language(d):
        body = [L.Embedding(20, 16), L.GRU(32, return_sequences=True)]
        fit(sequential((16,), *body, out=20, dtype="int32"), text(), adam(5e-3), d, epochs=8)

    yield "next_letter", language

    def running_sum(d):
        x = np.random.default_rng(0).standard_normal((1500, 10, 1)).astype("float32")
        data = shuffled(x, np.cumsum(x, 1) / 3)
        fit(
            sequential((10, 1), L.LSTM(24, return_sequences=True), out=1, activation="linear"),
            data,
            adam(5e-3),
            d,
            loss=MSE,
            epochs=12,
        )

    yield "sequence_to_sequence", running_sum
