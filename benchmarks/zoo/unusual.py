"""What looks like a fault and is none: each is near what some rule looks for."""

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
    binary_table,
    cancer,
    column,
    dense,
    dense_on,
    digits,
    fit,
    friedman,
    itself,
    one_hot,
    regression,
    sequential,
    sgd,
    shuffled,
    standard,
    targets,
)
from sklearn import datasets

ops = keras.ops


def unusual_data() -> Kinds:
    def batch_norm_first(d):
        data = datasets.load_breast_cancer()
        made = shuffled(data.data.astype("float32"), column(data.target))
        body = [L.BatchNormalization(momentum=0.9), L.Dense(16, "relu")]
        fit(dense_on(made, *body, activation="sigmoid"), made, adam(3e-3), d, loss=CROSS, epochs=20)

    yield "raw_table_batch_norm_first", batch_norm_first

    def percent(d):
        x, y, xv, yv = friedman()
        fit(dense_on((x,), L.Dense(32, "relu")), (x * 5 + 5, y, xv * 5 + 5, yv), adam(3e-3), d, loss=MSE, epochs=30)

    yield "inputs_of_zero_to_ten", percent

    def stars(d):
        data = targets(regression(), lambda x, y: np.clip(np.round(3 + 1.2 * y), 1, 5))
        fit(dense_on(data, L.Dense(32, "relu")), data, adam(3e-3), d, loss=MSE, epochs=30)

    yield "targets_of_one_to_five", stars

    def first_bias(d):
        data = targets(regression(), lambda x, y: 50 + 10 * y)
        last = L.Dense(1, bias_initializer=keras.initializers.Constant(float(data[1].mean())))
        model = keras.Sequential([keras.Input((8,)), L.Dense(64, "relu"), L.Dense(32, "relu"), last])
        fit(model, data, adam(3e-3), d, loss="mae", epochs=30)

    yield "targets_around_fifty_bias_there", first_bias

    def rare(d):
        data = binary_table(6000, weights=[0.985], class_sep=2.5)
        model = dense((32,), shape=(20,), out=1, out_activation="sigmoid")
        fit(model, data, adam(3e-3), d, loss=CROSS, epochs=12, compiled={"metrics": ["AUC"]})

    yield "rare_class_not_weighted", rare

    def hundred(d):
        x, y = datasets.make_blobs(4000, 20, centers=100, cluster_std=1.5, random_state=0)
        fit(dense((64,), shape=(20,), out=100), shuffled(standard(x), y), adam(5e-3), d, epochs=15)

    yield "hundred_classes", hundred

    def grid(d):
        random = np.random.default_rng(0)
        x = random.integers(0, 2, (1500, 8)).astype(
            "float32"
        )  # 256 different rows: most of validation's are in training
        y = ((x[:, 0] + x[:, 1] + x[:, 2] >= 2) ^ (random.random(1500) < 0.05)).astype("float32")[:, None]
        fit(
            dense((16,), shape=(8,), out=1, out_activation="sigmoid"),
            shuffled(x, y),
            adam(3e-3),
            d,
            loss=CROSS,
            epochs=12,
        )

    yield "few_different_rows", grid

    def trend(d):
        random, t = np.random.default_rng(0), np.arange(1600)
        level = standard(t / 400 + np.sin(t / 6) + 0.1 * random.standard_normal(len(t)))
        x = np.stack([level[i : i + 20] for i in range(1500)])
        y = level[20:1520, None]
        data = (x[:1200], y[:1200], x[1200:], y[1200:])
        fit(dense((), shape=(20,), out=1, out_activation="linear"), data, adam(5e-3), d, loss=MSE, epochs=30)

    yield "forecast_with_trend", trend

    def tags(d):
        random = np.random.default_rng(0)
        x = random.standard_normal((2500, 16)).astype("float32")
        y = (x @ random.standard_normal((16, 8)) > 6.5).astype("float32")  # one in twenty
        fit(
            dense((64,), shape=(16,), out=8, out_activation="sigmoid"),
            shuffled(x, y),
            adam(5e-3),
            d,
            loss=CROSS,
            epochs=20,
        )

    yield "rare_tags", tags

    def bytes_(d):
        x, y, xv, yv = digits(True)
        pixels = lambda a: (a * 255).astype("uint8")  # noqa: E731
        body = [L.Rescaling(1 / 127.5, -1), L.Conv2D(16, 3, activation="relu"), L.Flatten()]
        data = (pixels(x), y.astype("uint8"), pixels(xv), yv.astype("uint8"))
        fit(sequential((8, 8, 1), *body), data, adam(2e-3), d, epochs=8)

    yield "bytes", bytes_
    yield (
        "true_and_false",
        lambda d: fit(
            dense((16,), shape=(30,), out=1, out_activation="sigmoid"),
            targets(cancer(), lambda x, y: y > 0.5),
            adam(3e-3),
            d,
            loss=CROSS,
        ),
    )
    yield "doubles", lambda d: fit(dense(), tuple(np.asarray(a, "float64") for a in digits()), adam(1e-3), d)

    def batches_shuffled(d):
        x, y, xv, yv = digits()
        data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32).shuffle(50, seed=1)
        fit(dense(), (data, None, xv, yv), adam(1e-3), d, batch=None)

    yield "batches_shuffled_not_rows", batches_shuffled

    def padded(d):
        x, y, xv, yv = digits()
        weight = (np.arange(len(x)) % 4 > 0).astype("float32")
        fit(dense(), (x, y, xv, yv), adam(1e-3), d, sample_weight=weight)

    yield "rows_of_weight_zero", padded


