"""Measures what observing a training costs: CPU time, memory and bytes of `fit` with and without the callback.

    python benchmarks/cost/run.py OUT.json [--only dense,cnn] [--pairs 5] [--variants control,diagnosis] [--jit on]

Every fit runs in a process of its own, held to one thread, for two epochs. A pair is one round in which the plain fit and each
variant run once; the order rotates from round to round. OUT.json grows fit by fit, and what it has is not measured again.
`table.py` makes docs/cost.md of it. Figures are good on an idle machine only: the control, a plain fit too, says how good.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time
from importlib import metadata

THREADS = ("TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
ONE_THREAD = {**dict.fromkeys(THREADS, "1"), "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
# Keras is imported by the measured processes alone, the callback by those that use it: imports take memory.


def dense(keras, widths=(128,) * 9, activation="relu", initializer="he_normal"):
    hidden = [keras.layers.Dense(width, activation, kernel_initializer=initializer) for width in widths]
    return keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10, "softmax")])


def cnn(keras):
    first, second, third = [keras.layers.Conv2D(filters, 3, activation="relu") for filters in (32, 64, 64)]
    end = [keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    return keras.Sequential([keras.Input((16, 16, 3)), first, second, keras.layers.MaxPooling2D(), third, *end])


def transformer(keras):
    layers = keras.layers
    x = inputs = keras.Input((32, 64))
    attended = layers.MultiHeadAttention(4, 16)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, attended]))
    x = layers.LayerNormalization()(layers.Add()([x, layers.Dense(64)(layers.Dense(256, "gelu")(x))]))
    return keras.Model(inputs, layers.Dense(10, "softmax")(layers.GlobalAveragePooling1D()(x)))


NETS = {  # how to make it, and the steps of an epoch, so that it takes seconds
    "dense": (dense, 2000),
    "cnn": (cnn, 500),
    "transformer": (transformer, 500),
    "deep": (lambda keras: dense(keras, (64,) * 99, "selu", "lecun_normal"), 500),
    "large": (lambda keras: dense(keras, (3072, 4096, 1792)), 250),
}
BATCH = 32


def in_both_forms(keras, log_dir):
    """The callback as it is in a long training, where compiling the second form of the step always pays."""
    recording = importlib.import_module("keras_callbacks.recording")
    recording.OBSERVING_COSTS = float("inf")
    return VARIANTS["diagnosis"](keras, log_dir)


VARIANTS = {
    "none": lambda keras, log_dir: [],
    "control": lambda keras, log_dir: [],
    "diagnosis": lambda keras, log_dir: [importlib.import_module("keras_callbacks").Diagnosis(log_dir)],
    "long training": in_both_forms,
    "TensorBoard": lambda keras, log_dir: [keras.callbacks.TensorBoard(log_dir)],
    "histogram_freq=1": lambda keras, log_dir: [keras.callbacks.TensorBoard(log_dir, histogram_freq=1)],
    "update_freq=1": lambda keras, log_dir: [keras.callbacks.TensorBoard(log_dir, update_freq=1)],
}


def measure(net: str, jit: str, variant: str, log_dir: str) -> dict:
    """One fit of two epochs in this process.

    Returns CPU time: `fit_s`; `first_step_s`, from its start to the second step; `step_ms` and `median_step_ms` of the second
    epoch's steps but the last; `first_end_s` and `last_end_s` of both epochs' ends, their last step included. Beside them
    `peak_mb`, the peak resident memory, and the size of the records written.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    keras.utils.set_random_seed(1)
    make, steps = NETS[net]
    model = make(keras)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=jit == "on")
    x = np.random.default_rng(1).standard_normal((steps * BATCH, *model.input_shape[1:]), np.float32)
    y = x.reshape(len(x), -1)[:, :10].argmax(1)
    epochs, batches = [], []  # CPU time at their beginnings: a callback with `on_train_batch_end` would change the fit
    clock = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: epochs.append(time.process_time()),
        on_train_batch_begin=lambda batch, logs: batches.append(time.process_time()),
    )
    callbacks = [*VARIANTS[variant](keras, log_dir), clock]
    began = time.process_time()
    model.fit(x, y, BATCH, 2, verbose=0, validation_data=(x[:256], y[:256]), callbacks=callbacks)
    ended = time.process_time()
    second = 1e3 * np.diff(batches[steps:])
    status = pathlib.Path("/proc/self/status").read_text()  # ru_maxrss would count the parent's memory, too
    processor = pathlib.Path("/proc/cpuinfo").read_text().partition("model name\t: ")[2].partition("\n")[0]
    versions = f"TensorFlow {tf.__version__}, Keras {keras.__version__}, TensorBoard {metadata.version('tensorboard')}"
    return {
        "machine": f"{os.cpu_count()} cores of {processor} with Python {platform.python_version()}, {versions}",
        "parameters": model.count_params(),
        "layers": layers_of(model),
        "steps": steps,
        "fit_s": ended - began,
        "first_step_s": batches[1] - began,
        "step_ms": float(second.mean()),
        "median_step_ms": float(np.median(second)),
        "first_end_s": epochs[1] - batches[steps - 1],
        "last_end_s": ended - batches[-1],
        "peak_mb": int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6,
        "record_bytes": record_bytes(log_dir) if variant == "diagnosis" else {},
    }


