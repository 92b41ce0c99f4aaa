"""The places of a model that are measured: its layers, with their weights and the names that users know."""

from __future__ import annotations

from dataclasses import dataclass, field

import keras


@dataclass
class Place:
    """A layer that is measured as one: a plain layer, or a recurrent one with its cells.

    name: the layer's own name, below its parents' when it is nested ("encoder/dense")
    weights: its trainable Keras variables
    """

    name: str
    layer: keras.layers.Layer
    weights: list = field(default_factory=list)

    @property
    def kernels(self) -> list:
        """The weights of two or more dimensions; all weights, if there are none."""
        return [w for w in self.weights if len(w.shape) >= 2] or list(self.weights)

    @property
    def unit_axis(self) -> int:
        """The axis of the output along which units (or channels) lie."""
        return 1 if getattr(self.layer, "data_format", None) == "channels_first" else -1


def places_of(model: keras.Model) -> list[Place]:
    """Every place of the model, each once, in the order in which the model holds its layers."""
    found: list[Place] = []
    seen: set[int] = set()

    def walk(layer, prefix: str) -> None:
        if id(layer) in seen or isinstance(layer, keras.layers.InputLayer):
            return
        seen.add(id(layer))
        children = [] if _is_one(layer) else list(layer._layers)
        name = prefix + layer.name
        if layer._trainable_variables or not children:
            weights = layer._trainable_variables if children else layer.trainable_variables
            found.append(Place(name, layer, [w for w in weights if w.trainable]))
        for child in children:
            walk(child, "" if layer is model else f"{name}/")

    walk(model, "")
    return found


def _is_one(layer) -> bool:
    """Whether its parts cannot be observed: what a loop computes inside cannot leave it."""
    return isinstance(layer, (keras.layers.RNN, keras.layers.Bidirectional, keras.layers.TimeDistributed))