def unusual_models() -> Kinds:
    def components(d):
        model = keras.Sequential([keras.Input((64,)), L.Dense(16), L.Dense(64)])
        fit(model, itself(digits()), adam(3e-3), d, loss=MSE, epochs=20)

    yield "linear_autoencoder", components

    def bottlenecks(d):
        body = [L.Dense(64, "relu"), L.Dense(8), L.Dense(64, "relu"), L.Dense(8), L.Dense(64, "relu")]
        fit(sequential((64,), *body), digits(), adam(2e-3), d)

    yield "linear_bottlenecks", bottlenecks

    def factors(d):
        random = np.random.default_rng(0)
        who, what = random.integers(0, 60, (4000, 1)), random.integers(0, 40, (4000, 1))
        taste, kind = random.standard_normal((60, 3)), random.standard_normal((40, 3))
        y = standard((taste[who[:, 0]] * kind[what[:, 0]]).sum(1))[:, None]
        a, b = keras.Input((1,), dtype="int32"), keras.Input((1,), dtype="int32")
        dot = L.Dot(1)(
            [L.Flatten()(L.Embedding(60, 4, "he_normal")(a)), L.Flatten()(L.Embedding(40, 4, "he_normal")(b))]
        )
        data = ([who[:3200], what[:3200]], y[:3200], [who[3200:], what[3200:]], y[3200:])
        fit(keras.Model([a, b], dot), data, adam(2e-2), d, loss=MSE, epochs=12)

    yield "matrix_factorization", factors

    def zero_head(d):
        model = keras.Sequential(
            [keras.Input((64,)), L.Dense(64, "relu"), L.Dense(10, "softmax", kernel_initializer="zeros")]
        )
        fit(model, digits(), adam(2e-3), d)

    yield "output_starts_at_zero", zero_head

    def zero_blocks(d):
        x = L.Dense(64)(inputs := keras.Input((64,)))
        for _ in range(4):
            y = L.Dense(64, "relu")(L.LayerNormalization()(x))
            x = x + L.Dense(64, kernel_initializer="zeros")(y)
        fit(keras.Model(inputs, L.Dense(10, "softmax")(x)), digits(), adam(1e-3), d, epochs=10)

    yield "blocks_start_at_zero", zero_blocks

    def waves(d):
        class Sine(L.Layer):
            def call(self, x):
                return ops.sin(x)

        side = np.linspace(-1, 1, 40)
        x = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2).astype("float32")
        y = column(standard(np.sin(4 * x[:, 0]) * np.cos(5 * x[:, 1]) + x[:, 0]))
        start = lambda top: keras.initializers.RandomUniform(-top, top)  # noqa: E731
        hidden = [
            L.Dense(64, kernel_initializer=start(4.0)),
            Sine(),
            L.Dense(64, kernel_initializer=start(0.3)),
            Sine(),
        ]
        data = shuffled(x, y)
        fit(dense_on(data, *hidden), data, adam(1e-3), d, loss=MSE, epochs=20)

    yield "sine_activations", waves

    def small_norm_batches(d):
        body = [L.Conv2D(16, 3, use_bias=False), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(), L.Flatten()]
        x, y, xv, yv = digits(True)
        fit(sequential((8, 8, 1), *body), (x[:800], y[:800], xv, yv), adam(1e-3), d, epochs=3, batch=2)

    yield "conv_batch_norm_batch_2", small_norm_batches

    def long_memory(d):
        x = np.random.default_rng(0).standard_normal((1000, 60, 1)).astype("float32") * 0.3
        y = np.random.default_rng(1).integers(0, 2, 1000)
        x[:, 50:, 0] += np.where(y, 0.5, -0.5)[:, None]
        fit(
            sequential((60, 1), L.LSTM(16), out=1, activation="sigmoid"),
            shuffled(x, column(y)),
            adam(5e-3),
            d,
            loss=CROSS,
            epochs=6,
        )

    yield "long_sequences", long_memory

    def heavy(d):
        body = [L.Dense(256, "relu"), L.Dropout(0.8), L.Dense(256, "relu"), L.Dropout(0.5)]
        fit(sequential((64,), *body), digits(), adam(2e-3), d, epochs=25)

    yield "dropout_0.8", heavy
    yield "wide_1024", lambda d: fit(dense((1024, 256)), digits(), adam(1e-3), d, epochs=8)
    yield "sigmoid_hidden", lambda d: fit(dense((64,), "sigmoid"), digits(), adam(5e-3), d)

    def several_pools(d):
        x = inputs = keras.Input((8, 8, 1))
        x = L.Conv2D(16, 3, padding="same", activation="relu")(x)
        a, b = L.GlobalAveragePooling2D()(x), L.GlobalMaxPooling2D()(x)
        squeeze = L.Dense(16, "sigmoid")(L.Dense(4, "relu")(a))
        x = L.Flatten()(x * L.Reshape((1, 1, 16))(squeeze))
        fit(
            keras.Model(inputs, L.Dense(10, "softmax")(L.Concatenate()([x, b]))), digits(True), adam(2e-3), d, epochs=10
        )

    yield "squeeze_and_excite", several_pools

    def stopped(d):
        h = L.Dense(64, "relu", name="shared")(inputs := keras.Input((64,)))
        digit = L.Dense(10, "softmax", name="digit")(h)
        ink = L.Dense(1, name="ink")(ops.stop_gradient(h))  # a probe that must not change what it looks at
        x, y, xv, yv = digits()
        both = lambda x, y: [y, column(standard(x.mean(1)))]  # noqa: E731
        model = keras.Model(inputs, [digit, ink])
        fit(model, (x, both(x, y), xv, both(xv, yv)), adam(2e-3), d, loss=["sparse_categorical_crossentropy", MSE])

    yield "probe_without_gradient", stopped


