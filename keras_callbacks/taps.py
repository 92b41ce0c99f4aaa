"""Lets us see what passes through a model: wraps methods on the instances, and takes the wraps off again.

Nothing is subclassed and no class is touched, so other models are not affected. A wrap returns what the wrapped method
returns, untouched; it only keeps a reference to the tensors while a step is being traced (or run eagerly).
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from keras_callbacks.places import Place


@dataclass
class Passing:
    """The tensors of one step, as they pass.

    called: names of the places, in the order in which their layers were called first
    outputs: by place name; the last call counts; only plain tensors
    fed: what the first layer with weights was given: its place, and the tensor
    gradients, variables: what the optimizer was given
    scale: the loss scale that these gradients carry; None without one
    """

    x: Any = None
    y: Any = None
    y_pred: Any = None
    loss: tf.Tensor | None = None
    called: list[str] = field(default_factory=list)
    outputs: dict[str, tf.Tensor] = field(default_factory=dict)
    fed: tuple[str, tf.Tensor] | None = None
    gradients: list = field(default_factory=list)
    variables: list = field(default_factory=list)
    scale: tf.Tensor | None = None


class _Thread(threading.local):
    """The replicas of a distribution strategy are traced in threads of their own."""

    passing: Passing | None = None


class Taps:
    """The wraps on one model.

    around_step(original, data): called in place of the model's train step
    around_validation(model, x, y, evaluate): called in place of the model's `evaluate` with what `fit` validates on, once it is set
    """

    def __init__(self, model: keras.Model, places: list[Place], around_step: Callable) -> None:
        self._model = model
        self._places = places
        self._around_step = around_step
        self.around_validation: Callable = lambda model, x, y, evaluate: evaluate()
        self._now = _Thread()
        self._wrapped: list[tuple[object, str]] = []

    def attach(self) -> None:
        """Puts the wraps on."""
        model = self._model
        self._wrap(model, "train_step", lambda original: lambda data: self._around_step(original, data))
        self._wrap(model, "compute_loss", self._see_loss)
        self._wrap(model, "evaluate", self._see_validation)
        if model.optimizer is not None:
            self._wrap(model.optimizer, "apply", self._see_gradients)
        for place in self._places:
            if place.layer is not model:
                self._wrap(place.layer, "call", lambda original, place=place: self._see_output(original, place))

    def detach(self) -> None:
        """Takes the wraps off: afterwards no instance has an attribute of ours."""
        for owner, name in self._wrapped:
            vars(owner).pop(name, None)
        self._wrapped.clear()

    def collect(self, step: Callable[[], Any]) -> tuple[Any, Passing]:
        """Runs `step` and returns its result with what passed meanwhile."""
        before, self._now.passing = self._now.passing, Passing()
        try:
            return step(), self._now.passing
        finally:
            self._now.passing = before

    def _wrap(self, owner: object, name: str, make: Callable) -> None:
        # past __setattr__: Keras and TensorFlow track what is set on their objects, and would save it with the model
        vars(owner)[name] = make(getattr(owner, name))
        self._wrapped.append((owner, name))

    def _see_loss(self, original: Callable) -> Callable:
        parameters = inspect.signature(original)  # a model's own method may have others than Keras'

        def compute_loss(*args, **kwargs):
            loss = original(*args, **kwargs)
            passing = self._now.passing
            if passing is not None:
                given = parameters.bind(*args, **kwargs).arguments
                passing.y, passing.y_pred, passing.loss = given.get("y"), given.get("y_pred"), loss
            return loss

        return compute_loss

    def _see_validation(self, original: Callable) -> Callable:
        def evaluate(*args, **kwargs):
            if "x" not in kwargs:
                return original(*args, **kwargs)
            given = kwargs["x"], kwargs.get("y")
            return self.around_validation(self._model, *given, lambda: original(*args, **kwargs))

        return evaluate

    def _see_gradients(self, original: Callable) -> Callable:
        optimizer = self._model.optimizer

        def apply(gradients, trainable_variables=None, **kwargs):
            gradients = list(gradients)
            passing = self._now.passing
            if passing is not None:
                variables = optimizer._trainable_variables if trainable_variables is None else trainable_variables
                passing.variables += list(variables)
                passing.gradients += gradients
                scale = getattr(optimizer, "dynamic_scale", None)
                passing.scale = None if scale is None else tf.convert_to_tensor(scale)  # before it is adapted
            return original(gradients, trainable_variables, **kwargs)

        return apply

    def _see_output(self, original: Callable, place: Place) -> Callable:
        def call(*args, **kwargs):
            output = original(*args, **kwargs)
            passing = self._now.passing
            if passing is not None:
                if place.name not in passing.called:
                    passing.called.append(place.name)
                if _is_plain(output):
                    passing.outputs[place.name] = output
                if passing.fed is None and place.weights and args and _is_plain(args[0]):
                    passing.fed = place.name, args[0]
            return output

        return call


def _is_plain(output) -> bool:
    """A floating-point tensor with known rank (not a dict, ragged or sparse one) that belongs to the step itself."""
    return isinstance(output, tf.Tensor) and output.dtype.is_floating and (output.shape.rank or 0) > 1
