"""Several inputs and outputs, and losses of one's own."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from common import (
    CROSS,
    MSE,
    Kinds,
    L,
    adam,
    column,
    dense,
    digits,
    fit,
    itself,
    one_hot,
    regression,
    shuffled,
    standard,
    targets,
)

ops = keras.ops


def outputs() -> Kinds:
    def logits(d):
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        fit(dense(out_activation="linear"), one_hot(digits()), adam(1e-3), d, loss=loss)

    yield "one_hot_logits", logits

    def independent(d):
        random = np.random.default_rng(0)
        x = random.standard_normal((1500, 12)).astype("float32")
        y = (x @ random.standard_normal((12, 6)) > 0.5).astype("float32")
        fit(
            dense((32,), shape=(12,), out=6, out_activation="sigmoid"),
            shuffled(x, y),
            adam(5e-3),
            d,
            loss=CROSS,
            compiled={"metrics": ["binary_accuracy"]},
        )

    yield "multi_label_sigmoid", independent

    def several(d):
        x, y, xv, yv = digits()
        h = L.Dense(64, "relu")(inputs := keras.Input((64,)))
        model = keras.Model(
            inputs, {"digit": L.Dense(10, "softmax", name="digit")(h), "ink": L.Dense(1, name="ink")(h)}
        )
        both = lambda x, y: {"digit": y, "ink": column(standard(x.mean(1)))}  # noqa: E731
        loss = {"digit": "sparse_categorical_crossentropy", "ink": MSE}
        fit(
            model,
            (x, both(x, y), xv, both(xv, yv)),
            adam(2e-3),
            d,
            loss=loss,
            compiled={"metrics": {"digit": ["accuracy"]}},
        )

    yield "several_outputs", several

    def halves(d):
        x, y, xv, yv = digits()
        a, b = keras.Input((32,)), keras.Input((32,))
        shared = L.Dense(32, "relu")
        model = keras.Model([a, b], L.Dense(10, "softmax")(L.Concatenate()([shared(a), shared(b)])))
        cut = lambda x: [x[:, :32], x[:, 32:]]  # noqa: E731
        fit(model, (cut(x), y, cut(xv), yv), adam(3e-3), d)

    yield "several_inputs", halves

    def several_targets(d):
        random = np.random.default_rng(0)
        x = random.standard_normal((1200, 10)).astype("float32")
        y = np.tanh(x @ random.standard_normal((10, 4)) / 3).astype("float32")
        fit(
            dense((32,), shape=(10,), out=4, out_activation="linear"),
            shuffled(x, y),
            adam(4e-3),
            d,
            loss=MSE,
            epochs=20,
        )

    yield "several_targets", several_targets

    def distilled(d):
        teacher, data = dense((128,)), digits()
        teacher.compile(adam(2e-3), "sparse_categorical_crossentropy", jit_compile=False)
        teacher.fit(*data[:2], epochs=8, verbose=0)
        soft = targets(data, lambda x, y: teacher.predict(x, verbose=0) ** 0.5)
        soft = targets(soft, lambda x, y: y / y.sum(1, keepdims=True))
        fit(dense((32,)), soft, adam(3e-3), d, loss="kl_divergence", epochs=12)

    yield "distillation", distilled

    def mixture(d):
        def likelihood(y, predicted):
            mean, spread = predicted[:, :1], predicted[:, 1:]
            return ops.mean(spread + 0.5 * ops.square((y - mean) / ops.exp(spread)))

        data = regression(noise=0.2)
        fit(dense((32,), shape=(8,), out=2, out_activation="linear"), data, adam(3e-3), d, loss=likelihood, epochs=25)

    yield "mean_and_variance", mixture

    class Variational(keras.Model):
        def __init__(self, own_step=False):
            super().__init__()
            self.own_step = own_step
            self.encode = keras.Sequential([L.Dense(64, "relu"), L.Dense(16)])
            self.decode = keras.Sequential([L.Dense(64, "relu"), L.Dense(64, "sigmoid")])
            self.seed = keras.random.SeedGenerator(1)

        def call(self, x):
            mean, spread = ops.split(self.encode(x), 2, axis=-1)
            self.add_loss(1e-3 * ops.mean(ops.sum(mean**2 + ops.exp(spread) - spread - 1, -1)))
            noise = keras.random.normal(ops.shape(mean), seed=self.seed)
            return self.decode(mean + ops.exp(spread / 2) * noise)

        def train_step(self, data):
            if not self.own_step:
                return super().train_step(data)
            x, y = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x, training=True))
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return {"loss": loss}

    yield (
        "variational_autoencoder",
        lambda d: fit(Variational(), itself(digits()), adam(3e-3), d, loss=CROSS, epochs=15),
    )
    yield "custom_train_step", lambda d: fit(Variational(True), itself(digits()), adam(3e-3), d, loss=MSE, epochs=15)

    def twins(d):
        x, y, xv, yv = digits()
        tower = keras.Sequential([keras.Input((64,)), L.Dense(64, "relu"), L.Dense(16)])
        a, b = keras.Input((64,)), keras.Input((64,))
        far = ops.sum((tower(a) - tower(b)) ** 2, -1, keepdims=True)
        model = keras.Model([a, b], L.Dense(1, "sigmoid")(L.BatchNormalization()(far)))

        def pairs(x, y, rows):
            random = np.random.default_rng(0)
            one = random.integers(0, len(x), rows)
            same = np.array([random.choice(np.flatnonzero(y == y[i])) for i in one])
            other = np.where(random.random(rows) < 0.5, same, random.integers(0, len(x), rows))
            return [x[one], x[other]], column(y[one] == y[other])

        fit(model, (*pairs(x, y, 3000), *pairs(xv, yv, 600)), adam(2e-3), d, loss=CROSS, epochs=10)

    yield "siamese", twins
