"""Shared by all tests: recorded runs, and a real TensorBoard to look at them with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from tb_nndiag.signals import SIGNALS

RUNS = ("healthy", "sick", "diverged")  # of `recorded_logdir`


@pytest.fixture(autouse=True)
def time_enough(monkeypatch):
    """What a run may take for being recorded never runs out: a busy machine must not change what a test finds."""
    schedule = sys.modules.get("keras_callbacks.schedule")
    if schedule is not None:
        monkeypatch.setattr(schedule, "SECONDS_FREE", 1e9)


@pytest.fixture(scope="session")
def recorded_logdir(tmp_path_factory) -> Path:
    """A logdir with three real trainings.

    `healthy` learns digits; `sick` has a softmax over its single output, and so constant predictions; `diverged` has
    a learning rate that makes its loss NaN.
    """
    import keras
    from sklearn.datasets import load_digits

    from keras_callbacks import Diagnosis

    logdir = tmp_path_factory.mktemp("recorded")
    pixels, digits = load_digits(return_X_y=True)
    pixels = (pixels / 16).astype("float32")
    rows = np.random.default_rng(1).permutation(len(pixels))

    def train(name, labels, units, loss, optimizer="adam", epochs=8):
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [
                keras.layers.Input((64,)),
                keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal", name="hidden"),
                keras.layers.Dense(units, activation="softmax", name="output"),
            ]
        )
        model.compile(optimizer, loss, metrics=["accuracy"])
        model.fit(
            pixels[rows[:1400]],
            labels[rows[:1400]],
            validation_data=(pixels[rows[1400:]], labels[rows[1400:]]),
            epochs=epochs,
            verbose=0,
            callbacks=[Diagnosis(str(logdir / name), quiet=True)],
        )

    ten, two = "sparse_categorical_crossentropy", "binary_crossentropy"
    train("healthy", digits, 10, ten)
    train("sick", (digits >= 5).astype("float32"), 1, two)
    train("diverged", digits, 10, ten, keras.optimizers.SGD(1e30), epochs=2)
    return logdir


@pytest.fixture(scope="session")
def loss_record():
    """loss_record(step, loss) → the values of a `loss` record of one batch, as `EventWriter.write` takes them."""

    def values(step: int, loss: float) -> np.ndarray:
        stats = dict.fromkeys(("mean", "min", "max", "first", "last"), loss)
        stats |= {"nonfinite": float(not np.isfinite(loss)), "worst_step": step, "steps": 1}
        return np.array([[stats[name] for name in SIGNALS["loss"].stats]])

    return values


class TensorBoard:
    """A TensorBoard process on a free port; ready when this is made."""

    def __init__(self, logdir: Path, log: Path, *flags: str, python: str = sys.executable, env=None):
        self._log = log
        command = [python, "-m", "tensorboard.main", f"--logdir={logdir}", "--port=0", "--reload_interval=1", *flags]
        with log.open("w") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, env=env, cwd=logdir)
        self.url = self.wait_for(self._address)

    def _address(self) -> str | None:
        found = re.search(r"TensorBoard \S+ at (http://\S+)", self.log())
        return found[1] if found else None

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def get(self, path: str) -> bytes:
        """The body of an answer. Raises urllib.error.HTTPError when its status is no success."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(self.url + path, timeout=60) as answer:
            return answer.read()

    def get_json(self, path: str):
        return json.loads(self.get(path), parse_constant=_refuse)

    def wait_for(self, look, seconds: float = 120):
        """The first answer of `look()` that counts as true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            found = look()
            if found:
                return found
            time.sleep(0.2)
        self.stop()
        raise AssertionError(f"TensorBoard did not get ready. It printed:\n{self.log()}")

    def wait_for_runs(self) -> dict[str, dict]:
        """The overview's entries by run name, once the runs of `recorded_logdir` were loaded to their end."""

        def loaded():
            entries = {entry["run"]: entry for entry in self.get_json("data/plugin/nndiag/runs")["runs"]}
            return entries if all(name in entries and entries[name]["ended"] for name in RUNS) else None

        return self.wait_for(loaded)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="session")
def tensorboard_server(tmp_path_factory):
    """Starts TensorBoard: tensorboard_server(logdir, "--load_fast=false"); it runs until the session ends."""
    servers = []

    def start(logdir, *flags, **options) -> TensorBoard:
        log = tmp_path_factory.mktemp("tensorboard") / "log.txt"
        servers.append(TensorBoard(logdir, log, *flags, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def _refuse(constant: str):
    raise ValueError(f"{constant} is not JSON")
