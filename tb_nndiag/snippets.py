"""What to change, as code that a reader can paste and as data that a program can apply; in the run's own names and values. Pure."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from tb_nndiag.rule import Change, Fix, number
from tb_nndiag.run import Layer, Loss, Run

FIT_TEN_ROWS = "model.fit(x[:10], y[:10], epochs=300, verbose=0)\nprint(model.evaluate(x[:10], y[:10]))"
MOST_SHOWN = 3  # layers whose code is written out, where all are changed alike
SHUFFLE = "order = np.random.permutation(len(x))\nx, y = x[order], y[order]"
CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
_RECURRENT = ("LSTM", "GRU", "SimpleRNN")
_DEFAULTS = {  # of Keras' optimizers: what code need not say
    "momentum": (0.0,), "nesterov": (False,), "beta_1": (0.9,), "beta_2": (0.999, 0.99), "rho": (0.9, 0.95), "epsilon": (1e-7,),
    "use_ema": (False,), "amsgrad": (False,),
}  # fmt: skip
_SHORT = {"MeanSquaredError": "mse", "MeanAbsoluteError": "mae"}


class Recipe(NamedTuple):
    """The last two parts of a Fix: `Fix(do, because, *recipe)`."""

    code: str
    changes: tuple[Change, ...] = ()


def keras(class_name: str, module: str = "layers", **config: Any) -> dict[str, Any]:
    """An object of Keras in Keras' own form: what `keras.layers.deserialize` and its like take."""
    return {"module": f"keras.{module}", "class_name": class_name, "config": config}


def both(*recipes: Recipe) -> Recipe:
    """All of them, one after the other; of many, the code of the first ones, and the names of the others' layers."""
    changes = tuple(change for recipe in recipes for change in recipe.changes)
    if len(recipes) <= MOST_SHOWN + 1:
        return Recipe("\n".join(recipe.code for recipe in recipes), changes)
    shown, rest = recipes[:MOST_SHOWN], recipes[MOST_SHOWN:]
    named = [recipe.changes[0].target.split(".")[0] for recipe in rest if recipe.changes]
    others = ", ".join(named[:MOST_SHOWN]) + (f" and {len(named) - MOST_SHOWN} more" if len(named) > MOST_SHOWN else "")
    return Recipe("\n".join([*(recipe.code for recipe in shown), f"# likewise: {others}"]), changes)


def layer(layer: Layer, activation: str = "", *, units: int = 0, **settings: str) -> Recipe:
    """The layer made anew, with another activation and other settings.

    activation, units: empty and 0: as they are. A layer that is only an activation becomes another activation.
    """
    wanted = activation or layer.activation
    told = {"activation": wanted if wanted != "linear" or activation else "", **settings, "name": _own_name(layer)}
    changed = {"activation": activation if activation != (layer.activation or "linear") else "", **settings}
    size: tuple[int | tuple[int, ...], ...] = (units or layer.units,)
    if layer.class_name == "SimpleRNN" and activation:
        made = keras("LSTM", units=layer.units, **_sequences(layer), name=_own_name(layer))
        return Recipe(
            call("LSTM", *size, **_sequences(layer), name=_own_name(layer)), (Change("replace", layer.name, made),)
        )
    if not layer.parameters and not units:
        made = keras("Activation", activation=wanted, name=_own_name(layer))
        return Recipe(call("Activation", wanted, name=_own_name(layer)), (Change("replace", layer.name, made),))
    if layer.class_name.startswith("Conv"):
        size = (*size, tuple(layer.kernel_shape[:-2]))
        changed["filters"] = units if units != layer.units else ""  # type: ignore[assignment]
    elif layer.class_name == "Dense":
        changed["units"] = units if units != layer.units else ""  # type: ignore[assignment]
        told.update({} if layer.settings.get("use_bias", True) else {"use_bias": False})  # type: ignore[dict-item]
    changes = tuple(Change("layer", f"{layer.name}.{key}", value) for key, value in changed.items() if value)
    known = layer.class_name.startswith("Conv") or layer.class_name in ("Dense", *_RECURRENT)
    if not known:
        more = ", ".join(f'{key}="{value}"' for key, value in told.items() if value)
        return Recipe(f"# in the call of {layer.class_name}: {more}", changes)
    told.update(_sequences(layer))
    return Recipe(call(layer.class_name, *size, **told), changes)