def unusual_losses() -> Kinds:
    line = lambda activation: dense((32,), shape=(8,), out=1, out_activation=activation)  # noqa: E731
    share = lambda x, y: 1 / (1 + np.exp(-2 * y))  # noqa: E731
    yield (
        "sigmoid_mse_of_shares",
        lambda d: fit(line("sigmoid"), targets(regression(), share), adam(5e-3), d, loss=MSE, epochs=25),
    )
    yield (
        "sigmoid_bce_of_shares",
        lambda d: fit(line("sigmoid"), targets(regression(), share), adam(5e-3), d, loss=CROSS, epochs=25),
    )
    yield (
        "tanh_of_bounded_targets",
        lambda d: fit(line("tanh"), targets(regression(), lambda x, y: np.tanh(y)), adam(5e-3), d, loss=MSE, epochs=25),
    )
    yield (
        "softplus_of_positive_targets",
        lambda d: fit(
            line("softplus"), targets(regression(), lambda x, y: np.exp(y / 2)), adam(5e-3), d, loss=MSE, epochs=25
        ),
    )
    yield (
        "relu_of_positive_targets",
        lambda d: fit(
            line("relu"), targets(regression(), lambda x, y: np.exp(y / 2)), adam(3e-3), d, loss="mae", epochs=25
        ),
    )
    yield "softmax_mse_one_hot", lambda d: fit(dense(), one_hot(digits()), adam(2e-3), d, loss=MSE, epochs=15)
    yield "cosine_similarity", lambda d: fit(
        dense(out=64, out_activation="linear"), itself(digits()), adam(2e-3), d, loss="cosine_similarity", epochs=10
    )  # fmt: skip
    yield "squared_log", lambda d: fit(
        line("softplus"), targets(regression(), lambda x, y: np.exp(2 + y)), adam(5e-3), d, loss="mean_squared_logarithmic_error", epochs=25
    )  # fmt: skip

    def contrast(d):
        def like_their_class(y, z):  # the larger the batch, the larger the loss
            z = z / (ops.norm(z, axis=-1, keepdims=True) + 1e-6)
            itself = ops.eye(ops.shape(z)[0])
            same = ops.cast(ops.equal(ops.reshape(y, (-1, 1)), ops.reshape(y, (1, -1))), "float32") - itself
            shares = ops.log_softmax(ops.matmul(z, ops.transpose(z)) / 0.2 - 1e9 * itself)
            return -ops.mean(ops.sum(same * shares, 1) / ops.maximum(ops.sum(same, 1), 1))

        data = targets(digits(), lambda x, y: column(y))
        fit(dense(out=16, out_activation="linear"), data, adam(2e-3), d, loss=like_their_class, batch=64, epochs=12)

    yield "contrastive_loss", contrast


