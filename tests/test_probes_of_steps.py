"""What successive steps leave, and what the two forms of the train step do to it, against plainer computations."""

from __future__ import annotations

import contextlib
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_callbacks import Diagnosis, recording, schedule
from keras_callbacks.samples import STEPS_KEPT
from keras_callbacks.train_step import TrainStepProbes
from tb_nndiag.logdir import read

L = keras.layers
BATCH = 8
RANDOM = np.random.default_rng(2)
X = RANDOM.standard_normal((200 * BATCH, 5)).astype("float32")
Y = (X[:, :1] - X[:, 1:2] + 0.3 * RANDOM.standard_normal((len(X), 1)) > 0).astype("float32")


def made(optimizer, *layers, seed=3, **compiled):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((5,)), L.Dense(6, "tanh", name="first"), *layers, L.Dense(1, "sigmoid", name="last")])
    model.compile(optimizer, "binary_crossentropy", jit_compile=False, **compiled)
    return model


def by_hand(model, steps):
    """The first epoch in plain TensorFlow: per step the gradients and the updates of the kernels `first` and `last`."""
    found = []
    kernels = [model.get_layer(name).kernel for name in ("first", "last")]
    for start in range(0, steps * BATCH, BATCH):
        x, y = X[start : start + BATCH], Y[start : start + BATCH]
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.binary_crossentropy(y, model(x, training=True)))
        gradients = dict(zip(map(id, model.trainable_weights), tape.gradient(loss, model.trainable_weights), strict=True))
        before = [k.numpy() for k in kernels]
        model.optimizer.apply([gradients[id(w)] for w in model.trainable_weights], model.trainable_weights)
        after = [k.numpy() for k in kernels]
        found.append(([gradients[id(k)].numpy().astype("float64") for k in kernels], [a - b for a, b in zip(after, before, strict=True)]))
    return found


def recorded(model, tmp_path, steps, **more):
    rows = steps * BATCH
    model.fit(X[:rows], Y[:rows], BATCH, 1, shuffle=False, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)], **more)
    return read(tmp_path)


def rms(array):
    return np.sqrt(np.mean(np.square(array, dtype="float64")))


def cosine(a, b):
    return np.sum(a * b) / np.sqrt(np.sum(a**2) * np.sum(b**2))


@pytest.fixture
def plain_form_at_once(monkeypatch):
    """The second form of the step is compiled however short the training is, and every record is affordable."""
    monkeypatch.setattr(recording, "OBSERVING_COSTS", 1e9)
    monkeypatch.setattr(schedule, "SECONDS_FREE", 1e9)


def forms_traced(monkeypatch) -> list[bool]:
    """A list that grows with each trace of the step: whether it was the observed form."""
    forms: list[bool] = []
    after_step = TrainStepProbes._after_step

    def noted(self, *given):
        forms.append(self.observing)
        after_step(self, *given)

    monkeypatch.setattr(TrainStepProbes, "_after_step", noted)
    return forms


# ---- noise -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [lambda: keras.optimizers.SGD(0.1, momentum=0.9), lambda: keras.optimizers.Adam(0.01)], ids=["momentum", "adam"])
def test_how_much_successive_steps_agree(optimizer, tmp_path):
    noise = recorded(made(optimizer()), tmp_path, 12)["noise"]
    steps = by_hand(made(optimizer()), 12)
    assert noise.columns == ("first", "last")
    assert list(noise.steps) == list(range(2, 13))
    for record, step in enumerate(noise.steps):
        window = steps[max(0, step - STEPS_KEPT) : step]
        for layer in range(2):
            gradients = np.stack([g[layer] for g, _ in window])
            updates = [u[layer].astype("float64") for _, u in window]
            variance = gradients.var(0, ddof=1).mean()
            square = max((gradients.mean(0) ** 2).mean() - variance / len(window), 0)
            expected = [square, variance, np.mean([cosine(a, b) for a, b in zip(updates, updates[1:], strict=False)]), len(window)]
            np.testing.assert_allclose(noise.values[record, layer], expected, rtol=2e-3, atol=1e-8)


