"""The changes of every fix: in the vocabulary, about what the run has, the same as its code, and to be made on a real model."""

from __future__ import annotations

import ast
import importlib
import json
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
from changes import Training, applied, passed, weights
from recorded import RUNS, names, recorded

from keras_callbacks.probes.run_card import losses_of
from tb_nndiag.engine import diagnose
from tb_nndiag.rule import CHANGES, Change, all_rules
from tb_nndiag.snippets import Recipe, both
from tb_nndiag.verdict import to_json

FIT_ARGUMENTS = {"epochs", "batch_size", "shuffle", "class_weight", "callbacks", "validation_split"}
RULES = {rule.name: rule for rule in all_rules()}


def finding_of(rule, run):
    selected = replace(run, settings=replace(run.settings, select=(rule.name,)))
    return next(v for v in diagnose(selected, rules=[rule])).finding


def fixes():
    """Every fix of every case in which its rule finds something; equal ones of a rule once."""
    found = []
    seen = set()
    for rule in all_rules():
        module = importlib.import_module(f"rules.{rule.name.replace('-', '_')}")
        for text, run in {**module.FIRES, **getattr(module, "WARNINGS", {}), **module.HINTS}.items():
            for i, fix in enumerate(finding_of(rule, run).fixes):
                key = (rule.name, fix.do, fix.code, repr(fix.changes))
                if key in seen:
                    continue
                seen.add(key)
                found.append(pytest.param(fix, run, id=f"{rule.name}: {text} {i}"))
    return found


FIXES = fixes()


def test_a_change_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="'weights'; expected one of optimizer, loss"):
        Change("weights", "dense", 0)


@pytest.mark.parametrize(("fix", "run"), FIXES)
def test_a_change_is_about_what_the_run_has(fix, run):
    card = run.card
    targets = {
        "optimizer": lambda target: target.isidentifier(),
        "loss": lambda target: target in ("model", *(loss.output for loss in card.losses)),
        "metrics": lambda target: target == "model",
        "layer": lambda target: card.layer(target.rpartition(".")[0]) and target.rpartition(".")[2].isidentifier(),
        "replace": lambda target: card.layer(target),
        "insert": lambda target: target == "" or card.layer(target),
        "inputs": lambda target: target in run["inputs"].columns,
        "targets": lambda target: target in run["labels"].columns,
        "fit": lambda target: target in FIT_ARGUMENTS,
        "precision": lambda target: target == "model",
    }
    assert set(targets) == set(CHANGES)
    for change in fix.changes:
        assert json.loads(json.dumps(change.value, allow_nan=False)) == change.value
        assert targets[change.kind](change.target), change
    assert len({(c.kind, c.target) for c in fix.changes}) == len(fix.changes)


@pytest.mark.parametrize(("fix", "run"), FIXES)
def test_a_fix_says_what_to_do_and_why(fix, run):
    assert fix.do.endswith((".", ":"))
    assert fix.because.endswith((".", ".)"))
    assert "nan" not in f"{fix.do} {fix.code}".lower().replace("isnan", "")


class Pasted:
    """Stands for `model`, and keeps what it is told."""

    def __init__(self, loss):
        self.layers, self.optimizer, self.loss, self.compiled, self.fitted = [], None, loss, {}, {}

    def compile(self, **arguments):
        self.compiled.update(arguments)

    def fit(self, x, y, **arguments):
        self.fitted.update(arguments)


def pasted(code, run):
    """Runs the code of a fix. Returns the rows before, all names after, what the model was told, and what its lines are."""
    rng = np.random.default_rng(0)
    loss = run.card.losses[0].name if run.card and run.card.losses else ""
    rows = {
        "x": rng.normal(3, 2, (60, 4)),
        "x_val": rng.normal(3, 2, (20, 4)),
        "y": np.arange(60) % 2 + 1.0,
        "y_val": np.ones(20),
    }
    if "argmax" in code:
        rows["y"] = np.eye(2)[np.arange(60) % 2]
    told = Pasted(loss)
    names = {**rows, "keras": keras, "np": np, "model": told}
    objects = []
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.Expr):
            objects.append(eval(compile(ast.Expression(statement.value), "<fix>", "eval"), names))
        else:
            exec(compile(ast.Module([statement], []), "<fix>", "exec"), names)
    optimizer = told.compiled.get("optimizer")
    return rows, names, told, [*objects, *([optimizer] if optimizer else [])]


def same(a, b):
    """Whether two objects of Keras are alike, whatever they are called."""

    def config(thing):
        return {k: v for k, v in keras.saving.serialize_keras_object(thing)["config"].items() if k != "name"}

    return type(a) is type(b) and config(a) == config(b)


def remade(thing, argument, value):
    return type(thing).from_config({**thing.get_config(), argument: value})