def unusual_settings() -> Kinds:
    callbacks = keras.callbacks
    yield "adam_clipnorm_0.01", lambda d: fit(dense(), digits(), adam(1e-3, clipnorm=0.01), d)
    yield "sgd_1_clipped", lambda d: fit(dense(), digits(), sgd(0.5, global_clipnorm=0.5), d)
    yield "adam_epsilon_1e-3", lambda d: fit(dense(), digits(), adam(3e-3, epsilon=1e-3), d)
    yield "adam_beta_0.5", lambda d: fit(dense(), digits(), adam(1e-3, beta_1=0.5), d)
    yield "momentum_0.99", lambda d: fit(dense(), digits(), sgd(0.002, momentum=0.99), d)
    yield "weight_decay_0.1", lambda d: fit(dense(), digits(), keras.optimizers.AdamW(2e-3, weight_decay=0.1), d)
    yield (
        "rate_falls_to_nothing",
        lambda d: fit(
            dense(),
            digits(),
            adam(5e-3),
            d,
            epochs=40,
            callbacks=[callbacks.ReduceLROnPlateau(factor=0.1, patience=2, min_delta=0.01)],
        ),
    )

    def cyclic(d):
        rate = lambda epoch: [5e-4, 2e-3, 4e-3, 2e-3][epoch % 4]  # noqa: E731
        fit(dense(), digits(), adam(5e-4), d, epochs=20, callbacks=[callbacks.LearningRateScheduler(rate)])

    yield "cyclic_rate", cyclic

    def stopped(d):
        stop = callbacks.EarlyStopping(patience=10, restore_best_weights=True)
        data = regression(300, 0.3)
        fit(
            dense((64,), shape=(8,), out=1, out_activation="linear"),
            data,
            adam(5e-3),
            d,
            loss=MSE,
            epochs=150,
            batch=16,
            callbacks=[stop],
        )

    yield "best_weights_restored", stopped

    def norm_short(d):
        body = [L.Dense(64), L.BatchNormalization(), L.ReLU()]
        fit(sequential((64,), *body), digits(), adam(3e-3), d, epochs=3, batch=8)

    yield "batch_norm_three_epochs", norm_short
    yield "batch_norm_rate_1", lambda d: fit(
        sequential((64,), L.Dense(64), L.BatchNormalization(momentum=0.9), L.ReLU()), digits(), sgd(0.5), d, epochs=12
    )  # fmt: skip

    def small_tail(d):
        model, data = dense((64, 64)), digits()
        model.compile(adam(2e-3), "sparse_categorical_crossentropy", jit_compile=False)
        model.fit(*data[:2], epochs=8, verbose=0)
        fit(model, data, adam(1e-5), d, epochs=5)

    yield "fine_tuning_slowly", small_tail

    def metrics(d):
        chosen = ["accuracy", "sparse_top_k_categorical_accuracy"]
        fit(dense(), digits(), adam(1e-3), d, epochs=10, compiled={"metrics": chosen})

    yield "several_metrics", metrics