# ---- clipping and the loss scale -------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0.02, 1e3], ids=["tight", "wide"])
@pytest.mark.parametrize("name", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_how_much_clipping_takes_away(name, limit, tmp_path):
    limit = limit / 20 if name == "clipvalue" else limit
    clipping = recorded(made(keras.optimizers.SGD(0.1, **{name: limit})), tmp_path, 6)["clipping"]
    for record, (gradients, _) in enumerate(by_hand(made(keras.optimizers.SGD(0.1, **{name: limit})), 6)):
        tensors = [tf.constant(g) for g in gradients]
        clipped = {
            "clipnorm": lambda given: [tf.clip_by_norm(g, limit) for g in given],
            "global_clipnorm": lambda given: tf.clip_by_global_norm(given, limit)[0],
            "clipvalue": lambda given: [tf.clip_by_value(g, -limit, limit) for g in given],
        }[name](tensors)
        expected = [float(tf.linalg.global_norm(tensors)), float(tf.linalg.global_norm(clipped))]
        np.testing.assert_allclose(clipping.values[record, 0], expected, rtol=2e-3)
    assert (clipping["after"] < clipping["before"]).all() == (limit < 1)


def test_an_optimizer_that_does_not_clip_has_no_clipping(tmp_path):
    assert "clipping" not in recorded(made("adam"), tmp_path, 2)


def test_the_loss_scale_and_the_steps_that_it_cost(tmp_path):
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            optimizer = self.model.optimizer
            seen.append((float(optimizer.dynamic_scale.numpy()), batch + 1 - int(optimizer.inner_optimizer.iterations.numpy())))

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((5,)), L.Dense(6, "relu", dtype="mixed_float16"), L.Dense(1, dtype="mixed_float16")])
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1e-4), initial_scale=2.0**18, dynamic_growth_steps=5)
    model.compile(scaled, "mse", jit_compile=False)
    model.fit(X[:96], Y[:96], BATCH, 1, shuffle=False, verbose=0, callbacks=[Watch(), Diagnosis(tmp_path, quiet=True)])
    run = read(tmp_path)
    np.testing.assert_array_equal(run["loss_scale"].values[:, 0], seen)
    assert len(seen) == 12
    assert 0 < seen[-1][1] < 12  # some were skipped, and some not
    assert "nonfinite" not in run  # which is what the scale is for


def test_float32_has_no_loss_scale(tmp_path):
    assert "loss_scale" not in recorded(made("adam"), tmp_path, 2)


# ---- the two forms of the step ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("per_execution", [1, 4])
def test_with_two_forms_of_the_step_the_records_are_those_of_the_run(per_execution, tmp_path, plain_form_at_once, monkeypatch):
    forms = forms_traced(monkeypatch)
    run = recorded(made(keras.optimizers.Adam(0.01), steps_per_execution=per_execution), tmp_path, 200)
    steps = by_hand(made(keras.optimizers.Adam(0.01)), 200)
    assert set(forms) == {True, False}
    assert run["loss"].of_run("steps").sum() == 200
    for signal in ("gradients", "updates", "noise"):
        assert (run[signal].steps > 100).sum() > 5
    for record, step in enumerate(run["gradients"].steps):
        for layer in range(2):
            gradient, update = (parts[layer] for parts in steps[step - 1])
            np.testing.assert_allclose(run["gradients"]["rms"][record, layer], rms(gradient), rtol=5e-3)
            np.testing.assert_allclose(run["updates"]["update_rms"][record, layer], rms(update), rtol=5e-3)
    late = run["noise"].steps > 100
    assert (run["noise"]["steps"][late] >= 3).all()
    for record in np.flatnonzero(late):
        step, count = run["noise"].steps[record], int(run["noise"]["steps"][record, 0])
        gradients = np.stack([g[0] for g, _ in steps[step - count : step]])
        np.testing.assert_allclose(run["noise"]["variance"][record, 0], gradients.var(0, ddof=1).mean(), rtol=1e-2)


def test_a_short_training_compiles_one_form_only(tmp_path, monkeypatch):
    forms = forms_traced(monkeypatch)
    run = recorded(made("adam"), tmp_path, 150)
    assert forms == [True]
    assert run["resources"].of_run("traces")[-1] == 1