def _own_name(layer: Layer) -> str:
    return layer.name.rsplit("/", 1)[-1]  # Keras refuses a name with the path of a nested layer


def _sequences(layer: Layer) -> dict[str, Any]:
    return {"return_sequences": True} if layer.settings.get("return_sequences") else {}


def call(class_name: str, *values: Any, module: str = "layers", **named: Any) -> str:
    """The call that makes an object of Keras; arguments that are "" are left out."""
    arguments = [_literal(v) for v in values] + [f"{k}={_literal(v)}" for k, v in named.items() if v != ""]
    return f"keras.{module}.{class_name}({', '.join(arguments)})"


def _literal(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}" if value % 1 else f"{value:.1f}"  # Keras takes no whole number for a learning rate
    return f'"{value}"' if isinstance(value, str) else str(value)


def replace(layer: Layer, class_name: str, **settings: Any) -> Recipe:
    """A layer of another class in the place of this one."""
    settings["name"] = _own_name(layer)
    return Recipe(call(class_name, **settings), (Change("replace", layer.name, keras(class_name, **settings)),))


def set_layer(layer: Layer, **settings: Any) -> Recipe:
    """The same layer with other settings, where these are all that it is made of."""
    changes = tuple(Change("layer", f"{layer.name}.{key}", value) for key, value in settings.items())
    return Recipe(call(layer.class_name, **settings, name=_own_name(layer)), changes)


def insert(layers: list[Layer], class_name: str, *values: float, **settings: Any) -> Recipe:
    """A new layer after each of these."""
    return Recipe(
        call(class_name, **settings),
        tuple(Change("insert", layer.name, keras(class_name, **settings)) for layer in layers),
    )


def learning_rate(run: Run) -> float:
    """The learning rate of the last record, or that of the run card; NaN when neither is known."""
    if "optimizer" in run:
        return run["optimizer"].last(0, "learning_rate")
    return run.card.optimizer.learning_rate if run.card and run.card.optimizer else float("nan")


def short(rate: float) -> float:
    """Two digits of it: as exact as a learning rate need be."""
    return float(f"{rate:.2g}")


def optimizer(run: Run, rate: float, **settings: float | None) -> Recipe:
    """The run's optimizer with another learning rate and these settings; the others as they are.

    rate: NaN: not known, and left out; settings: None: no longer set
    """
    card = run.card.optimizer if run.card else None
    name = card.name if card else "Adam"
    own = {k: v for k, v in (card.settings if card else {}).items() if v not in _DEFAULTS.get(k, ())}
    told = {k: v for k, v in {**own, **settings}.items() if v is not None}
    if np.isfinite(rate):
        told = {"learning_rate": short(rate), **told}
    changed: dict[str, Any] = dict(settings)
    now = card.learning_rate if card and not card.schedule else float("nan")
    if np.isfinite(rate) and short(rate) != short(now):
        changed = {"learning_rate": short(rate), **changed}
    code = call(name, module="optimizers", **told)
    return Recipe(code, tuple(Change("optimizer", key, value) for key, value in changed.items()))


def other_optimizer(name: str, **settings: float) -> Recipe:
    """An optimizer of this class, all else as Keras sets it."""
    return Recipe(
        call(name, module="optimizers", **settings),
        (Change("optimizer", "optimizer", keras(name, "optimizers", **settings)),),
    )


def a_tenth(run: Run, because: str) -> Fix:
    """Lower the learning rate to a tenth of the largest of the run."""
    largest = (
        float(np.fmax.reduce(run["optimizer"].of_run("learning_rate"))) if "optimizer" in run else learning_rate(run)
    )
    if not largest > 0:
        return Fix(
            "Lower the learning rate to a tenth.",
            because,
            "model.optimizer.learning_rate = model.optimizer.learning_rate / 10",
        )
    tenth = short(largest / 10)
    schedule = run.card.optimizer.schedule if run.card and run.card.optimizer else ""
    instead = f", a constant instead of the `{schedule}`" if schedule else ""
    return Fix(
        f"Lower the learning rate from {number(largest)} to {number(tenth)}{instead}.", because, *optimizer(run, tenth)
    )


