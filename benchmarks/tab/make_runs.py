"""Writes a large logdir of made-up runs, as large as the tab is meant for: 500 runs of 100 layers with 500 records each.

    python benchmarks/tab/make_runs.py OUT [--runs 500] [--layers 100] [--records 500]

Ten kinds of runs (healthy, fading, dead, spiking; several seeds) are written with the callback's own writer and copied: the
reader cannot tell, and the disk is what takes the time. A run is about 2 MB.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil

import numpy as np

from keras_callbacks.event_writer import EventWriter
from tb_nndiag.proto import nndiag_pb2
from tb_nndiag.signals import SIGNALS

KINDS = 10
EPOCH = 10  # records an epoch


def values(signal: str, columns: int, **stats: np.ndarray | float) -> np.ndarray:
    """(columns, stats) of one record; what is not given is 0."""
    packed = np.zeros((columns, len(SIGNALS[signal].stats)))
    for i, stat in enumerate(SIGNALS[signal].stats):
        packed[:, i] = stats.get(stat, 0.0)
    return packed


def card(layers: int, records: int) -> nndiag_pb2.RunCard:
    names = [f"dense_{i}" for i in range(layers)]
    made = nndiag_pb2.RunCard(format=1, model_class="Sequential", precision="float32", ended=True)
    for i, name in enumerate(names):
        made.layers.add(
            name=name, class_name="Dense", activation="relu" if i < layers - 1 else "sigmoid", parameters=4160,
            trainable_parameters=4160, output_shape=[-1, 64], kernel_shape=[64, 64], output=i == layers - 1,
        )  # fmt: skip
    made.losses.add(name="MeanSquaredError")
    made.optimizer.name, made.optimizer.learning_rate = "Adam", 0.001
    made.data.batch_size, made.data.steps_per_epoch, made.data.epochs = 32, EPOCH, records // EPOCH
    made.data.validation = True
    made.parameters = made.trainable_parameters = 4160 * layers
    for signal in ("gradients", "updates", "units"):
        made.columns[signal].names.extend(names)
    made.columns["outputs"].names.append(names[-1])
    made.columns["epoch"].names.extend(["mae", "val_mae"])
    return made


def write(directory: pathlib.Path, kind: int, layers: int, records: int) -> None:
    random = np.random.default_rng(kind)
    writer = EventWriter(str(directory))
    fade = (1e-5, 1.0, 0.8, 0.95, 1.0)[kind % 5]  # what is left of the gradient at the first layer
    depth = np.geomspace(fade, 1.0, layers)
    dead = 0.9 if kind % 5 == 1 else 0.02
    learns = kind % 5 > 1
    writer.write_card(1, card(layers, records))
    writer.write("baseline", 1, values("baseline", 1, constant_loss=1.0, rows=500))
    writer.write("perfect", 1, values("perfect", 1))
    for record in range(1, records + 1):
        loss = (np.exp(-3 * record / records) if learns else 1.0) * (1 + 0.05 * random.standard_normal())
        of_loss = dict.fromkeys(("mean", "min", "max", "first", "last"), loss)
        writer.write("loss", record, values("loss", 1, **of_loss, worst_step=record, steps=1))
        noise = np.exp(0.3 * random.standard_normal(layers))
        writer.write("gradients", record, values("gradients", layers, rms=0.01 * depth * noise, max_abs=0.1 * depth))
        writer.write("updates", record, values("updates", layers, ratio=0.003 * depth * noise, update_rms=3e-4, weight_rms=0.1, weight_max_abs=0.4, unit_spread=1))  # fmt: skip
        writer.write("optimizer", record, values("optimizer", 1, learning_rate=0.001))
        writer.write("timing", record, values("timing", 1, step_seconds=0.002, own_seconds=0.0001 * record, elapsed_seconds=0.002 * record))  # fmt: skip
        if record % EPOCH == 0:
            epoch = record // EPOCH
            writer.write("gap", record, values("gap", 1, train=loss, val=1.1 * loss, epoch=epoch))
            writer.write("epoch", record, values("epoch", 2, value=loss))
            writer.write(
                "units", record, values("units", layers, dead_share=dead, mean=0.4, std=0.5, max=3, spread=0.5)
            )
            writer.write("outputs", record, values("outputs", 1, mean=0.5, std=0.4, max=1, spread=0.4, width=1, rank=2))
    writer.write_card(records, card(layers, records))
    writer.close()


def make(out: pathlib.Path, runs: int = 500, layers: int = 100, records: int = 500) -> None:
    originals = []
    for i in range(runs):
        directory = out / f"sweep_{i // 100}" / f"trial_{i:03}"
        if i < KINDS:
            write(directory, i, layers, records)
            originals.append(directory)
        else:
            shutil.copytree(originals[i % KINDS], directory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--layers", type=int, default=100)
    parser.add_argument("--records", type=int, default=500)
    options = parser.parse_args()
    make(options.out, options.runs, options.layers, options.records)
    size = sum(file.stat().st_size for file in options.out.rglob("*.nndiag"))
    print(f"{options.runs} runs, {size / 1e6:.0f} MB in {options.out}")


if __name__ == "__main__":
    main()
