"""Whatever fails around a training costs one warning that names what is lost, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_callbacks import Diagnosis
from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read

L = keras.layers
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((32, 6)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")
CROSS = "binary_crossentropy"


def made(*layers, loss=CROSS):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((6,)), L.Dense(4, "relu"), *layers, L.Dense(1, "sigmoid")])
    model.compile("adam", loss, jit_compile=False)
    return model


def said_in(fit) -> list[str]:
    """What the callback warned of while `fit` ran."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fit()
    return [str(w.message) for w in said if "Diagnosis" in str(w.message)]


def observed(model, x, y, tmp_path, **more) -> list[str]:
    return said_in(lambda: model.fit(x, y, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)], **more))


def unobserved_weights(make, x, y, **more):
    model = make()
    model.fit(x, y, verbose=0, **more)
    return model.get_weights()


# ---- probes ----------------------------------------------------------------------------------------------------------

PROBES = {
    "gradients": "gradients", "updates": "updates", "noise": "noise", "loss": "losses", "resources": "resources",
    "clipping": "clipping", "loss_scale": "loss_scale", "units": "units", "outputs": "outputs", "inputs": "inputs",
    "labels": "labels", "shift": "shift", "batches": "batches",
}  # fmt: skip


@pytest.mark.parametrize("signal", PROBES)
def test_a_probe_that_raises_costs_its_own_signals_only(signal, tmp_path, monkeypatch):
    import importlib

    def broken(*_):
        raise RuntimeError("no luck")

    monkeypatch.setattr(importlib.import_module(f"keras_callbacks.probes.{PROBES[signal]}"), "measure", broken)
    said = observed(made(), X, Y, tmp_path, validation_data=(X[:8], Y[:8]), epochs=2, batch_size=8)
    lost = {signal} | ({"val_inputs"} if signal == "inputs" else {"val_labels"} if signal == "labels" else set())
    assert sorted(s.split(" could not be measured")[0] for s in said) == sorted(f"Diagnosis: {name}" for name in lost)
    assert all("no luck" in s and "The training goes on." in s for s in said)
    run = read(tmp_path)
    assert not lost & set(run.series)
    expected = {"loss", "gradients", "updates", "noise", "units", "gap", "inputs", "labels", "outputs", "shift", "batches", "timing", "resources"}
    assert set(run.series) >= expected - lost
    assert run.ended
    assert all(any(name in problem for problem in run.problems) for name in lost)


def test_a_run_card_that_cannot_be_made_ends_the_recording_and_nothing_else(tmp_path, monkeypatch):
    from keras_callbacks.probes import run_card

    monkeypatch.setattr(run_card, "measure", lambda *_: 1 / 0)
    model = made()
    (said,) = observed(model, X, Y, tmp_path, epochs=2, batch_size=8)
    assert "stopped recording (ZeroDivisionError" in said
    for a, b in zip(model.get_weights(), unobserved_weights(made, X, Y, epochs=2, batch_size=8), strict=True):
        np.testing.assert_array_equal(a, b)