def compiled(run: Run, **arguments: str) -> str:
    """The call that compiles the model anew, with the optimizer as it is: one that was used knows the old layers only."""
    card = run.card.optimizer if run.card else None
    known = card is not None and not card.schedule and np.isfinite(card.learning_rate)
    now = optimizer(run, card.learning_rate).code if card is not None and known else "model.optimizer"
    return f"model.compile(optimizer={now}, {', '.join(f'{k}={v}' for k, v in arguments.items())})"


def loss(run: Run, class_name: str, **config: Any) -> Recipe:
    """The model compiled with another loss."""
    now = run.card.losses[0] if run.card and len(run.card.losses) == 1 else Loss("")
    code = call(class_name, module="losses", **config) if config else f'"{name_of_loss(class_name)}"'
    changed = Change("loss", now.output or "model", keras(class_name, "losses", **config))
    same = now.name == class_name and now.from_logits == config.get("from_logits", False)
    return Recipe(compiled(run, loss=code), () if same else (changed,))


def name_of_loss(class_name: str) -> str:
    """The loss as Keras' users write it: "BinaryCrossentropy" is "binary_crossentropy"."""
    return _SHORT.get(class_name) or re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()


def metrics(run: Run, *names: str) -> Recipe:
    """The model compiled with other metrics."""
    code = compiled(run, loss="model.loss", metrics=str(list(names)).replace("'", '"'))
    return Recipe(code, (Change("metrics", "model", list(names)),))


def fit(**arguments: Any) -> Recipe:
    """`fit` with these arguments."""
    given = ", ".join(f"{key}={_literal(value)}" for key, value in arguments.items())
    return Recipe(f"model.fit(x, y, {given})", tuple(Change("fit", key, value) for key, value in arguments.items()))


def callback(class_name: str, **settings: Any) -> Recipe:
    """`fit` with this callback beside those it has."""
    code = call(class_name, module="callbacks", **settings)
    return Recipe(code, (Change("fit", "callbacks", [keras(class_name, "callbacks", **settings)]),))


def train_on(epochs: int, patience: int) -> Recipe:
    """So many epochs, and an end when the validation loss no longer falls."""
    end = callback("EarlyStopping", monitor="val_loss", patience=patience, restore_best_weights=True)
    code = f"model.fit(x, y, epochs={epochs}, validation_data=(x_val, y_val), callbacks=[\n    {end.code}])"
    return Recipe(code, (*fit(epochs=epochs).changes, *end.changes))


def planned_steps(run: Run) -> int:
    """How many steps the training was to have; as many as it had, where that is not known."""
    return (run.card.epochs * run.card.steps_per_epoch if run.card else 0) or run.last_step


