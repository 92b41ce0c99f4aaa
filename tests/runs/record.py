"""Trains the recorded runs anew: python tests/runs/record.py [NAME ...]

They are real trainings, kept so that rules are tested on what Keras really does. Run this again whenever what is recorded
changes. The runs are small on purpose; limits are not set by them but by benchmarks/calibration.
"""

from __future__ import annotations

import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "benchmarks" / "calibration"))

import keras  # noqa: E402
import numpy as np  # noqa: E402
from sklearn import datasets  # noqa: E402
from sweep import conv, dense, digits, fit, regression  # noqa: E402

L = keras.layers
SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam


def healthy_dense(d):
    fit(dense(), digits(), Adam(2e-3), d, epochs=8)


def healthy_conv(d):
    fit(conv(), digits(image=True), Adam(2e-3), d, epochs=5)


def healthy_regression(d):
    fit(dense((32, 16), "tanh", (8,), 1, "linear"), regression(), Adam(5e-3), d, loss="mse", epochs=12)


def healthy_deep_relu(d):
    fit(dense((32,) * 8, kernel_initializer="he_normal"), digits(), SGD(0.05), d, epochs=10)


def healthy_circles(d):
    x, y = datasets.make_circles(1000, noise=0.1, factor=0.4, random_state=1)
    x, y = x.astype("float32"), y.astype("float32")[:, None]
    fit(dense((32,), "relu", (2,), 1, "sigmoid"), (x[:700], y[:700], x[700:], y[700:]), Adam(0.02), d, loss="binary_crossentropy", epochs=30)


def sigmoid_deep(d):
    fit(dense((32,) * 8, "sigmoid"), digits(), SGD(0.1), d, epochs=6)


def rate_too_high(d):
    fit(dense(), digits(), Adam(1.0), d, epochs=6)


def rate_too_low(d):
    fit(dense(), digits(), SGD(1e-4), d, epochs=6)


def rate_negative(d):
    fit(dense(), digits(), SGD(-0.02), d, epochs=8)


def biases_too_low(d):
    fit(dense((64, 64), bias_initializer=keras.initializers.Constant(-3.0)), digits(), SGD(0.05), d, epochs=5)


def tanh_saturated(d):
    fit(dense((64, 64), "tanh", kernel_initializer=keras.initializers.RandomNormal(stddev=20.0)), digits(), SGD(0.1), d, epochs=5)


def constant_kernels(d):
    fit(dense((32, 32), "relu", (8,), 1, "linear", kernel_initializer=keras.initializers.Constant(0.05)), regression(), Adam(2e-3), d, loss="mse", epochs=6)


def zero_kernels(d):
    fit(dense((32, 16), "relu", (64,), 10, "softmax", kernel_initializer="zeros"), digits(), Adam(2e-3), d, epochs=6)


def few_rows(d):
    fit(dense((128, 128), "relu", (8,), 1, "linear"), regression(60, 1.0), Adam(2e-3), d, loss="mse", epochs=50, batch=16)


def linear_on_moons(d):
    x, y = datasets.make_moons(1000, noise=0.1, random_state=0)
    x, y = x.astype("float32"), y.astype("float32")[:, None]
    fit(dense((), shape=(2,), out=1, out_activation="sigmoid"), (x[:700], y[:700], x[700:], y[700:]), Adam(0.05), d, loss="binary_crossentropy", epochs=20)


def linear_on_circles(d):
    x, y = datasets.make_circles(1000, noise=0.1, random_state=1)
    x, y = x.astype("float32"), y.astype("float32")[:, None]
    fit(dense((32,), "linear", (2,), 1, "sigmoid"), (x[:700], y[:700], x[700:], y[700:]), Adam(0.01), d, loss="binary_crossentropy", epochs=10)


def pixels_to_255(d, *first):
    x, y, xv, yv = digits()
    model = keras.Sequential([keras.Input((64,)), *first, L.Dense(64, "relu"), L.Dense(10, "softmax")])
    fit(model, (np.round(x * 255), y, np.round(xv * 255), yv), SGD(0.05), d, epochs=5)


