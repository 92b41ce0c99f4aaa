"""Tables: classes, numbers, counts, categories."""

from __future__ import annotations

import keras
import numpy as np
from common import (
    CROSS,
    MSE,
    ONE_HOT,
    Kinds,
    L,
    adam,
    binary_table,
    cancer,
    column,
    dense,
    dense_on,
    diabetes,
    fit,
    friedman,
    moons,
    one_hot,
    regression,
    sgd,
    shuffled,
    standard,
    table,
    targets,
    wine,
)
from sklearn import datasets

ops = keras.ops


def tables() -> Kinds:
    yield (
        "logistic_regression",
        lambda d: fit(dense((), shape=(30,), out=1, out_activation="sigmoid"), cancer(), sgd(0.1), d, loss=CROSS),
    )
    yield (
        "two_class_softmax",
        lambda d: fit(
            dense((16,), shape=(30,), out=2),
            targets(cancer(), lambda x, y: y[:, 0].astype(int)),
            adam(3e-3),
            d,
            epochs=12,
        ),
    )
    yield (
        "hinge",
        lambda d: fit(
            dense((16,), shape=(30,), out=1, out_activation="tanh"),
            targets(cancer(), lambda x, y: 2 * y - 1),
            adam(3e-3),
            d,
            loss="hinge",
        ),
    )
    yield (
        "hinge_linear",
        lambda d: fit(
            dense((), shape=(30,), out=1, out_activation="linear"),
            targets(cancer(), lambda x, y: 2 * y - 1),
            sgd(0.02),
            d,
            loss="hinge",
        ),
    )
    yield (
        "wine_one_hot",
        lambda d: fit(
            dense((16,), shape=(13,), out=3), one_hot(wine(), 3), adam(5e-3), d, loss=ONE_HOT, epochs=30, batch=16
        ),
    )
    yield "sixty_rows", lambda d: fit(dense((), shape=(13,), out=3), wine(60), adam(2e-2), d, epochs=40, batch=8)
    yield (
        "thirty_thousand_rows",
        lambda d: fit(dense((64, 32), shape=(20,), out=5), table(30_000, 5), adam(1e-3), d, epochs=5, batch=128),
    )
    yield (
        "moons",
        lambda d: fit(
            dense((32, 32), shape=(2,), out=1, out_activation="sigmoid"), moons(), adam(5e-3), d, loss=CROSS, epochs=30
        ),
    )

    def rare(d):
        data = binary_table(3000, weights=[0.95])
        fit(
            dense((32,), shape=(20,), out=1, out_activation="sigmoid"),
            data,
            adam(2e-3),
            d,
            loss=CROSS,
            class_weight={0: 1.0, 1: 10.0},
        )

    yield "rare_class_weighted", rare

    def focal(d):
        loss = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True)
        data = binary_table(3000, weights=[0.9])
        fit(dense((32,), shape=(20,), out=1, out_activation="sigmoid"), data, adam(3e-3), d, loss=loss)

    yield "focal_loss", focal

    def weighted(d):
        data = binary_table()
        weight = np.random.default_rng(0).uniform(0.5, 1.5, len(data[0]))
        fit(
            dense((32,), shape=(20,), out=1, out_activation="sigmoid"),
            data,
            adam(2e-3),
            d,
            loss=CROSS,
            sample_weight=weight,
        )

    yield "sample_weights", weighted
    yield (
        "diabetes",
        lambda d: fit(dense_on(diabetes(), L.Dense(8, "relu")), diabetes(), adam(3e-3), d, loss=MSE, epochs=20),
    )
    yield (
        "friedman_tanh",
        lambda d: fit(
            dense_on(friedman(), L.Dense(32, "tanh"), L.Dense(16, "tanh")),
            friedman(),
            adam(4e-3),
            d,
            loss=MSE,
            epochs=25,
        ),
    )

    def prices(d):
        data = targets(regression(), lambda x, y: 250_000 + 80_000 * y)
        back = L.Normalization(axis=-1, invert=True)
        back.adapt(data[1])
        model = keras.Sequential([keras.Input((8,)), L.Dense(32, "relu"), L.Dense(1), back])
        fit(model, data, adam(3e-3), d, loss="mae", epochs=30)

    yield "target_scaled_back", prices

    def normalized(d):
        data = datasets.load_breast_cancer()
        x, y, xv, yv = shuffled(data.data.astype("float32"), column(data.target))
        scale = L.Normalization()
        scale.adapt(x)
        fit(dense_on((x,), scale, L.Dense(16, "relu"), activation="sigmoid"), (x, y, xv, yv), adam(3e-3), d, loss=CROSS)

    yield "raw_table_normalized", normalized

    def counted(d):
        random = np.random.default_rng(0)
        x = random.uniform(-1, 1, (2000, 6)).astype("float32")
        y = random.poisson(np.exp(1.0 + x[:, 0] - x[:, 1] * x[:, 2]))
        data = shuffled(x, column(y))
        fit(
            dense((32,), shape=(6,), out=1, out_activation="exponential"),
            data,
            adam(3e-3),
            d,
            loss="poisson",
            epochs=25,
        )

    yield "poisson_counts", counted

    def quantile(d):
        def pinball(y, predicted):
            return ops.mean(ops.maximum(0.9 * (y - predicted), 0.1 * (predicted - y)))

        fit(
            dense((32,), shape=(8,), out=1, out_activation="linear"),
            regression(),
            adam(3e-3),
            d,
            loss=pinball,
            epochs=25,
        )

    yield "quantile_loss", quantile
    for loss in ("huber", "log_cosh"):
        yield (
            loss,
            lambda d, loss=loss: fit(
                dense((32,), shape=(8,), out=1, out_activation="linear"),
                regression(),
                adam(4e-3),
                d,
                loss=loss,
                epochs=25,
            ),
        )

    def encoded(d):
        random = np.random.default_rng(0)
        place, size = random.integers(0, 12, 2000), random.uniform(-1, 1, (2000, 3)).astype("float32")
        x = np.concatenate([np.eye(12, dtype="float32")[place], size], 1)
        y = random.standard_normal(12)[place] + size[:, 0] - size[:, 1] * size[:, 2]
        fit(
            dense((32,), shape=(15,), out=1, out_activation="linear"),
            shuffled(x, column(standard(y))),
            adam(3e-3),
            d,
            loss=MSE,
            epochs=15,
        )

    yield "one_hot_table", encoded

    def embedded(d):
        random = np.random.default_rng(0)
        place, size = random.integers(0, 50, (2000, 1)), random.uniform(-1, 1, (2000, 3)).astype("float32")
        y = random.standard_normal(50)[place] + size[:, :1]
        y = standard(y)
        a, b = keras.Input((1,), dtype="int32", name="place"), keras.Input((3,), name="size")
        h = L.Dense(32, "relu")(L.Concatenate()([L.Flatten()(L.Embedding(50, 4)(a)), b]))
        model = keras.Model({"place": a, "size": b}, L.Dense(1)(h))
        part = lambda s: {"place": place[s], "size": size[s]}  # noqa: E731
        data = (part(slice(1600)), y[:1600], part(slice(1600, None)), y[1600:])
        fit(model, data, adam(5e-3), d, loss=MSE, epochs=15)

    yield "numbers_and_embedding", embedded