def layers_of(model) -> int:
    """As many as are recorded."""
    return len(importlib.import_module("keras_callbacks.places").places_of(model))


def record_bytes(log_dir: str) -> dict[str, int]:
    """Size of the largest record in the event files, by tag."""
    import tensorflow as tf
    from tensorboard.compat.proto import event_pb2

    found: dict[str, int] = {}
    for file in pathlib.Path(log_dir).iterdir():
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            for value in event_pb2.Event.FromString(record).summary.value:
                found[value.tag] = max(found.get(value.tag, 0), len(record) + 16)  # its length, two checksums
    return found


def in_a_process(net: str, jit: str, variant: str) -> dict:
    with tempfile.TemporaryDirectory() as log_dir:
        command = [sys.executable, __file__, "-", "--worker", json.dumps([net, jit, variant, log_dir])]
        done = subprocess.run(command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stderr}\nThe fit of {net} with {variant} failed (its messages are above).")
    return json.loads(done.stdout.splitlines()[-1])  # the callback may print its findings above it


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--only", default=",".join(NETS), help="nets, comma-separated")
    arguments.add_argument("--variants", default=",".join(VARIANTS), help="beside the plain fit, comma-separated")
    arguments.add_argument("--jit", default="off,on", help="jit_compile: off, on, or both")
    arguments.add_argument("--pairs", type=int, default=5)
    arguments.add_argument("--worker", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.worker:
        print(json.dumps(measure(*json.loads(options.worker))))
        return
    nets, variants = options.only.split(","), list(dict.fromkeys(["none", *options.variants.split(",")]))
    for name in {*nets, *variants} - {*NETS, *VARIANTS}:
        arguments.error(f"got {name!r}; nets are {', '.join(NETS)}; variants are {', '.join(VARIANTS)}")
    found = json.loads(options.out.read_text()) if options.out.exists() else []
    known = {(f["net"], f["jit"], f["pair"], f["variant"]) for f in found}
    for net, jit, pair in itertools.product(nets, options.jit.split(","), range(options.pairs)):
        turn = pair % len(variants)
        for variant in variants[turn:] + variants[:turn]:
            if (net, jit, pair, variant) not in known:
                fit = in_a_process(net, jit, variant)
                found.append({"net": net, "jit": jit, "pair": pair, "variant": variant, **fit})
                options.out.write_text(json.dumps(found, indent=1))
                times = "first step {first_step_s:6.2f} s, then {step_ms:8.3f} ms, fit {fit_s:6.2f} s".format(**fit)
                print(f"{net:12} jit {jit:3} pair {pair + 1} {variant:17} {times}", flush=True)


if __name__ == "__main__":
    main()
