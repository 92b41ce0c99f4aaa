"""What is known of a run besides its measurements."""

from __future__ import annotations

import importlib.metadata
import json
from itertools import pairwise
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.framework.config import is_op_determinism_enabled  # there is no public question for it

from keras_callbacks.places import Place
from tb_nndiag.proto import nndiag_pb2
from tb_nndiag.signals import FORMAT

_ACTIVATION_LAYERS = {
    "ReLU": "relu", "LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu", "Softmax": "softmax",
}  # fmt: skip
_LAYER_SETTINGS = ("rate", "momentum", "use_bias", "axis", "epsilon", "return_sequences")
_OPTIMIZER_SETTINGS = (
    "momentum", "nesterov", "beta_1", "beta_2", "rho", "epsilon", "weight_decay", "clipnorm", "clipvalue",
    "global_clipnorm", "use_ema", "gradient_accumulation_steps", "amsgrad",
)  # fmt: skip


def measure(model: keras.Model, places: list[Place], shapes: dict[str, tuple], outputs: set[str]) -> nndiag_pb2.RunCard:
    """The run card, without what only the callback knows (session, data, columns).

    places: in the order of the forward pass; shapes: of their outputs, by name; outputs: names of the places whose
    tensor is an output of the model
    """
    card = nndiag_pb2.RunCard(
        format=FORMAT,
        model_class=type(model).__name__,
        precision=model.dtype_policy.name,
        jit_compile=bool(model.jit_compile),
        run_eagerly=bool(model.run_eagerly),
        steps_per_execution=int(model.steps_per_execution),
        chain=is_chain(model),
        seeded=_seeded(),
        deterministic_ops=is_op_determinism_enabled(),
        compute_capability=compute_capability(tf.config.list_physical_devices("GPU")),
        parameters=model.count_params() if model.built else 0,
        trainable_parameters=sum(_size(w) for w in model.trainable_weights),
        versions={
            name: _version(name) for name in ("keras", "tensorflow", "tensorflow-cpu", "tb-nndiag") if _version(name)
        },
    )
    card.layers.extend(_layer(p, shapes.get(p.name, ()), p.name in outputs) for p in places)
    card.losses.extend(losses_of(model))
    if model.optimizer is not None:
        card.optimizer.CopyFrom(_optimizer(model.optimizer))
    return card


def activation_of(layer: keras.layers.Layer) -> str:
    """Name of the activation that shapes the layer's output; "" when it applies none, "linear" for the identity."""
    name = _ACTIVATION_LAYERS.get(type(layer).__name__)
    if name:
        return name
    if isinstance(layer, (keras.layers.RNN, keras.layers.Bidirectional)):
        return ""  # gates lie between the activation and the output
    activation = getattr(layer, "activation", None)
    return getattr(activation, "__name__", type(activation).__name__) if activation is not None else ""


def learning_rate_of(optimizer) -> float:
    """The rate of the next step, also under a schedule."""
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def is_chain(model: keras.Model) -> bool:
    """Whether each layer takes what the one before puts out, and nothing else: as far as Keras knows, so no model of one's own."""
    if isinstance(model, keras.Sequential):
        return True
    operations = list(getattr(model, "operations", ()))
    if len(getattr(model, "outputs", ())) != 1 or not all(isinstance(o, keras.layers.Layer) for o in operations):
        return False
    nodes = [operation._inbound_nodes for operation in operations]
    return all(len(of) == 1 and len(of[0].outputs) == 1 for of in nodes) and all(
        [id(t) for t in after.input_tensors] == [id(t) for t in before.outputs]
        for (before,), (after,) in pairwise(nodes)
    )


def compute_capability(gpus: list[tf.config.PhysicalDevice]) -> float:
    """The least compute capability of the GPUs, as NVIDIA counts it (8.6); 0 when there is none or one does not say."""
    stated = [tf.config.experimental.get_device_details(gpu).get("compute_capability") for gpu in gpus]
    if not stated or None in stated:
        return 0.0
    major, minor = min(stated)
    return major + minor / 10