def decaying(run: Run, rate: float, steps: int, *, warmed_up: bool = False) -> Recipe:
    """The run's optimizer with a rate that falls to zero over these steps; before, it may rise from zero over a tenth of them."""
    rate, rise = short(rate) if rate > 0 else 1e-3, max(steps // 10, 1)
    if warmed_up:
        config = {
            "initial_learning_rate": 0.0,
            "decay_steps": steps - rise,
            "warmup_target": rate,
            "warmup_steps": rise,
        }
    else:
        config = {"initial_learning_rate": rate, "decay_steps": steps}
    schedule = call("CosineDecay", module="optimizers.schedules", **config)
    own = optimizer(run, float("nan")).code
    opened = own.index("(") + 1
    code = f"{own[:opened]}learning_rate={schedule}{', ' if own[opened] != ')' else ''}{own[opened:]}"
    return Recipe(code, (Change("optimizer", "learning_rate", keras("CosineDecay", "optimizers.schedules", **config)),))


def before(run: Run, layer: Layer, class_name: str, **settings: Any) -> Recipe:
    """A new layer in front of this one."""
    names = [known.name for known in run.card.layers] if run.card else []
    at = names.index(layer.name)
    return Recipe(
        call(class_name, **settings), (Change("insert", names[at - 1] if at else "", keras(class_name, **settings)),)
    )


def class_weights(run: Run) -> Recipe:
    """`fit` with the classes weighted by how rare they are: in numbers for targets of 0 and 1, else as a count of the rows."""
    labels = run["labels"]
    of = {stat: labels.last(0, stat) for stat in labels.stats}
    common = of["majority_share"]
    if of["width"] == 1 and of["distinct"] == 2 and (of["min"], of["max"]) == (0, 1) and 0 < common < 1:
        shares = (1 - common, common) if of["mean"] > 0.5 else (common, 1 - common)
        weights = {str(number): short(0.5 / share) for number, share in enumerate(shares)}
        code = f"model.fit(x, y, class_weight={{0: {weights['0']:g}, 1: {weights['1']:g}}})"
        return Recipe(code, (Change("fit", "class_weight", weights),))
    classes = "y.argmax(axis=-1)" if of["width"] > 1 else "y"
    return Recipe(
        f"classes, counts = np.unique({classes}, return_counts=True)\n"
        "weights = counts.sum() / (len(counts) * counts)\n"
        "model.fit(x, y, class_weight=dict(zip(classes.tolist(), weights.tolist())))",
        (Change("fit", "class_weight", "balanced"),),
    )


def shifted_targets(run: Run, scale: float, offset: float) -> Recipe:
    """Targets times `scale` plus `offset`."""
    code = f"y = y * {scale:g} + {offset:g}".replace("+ -", "- ").replace(" * 1 ", " ")
    config: dict[str, Any] = {"scale": scale, "offset": offset}
    return Recipe(code, (Change("targets", run["labels"].columns[0], keras("Rescaling", **config)),))


def into_unit_range(run: Run) -> Recipe:
    """Targets from 0 to 1."""
    low, high = run["labels"].last(0, "min"), run["labels"].last(0, "max")
    return Recipe(
        "y = (y - y.min()) / (y.max() - y.min())",
        shifted_targets(run, 1 / (high - low), 0 - low / (high - low)).changes,
    )


def standardized_targets(run: Run) -> Recipe:
    """Targets with mean 0 and standard deviation 1: by the held rows' where there is one column, else by each column's own."""
    labels = run["labels"]
    mean, std = labels.last(0, "mean"), labels.last(0, "std")
    known = labels.last(0, "width") == 1 and std > 0
    numbers = f"{mean:g}, {std:g}  # of the held rows" if known else "y.mean(axis=0), y.std(axis=0)"
    config: dict[str, Any] = {"axis": None, "mean": mean, "variance": std**2} if known else {}
    return Recipe(
        f"mean, std = {numbers}\ny, y_val = (y - mean) / std, (y_val - mean) / std\n# afterwards: model.predict(x) * std + mean",
        (Change("targets", labels.columns[0], keras("Normalization", **config)),),
    )


def standardized(run: Run) -> Recipe:
    """Every input with mean 0 and standard deviation 1, by the training rows."""
    names = run["inputs"].columns if "inputs" in run else ()
    return Recipe(
        "mean, std = x.mean(axis=0), x.std(axis=0) + 1e-7\nx, x_val = (x - mean) / std, (x_val - mean) / std",
        tuple(Change("inputs", name, keras("Normalization")) for name in names),
    )


def try_rates(run: Run) -> str:
    """A loop over learning rates, decades around the run's own."""
    rate = learning_rate(run)
    rate = rate if np.isfinite(rate) and rate > 0 else 1e-3
    rates = ", ".join(f"{rate * factor:.0e}" for factor in (0.01, 0.1, 10, 100))
    made = re.sub(r"\((learning_rate=[^,)]+)?", "(learning_rate=rate", optimizer(run, rate).code)
    return (
        f"for rate in ({rates}):\n"
        "    model = build_model()  # a fresh one each time\n"
        f"    model.compile({made}, loss=loss)\n"
        "    print(rate, model.fit(x, y, epochs=3, verbose=0).history['loss'])"
    )