@pytest.mark.parametrize(("fix", "run"), [p for p in FIXES if p.values[0].changes])
def test_the_code_of_a_fix_says_the_same_as_its_changes(fix, run):
    if any(c.kind == "precision" or c.target.endswith(".trainable") for c in fix.changes):
        for change in fix.changes:
            assert change.kind == "optimizer" or str(change.value) in fix.code
        return
    rows, now, told, objects = pasted(fix.code, run)
    layers = {o.name: o for o in objects if isinstance(o, keras.layers.Layer)}
    optimizers = [o for o in objects if isinstance(o, keras.optimizers.Optimizer)]
    for change in fix.changes:
        kind, target, value = change.kind, change.target, change.value
        own_name = target.rpartition(".")[0].rsplit("/", 1)[-1] if kind == "layer" else target.rsplit("/", 1)[-1]
        if value is None and kind in ("layer", "replace"):
            assert own_name in fix.code or "order" in fix.do or "before" in fix.do
        elif kind == "layer" and own_name not in layers:
            assert f'{target.rpartition(".")[2]}="{value}"' in fix.code  # of a class whose call is not known
        elif kind == "layer":
            assert same(remade(layers[own_name], target.rpartition(".")[2], value), layers[own_name])
        elif kind == "replace":
            assert same(keras.layers.deserialize(value), layers[own_name])
        elif kind == "insert":
            assert any(same(keras.layers.deserialize(value), layer) for layer in layers.values())
        elif kind == "optimizer" and target == "optimizer":
            assert same(keras.optimizers.deserialize(value), optimizers[0])
        elif kind == "optimizer":
            assert same(remade(optimizers[0], target, value), optimizers[0])
        elif kind == "loss":
            wanted, given = keras.losses.deserialize(value), told.compiled["loss"]
            assert losses_of(Pasted(wanted)) == losses_of(Pasted(given))
        elif kind == "metrics":
            assert told.compiled["metrics"] == value
        elif kind in ("inputs", "targets"):
            name = kind[:1].replace("i", "x").replace("t", "y")
            if now[name] is not rows[name] and "mean" not in value["config"] and "to 1" not in fix.do:
                np.testing.assert_allclose(passed(value, rows[name]), now[name], rtol=1e-3, atol=1e-5)
        elif target == "callbacks":
            given = told.fitted.get("callbacks") or [o for o in objects if isinstance(o, keras.callbacks.Callback)]
            made = getattr(keras.callbacks, value[0]["class_name"])(**value[0]["config"])
            assert {k: v for k, v in vars(given[0]).items() if isinstance(v, (int, str))} == {
                k: v for k, v in vars(made).items() if isinstance(v, (int, str))
            }
        elif target == "class_weight":
            given = told.fitted["class_weight"]
            if value == "balanced":
                assert given == pytest.approx(weights(value, rows["y"]))
            else:
                assert {str(k): v for k, v in given.items()} == value
        else:
            assert told.fitted[target] == value


def trainings():
    """The real models of the recorded runs: what tests/runs/record.py would train."""
    sys.path.insert(0, str(RUNS))
    record = importlib.import_module("record")
    kept = {}

    def keep(model, data, optimizer, directory, *, loss="sparse_categorical_crossentropy", batch=32, **_):
        x, y, *_ = data if data[1] is not None else next(data[0].as_numpy_iterator())  # a dataset: its first batch
        kept[directory] = Training(model, {"optimizer": optimizer, "loss": loss}, x[:64], y[:64], {"batch_size": batch})

    record.fit = keep
    for name, run in record.RECORDINGS.items():
        keras.backend.clear_session()
        run(name)
    return kept


TRAININGS = trainings()


@pytest.mark.parametrize("name", [name for name in names() if not name.startswith("healthy_")])
def test_the_changes_can_be_made_on_the_real_model_which_then_trains(name):
    found = [fix for v in diagnose(recorded(name)) if v.leads for fix in v.finding.fixes if fix.changes]
    for fix in found:
        record = importlib.import_module("record")
        with keras.saving.custom_object_scope({own: getattr(record, own) for own in ("StopGradient", "SquareRoot", "Squared")}):
            training = applied(TRAININGS[name], fix.changes)
        training.model.compile(optimizer=training.compile["optimizer"], loss=training.compile["loss"])
        training.fit.pop("callbacks", None)
        training.model.fit(training.x, training.y, verbose=0, **{**training.fit, "epochs": 1})
        for change in fix.changes:
            if change.kind == "optimizer" and change.target != "optimizer":
                told = training.model.optimizer.get_config()[change.target]
                assert told == pytest.approx(change.value) if isinstance(change.value, float) else (told is None) == (change.value is None)


def test_the_changes_stand_in_the_json():
    (verdict,) = [v for v in diagnose(recorded("rate_too_high")) if v.leads]
    assert to_json(verdict)["fixes"][0]["changes"] == [
        {"kind": "optimizer", "target": "learning_rate", "value": verdict.finding.fixes[0].changes[0].value}
    ]


@pytest.mark.parametrize(
    ("layers", "code"),
    [
        (4, ["L(0)", "L(1)", "L(2)", "L(3)"]),
        (5, ["L(0)", "L(1)", "L(2)", "# likewise: l_3, l_4"]),
        (8, ["L(0)", "L(1)", "L(2)", "# likewise: l_3, l_4, l_5 and 2 more"]),
    ],
)
def test_of_many_layers_that_change_alike_the_first_are_written_out(layers, code):
    made = both(*(Recipe(f"L({i})", (Change("layer", f"l_{i}.activation", "relu"),)) for i in range(layers)))
    assert made.code.split("\n") == code
    assert len(made.changes) == layers