def _layer(place: Place, shape: tuple, output: bool) -> nndiag_pb2.Layer:
    layer = place.layer
    weights = place.weights or layer.weights if not layer._layers else place.weights
    kernel = max(place.kernels or layer.weights, key=_size, default=None)
    settings = {k: v for k in _LAYER_SETTINGS if isinstance(v := getattr(layer, k, None), (int, float, str, bool))}
    if getattr(layer, "kernel_regularizer", None) is not None:
        settings["kernel_regularizer"] = type(layer.kernel_regularizer).__name__
    return nndiag_pb2.Layer(
        name=place.name,
        class_name=type(layer).__name__,
        activation=activation_of(layer),
        kernel_initializer=type(getattr(layer, "kernel_initializer", None) or "").__name__.replace("str", ""),
        parameters=sum(_size(w) for w in weights),
        trainable_parameters=sum(_size(w) for w in place.weights),
        output_shape=[-1 if d is None else d for d in shape],
        kernel_shape=list(kernel.shape) if kernel is not None else [],
        output=output,
        settings=json.dumps(settings),
    )


def losses_of(model: keras.Model) -> list[nndiag_pb2.Loss]:
    """The losses that the model was compiled with: one for all outputs, or one for each."""
    loss = model.loss
    if loss is None:
        return []
    if isinstance(loss, dict):
        return [_loss(value, str(name)) for name, value in loss.items()]
    if isinstance(loss, (list, tuple)):
        names = getattr(model, "output_names", None) or []
        names = names if len(names) == len(loss) else range(len(loss))
        return [_loss(value, str(name)) for name, value in zip(names, loss, strict=True)]
    return [_loss(loss)]


def _loss(loss: Any, output: str = "") -> nndiag_pb2.Loss:
    try:
        known = keras.losses.get(loss)
    except ValueError:
        known = loss
    name = getattr(known, "__name__", type(known).__name__)
    name = _CLASS_OF_FUNCTION.get(name, name)
    if not hasattr(keras.losses, name):
        name = "function"
    if getattr(known, "ignore_class", None) is not None:  # then a class number out of range is no mistake
        name += " with ignore_class"
    return nndiag_pb2.Loss(name=name, from_logits=_from_logits(known), output=output)


_CLASS_OF_FUNCTION = {
    name: class_name
    for class_name, name in {
        "MeanSquaredError": "mean_squared_error", "MeanAbsoluteError": "mean_absolute_error",
        "MeanAbsolutePercentageError": "mean_absolute_percentage_error",
        "MeanSquaredLogarithmicError": "mean_squared_logarithmic_error", "BinaryCrossentropy": "binary_crossentropy",
        "BinaryFocalCrossentropy": "binary_focal_crossentropy", "CategoricalCrossentropy": "categorical_crossentropy",
        "CategoricalFocalCrossentropy": "categorical_focal_crossentropy",
        "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy", "Hinge": "hinge",
        "SquaredHinge": "squared_hinge", "CategoricalHinge": "categorical_hinge", "KLDivergence": "kl_divergence",
        "Poisson": "poisson", "Huber": "huber", "LogCosh": "log_cosh", "CosineSimilarity": "cosine_similarity",
    }.items()
}  # fmt: skip


def _from_logits(loss: Any) -> bool:
    return bool(getattr(loss, "from_logits", None) or getattr(loss, "_fn_kwargs", {}).get("from_logits", False))


def _optimizer(optimizer) -> nndiag_pb2.Optimizer:
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    settings = {
        k: v
        for k in _OPTIMIZER_SETTINGS
        if isinstance(v := getattr(inner, k, None), (int, float, bool)) and v is not None
    }
    schedule = getattr(inner, "_learning_rate", None)
    return nndiag_pb2.Optimizer(
        name=type(inner).__name__,
        learning_rate=learning_rate_of(inner),
        schedule=(
            type(schedule).__name__ if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule) else ""
        ),
        settings=json.dumps(settings),
    )


def _seeded() -> bool:
    from keras.src.backend.common import global_state  # Keras has no public question for it

    return global_state.get_global_attribute("global_random_seed") is not None


def _size(weight) -> int:
    size = 1
    for dimension in weight.shape:
        size *= dimension
    return size


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