# ---- the disk --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_disk_that_is_full_from_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr(tf.io.gfile, "GFile", lambda name, mode: open("/dev/full", mode))  # noqa: SIM115
    model = made()
    (said,) = observed(model, X, Y, tmp_path, epochs=3, batch_size=8)
    assert "can no longer write" in said
    assert "No space left" in said
    for a, b in zip(model.get_weights(), unobserved_weights(made, X, Y, epochs=3, batch_size=8), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_disk_that_becomes_full_keeps_what_was_written_before(tmp_path, monkeypatch):
    opened = []

    def opens(name, mode):
        opened.append(open(name, mode))  # noqa: SIM115
        return opened[-1]

    class Fills(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                full = os.open("/dev/full", os.O_WRONLY)
                os.dup2(full, opened[0].fileno())
                os.close(full)

    monkeypatch.setattr(tf.io.gfile, "GFile", opens)
    model = made()
    (said,) = said_in(lambda: model.fit(X, Y, 8, 5, verbose=0, callbacks=[Fills(), Diagnosis(tmp_path, quiet=True)]))
    assert "can no longer write" in said
    run = read(tmp_path)
    assert list(run["gap"].of_run("epoch")) == [1, 2]
    assert run["loss"].of_run("steps").sum() >= 8
    assert not run.ended


@pytest.mark.parametrize("place", ["below a file", "where nothing may be made"])
def test_a_directory_that_cannot_be_made(place, tmp_path):
    (tmp_path / "file").write_text("")
    log_dir = {"below a file": tmp_path / "file" / "run", "where nothing may be made": "/proc/run"}[place]
    model = made()
    (said,) = observed(model, X, Y, log_dir, epochs=2, batch_size=8)
    assert "can no longer write to" in said
    assert str(log_dir) in said
    for a, b in zip(model.get_weights(), unobserved_weights(made, X, Y, epochs=2, batch_size=8), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_directory_that_vanishes(tmp_path):
    class Removes(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                shutil.rmtree(tmp_path / "run")

    model = made()
    (said,) = said_in(lambda: model.fit(X, Y, 8, 3, verbose=0, callbacks=[Removes(), Diagnosis(tmp_path / "run", quiet=True)]))
    assert "can no longer write" in said
    for a, b in zip(model.get_weights(), unobserved_weights(made, X, Y, epochs=3, batch_size=8), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.skipif(not hasattr(os, "kill") or sys.platform == "win32", reason="needs signals")
def test_a_process_that_is_killed_leaves_a_record_of_all_but_the_last_steps(tmp_path):
    script = """
        import os, signal, sys
        import keras, numpy as np
        from keras_callbacks import Diagnosis

        class Kills(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                if batch == 61:
                    os.kill(os.getpid(), signal.SIGKILL)

        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", jit_compile=False)
        x = np.ones((800, 6), "float32")
        model.fit(x, x[:, :1], 8, verbose=0, callbacks=[Diagnosis(sys.argv[1], quiet=True), Kills()])
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script), tmp_path], capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr[-2000:]
    run = read(tmp_path)
    assert not run.problems
    assert not run.ended
    assert run.last_step == 60  # the record before step 62; the next one would have come at 63
    assert run["loss"].of_run("steps").sum() == 60
    assert not [v for v in diagnose(run) if v.status == "crashed"]


# ---- what is not measured --------------------------------------------------------------------------------------------


def test_another_backend_is_named_and_nothing_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    (said,) = observed(made(), X, Y, tmp_path)
    assert "Keras runs on jax, so nothing is recorded" in said
    assert not list(tmp_path.iterdir())


def test_several_replicas_leave_metrics_and_the_run_card(tmp_path):
    script = """
        import sys
        import keras, numpy as np, tensorflow as tf
        from keras_callbacks import Diagnosis

        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
            model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
            model.compile("sgd", "mse", jit_compile=False)
        x = np.ones((64, 6), "float32")
        model.fit(x, x[:, :1], 16, 3, verbose=0, callbacks=[Diagnosis(sys.argv[1], quiet=True)])
    """
    trained = subprocess.run([sys.executable, "-c", textwrap.dedent(script), tmp_path], capture_output=True, text=True)
    assert trained.returncode == 0, trained.stderr[-2000:]
    assert trained.stderr.count("under a distribution strategy with several replicas") == 1
    run = read(tmp_path)
    assert run.ended
    assert run.card.strategy == "MirroredStrategy"
    assert len(run["epoch"]) == 3
    assert not {"gradients", "updates", "units"} & set(run.series)
    assert not [v for v in diagnose(run) if v.status == "crashed"]


# ---- models and data -------------------------------------------------------------------------------------------------


class Gives(L.Layer):
    """A layer with a weight whose output is of another kind than a plain tensor."""

    def __init__(self, kind):
        super().__init__(name="gives")
        self.kind = kind
        self.dense = L.Dense(6, name="dense")

    def call(self, x):
        x = self.dense(x)
        if self.kind == "dict":
            return {"a": x, "b": [x, None]}
        if self.kind == "ragged":
            return tf.RaggedTensor.from_tensor(x)
        return tf.sparse.from_dense(x)


class Takes(keras.Model):
    def __init__(self, kind):
        super().__init__()
        self.gives, self.answer = Gives(kind), L.Dense(1, "sigmoid", name="answer")

    def call(self, x):
        given = self.gives(x)
        if isinstance(given, dict):
            given = given["a"]
        elif isinstance(given, tf.RaggedTensor):
            given = given.to_tensor(shape=(None, 6))
        elif isinstance(given, tf.SparseTensor):
            given = tf.reshape(tf.sparse.to_dense(given), (-1, 6))
        return self.answer(given)


@pytest.mark.parametrize("kind", ["dict", "ragged", "sparse"])
def test_a_layer_whose_output_is_no_plain_tensor(kind, tmp_path):
    def make():
        keras.utils.set_random_seed(3)
        model = Takes(kind)
        model.compile("adam", CROSS, jit_compile=False)
        return model

    model = make()
    assert observed(model, X, Y, tmp_path, batch_size=8, epochs=2) == []
    for a, b in zip(model.get_weights(), unobserved_weights(make, X, Y, batch_size=8, epochs=2), strict=True):
        np.testing.assert_array_equal(a, b)
    run = read(tmp_path)
    assert not run.problems
    assert {"gradients", "updates", "units", "loss", "gap"} <= set(run.series)
    assert run["gradients"].columns == ("gives/dense", "answer")


@pytest.mark.parametrize("kind", ["ragged", "sparse"])
def test_inputs_that_are_no_plain_tensor(kind, tmp_path):
    class Plain(keras.Model):
        def __init__(self):
            super().__init__()
            self.answer = L.Dense(1, "sigmoid")

        def call(self, x):
            if isinstance(x, tf.SparseTensor):
                x = tf.sparse.to_dense(x)
            elif isinstance(x, tf.RaggedTensor):
                x = x.to_tensor(shape=(None, 6))
            return self.answer(tf.ensure_shape(x, (None, 6)))

    keras.utils.set_random_seed(3)
    model = Plain()
    model.build((None, 6))
    model.compile("sgd", CROSS, jit_compile=False)
    given = tf.sparse.from_dense(X) if kind == "sparse" else tf.RaggedTensor.from_tensor(X)
    said = observed(model, tf.data.Dataset.from_tensor_slices((given, Y)).batch(8), None, tmp_path, epochs=2)
    assert [s for s in said if "held rows" in s] == said
    assert len(said) == 1
    run = read(tmp_path)
    assert {"loss", "gradients", "updates", "epoch"} <= set(run.series)
    assert not {"units", "inputs", "labels"} & set(run.series)
    assert run["loss"].of_run("steps").sum() == 8


def test_targets_of_strings(tmp_path):
    words = np.where(Y[:, 0] > 0, "yes", "no")

    class Reads(keras.Model):
        def __init__(self):
            super().__init__()
            self.answer = L.Dense(1, "sigmoid")

        def call(self, x):
            return self.answer(x)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return keras.ops.mean(keras.losses.binary_crossentropy(tf.cast(y == "yes", tf.float32)[:, None], y_pred))

    model = Reads()
    model.compile("sgd", jit_compile=False)
    data = tf.data.Dataset.from_tensor_slices((X, words)).batch(8)
    (said,) = observed(model, data, None, tmp_path, epochs=2)
    assert "held rows" in said
    run = read(tmp_path)
    assert run["loss"].of_run("steps").sum() == 8
    assert "gradients" in run
    assert not [v for v in diagnose(run) if v.status == "crashed"]


def test_targets_by_name(tmp_path):
    inputs = keras.Input((6,))
    model = keras.Model(inputs, {"yes": L.Dense(1, "sigmoid", name="yes")(inputs), "sum": L.Dense(1, name="sum")(inputs)})
    model.compile("adam", {"yes": CROSS, "sum": "mse"}, jit_compile=False)
    y = {"yes": Y, "sum": X.sum(1, keepdims=True) + 5}
    assert observed(model, X, y, tmp_path, validation_data=(X[:8], {k: v[:8] for k, v in y.items()})) == []
    run = read(tmp_path)
    np.testing.assert_allclose(run["labels"].last("yes", "mean"), Y.mean(), rtol=1e-5)
    np.testing.assert_allclose(run["labels"].last("sum", "mean"), y["sum"].mean(), rtol=1e-5)
    np.testing.assert_allclose(run["outputs"].last("yes", "mean"), model.predict(X, verbose=0)["yes"].mean(), rtol=1e-3)


@pytest.mark.parametrize("more", [{"batch_size": 1}, {"batch_size": 32}, {"steps_per_epoch": 1, "batch_size": 8}], ids=["one row a batch", "one step", "one step of several"])
def test_the_smallest_of_trainings(more, tmp_path):
    model = made(L.BatchNormalization())
    assert observed(model, X[:1] if more["batch_size"] == 1 else X, Y[:1] if more["batch_size"] == 1 else Y, tmp_path, **more) == []
    run = read(tmp_path)
    assert not run.problems
    assert run.last_step == 1
    assert {"loss", "gradients", "updates", "gap", "units"} <= set(run.series)
    assert not [v for v in diagnose(run) if v.status == "crashed"]


def test_a_model_without_trainable_weights_is_measured_as_far_as_it_goes(tmp_path):
    model = made()
    model.trainable = False
    model.compile("adam", CROSS, jit_compile=False)
    assert observed(model, X, Y, tmp_path) == []
    run = read(tmp_path)
    assert {"loss", "units", "gap", "outputs"} <= set(run.series)
    assert not {"gradients", "noise"} & set(run.series)
    assert next(v for v in diagnose(run) if v.rule == "nothing-trains").status == "fires"


# ---- interrupts ------------------------------------------------------------------------------------------------------


def touched(model) -> list[str]:
    owners = (model, model.optimizer, *model._flatten_layers())
    return [name for owner in owners for name in ("call", "apply", "train_step", "compute_loss", "evaluate") if name in vars(owner)]


class Stops(L.Layer):
    """Raises at one of its calls; the first is that of building the model."""

    def __init__(self, error, at):
        super().__init__()
        self.error, self.left = error, at

    def call(self, x):
        self.left -= 1
        if not self.left:
            raise self.error("stop")
        return x


@pytest.mark.parametrize(
    ("error", "at", "finished"),
    [(KeyboardInterrupt, 4, 2), (RuntimeError, 4, 2), (KeyboardInterrupt, 6, 4)],
    ids=["interrupt in a step", "error in a step", "interrupt while the held rows are evaluated"],
)
def test_an_interrupt_restores_the_model_at_once_and_keeps_the_record(error, at, finished, tmp_path):
    model = made(Stops(error, at))
    model.compile("adam", CROSS, run_eagerly=True)
    with pytest.raises(error):
        model.fit(X, Y, 8, 3, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    assert touched(model) == []
    assert model.train_function is None
    run = read(tmp_path)
    assert not run.ended
    assert run["loss"].of_run("steps").sum() == run.last_step == finished


def test_a_model_compiled_anew_after_an_interrupt_does_not_get_its_old_train_function_back(tmp_path):
    class Interrupts(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model, diagnosis = made(), Diagnosis(tmp_path, quiet=True)
    model.fit(X, Y, 8, verbose=0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, 8, verbose=0, callbacks=[diagnosis, Interrupts()])
    model.compile(keras.optimizers.SGD(0.0), CROSS, jit_compile=False)
    model.fit(X, Y, 8, verbose=0, callbacks=[diagnosis])
    before = model.get_weights()
    model.fit(X, Y, 8, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)  # with the old one, Adam would go on


def test_what_is_left_on_a_model_after_an_interrupt_is_not_saved_with_it(tmp_path):
    class Stops(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model = made()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, 8, verbose=0, callbacks=[Diagnosis(tmp_path / "log", quiet=True), Stops()])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert touched(again) == []
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert np.isfinite(model.evaluate(X, Y, verbose=0))
