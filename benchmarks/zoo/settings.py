"""The same digits under every activation, regularization, optimizer and way to call `fit`."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from common import CROSS, Kinds, L, adam, cancer, dense, digits, fit, schedules, sequential, sgd

from keras_callbacks import Diagnosis

ops = keras.ops


def activations() -> Kinds:
    for name in ("elu", "swish", "mish", "softplus", "tanh"):
        yield name, lambda d, name=name: fit(dense((64, 64), name), digits(), adam(1e-3), d)
    yield (
        "prelu",
        lambda d: fit(sequential((64,), L.Dense(64), L.PReLU(), L.Dense(32), L.PReLU()), digits(), adam(1e-3), d),
    )
    yield "selu_alpha_dropout", lambda d: fit(
        sequential((64,), *(layer for _ in range(3) for layer in (L.Dense(64, "selu", kernel_initializer="lecun_normal"), L.AlphaDropout(0.05)))),
        digits(), adam(1e-3), d, epochs=12,
    )  # fmt: skip

    def functions(d):
        x = inputs = keras.Input((64,))
        for width in (64, 64):
            x = ops.relu(L.Dense(width, kernel_initializer="he_normal")(x))
        fit(keras.Model(inputs, ops.softmax(L.Dense(10)(x))), digits(), adam(1e-3), d)

    yield "functions_for_activations", functions
    yield "sparse_relu", lambda d: fit(
        sequential((64,), L.Dense(256, "relu", activity_regularizer=keras.regularizers.L1(1e-5))), digits(), adam(1e-3), d
    )  # fmt: skip

    def deep(d):
        x = L.Dense(64)(inputs := keras.Input((64,)))
        for _ in range(20):
            x = x + L.Dense(64, kernel_initializer="he_normal")(ops.relu(L.LayerNormalization()(x)))
        model = keras.Model(inputs, L.Dense(10, "softmax")(L.LayerNormalization()(x)))
        fit(model, digits(), adam(5e-4), d, epochs=8)

    yield "deep_residual_dense", deep

    def gated(d):
        x = L.Dense(48)(inputs := keras.Input((64,)))
        for _ in range(3):
            gate = L.Dense(48, "sigmoid", bias_initializer=keras.initializers.Constant(-1))(x)
            x = gate * L.Dense(48, "relu")(x) + (1 - gate) * x
        fit(keras.Model(inputs, L.Dense(10, "softmax")(x)), digits(), adam(2e-3), d)

    yield "highway", gated


def regularized() -> Kinds:
    both = lambda rate: [L.Dense(128, "relu"), L.Dropout(rate), L.Dense(64, "relu"), L.Dropout(rate)]  # noqa: E731
    yield "dropout_half", lambda d: fit(sequential((64,), *both(0.5)), digits(), adam(1e-3), d, epochs=30)
    yield "l2", lambda d: fit(dense(kernel_regularizer=keras.regularizers.L2(1e-3)), digits(), adam(2e-3), d)
    yield "l1", lambda d: fit(dense(kernel_regularizer=keras.regularizers.L1(1e-4)), digits(), adam(2e-3), d)
    yield "max_norm", lambda d: fit(dense(kernel_constraint=keras.constraints.MaxNorm(2.0)), digits(), adam(2e-3), d)
    yield "batch_norm_dense", lambda d: fit(
        sequential((64,), *(layer for width in (64, 32) for layer in (L.Dense(width), L.BatchNormalization(), L.ReLU()))), digits(), adam(1e-3), d
    )  # fmt: skip
    yield (
        "noisy_input",
        lambda d: fit(sequential((64,), L.GaussianNoise(0.2), L.Dense(64, "relu")), digits(), adam(2e-3), d, epochs=20),
    )


def optimizers() -> Kinds:
    o = keras.optimizers
    for name, made in {
        "sgd_0.1_momentum": lambda: sgd(0.1, momentum=0.9),
        "nesterov": lambda: sgd(0.03, momentum=0.9, nesterov=True),
        "adam_3e-4": lambda: adam(3e-4),
        "adamw": lambda: o.AdamW(1e-3, weight_decay=0.01),
        "nadam": lambda: o.Nadam(1e-3),
        "adamax": lambda: o.Adamax(3e-3),
        "adagrad": lambda: o.Adagrad(0.05),
        "rmsprop_momentum": lambda: o.RMSprop(5e-4, momentum=0.9),
        "amsgrad": lambda: adam(1e-3, amsgrad=True),
        "clipnorm": lambda: sgd(0.1, clipnorm=1.0),
        "global_clipnorm": lambda: adam(1e-3, global_clipnorm=1.0),
        "accumulated": lambda: adam(2e-3, gradient_accumulation_steps=4),
        "averaged_weights": lambda: adam(1e-3, use_ema=True, ema_momentum=0.9),
        "exponential_decay": lambda: adam(schedules.ExponentialDecay(3e-3, 200, 0.7)),
        "steps_of_rates": lambda: sgd(schedules.PiecewiseConstantDecay([300, 500], [0.3, 0.1, 0.03])),
        "cosine_restarts": lambda: adam(schedules.CosineDecayRestarts(3e-3, 200)),
        "warm_up_cosine": lambda: adam(schedules.CosineDecay(0.0, 555, warmup_target=2e-3, warmup_steps=60)),
    }.items():
        yield name, lambda d, made=made: fit(dense(), digits(), made(), d)

    # no digits: where a feature is always zero, and a unit too, Adafactor divides zero by zero (Keras 3.15)
    yield (
        "adafactor",
        lambda d: fit(
            dense((32,), shape=(30,), out=1, out_activation="sigmoid"), cancer(), o.Adafactor(0.01), d, loss=CROSS
        ),
    )

    def low_precision(d):
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy("mixed_bfloat16")
        try:
            hidden = [L.Dense(64, "relu"), L.Dense(32, "relu"), L.Dense(10, "softmax", dtype="float32")]
            fit(keras.Sequential([keras.Input((64,)), *hidden]), digits(), adam(1e-3), d)
        finally:
            keras.config.set_dtype_policy(before)

    yield "mixed_bfloat16", low_precision


def fitting() -> Kinds:
    callbacks = keras.callbacks
    yield "batch_1", lambda d: fit(dense(), digits(), adam(5e-4), d, epochs=2, batch=1)
    yield "batch_4", lambda d: fit(dense(), digits(), adam(1e-3), d, epochs=4, batch=4)
    yield "full_batch", lambda d: fit(dense((64,)), digits(), adam(1e-2), d, epochs=80, batch=1300)
    yield "two_epochs", lambda d: fit(dense((64,)), digits(), adam(5e-3), d, epochs=2, batch=16)
    yield "two_hundred_epochs", lambda d: fit(dense((), shape=(64,)), digits(), adam(2e-3), d, epochs=200, batch=64)
    yield (
        "plateau_schedule",
        lambda d: fit(dense(), digits(), adam(3e-3), d, epochs=30, callbacks=[callbacks.ReduceLROnPlateau(patience=3)]),
    )
    yield (
        "early_stopping",
        lambda d: fit(
            dense((128,)),
            digits(),
            adam(5e-3),
            d,
            epochs=100,
            callbacks=[callbacks.EarlyStopping(patience=5, restore_best_weights=True)],
        ),
    )

    def one_cycle(d):
        rate = lambda epoch: float(np.interp(epoch, [0, 5, 14], [5e-4, 5e-3, 1e-4]))  # noqa: E731
        fit(dense(), digits(), adam(5e-4), d, callbacks=[callbacks.LearningRateScheduler(rate)])

    yield "one_cycle", one_cycle

    def stream(x, y, batch=32, repeat=False):
        data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x), seed=1)
        return (data.repeat() if repeat else data).batch(batch).prefetch(2)

    def dataset(d):
        x, y, xv, yv = digits()
        model = dense()
        model.compile(adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
        model.fit(
            stream(x, y),
            epochs=15,
            verbose=0,
            validation_data=stream(xv, yv),
            callbacks=[Diagnosis(d, overhead=1.0, quiet=True)],
        )

    yield "dataset", dataset

    def endless(d):
        x, y, xv, yv = digits()
        fit(dense(), (stream(x, y, repeat=True), None, xv, yv), adam(1e-3), d, batch=None, steps_per_epoch=40)

    yield "endless_dataset", endless

    class Batches(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.x, self.y, *_ = digits()
            self.random = np.random.default_rng(0)

        def __len__(self):
            return 40

        def __getitem__(self, _):
            rows = self.random.integers(0, len(self.x), 32)
            return self.x[rows], self.y[rows]

    def generated(d):
        *_, xv, yv = digits()
        fit(dense(), (Batches(), None, xv, yv), adam(1e-3), d, batch=None)

    yield "py_dataset", generated
    yield "validation_split", lambda d: fit(dense(), digits()[:2], adam(1e-3), d, validation_split=0.2)
    yield "no_validation", lambda d: fit(dense(), digits()[:2], adam(1e-3), d)
    yield "validation_every_fifth_epoch", lambda d: fit(dense(), digits(), adam(1e-3), d, validation_freq=5)
    yield "eight_steps_at_once", lambda d: fit(dense(), digits(), adam(1e-3), d, compiled={"steps_per_execution": 8})
    yield "jit", lambda d: fit(dense(), digits(), adam(1e-3), d, epochs=12, compiled={"jit_compile": True})

    def twice(d):
        x, y, xv, yv = digits()
        model, callback = dense(), Diagnosis(d, overhead=1.0, quiet=True)
        model.compile(adam(1e-3), "sparse_categorical_crossentropy", jit_compile=False)
        for first, last in ((0, 8), (8, 16)):
            model.fit(x, y, initial_epoch=first, epochs=last, verbose=0, validation_data=(xv, yv), callbacks=[callback])

    yield "fit_twice", twice

    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.last = L.Dense(64, "relu"), L.Dense(32, "relu"), L.Dense(10, "softmax")

        def call(self, x):
            return self.last(self.second(self.first(x)))

    yield "subclassed", lambda d: fit(Subclassed(), digits(), adam(1e-3), d)
