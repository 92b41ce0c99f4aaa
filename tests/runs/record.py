"""Trains the recorded runs anew: python tests/runs/record.py [NAME ...]

They are real trainings, kept so that rules are tested on what Keras really does. Run this again whenever what is recorded
changes. The runs are small on purpose; limits are not set by them but by benchmarks/calibration.
"""

from __future__ import annotations

import pathlib
import shutil
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "benchmarks" / "calibration"))

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from sklearn import datasets  # noqa: E402
from tensorflow.python.framework.config import disable_op_determinism  # noqa: E402
from training import conv, dense, digits, fit, regression  # noqa: E402

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


def in_float16(*hidden):
    """A network for digits in mixed precision."""
    keras.config.set_dtype_policy("mixed_float16")
    model = keras.Sequential([keras.Input((64,)), *(make() for make in hidden), L.Dense(10, "softmax", dtype="float32")])
    keras.config.set_dtype_policy("float32")
    return model


def healthy_mixed(d):
    fit(in_float16(lambda: L.Dense(64, "relu"), lambda: L.Dense(32, "relu")), digits(), Adam(2e-3), d, epochs=5)


def healthy_prefetched(d):
    slow_rows(d, 0.0, ahead=True)


def healthy_metrics(d):
    fit(dense(), digits(), Adam(2e-3), d, epochs=8, compiled={"metrics": ["accuracy"]})


def healthy_repeatable(d):
    tf.config.experimental.enable_op_determinism()
    fit(dense(), digits(), Adam(2e-3), d, epochs=8)
    disable_op_determinism()


def healthy_gradient_clipped(d):
    fit(dense(), digits(), Adam(2e-3, global_clipnorm=1.0), d, epochs=5)


def seed_alone(d):
    fit(dense(), digits(), Adam(2e-3), d, epochs=5)


def unseeded(d):
    keras.backend.clear_session()  # forgets the seed
    fit(dense(), digits(), Adam(2e-3), d, epochs=8)


def updated_every_64_batches(d):
    fit(dense(), digits(), Adam(1e-3, gradient_accumulation_steps=64), d, epochs=6)


def rows_of_one_class(d):
    x, y, xv, yv = digits()
    fit(dense(), (x[y == 3], y[y == 3], xv[yv == 3], yv[yv == 3]), Adam(2e-3), d, epochs=10)


def rare_class(d):
    random = np.random.default_rng(0)
    x = random.standard_normal((1600, 2)).astype("float32")
    y = (x[:, 0] + 3 * random.standard_normal(1600) > 5).astype("float32")[:, None]
    fit(dense((16,), "relu", (2,), 1, "sigmoid"), (x[:1200], y[:1200], x[1200:], y[1200:]), Adam(1e-2), d, loss="binary_crossentropy", epochs=10)


def clipped_to_a_thousandth(d):
    fit(dense(), digits(), SGD(0.1, global_clipnorm=1e-3), d, epochs=6)


