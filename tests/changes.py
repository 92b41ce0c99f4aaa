"""Makes the changes of a fix: what a program that tries fixes does with them. Of a Sequential model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np


@dataclass
class Training:
    """What `fit` is called with: a model that is not built yet, how it is compiled, arrays, other arguments."""

    model: keras.Sequential
    compile: dict[str, Any]
    x: np.ndarray
    y: np.ndarray
    fit: dict[str, Any] = field(default_factory=dict)


def applied(training: Training, changes) -> Training:
    """The same training with these changes, on a new model."""
    layers = [keras.layers.serialize(layer) for layer in training.model.layers]
    shape = training.model.input_shape
    compile_with, fit, x, y = dict(training.compile), dict(training.fit), training.x, training.y
    for change in changes:
        kind, target, value = change.kind, change.target, change.value
        names = [layer["config"].get("name") for layer in layers]
        if kind == "optimizer" and target == "optimizer":
            compile_with["optimizer"] = keras.optimizers.deserialize(value)
        elif kind == "optimizer":
            config = {**compile_with["optimizer"].get_config(), target: value}
            compile_with["optimizer"] = type(compile_with["optimizer"]).from_config(config)
        elif kind == "loss":
            compile_with["loss"] = keras.losses.deserialize(value)
        elif kind == "metrics":
            compile_with["metrics"] = value
        elif kind == "layer":
            name, _, argument = target.rpartition(".")
            layers[names.index(name)]["config"][argument] = value
        elif kind == "replace" and value is None:
            del layers[names.index(target)]
        elif kind == "replace":
            layers[names.index(target)] = value
        elif kind == "insert":
            layers.insert(names.index(target) + 1 if target else 0, value)
        elif kind == "inputs":
            x = passed(value, x)
        elif kind == "targets":
            y = passed(value, y)
        elif kind == "fit" and target == "callbacks":
            fit["callbacks"] = [getattr(keras.callbacks, c["class_name"])(**c["config"]) for c in value]
        elif kind == "fit" and target == "class_weight":
            fit["class_weight"] = weights(value, y)
        elif kind == "fit":
            fit[target] = value
        elif kind == "precision":
            compile_with["precision"] = value
    compile_with["optimizer"] = type(compile_with["optimizer"]).from_config(compile_with["optimizer"].get_config())
    made = [keras.layers.deserialize({k: v for k, v in layer.items() if k != "build_config"}) for layer in layers]
    return Training(keras.Sequential([keras.Input(shape[1:]), *made]), compile_with, x, y, fit)


def weights(value: Any, y: np.ndarray) -> dict[int, float]:
    """Class weights as `fit` takes them."""
    if value == "balanced":
        classes, counts = np.unique(y.argmax(axis=-1) if y.ndim > 1 and y.shape[-1] > 1 else y, return_counts=True)
        return {int(k): w for k, w in zip(classes, counts.sum() / (len(counts) * counts), strict=True)}
    return {int(k): w for k, w in value.items()}


def passed(value: dict[str, Any], rows: np.ndarray) -> np.ndarray:
    """The rows behind this layer; one that normalizes is adapted to them, unless it has its mean."""
    layer = keras.layers.deserialize(value)
    if hasattr(layer, "adapt") and "mean" not in value["config"]:
        layer.adapt(rows)
    return keras.ops.convert_to_numpy(layer(rows))
