"""`nndiag demo`: eight small trainings on real data, two healthy and six sick, and TensorBoard on top."""

from __future__ import annotations

import os
import pathlib
import shutil
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from keras_callbacks import Diagnosis
from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read

FASHION_MNIST = pathlib.Path("/usr/share/datasets/fashion-mnist")  # Debian's package dataset-fashion-mnist
L = keras.layers
Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def run_demo(logdir: str, *, serve: bool, port: int) -> int:
    """Trains the eight runs below `logdir`, says what was found, and serves TensorBoard until interrupted.

    Raises ValueError when `logdir` holds anything that is not a demo's.
    """
    out = pathlib.Path(logdir)
    _make_room(out)
    name, data = _images()
    console = Console()
    console.print(f"Training eight small networks on {name} ({len(data[0]):,} rows) in {out}/")
    bar = Progress(
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description:24}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[found]}"),
        console=console,
    )
    with bar:
        for run, train in RUNS.items():
            task = bar.add_task(run, total=1, found="")
            keras.backend.clear_session()
            keras.utils.set_random_seed(1)
            train(data, str(out / run))
            leading = [v for v in diagnose(read(out / run, run)) if v.leads and v.severity != "hint"]
            bar.update(task, completed=1, found=", ".join(f"{v.code} {v.rule}" for v in leading) or "no findings")
    if serve:
        _serve(logdir, port, console)
    else:
        console.print(
            f"\nLook at it:  tensorboard --logdir {logdir}   (tab DIAGNOSIS)\nOr:          nndiag check {logdir}"
        )
    return 0


def _make_room(out: pathlib.Path) -> None:
    if out.is_file():
        raise ValueError(f"{str(out)!r} is a file; expected a directory to write the demo's runs to.")
    strangers = sorted(p.name for p in out.iterdir() if p.name not in RUNS) if out.is_dir() else []
    if strangers:
        raise ValueError(
            f"{str(out)!r} already holds {strangers[0]!r}, which is not a demo's run. Give another directory: --logdir"
            " NAME"
        )
    for run in RUNS:
        shutil.rmtree(out / run, ignore_errors=True)


def _serve(logdir: str, port: int, console: Console) -> None:
    from tensorboard import program

    board = program.TensorBoard()
    board.configure(argv=["tensorboard", "--logdir", logdir, "--port", str(port), "--reload_interval", "5"])
    try:
        url = board.launch()
    except program.TensorBoardPortInUseError:
        board.configure(argv=["tensorboard", "--logdir", logdir, "--port", "0", "--reload_interval", "5"])
        url = board.launch()
    console.print(f"\nThe Diagnosis tab:  {url}#nndiag   (Ctrl-C ends it)")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("Goodbye.")


def _images() -> tuple[str, Data]:
    """Name and (x, y, x_val, y_val): images (rows, side, side, 1) in 0..1, class numbers 0..9."""
    if (FASHION_MNIST / "train-images-idx3-ubyte.gz").is_file():
        x, y = _idx("train-images-idx3", 16).reshape(-1, 28, 28), _idx("train-labels-idx1", 8)
        name, x = "Fashion-MNIST, at half its size", x[:3000].reshape(-1, 14, 2, 14, 2).mean((2, 4)) / 255
        y = y[:3000]
    else:
        from sklearn.datasets import load_digits

        data = load_digits()
        name, x, y = "scikit-learn's digits", data.images / 16, data.target
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order, ..., None].astype("float32"), y[order].astype("int32")
    cut = len(x) * 3 // 4
    return name, (x[:cut], y[:cut], x[cut:], y[cut:])


def _idx(name: str, header: int) -> np.ndarray:
    import gzip

    return np.frombuffer(gzip.open(FASHION_MNIST / f"{name}-ubyte.gz").read(), np.uint8, offset=header)


def _fit(
    model: keras.Model,
    data: Data,
    log_dir: str,
    optimizer,
    *,
    loss="sparse_categorical_crossentropy",
    epochs: int = 12,
    batch: int = 32,
) -> None:
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    x, y, x_val, y_val = data
    model.fit(
        x, y, batch, epochs, verbose=0, validation_data=(x_val, y_val), callbacks=[Diagnosis(log_dir, quiet=True)]
    )


def _model(data: Data, *layers) -> keras.Sequential:
    return keras.Sequential([keras.Input(data[0].shape[1:]), *layers])


def healthy_mlp(data: Data, log_dir: str) -> None:
    model = _model(data, L.Flatten(), L.Dense(64, "relu"), L.Dropout(0.2), L.Dense(32, "relu"), L.Dense(10, "softmax"))
    _fit(model, data, log_dir, keras.optimizers.Adam(1e-3))


def healthy_cnn(data: Data, log_dir: str) -> None:
    model = _model(
        data,
        L.Conv2D(16, 3, use_bias=False),
        L.BatchNormalization(),
        L.ReLU(),
        L.MaxPooling2D(),
        L.Flatten(),
        L.Dropout(0.4),
        L.Dense(10, "softmax"),
    )
    _fit(model, data, log_dir, keras.optimizers.Adam(1e-3), epochs=8)


def deep_sigmoid(data: Data, log_dir: str) -> None:
    model = _model(data, L.Flatten(), *[L.Dense(32, "sigmoid") for _ in range(8)], L.Dense(10, "softmax"))
    _fit(model, data, log_dir, keras.optimizers.SGD(0.1))


def low_biases(data: Data, log_dir: str) -> None:
    dead = {"bias_initializer": keras.initializers.Constant(-3.0)}
    model = _model(data, L.Flatten(), L.Dense(64, "relu", **dead), L.Dense(64, "relu", **dead), L.Dense(10, "softmax"))
    _fit(model, data, log_dir, keras.optimizers.SGD(0.05))


def large_steps(data: Data, log_dir: str) -> None:
    model = _model(data, L.Flatten(), L.Dense(64, "relu"), L.Dense(10, "softmax"))
    _fit(model, data, log_dir, keras.optimizers.Adam(1.0))


def few_rows(data: Data, log_dir: str) -> None:
    x, y, x_val, y_val = data
    random = np.random.default_rng(0)
    y = np.where(random.random(len(y)) < 0.3, random.integers(0, 10, len(y)), y)[:200]  # three in ten labels are wrong
    model = _model(data, L.Flatten(), L.Dense(128, "relu"), L.Dense(128, "relu"), L.Dense(10, "softmax"))
    _fit(model, (x[:200], y, x_val, y_val), log_dir, keras.optimizers.Adam(2e-3), epochs=40, batch=16)


def raw_pixels(data: Data, log_dir: str) -> None:
    x, y, x_val, y_val = data
    model = _model(data, L.Flatten(), L.Dense(64, "relu"), L.Dense(64, "relu"), L.Dense(10, "softmax"))
    _fit(model, (np.round(x * 255), y, np.round(x_val * 255), y_val), log_dir, keras.optimizers.SGD(0.05))


def one_softmax_unit(data: Data, log_dir: str) -> None:
    x, y, x_val, y_val = data
    model = _model(data, L.Flatten(), L.Dense(32, "relu"), L.Dense(1, "softmax"))
    even = [(labels % 2 == 0).astype("float32")[:, None] for labels in (y, y_val)]
    _fit(model, (x, even[0], x_val, even[1]), log_dir, keras.optimizers.Adam(1e-3), loss="binary_crossentropy")


RUNS: dict[str, Callable[[Data, str], None]] = {
    f.__name__: f
    for f in (healthy_mlp, healthy_cnn, deep_sigmoid, low_biases, large_steps, few_rows, raw_pixels, one_softmax_unit)
}