def divided_as_whole_numbers(d):
    x, y, xv, yv = digits()
    x, xv = [(np.round(16 * pixels).astype("int32") // 255).astype("float32") for pixels in (x, xv)]
    fit(dense(), (x, y, xv, yv), Adam(2e-3), d, epochs=5)


def rows_three_times(d):
    x, y, xv, yv = digits()
    fit(dense(), (np.tile(x[:430], (3, 1)), np.tile(y[:430], 3), xv, yv), Adam(2e-3), d, epochs=5)


def run_eagerly(d):
    fit(dense(), digits(), Adam(2e-3), d, epochs=3, compiled={"run_eagerly": True})


def slow_rows(d, milliseconds=5.0, ahead=False):
    x, y, xv, yv = digits()

    def batches():
        for i in range(0, len(x) - 31, 32):
            time.sleep(milliseconds / 1000)
            yield x[i : i + 32], y[i : i + 32]

    data = tf.data.Dataset.from_generator(batches, output_signature=(tf.TensorSpec((None, 64)), tf.TensorSpec((None,), tf.int64)))
    fit(dense(), (data.prefetch(2) if ahead else data, None, xv, yv), Adam(1e-3), d, epochs=8, batch=None)


class SquareRoot(L.Layer):
    def call(self, x):
        return keras.ops.sqrt(x + 1e-8)  # float16 has no number so small: at 0 the slope is infinite


def square_roots_in_float16(d):
    fit(in_float16(lambda: L.Dense(64, "relu"), SquareRoot), digits(), Adam(2e-3), d, epochs=8)


def two_outliers(d):
    x, y, xv, yv = regression()
    x = x.copy()
    x[::400] *= 30
    fit(dense((32, 16), "relu", (8,), 1, "linear"), (x, y, xv, yv), SGD(0.03), d, loss="mse", epochs=15)


def labels_shuffled(d):
    x, y, xv, yv = digits()
    fit(dense((256, 256)), (x, np.random.default_rng(0).permutation(y), xv, yv), Adam(2e-3), d, epochs=25)


def batches_kept(d):
    kept = []
    keep = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: kept.append(np.ones(125_000)))
    fit(dense(), digits(), Adam(1e-3), d, epochs=10, callbacks=[keep])


def accuracy_of_quantities(d):
    fit(dense((32, 16), "tanh", (8,), 1, "linear"), regression(), Adam(5e-3), d, loss="mse", epochs=12, compiled={"metrics": ["accuracy"]})


def averages_lag_behind(d):
    model = keras.Sequential([
        keras.Input((64,)), L.Dense(64), L.BatchNormalization(momentum=0.999), L.ReLU(), L.Dense(32), L.BatchNormalization(momentum=0.999), L.ReLU(),
        L.Dense(10, "softmax"),
    ])  # fmt: skip
    x, y, xv, yv = digits()
    fit(model, (16 * x, y, 16 * xv, yv), Adam(2e-3), d, epochs=5)


def sorted_by_class(d):
    x, y, xv, yv = digits()
    order = np.argsort(y, kind="stable")
    fit(dense(), (x[order], y[order], xv, yv), SGD(0.1), d, epochs=6, shuffle=False)


def batches_of_four(d):
    x, y, xv, yv = digits()
    random = np.random.default_rng(0)
    y = np.where(random.random(len(y)) < 0.33, random.integers(0, 10, len(y)), y)
    fit(dense(), (x[:1000], y[:1000], xv, yv), SGD(0.1), d, epochs=3, batch=4)


def loss_swings(d):
    fit(dense(), digits(), SGD(0.8), d, epochs=20)


def penalty_too_strong(d):
    fit(dense((64, 32), kernel_regularizer=keras.regularizers.L2(0.3)), digits(), Adam(2e-3), d, epochs=8)


def converged(d):
    x, y, xv, yv = regression()
    fit(dense((16,), "tanh", (8,), 1, "linear"), (x, y, xv, yv), Adam(keras.optimizers.schedules.CosineDecay(2e-2, 500)), d, loss="mse", epochs=20)


class Squared(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return keras.ops.square(keras.ops.squeeze(y_true, -1) - y_pred)


def all_pairs_compared(d):
    x, y, xv, yv = regression()
    fit(dense((32, 16), "tanh", (8,), 1, "linear"), (x, y, xv, yv), Adam(5e-3), d, loss=Squared(), epochs=8)


def same_batch_again(d):
    x, y, xv, yv = digits()
    data = tf.data.Dataset.from_tensors((x[:32], y[:32])).repeat(40)
    fit(dense(), (data, None, xv, yv), Adam(2e-3), d, epochs=5, batch=None)


def compiled_each_epoch(d):
    model = dense()
    compile_again = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: model.make_train_function(force=True))
    fit(model, digits(), Adam(2e-3), d, epochs=8, callbacks=[compile_again])


def forty_validation_rows(d):
    x, y, xv, yv = digits()
    fit(dense(), (x, y, xv[:40], yv[:40]), Adam(2e-3), d, epochs=8)


def sigmoid_stuck_at_first(d):
    fit(dense((32,) * 4, "sigmoid"), digits(), Adam(4e-3), d, epochs=10)


def validation_of_one_class(d):
    x, y, xv, yv = digits()
    fit(dense(), (x, y, xv[yv == 0], yv[yv == 0]), Adam(3e-4), d, epochs=13)


def sigmoid_for_twice_as_much(d):
    x, y, xv, yv = regression()
    fit(dense((32, 16), "tanh", (8,), 1, "sigmoid"), (x, y + 3, xv, yv + 3), Adam(5e-3), d, loss=lambda a, b: keras.ops.abs(a - b), epochs=8)


def validated_on_training_rows(d):
    x, y, *_ = digits()
    fit(dense(), (x, y, x[800:], y[800:]), Adam(2e-3), d, epochs=8)


def validation_pixels_to_255(d):
    x, y, xv, yv = digits()
    fit(dense(), (x, y, np.round(255 * xv), yv), Adam(2e-3), d, epochs=8)


RECORDINGS = {f.__name__: f for f in (
    healthy_dense, healthy_conv, healthy_regression, healthy_deep_relu, healthy_circles, sigmoid_deep, rate_too_high, rate_too_low, rate_negative,
    biases_too_low, tanh_saturated, constant_kernels, zero_kernels, few_rows, linear_on_moons, linear_on_circles, pixels_to_255,
    pixels_to_255_normalized, row_with_nan, steps_explode, prices, one_softmax_unit, rate_ends_early, frozen, stop_gradient,
    two_softmaxes, softmax_from_logits, softmax_reshaped_from_logits, weights_too_large, epsilon_of_one, batches_of_one,
    healthy_mixed, healthy_prefetched, healthy_metrics, healthy_repeatable, healthy_gradient_clipped, seed_alone, unseeded, updated_every_64_batches, rows_of_one_class,
    rare_class, clipped_to_a_thousandth, divided_as_whole_numbers, rows_three_times, run_eagerly, slow_rows, square_roots_in_float16, two_outliers,
    labels_shuffled, batches_kept, accuracy_of_quantities, averages_lag_behind, sorted_by_class, batches_of_four, loss_swings,
    penalty_too_strong, converged, all_pairs_compared, same_batch_again, compiled_each_epoch, forty_validation_rows, sigmoid_stuck_at_first,
    validation_of_one_class, sigmoid_for_twice_as_much, validated_on_training_rows, validation_pixels_to_255,
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
