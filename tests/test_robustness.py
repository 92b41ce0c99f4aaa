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
