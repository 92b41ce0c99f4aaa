"""Several replicas: what is recorded is that of the whole batch, by one writer, and the training stays as it is.

TensorFlow must know of devices and workers before it starts. So the trainings run in processes of their own, each of which
runs this file as a program: test_distribution.py mirrored|worker DIRECTORY
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_callbacks import Diagnosis, schedule
from tb_nndiag.logdir import read

L = keras.layers
SECONDS = 300
EPOCHS, STEPS, BATCH = 2, 6, 16


def data():
    """(x, y) of one epoch; the second half of each batch repeats the first, so that one replica's rows stand for all."""
    random = np.random.default_rng(0)
    x, y = random.random((STEPS, BATCH // 2, 8, 8, 1)).astype("float32"), random.integers(0, 4, (STEPS, BATCH // 2))
    return np.concatenate([x, x], 1).reshape(-1, 8, 8, 1), np.concatenate([y, y], 1).reshape(-1)


def network(*between):
    return keras.Sequential([keras.Input((8, 8, 1)), L.Conv2D(6, 3, activation="relu", name="a"), *between, L.Flatten(), L.Dense(200, "relu", name="b"), L.Dense(4, "softmax", name="c")])


def trained(strategy, between=(), callbacks=(), x=None, epochs=EPOCHS, prepare=lambda model: None):
    keras.utils.set_random_seed(7)
    with strategy.scope():
        model = network(*[make() for make in between])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    prepare(model)
    inputs, classes = data()
    model.fit(inputs if x is None else x, classes, BATCH, epochs, verbose=0, shuffle=False, validation_data=(inputs[:32], classes[:32]), callbacks=list(callbacks))
    return model


def save_state(model, file: Path) -> None:
    """Weights, optimizer and metrics, of each replica of this process."""
    variables = (*model.weights, *model.optimizer.variables, *model.metrics_variables)
    np.savez(file, *[copy.numpy() for v in variables for copy in model.distribute_strategy.experimental_local_results(v.value)])


def train_mirrored(out: Path) -> None:
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    trained(tf.distribute.get_strategy(), callbacks=[Diagnosis(out / "one", quiet=True)])
    save_state(trained(two), out / "alone.npz")
    with two.scope():  # `fit` may be called inside of it or outside
        save_state(trained(two, callbacks=[Diagnosis(out / "two", quiet=True)]), out / "observed.npz")
    broken = data()[0]
    broken[3 * BATCH - 1, 0] = np.nan  # of the third batch, the row that comes last
    trained(two, callbacks=[Diagnosis(out / "broken", quiet=True)], x=broken, epochs=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trained(tf.distribute.experimental.CentralStorageStrategy(), callbacks=[Diagnosis(out / "other", quiet=True)])
    (out / "warnings.json").write_text(json.dumps([str(w.message) for w in caught if "Diagnosis" in str(w.message)]))


def train_as_worker(out: Path) -> None:
    from keras.src.backend.tensorflow import trainer

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    out = out / str(strategy.cluster_resolver.task_id)
    # Keras 3.15 cannot fit under this strategy: https://github.com/keras-team/keras/issues/20585. What fails is left out.
    trainer.reduce_per_replica = lambda values, strategy, reduction: keras.tree.map_structure(lambda v: strategy.reduce("MEAN", v, axis=None), values)

    def build(model):
        with strategy.scope():
            model._symbolic_build(data_batch=tuple(part[:BATCH] for part in data()))
        model._maybe_symbolic_build = lambda **given: None

    between = (L.BatchNormalization, lambda: L.Dropout(0.3))
    schedule.next_step = lambda step, layers: step + 6  # so that both forms of the step run
    out.mkdir()
    save_state(trained(strategy, between, prepare=build), out / "alone.npz")
    save_state(trained(strategy, between, [Diagnosis(out / "run")], prepare=build), out / "observed.npz")


def start(kind: str, out: Path, log: Path, **environment: str) -> subprocess.Popen:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **environment}
    with log.open("w") as printed:
        return subprocess.Popen([sys.executable, __file__, kind, str(out)], env=environment, stdout=printed, stderr=printed, cwd=Path(__file__).parents[1])


def finish(processes: list[subprocess.Popen], logs: list[Path]) -> None:
    try:
        for process, log in zip(processes, logs, strict=True):
            assert process.wait(SECONDS) == 0, log.read_text(errors="replace")[-4000:]
    finally:
        for process in processes:
            process.kill()


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("mirrored")
    finish([start("mirrored", out, out / "log")], [out / "log"])
    return out


@pytest.fixture(scope="module")
def workers(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("workers")
    with socket.create_server(("127.0.0.1", 0)) as a, socket.create_server(("127.0.0.1", 0)) as b:
        addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in (a, b)]
    logs = [out / "log0", out / "log1"]
    tasks = [json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": i}}) for i in (0, 1)]
    finish([start("worker", out, log, TF_CONFIG=task) for log, task in zip(logs, tasks, strict=True)], logs)
    return out


def assert_same_state(directory: Path) -> None:
    alone, observed = np.load(directory / "alone.npz"), np.load(directory / "observed.npz")
    assert len(alone.files) > 10
    for name in alone.files:
        np.testing.assert_array_equal(alone[name], observed[name])


def test_an_observed_mirrored_run_is_the_run_bit_for_bit(mirrored):
    assert_same_state(mirrored)


def test_two_replicas_tell_what_one_device_tells_of_the_same_batches(mirrored):
    one, two = read(mirrored / "one"), read(mirrored / "two")
    assert set(one.series) == set(two.series)
    assert not two.problems
    assert (two.card.strategy, two.card.batch_size) == ("MirroredStrategy", BATCH)
    for signal in ("loss", "gradients", "updates", "noise", "batches", "units", "gap", "labels", "outputs", "perfect", "fed"):
        assert list(two[signal].columns) == list(one[signal].columns)
        np.testing.assert_array_equal(two[signal].steps, one[signal].steps)
        np.testing.assert_allclose(two[signal].values, one[signal].values, rtol=1e-4, atol=1e-6, err_msg=signal)
    for name in (name for name in one["inputs"].stats if name != "rows"):  # of which one replica's are kept
        np.testing.assert_allclose(two["inputs"][name], one["inputs"][name], rtol=1e-4, err_msg=name)


def test_what_is_not_finite_on_the_second_replica_is_seen(mirrored):
    found = read(mirrored / "broken")["nonfinite"]
    assert list(found.steps) == [3]
    assert found.column("input", "count")[0] == 8


def test_under_another_strategy_one_sentence_says_that_only_metrics_are_recorded(mirrored):
    run = read(mirrored / "other")
    assert "epoch" in run.series
    assert "gradients" not in run.series
    [warning] = json.loads((mirrored / "warnings.json").read_text())
    assert "not measured under CentralStorageStrategy" in warning


def test_an_observed_worker_is_the_worker_bit_for_bit(workers):
    assert_same_state(workers / "0")
    assert_same_state(workers / "1")


def test_one_worker_writes_what_all_have_seen(workers):
    assert not (workers / "1" / "run").exists()
    run = read(workers / "0" / "run")
    assert {"loss", "gradients", "updates", "units", "gap", "inputs", "labels", "outputs"} <= set(run.series)
    assert run.last_step == EPOCHS * STEPS
    assert run.card.batch_size == BATCH
    of_all_steps = np.average(run["loss"].of_run("mean"), weights=run["loss"].of_run("steps"))
    assert of_all_steps == pytest.approx(run["epoch"].column("loss", "value").mean(), rel=1e-5)  # Keras' own


def test_only_one_worker_says_what_it_found(workers):
    assert "NND" not in (workers / "log1").read_text()


if __name__ == "__main__":
    {"mirrored": train_mirrored, "worker": train_as_worker}[sys.argv[1]](Path(sys.argv[2]))
