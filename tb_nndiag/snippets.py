"""Code for fixes, in the run's own names and values: what a reader can paste. Pure."""

from __future__ import annotations

import numpy as np

from tb_nndiag.run import Layer, Run

FIT_TEN_ROWS = "model.fit(x[:10], y[:10], epochs=300, verbose=0)\nprint(model.evaluate(x[:10], y[:10]))"


def layer(layer: Layer, activation: str, *, units: int | str = 0, **settings: str) -> str:
    """The call that makes this layer anew, with another activation and other settings.

    units: another number of units; 0: as it is. A layer that is only an activation becomes another activation.
    """
    name = layer.name.rsplit("/", 1)[-1]  # Keras refuses a name with the path of a nested layer
    more = "".join(f', {key}="{value}"' for key, value in settings.items())
    if layer.class_name.startswith("Conv"):
        size = tuple(layer.kernel_shape[:-2])
        filters = units or layer.kernel_shape[-1]
        return f'keras.layers.{layer.class_name}({filters}, {size}, activation="{activation}"{more}, name="{name}")'
    if layer.class_name == "SimpleRNN":
        return f'keras.layers.LSTM({layer.units}, name="{name}")'
    if not layer.parameters:
        return f'keras.layers.Activation("{activation}", name="{name}")'
    return f'keras.layers.Dense({units or layer.units}, activation="{activation}"{more}, name="{name}")'


def learning_rate(run: Run) -> float:
    """The learning rate of the last record; NaN when it was not recorded."""
    return run["optimizer"].last(0, "learning_rate") if "optimizer" in run else float("nan")


def optimizer(run: Run, rate: float, **settings: float) -> str:
    """The run's optimizer with another learning rate; without a known one, the rate is left out."""
    name = run.card.optimizer.name if run.card and run.card.optimizer else "Adam"
    arguments = [f"learning_rate={rate:.2g}"] if np.isfinite(rate) else []
    return f"keras.optimizers.{name}({', '.join([*arguments, *(f'{k}={v}' for k, v in settings.items())])})"


def a_tenth(run: Run) -> str:
    """The learning rate divided by ten."""
    rate = learning_rate(run)
    now = f"{rate / 10:.2g}" if np.isfinite(rate) else "model.optimizer.learning_rate / 10"
    return f"model.optimizer.learning_rate = {now}"


def try_rates(run: Run) -> str:
    """A loop over learning rates, decades around the run's own."""
    rate = learning_rate(run)
    rate = rate if np.isfinite(rate) and rate > 0 else 1e-3
    rates = ", ".join(f"{rate * factor:.0e}" for factor in (0.01, 0.1, 10, 100))
    return (
        f"for rate in ({rates}):\n"
        "    model = build_model()  # a fresh one each time\n"
        f"    model.compile({optimizer(run, float('nan')).replace('()', '(rate)')}, loss=loss)\n"
        "    print(rate, model.fit(x, y, epochs=3, verbose=0).history['loss'])"
    )