def pixels_to_255_normalized(d):
    pixels_to_255(d, L.BatchNormalization())


def row_with_nan(d):
    x, y, xv, yv = digits()
    x = x.copy()
    x[700, 5] = np.nan
    fit(dense(), (x, y, xv, yv), Adam(2e-3), d, epochs=3)


def steps_explode(d):
    fit(dense((32, 16), "tanh", (8,), 1, "linear"), regression(), SGD(1.0), d, loss="mse", epochs=6)


def prices(d):
    x, y, xv, yv = regression()
    fit(dense((32, 16), "relu", (8,), 1, "linear"), (x, 500_000 + 100_000 * y, xv, 500_000 + 100_000 * yv), Adam(1e-3), d, loss="mse", epochs=8)


def one_softmax_unit(d):
    x, y, xv, yv = digits()
    even, even_v = [(labels % 2 == 0).astype("float32")[:, None] for labels in (y, yv)]
    fit(dense(out=1), (x, even, xv, even_v), Adam(2e-3), d, loss="binary_crossentropy", epochs=5)


def rate_ends_early(d):
    fit(dense(), digits(), Adam(keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=60)), d, epochs=6)


def frozen(d):
    model = dense()
    model.trainable = False
    fit(model, digits(), Adam(2e-3), d, epochs=4)


class StopGradient(L.Layer):
    def call(self, x):
        return keras.ops.stop_gradient(x)


def stop_gradient(d):
    model = keras.Sequential([keras.Input((64,)), L.Dense(64, "relu"), StopGradient(), L.Dense(32, "relu"), L.Dense(10, "softmax")])
    fit(model, digits(), Adam(1e-3), d, epochs=4)


def two_softmaxes(d):
    fit(keras.Sequential([keras.Input((64,)), L.Dense(32, "relu"), L.Dense(10, "softmax"), L.Softmax()]), digits(), Adam(2e-3), d, epochs=5)


def softmax_from_logits(d):
    fit(dense((32,)), digits(), Adam(2e-3), d, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), epochs=5)


def softmax_reshaped_from_logits(d):
    model = keras.Sequential([keras.Input((64,)), L.Dense(32, "relu"), L.Dense(10, "softmax"), L.Reshape((10,))])
    fit(model, digits(), Adam(2e-3), d, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), epochs=5)


def weights_too_large(d):
    fit(dense((64,) * 6, kernel_initializer=keras.initializers.RandomNormal(stddev=1.0)), digits(), Adam(1e-3), d, epochs=4)


def epsilon_of_one(d):
    fit(dense((32,)), digits(), Adam(1e-3, epsilon=1.0), d, epochs=4)


def batches_of_one(d):
    x, y, xv, yv = digits()
    model = keras.Sequential([keras.Input((64,)), L.Dense(32), L.BatchNormalization(), L.ReLU(), L.Dense(10, "softmax")])
    fit(model, (x[:200], y[:200], xv, yv), Adam(2e-3), d, epochs=3, batch=1)


RECORDINGS = {f.__name__: f for f in (
    healthy_dense, healthy_conv, healthy_regression, healthy_deep_relu, healthy_circles, sigmoid_deep, rate_too_high, rate_too_low, rate_negative,
    biases_too_low, tanh_saturated, constant_kernels, zero_kernels, few_rows, linear_on_moons, linear_on_circles, pixels_to_255,
    pixels_to_255_normalized, row_with_nan, steps_explode, prices, one_softmax_unit, rate_ends_early, frozen, stop_gradient,
    two_softmaxes, softmax_from_logits, softmax_reshaped_from_logits, weights_too_large, epsilon_of_one, batches_of_one,
)}  # fmt: skip


def main() -> None:
    for name in sys.argv[1:] or RECORDINGS:
        shutil.rmtree(HERE / name, ignore_errors=True)
        keras.backend.clear_session()
        keras.utils.set_random_seed(1)
        RECORDINGS[name](str(HERE / name))
        for path in (HERE / name).iterdir():  # the file's own name carries the host's
            path.rename(path.with_name("events.out.tfevents.0.recorded.nndiag"))
        print(name, flush=True)


if __name__ == "__main__":
    main()