def test_whether_to_compile_the_second_form_is_decided_once(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(recording.Recording, "_is_worth_compiling", lambda self: asked.append(self.step))  # None: no
    recorded(made("adam"), tmp_path, 200)
    assert len(asked) == 1


def test_the_process_and_its_traces_are_measured(tmp_path, plain_form_at_once):
    run = recorded(made("adam"), tmp_path, 150)
    with contextlib.suppress(FileNotFoundError), open("/proc/self/status") as status:
        now = next(1024 * int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        np.testing.assert_allclose(run["resources"].of_run("resident_bytes")[-1], now, rtol=0.1)
    traces = run["resources"].of_run("traces")
    assert (traces[0], traces[-1]) == (1, 2)


class TensorFlowsOwnNoise(L.Layer):
    """Draws random numbers as TensorFlow's older operations do: each counts its own calls."""

    def call(self, x, training=False):
        return x + 0.1 * tf.random.normal(tf.shape(x)) if training else x


@pytest.mark.parametrize("layer", [lambda: L.Dropout(0.3), lambda: L.GaussianNoise(0.1), TensorFlowsOwnNoise], ids=["dropout", "noise", "sequence"])
def test_two_hundred_steps_with_random_numbers_are_the_run_bit_for_bit(layer, tmp_path, plain_form_at_once, monkeypatch):
    forms = forms_traced(monkeypatch)
    alone, observed = made("adam", layer()), None
    alone.fit(X, Y, BATCH, 1, verbose=0)
    observed = made("adam", layer())
    observed.fit(X, Y, BATCH, 1, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    for a, b in zip((*alone.weights, *alone.optimizer.variables), (*observed.weights, *observed.optimizer.variables), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (False in forms) == (layer is not TensorFlowsOwnNoise)  # with two forms the sequence would split
    assert max(read(tmp_path)["gradients"].steps) > 190


# ---- what is not finite ----------------------------------------------------------------------------------------------


PLAIN, OBSERVED, RECORDED = 107, 109, 111  # of the steps after 106, the record before: `schedule.next_step`


def broken_run(step, tmp_path, **more):
    x = X.copy()
    x[(step - 1) * BATCH + 2, 0] = np.nan
    model = made(keras.optimizers.SGD(0.01), **more)
    model.fit(x, Y, BATCH, 1, shuffle=False, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    run = read(tmp_path)
    if not more:
        assert {106, RECORDED} <= set(run["gradients"].steps)
        assert not {PLAIN, OBSERVED} & set(run["gradients"].steps)
    return run["nonfinite"]


@pytest.mark.parametrize("per_execution", [1, 4])
@pytest.mark.parametrize("step", [PLAIN, OBSERVED, RECORDED])
def test_the_step_that_broke_is_named_whichever_form_it_had(step, per_execution, tmp_path, plain_form_at_once):
    broken = broken_run(step, tmp_path, steps_per_execution=per_execution)
    assert list(broken.steps) == [step]
    assert broken.column("input", "count")[0] == 1
    assert broken.column("target", "count")[0] == 0
    assert broken.column("loss", "count")[0] == 1
    assert broken.column("gradient of first", "count")[0] == 1


def test_an_observed_step_tells_every_place_and_a_plain_one_those_that_it_keeps(tmp_path, plain_form_at_once):
    observed, plain = broken_run(OBSERVED, tmp_path / "observed"), broken_run(PLAIN, tmp_path / "plain")
    assert observed.columns == (
        "input", "target", "output of first", "loss", "gradient of last", "gradient of first", "weights of first", "weights of last",
    )  # fmt: skip
    assert plain.columns == ("input", "target", "loss", "gradient of first")


def test_a_target_that_is_not_finite_is_told_from_an_input(tmp_path):
    y = Y[:32].copy()
    y[17] = np.inf
    model = made("sgd")
    model.fit(X[:32], y, BATCH, 1, shuffle=False, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    broken = read(tmp_path)["nonfinite"]
    assert list(broken.steps) == [3]
    assert (broken.column("input", "count")[0], broken.column("target", "count")[0]) == (0, 1)


# ---- the budget ------------------------------------------------------------------------------------------------------


def test_a_tiny_budget_makes_records_fewer_and_loses_no_loss(tmp_path, monkeypatch):
    full = recorded(made("adam"), tmp_path / "full", 200)
    monkeypatch.setattr(schedule, "SECONDS_FREE", 0.0)
    model = made("adam")
    model.fit(X, Y, BATCH, 3, shuffle=False, verbose=0, callbacks=[Diagnosis(tmp_path / "tiny", overhead=1e-6, quiet=True)])
    tiny = read(tmp_path / "tiny")
    assert len(tiny.series.get("gradients", ())) < 5 < len(full["gradients"])
    assert len(tiny.series.get("gap", ())) < 3
    assert tiny["loss"].of_run("steps").sum() == 600
    assert tiny.ended


def test_what_fits_into_the_budget_is_affordable(monkeypatch):
    monkeypatch.setattr(schedule, "SECONDS_FREE", 2.0)
    assert schedule.affordable(1.5, 0.0, 0.4, 0.01)
    assert not schedule.affordable(1.5, 0.0, 0.6, 0.01)
    assert schedule.affordable(2.5, 100.0, 0.4, 0.01)
    assert not schedule.affordable(2.5, 100.0, 0.6, 0.01)


@pytest.mark.parametrize("overhead", [0, -0.1, 1.5, "much", True])
def test_a_budget_is_a_share(overhead):
    with pytest.raises(ValueError, match="`overhead` is .*; expected a share"):
        Diagnosis("logs/run", overhead=overhead)


# ---- waiting for data --------------------------------------------------------------------------------------------------


def slow_batches(seconds):
    def batches():
        for start in range(0, len(X), BATCH):
            time.sleep(seconds)
            yield X[start : start + BATCH], Y[start : start + BATCH]

    specs = (tf.TensorSpec((None, 5)), tf.TensorSpec((None, 1)))
    return tf.data.Dataset.from_generator(batches, output_signature=specs)


def test_how_long_a_step_waits_for_its_batch(tmp_path):
    for name, seconds in (("slow", 0.02), ("fast", 0.0)):
        made("adam").fit(slow_batches(seconds), verbose=0, callbacks=[Diagnosis(tmp_path / name, quiet=True)])
    slow, fast = (read(tmp_path / name)["wait"] for name in ("slow", "fast"))
    assert 0.018 < np.median(slow.of_run("seconds")) < 0.03
    assert np.median(fast.of_run("seconds")) < 0.01
    assert slow.steps[0] >= schedule.FIRST_TIMED


def test_a_run_whose_waits_are_measured_is_the_run_bit_for_bit_without_a_new_trace(tmp_path, plain_form_at_once):
    alone, observed = made("adam", L.Dropout(0.3)), made("adam", L.Dropout(0.3))
    alone.fit(slow_batches(0), epochs=2, verbose=0)
    observed.fit(slow_batches(0), epochs=2, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    run = read(tmp_path)
    assert len(run["wait"]) > 3
    assert run["resources"].of_run("traces")[-1] == 2
    for a, b in zip(alone.get_weights(), observed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_data_that_end_where_a_wait_is_to_be_measured_end_the_epoch(tmp_path):
    record = 1
    while record <= schedule.FIRST_TIMED + 2:
        record = schedule.next_step(record)
    length = record - 2  # the next step is the one that is waited for
    alone, observed = made("adam"), made("adam")
    expected = alone.fit(slow_batches(0).take(length), epochs=2, verbose=0).history
    found = observed.fit(slow_batches(0).take(length), epochs=2, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)]).history
    assert found == expected
    assert int(observed.optimizer.iterations) == int(alone.optimizer.iterations)


@pytest.mark.parametrize("kind", ["several steps at once", "no dense tensors"])
def test_where_a_wait_cannot_be_measured_the_run_is_recorded_without(kind, tmp_path):
    several = kind == "several steps at once"
    model = made("adam", steps_per_execution=2 if several else 1)
    data = slow_batches(0)
    if not several:
        data = data.map(lambda x, y: (tf.sparse.from_dense(x), y))
    model.fit(data, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    run = read(tmp_path)
    assert "wait" not in run
    assert run["loss"].steps[-1] == len(X) // BATCH


# ---- the loss of a train step of one's own ---------------------------------------------------------------------------


class OfItsOwn(keras.Sequential):
    """Computes its loss by itself, and returns it as `told` makes it."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.binary_crossentropy(y, self(x, training=True)))
        self.optimizer.apply(tape.gradient(loss, self.trainable_weights), self.trainable_weights)
        return self.told(loss)


class Returned(OfItsOwn):
    def told(self, loss):
        return {"loss": loss}


class Averaged(OfItsOwn):
    """As Keras' own example of a variational autoencoder does."""

    def __init__(self, layers):
        super().__init__(layers)
        self.tracker = keras.metrics.Mean(name="total_loss")

    @property
    def metrics(self):
        return [self.tracker]

    def told(self, loss):
        self.tracker.update_state(loss)
        return {"loss": self.tracker.result()}


class Untold(OfItsOwn):
    def told(self, loss):
        return {"other": loss}


@pytest.mark.parametrize("run_eagerly", [False, True])
@pytest.mark.parametrize("kind", [Returned, Averaged])
def test_the_loss_of_a_train_step_of_ones_own_is_each_batchs(kind, run_eagerly, tmp_path):
    def fresh():
        keras.utils.set_random_seed(3)
        model = kind([keras.Input((5,)), L.Dense(6, "tanh"), L.Dense(1, "sigmoid")])
        model.compile(keras.optimizers.SGD(0.5), jit_compile=False, run_eagerly=run_eagerly)
        return model

    steps, rows = 6, 6 * BATCH
    model, expected = fresh(), []
    for step in range(2 * steps):  # two epochs: the metric is set back between them
        batch = slice(step % steps * BATCH, (step % steps + 1) * BATCH)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.binary_crossentropy(Y[batch], model(X[batch], training=True)))
        expected.append(float(loss))
        model.optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)
    fresh().fit(X[:rows], Y[:rows], BATCH, 2, shuffle=False, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    found = read(tmp_path)["loss"]
    np.testing.assert_allclose(found.of_run("last"), np.array(expected)[found.steps - 1], rtol=1e-4)
    assert len(found) >= steps


def test_a_train_step_that_names_no_loss_has_none(tmp_path):
    model = Untold([keras.Input((5,)), L.Dense(1, "sigmoid")])
    model.compile("sgd", jit_compile=False)
    model.fit(X[:64], Y[:64], BATCH, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    assert "loss" not in read(tmp_path)
