"""Every measurement of a real fit against a second, plainer computation."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_callbacks import Diagnosis, samples
from keras_callbacks.probes import columns, inputs, labels, losses, outputs, run_card, units, updates
from tb_nndiag.logdir import read

ROWS, FEATURES, BATCH = 48, 5, 16
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((ROWS, FEATURES)).astype("float32")
Y = (X[:, :1] * 2 - X[:, 1:2] > 0).astype("float32")


def made(optimizer, **layer):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([
        keras.Input((FEATURES,)),
        keras.layers.Dense(8, "relu", name="first", **layer),
        keras.layers.Dense(4, "tanh", name="second"),
        keras.layers.Dense(1, "sigmoid", name="last"),
    ])  # fmt: skip
    model.compile(optimizer, "binary_crossentropy", jit_compile=False)
    return model


def by_hand(model, epochs):
    """The same training in plain TensorFlow. Returns per step: loss, gradients, weights before and after, all by layer."""
    steps = []
    for _ in range(epochs):
        for start in range(0, ROWS, BATCH):
            x, y = X[start : start + BATCH], Y[start : start + BATCH]
            before = [w.numpy() for w in model.trainable_weights]
            with tf.GradientTape() as tape:
                p = model(x, training=True)
                loss = tf.reduce_mean(keras.losses.binary_crossentropy(y, p)) + tf.add_n(model.losses or [0.0])
            gradients = tape.gradient(loss, model.trainable_weights)
            model.optimizer.apply(gradients, model.trainable_weights)
            after = [w.numpy() for w in model.trainable_weights]
            steps.append((float(loss), [g.numpy() for g in gradients], before, after))
    return steps


def counted(output, axis=-1, activation="relu"):
    return [part.numpy() for part in units.count(tf.constant(output), axis, activation)]


def rms(array):
    return np.sqrt(np.mean(array.astype("float64") ** 2))


@pytest.fixture(scope="module", params=["sgd", "momentum", "adam"])
def observed(request, tmp_path_factory):
    """(run, model, steps): a fit with the callback, and the same training by hand."""
    optimizer = {
        "sgd": lambda: keras.optimizers.SGD(0.1),
        "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
        "adam": lambda: keras.optimizers.Adam(0.01),
    }[request.param]
    log_dir = tmp_path_factory.mktemp(request.param)
    model = made(optimizer(), kernel_regularizer=keras.regularizers.L2(0.01))
    model.fit(X, Y, BATCH, 3, shuffle=False, verbose=0, validation_data=(X[:20], Y[:20]), callbacks=[Diagnosis(log_dir, quiet=True)])
    return read(log_dir), model, by_hand(made(optimizer(), kernel_regularizer=keras.regularizers.L2(0.01)), 3)


def test_the_loss_of_every_batch(observed):
    run, _, steps = observed
    assert list(run["loss"].steps) == list(range(1, 10))
    np.testing.assert_allclose(run["loss"].of_run("mean"), [s[0] for s in steps], rtol=1e-4)


def test_the_gradient_of_every_layer(observed):
    run, _, steps = observed
    assert run["gradients"].columns == ("first", "second", "last")
    for record, (_, gradients, _, _) in enumerate(steps):
        for layer in range(3):
            kernel = gradients[2 * layer]
            expected = [rms(kernel), np.abs(kernel).max(), np.mean(kernel == 0), 0]
            np.testing.assert_allclose(run["gradients"].values[record, layer], expected, rtol=2e-3, atol=1e-7)


def test_the_largest_gradient_of_every_layer_and_its_step(observed):
    run, _, steps = observed
    found = run["worst_gradients"]
    assert found.columns == ("first", "second", "last")
    for layer in range(3):
        by_step = [rms(gradients[2 * layer]) for _, gradients, _, _ in steps]
        np.testing.assert_allclose(found.values[-1, layer], [max(by_step), 1 + np.argmax(by_step)], rtol=2e-3)


def test_the_update_that_was_really_made(observed):
    run, _, steps = observed
    for record, (_, _, before, after) in enumerate(steps):
        for layer in range(3):
            old, new = before[2 * layer], after[2 * layer]
            spread = np.nan if new.shape[1] == 1 else rms(new - new.mean(1, keepdims=True)) / rms(new)
            expected = [rms(new - old) / rms(old), rms(new - old), rms(old), np.abs(new).max(), spread]
            np.testing.assert_allclose(run["updates"].values[record, layer], expected, rtol=2e-3)


def test_the_units_of_every_layer_on_the_held_rows(observed):
    run, model, _ = observed
    for column, layer in enumerate(("first", "second", "last")):
        part = keras.Model(model.inputs, model.get_layer(layer).output)
        out = part.predict(X, verbose=0).astype("float64")
        bounds = {"first": (-np.inf, np.inf), "second": (-0.99, 0.99), "last": (0.005, 0.995)}[layer]
        at_bound = (out < bounds[0]) | (out > bounds[1])
        expected = [np.mean((out == 0).all(0)), np.mean(at_bound.mean(0) > 0.95), out.mean(), out.std(), out.min(), out.max(), out.std(0).mean()]
        assert run["units"].columns[column] == layer
        np.testing.assert_allclose(run["units"].values[-1, column], expected, rtol=1e-3, atol=1e-5)


def test_the_gap_between_training_and_validation_is_measured_alike(observed):
    run, model, _ = observed
    gap = run["gap"]
    np.testing.assert_allclose(gap.last(0, "train"), model.evaluate(X, Y, verbose=0), rtol=1e-4)
    np.testing.assert_allclose(gap.last(0, "val"), model.evaluate(X[:20], Y[:20], verbose=0), rtol=1e-4)
    np.testing.assert_allclose(gap.last(0, "penalty"), 0.01 * np.sum(model.get_layer("first").get_weights()[0] ** 2), rtol=1e-4)
    np.testing.assert_allclose(gap.last(0, "from_predictions"), gap.last(0, "train"), rtol=1e-3)
    assert gap.last(0, "best_val") == gap.of_run("val").min()
    assert gap.last(0, "best_epoch") == gap.of_run("val").argmin() + 1


def test_the_best_constant_prediction_is_the_entropy_of_the_labels(observed):
    run, _, _ = observed
    share = Y.mean()
    np.testing.assert_allclose(run["baseline"].last(0, "constant_loss"), -share * np.log(share) - (1 - share) * np.log(1 - share), rtol=1e-4)


def test_inputs_labels_and_outputs(observed):
    run, model, _ = observed
    np.testing.assert_allclose(run["inputs"].last(0, "mean"), X.mean(), rtol=1e-4)
    np.testing.assert_allclose(run["inputs"].last(0, "std"), X.std(), rtol=1e-4)
    np.testing.assert_allclose(run["labels"].last(0, "mean"), Y.mean(), rtol=1e-5)
    np.testing.assert_allclose(run["outputs"].last(0, "spread"), model.predict(X, verbose=0).std(), rtol=1e-3)
    assert run["inputs"].last(0, "rows") == ROWS


def test_what_the_first_layer_is_given(observed):
    run, _, _ = observed
    assert run["fed"].columns == ("first",)
    np.testing.assert_allclose(run["fed"].last(0, "largest_scale"), np.maximum(np.abs(X.mean(0)), X.std(0)).max(), rtol=1e-3)


def test_the_run_card(observed):
    run, model, _ = observed
    card = run.card
    assert [(p.name, p.class_name, p.activation, p.units, p.output) for p in card.layers] == [
        ("first", "Dense", "relu", 8, False), ("second", "Dense", "tanh", 4, False), ("last", "Dense", "sigmoid", 1, True),
    ]  # fmt: skip
    assert (card.losses[0].name, card.losses[0].from_logits) == ("BinaryCrossentropy", False)
    assert card.optimizer.name == type(model.optimizer).__name__
    assert (card.batch_size, card.steps_per_epoch, card.epochs, card.validation, card.seeded) == (BATCH, 3, 3, True, True)
    assert card.parameters == model.count_params()
    assert card.ended


@pytest.mark.parametrize("weights", [{}, {"class_weight": {0: 1.0, 1: 2.0}}, {"sample_weight": np.ones(len(X))}])
def test_whether_rows_are_weighted(weights, tmp_path):
    made("sgd").fit(X, Y, BATCH, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)], **weights)
    assert read(tmp_path).card.weighted == bool(weights)


def branch(x):
    return keras.layers.Add()([x, keras.layers.Dense(4)(x)])


@pytest.mark.parametrize(
    ("between", "chain"),
    [
        (lambda x: keras.layers.Dense(4)(x), True),
        (lambda x: keras.layers.Flatten()(keras.layers.Dense(4)(x)), True),
        (lambda x: keras.ops.relu(keras.layers.Dense(4)(x)), False),
        (lambda x: keras.layers.Dense(4)(x) * 2.0, False),
        (branch, False),
    ],
    ids=["layers", "a layer without weights", "an operation", "a product", "a branch"],
)
def test_whether_layers_follow_each_other(between, chain):
    inputs = keras.Input((4,))
    assert run_card.is_chain(keras.Model(inputs, keras.layers.Dense(1)(between(inputs)))) == chain


def test_whether_layers_of_other_models_follow_each_other():
    class Mine(keras.Model):
        pass

    inputs = keras.Input((4,))
    shared = keras.layers.Dense(4)
    assert run_card.is_chain(keras.Sequential([keras.layers.Dense(1)]))
    assert not run_card.is_chain(Mine())
    assert not run_card.is_chain(keras.Model(inputs, [keras.layers.Dense(1)(inputs), keras.layers.Dense(1)(inputs)]))
    assert not run_card.is_chain(keras.Model(inputs, shared(shared(inputs))))


@pytest.mark.parametrize("losses", [["mse", "mae"], {"big": "mse", "small": "mae"}])
def test_each_of_several_losses_names_its_output(losses):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, [keras.layers.Dense(1, name="big")(inputs), keras.layers.Dense(1, name="small")(inputs)])
    model.compile("sgd", losses)
    named = [(loss.output, loss.name) for loss in run_card.losses_of(model)]
    assert named == [("big", "MeanSquaredError"), ("small", "MeanAbsoluteError")]


def test_whether_operations_are_deterministic(tmp_path, monkeypatch):
    for deterministic in (False, True):
        monkeypatch.setattr(run_card, "is_op_determinism_enabled", lambda deterministic=deterministic: deterministic)
        made("sgd").fit(X, Y, BATCH, verbose=0, callbacks=[Diagnosis(tmp_path / str(deterministic), quiet=True)])
        assert read(tmp_path / str(deterministic)).card.deterministic_ops == deterministic


@pytest.mark.parametrize(
    ("stated", "least"), [([], 0.0), ([(8, 6)], 8.6), ([(8, 0), (7, 5), (12, 0)], 7.5), ([(8, 0), None], 0.0)]
)
def test_the_least_compute_capability_of_the_gpus(stated, least, monkeypatch):
    """TensorFlow's answer is made up: there may be no GPU here."""
    monkeypatch.setattr(
        run_card.tf.config.experimental,
        "get_device_details",
        lambda gpu: {} if stated[gpu] is None else {"compute_capability": stated[gpu]},
    )
    assert run_card.compute_capability(list(range(len(stated)))) == least


