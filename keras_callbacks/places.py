"""The places of a model that are measured: its layers, with their weights and the names that users know."""

from __future__ import annotations

from dataclasses import dataclass

import keras


@dataclass
class Place:
    """A layer that is measured as one: a plain layer, or a recurrent one with its cells.

    name: the layer's own name, below its parents' when it is nested ("encoder/dense")
    own_only: its parts are places themselves, so only what it holds beside them is its own
    """

    name: str
    layer: keras.layers.Layer
    own_only: bool = False

    @property
    def weights(self) -> list:
        """Its trainable Keras variables; none as long as it is not built."""
        found = self.layer._trainable_variables if self.own_only else self.layer.trainable_variables
        return [w for w in found if w.trainable]

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
            found.append(Place(name, layer, own_only=bool(children)))
        for child in children:
            walk(child, "" if layer is model else f"{name}/")

    walk(model, "")
    return found


def _is_one(layer) -> bool:
    """Whether its parts cannot be observed: what a loop computes inside cannot leave it."""
    return isinstance(layer, (keras.layers.RNN, keras.layers.Bidirectional, keras.layers.TimeDistributed))
