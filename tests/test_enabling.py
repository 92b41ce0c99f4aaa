"""What a rule that could not look is said to need."""

from __future__ import annotations

import dataclasses
import json

import made_up
import numpy as np
import pytest
from recorded import names, recorded
from test_rules import cases

from tb_nndiag.enabling import Enabling, enabling
from tb_nndiag.engine import diagnose
from tb_nndiag.rule import all_rules
from tb_nndiag.run import Run
from tb_nndiag.verdict import Verdict


def of(rule: str, run: Run, reason: str = "") -> Enabling:
    """What lets a rule look; reason: its answer, when it is not to be asked."""
    selected = dataclasses.replace(run, settings=dataclasses.replace(run.settings, select=(rule,)))
    verdicts = [Verdict("NND000", rule, "error", "unknown", reason)] if reason else diagnose(selected)
    return enabling(verdicts, run)[rule]


def with_card(run: Run, **facts) -> Run:
    return dataclasses.replace(run, card=dataclasses.replace(run.card, **facts))


@pytest.mark.parametrize(("name", "run"), cases("UNKNOWN"))
def test_whoever_could_not_look_says_what_would_help(name, run):
    line = of(name, run)
    assert line.do.endswith(".")
    assert "\n" not in line.do + line.code


@pytest.mark.parametrize("name", names())
def test_on_a_real_run_too_and_for_nobody_else(name):
    verdicts = diagnose(recorded(name))
    assert set(enabling(verdicts, recorded(name))) == {v.rule for v in verdicts if v.status == "unknown"}


def test_validation_is_asked_for_where_there_was_none():
    run = made_up.run(gap=made_up.gaps([1.0] * 8))
    assert "validation_data=" in of("overfitting", run).code
    assert "validation_data=" in of("train-val-overlap", run).code
    given = with_card(run, validation=True)
    assert "arrays" in of("train-val-overlap", given).do
    assert "never a finite number" in of("overfitting", given).do


def test_one_number_of_epochs_is_enough_for_all_that_need_more():
    ended = with_card(made_up.run(loss=made_up.losses([1.0] * 10)), ended=True, steps_per_epoch=20)
    verdicts = [
        Verdict("NND000", "over-regularized", "error", "unknown", "needs 1,000 steps, has 10"),
        Verdict("NND000", "underfitting", "hint", "unknown", "needs 8 epochs, has 1"),
        Verdict("NND000", "constant-output", "error", "unknown", "needs two evaluations of the held rows, has one"),
    ]
    recorded_too = {s: made_up.series(s) for s in ("baseline", "outputs", "labels")} | {"gap": made_up.gaps([1.0]), "loss": ended["loss"]}
    ended = dataclasses.replace(ended, series=recorded_too)
    lines = set(enabling(verdicts, with_card(ended, validation=True)).values())
    assert [line.do for line in lines] == ["Train for at least 50 epochs."]
    assert "epochs=50" in lines.pop().code


def test_a_training_that_gets_there_by_itself_is_waited_for():
    run = made_up.run(loss=made_up.losses([1.0] * 10), optimizer=made_up.series("optimizer"))
    assert of("optimizer-choice", run, "needs 40 steps, has 10").do.startswith("Wait: epoch 2 of the 10")
    assert of("optimizer-choice", with_card(run, ended=True), "needs 400 steps, has 10").code.startswith("model.fit(x, y, epochs=20")
    assert of("optimizer-choice", with_card(run, steps_per_epoch=0), "needs 400 steps, has 10").do == "Train longer: for at least 400 steps."


@pytest.mark.parametrize(
    ("rule", "recorded_too", "facts", "says"),
    [
        ("dead-units", (), {}, "first epoch end"),
        ("dead-units", ("epoch",), {}, "one shape"),
        ("loss-plateau", ("epoch", "gap", "loss"), {}, "Keras' own losses"),
        ("nan-loss", ("epoch",), {}, "compute_loss"),
        ("vanishing-gradients", ("epoch",), {"trainable_parameters": 7}, "train_step"),
        ("vanishing-gradients", ("epoch",), {"trainable_parameters": 0}, "Let a layer train"),
        ("mode-mismatch", ("epoch",), {}, "Nothing to change"),
    ],
)
def test_a_signal_that_is_missing_says_what_records_it(rule, recorded_too, facts, says):
    known = {"epoch": made_up.series("epoch", value=1.0), "gap": made_up.gaps([1.0]), "loss": made_up.losses([1.0])}
    run = made_up.run(**{signal: known[signal] for signal in recorded_too})
    assert says in of(rule, with_card(run, **facts)).do


def test_rules_that_judge_other_models_say_that_nothing_is_to_be_done():
    several = made_up.run(labels=made_up.series("labels", ("a", "b")), outputs=made_up.series("outputs", ("a", "b")), gap=made_up.gaps(np.ones(5)), baseline=made_up.series("baseline"))
    assert of("rank-mismatch", several).do.startswith("Nothing to change")


def test_all_rules_that_are_off_are_selected_by_one_line_and_experiments_are_left_to_their_page():
    run = made_up.run()
    verdicts = diagnose(run)
    lines = enabling(verdicts, run)
    assert lines["no-seed"] == lines["capacity"]
    assert lines["no-seed"].code.startswith("select = [")
    names = json.loads(lines["no-seed"].code.removeprefix("select = "))
    assert set(names) == {rule.name for rule in all_rules() if rule.opt_in}
    assert lines["worse-than-linear"] == lines["small-batch"]
    assert "experiment" in lines["small-batch"].do