def test_the_batch_size_is_not_that_of_a_partial_batch(tmp_path):
    model = keras.Sequential([keras.Input((X.shape[1],)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X[:10], Y[:10], batch_size=4, verbose=0, callbacks=[Diagnosis(str(tmp_path), quiet=True)])
    assert read(tmp_path).card.batch_size == 4


@pytest.mark.parametrize("loss", ["mse", "mae", "sparse_categorical_crossentropy", "logits", "binary_logits"])
def test_the_constant_predictions_loss_is_the_best_there_is(loss, tmp_path):
    """Against a search over constants."""
    y = RANDOM.exponential(size=(ROWS, 1)).astype("float32")
    out, activation, known = 1, "linear", None
    if loss in ("sparse_categorical_crossentropy", "logits"):
        y = RANDOM.choice(3, ROWS, p=[0.5, 0.3, 0.2])
        out, activation = 3, "softmax" if loss != "logits" else "linear"
        shares = np.bincount(y) / ROWS
        known = -np.sum(shares * np.log(shares))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=loss == "logits")
    elif loss == "binary_logits":
        y = (RANDOM.random((ROWS, 1)) < 0.3).astype("float32")
        known = -y.mean() * np.log(y.mean()) - (1 - y.mean()) * np.log(1 - y.mean())
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
    elif loss == "mse":
        known = y.var()
    else:
        known = np.abs(y - np.median(y)).mean()
    model = keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(out, activation)])
    model.compile("sgd", loss, jit_compile=False)
    model.fit(X, y, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    np.testing.assert_allclose(read(tmp_path)["baseline"].last(0, "constant_loss"), known, rtol=1e-3)


def test_a_falling_loss_of_a_softmax_over_one_unit_is_not_that_of_its_predictions(tmp_path):
    model = keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(1, "softmax")])
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy", jit_compile=False)
    with pytest.warns(UserWarning, match="softmax over axis"):
        model.fit(X, Y, epochs=20, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    gap = read(tmp_path)["gap"]
    assert gap.last(0, "train") < 0.5
    assert gap.last(0, "from_predictions") > 3


def test_the_first_tensor_that_broke_is_named_with_its_step(tmp_path):
    x = X.copy()
    x[BATCH + 3, 2] = np.inf  # in the second batch
    model = made(keras.optimizers.SGD(0.1))
    model.fit(x, Y, BATCH, 2, shuffle=False, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    broken = read(tmp_path)["nonfinite"]
    assert list(broken.steps) == [2]
    assert broken.column("input", "count")[0] == 1
    assert broken.column("target", "count")[0] == 0
    assert broken.columns[:5] == ("input", "target", "output of first", "output of second", "loss")


def test_a_step_that_breaks_between_two_observed_ones_is_seen(tmp_path):
    x = np.tile(X, (20, 1))
    y = np.tile(Y, (20, 1))
    x[16 * 46 + 2, 0] = np.nan  # step 47; the schedule looks at 46 and 48
    model = made(keras.optimizers.SGD(0.01))
    model.fit(x, y, BATCH, 1, shuffle=False, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    run = read(tmp_path)
    assert 47 not in run["gradients"].steps
    assert list(run["nonfinite"].steps) == [47]


class TestPlainProbes:
    def test_batches_are_summed_up(self):
        record = losses.measure(np.array([3.0, 1.0, np.nan, 5.0, 2.0]), last_step=20)
        assert list(record) == [2.75, 1, 5, 3, 2, 1, 19, 5]

    def test_batches_without_a_finite_loss(self):
        record = losses.measure(np.array([np.nan, np.inf]), last_step=9)
        assert np.isnan(record[:3]).all()
        assert list(record[5:]) == [2, 8, 2]

    def test_a_features_scale_is_the_larger_of_its_mean_and_its_spread(self):
        rows = np.stack([np.full(50, 7.0), np.linspace(-1, 1, 50), 100 + np.linspace(-1, 1, 50)], axis=1)
        of = dict(zip(("mean", "std", "min", "max", "nonfinite", "constant_share", "largest_scale", "scale_ratio"), inputs.measure(rows), strict=False))
        np.testing.assert_allclose(of["largest_scale"], 100)
        np.testing.assert_allclose(of["constant_share"], 1 / 3)
        np.testing.assert_allclose(of["scale_ratio"], 100 / np.median([np.std(rows[:, 1]), 100]))

    def test_values_that_are_not_finite_are_counted_and_left_out(self):
        rows = np.array([[1.0, np.nan], [3.0, 4.0], [np.inf, 4.0]])
        record = inputs.measure(rows)
        assert list(record[:5]) == [3, np.std([1, 3, 4, 4]), 1, 4, 2]

    def test_nothing_finite_at_all(self):
        assert inputs.measure(np.full((3, 2), np.nan))[4] == 6
        assert labels.measure(np.full((3,), np.nan))[4] == 3

    def test_one_hot_labels(self):
        of = labels.measure(np.eye(3)[[0, 0, 1, 2]])
        assert list(of[[5, 6, 7, 8, 9, 10, 11]]) == [1, 2, 3, 2, 1, 1, 0.5]

    def test_class_numbers(self):
        of = labels.measure(np.array([3, 3, 3, 5]))
        assert list(of[[2, 3, 5, 6, 7, 11]]) == [3, 5, 1, 2, 1, 0.75]

    def test_predictions_that_never_change(self):
        of = outputs.measure(np.tile([[0.2, 0.8]], (9, 1)))
        assert of[4] < 1e-15
        assert of[7] == 1

    def test_channels_lie_where_the_layer_says(self):
        output = np.zeros((2, 3, 4, 4), "float32")
        output[1, 2] = 1.0
        counts = units.combine([counted(output, 1, "relu")])
        assert counts.shape == (3, 6)
        np.testing.assert_allclose(units.measure(counts)[0], 2 / 3)

    def test_batches_of_units_combine_like_one(self):
        output = RANDOM.standard_normal((40, 6)).astype("float32").clip(0)
        whole = units.combine([counted(output)])
        parts = units.combine([counted(output[:7]), counted(output[7:])])
        np.testing.assert_allclose(units.measure(parts), units.measure(whole), rtol=1e-5)

    def test_a_unit_is_saturated_at_more_than_95_percent(self):
        output = np.full((100, 2), 0.5, "float32")
        output[:96, 0] = 0.9951
        output[:95, 1] = 0.9951
        assert units.measure(units.combine([counted(output, -1, "sigmoid")]))[1] == 0.5

    def test_large_kernels_are_sampled_by_rows_at_equal_distances(self):
        kernel = np.arange(100_000, dtype=np.float32).reshape(10, 100, 100)
        (one,) = samples.layout_of([[kernel]]).kernels
        picked = one.of(samples.sample(tf.constant(kernel)).numpy())
        assert picked.size <= samples.MOST_SAMPLED < 2 * picked.size
        np.testing.assert_array_equal(picked, kernel.reshape(1000, 100)[:: 1000 // len(picked)])

    def test_a_row_that_is_too_wide_is_cut(self):
        kernel = np.arange(30_000, dtype=np.float32).reshape(3, 10_000)
        (one,) = samples.layout_of([[kernel]]).kernels
        np.testing.assert_array_equal(one.of(samples.sample(tf.constant(kernel)).numpy()), kernel[:1, : samples.MOST_SAMPLED])

    def test_equal_units_have_no_spread(self):
        assert updates.unit_spread(np.tile([[1.0], [2.0]], [1, 5])) == 0
        assert updates.unit_spread(np.eye(4)) > 0.5
        assert np.isnan(updates.unit_spread(np.ones((4, 1))))


@pytest.mark.parametrize("shape", [(70, 6000), (9, 60, 60, 40), (300_000, 1), (50,)])
def test_statistics_of_features_are_those_of_all_rows_however_many_are_looked_at_once(shape):
    rows = (3 + np.random.default_rng(1).standard_normal(shape)).astype("float32")
    rows.flat[[0, 7, 30]] = np.nan, np.inf, -np.inf
    found = columns.columns_of(rows)
    flat = rows.astype("float64").reshape(-1, shape[-1] if len(shape) > 1 else 1)
    finite = np.where(np.isfinite(flat), flat, np.nan)
    assert flat.size > columns.VALUES_AT_ONCE or len(shape) == 1
    for ours, numpys in ((found.mean, np.nanmean), (found.std, np.nanstd), (found.low, np.nanmin), (found.high, np.nanmax)):
        np.testing.assert_allclose(ours, numpys(finite, axis=0), rtol=1e-9)
    np.testing.assert_allclose([found.overall_mean, found.overall_std], [np.nanmean(finite), np.nanstd(finite)], rtol=1e-9)
    assert (found.nonfinite, found.whole, found.count.sum()) == (3, False, flat.size - 3)


def test_a_feature_without_a_finite_value_has_no_statistics_and_whole_numbers_are_known():
    found = columns.columns_of(np.array([[np.nan, 1], [np.inf, 4]]))
    np.testing.assert_array_equal([found.mean, found.std, found.low, found.high], [[np.nan, 2.5], [np.nan, 1.5], [np.nan, 1], [np.nan, 4]])
    assert found.whole
