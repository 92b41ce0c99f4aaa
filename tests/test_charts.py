"""Charts, card and spark of the tab: plain data that holds what is drawn."""

from __future__ import annotations

import json
from itertools import pairwise

import made_up
import numpy as np
import pytest
from recorded import names, recorded

from tb_nndiag import charts as charts_module
from tb_nndiag.charts import MOST_STEPS, SPARK_POINTS, WAIT, best_val_loss, card, charts, spark
from tb_nndiag.engine import diagnose
from tb_nndiag.rule import Evidence, Finding, Fix, all_rules, number
from tb_nndiag.run import Card, Layer, Loss, Optimizer, Run, Series
from tb_nndiag.signals import SIGNALS
from tb_nndiag.verdict import Verdict, to_json

NAN, INF = np.nan, np.inf


def chart_of(run: Run, chart: str, verdicts=()) -> dict:
    """The chart of that id, after a way through strict JSON."""
    (found,) = [c for c in charts(run, verdicts) if c["id"] == chart]
    return json.loads(json.dumps(found, allow_nan=False))


def line(chart: dict, name: str) -> dict[int, float]:
    """Step → value of one series, where it has one."""
    (found,) = [s for s in chart["series"] if s["name"] == name]
    return {step: value for step, value in zip(chart["steps"], found["values"], strict=True) if value is not None}


def roles(chart: dict) -> dict[str, str]:
    return {s["name"]: s["role"] for s in chart["series"]}


# ---- loss ------------------------------------------------------------------------------------------------------------


def test_the_loss_chart_has_the_batches_as_a_band_and_the_held_rows():
    losses = made_up.losses([4.0, 3.0, 2.0], min=[3.0, 2.0, 1.0], max=[5.0, 4.0, 3.0])
    chart = chart_of(made_up.run(loss=losses, gap=made_up.gaps([3.5, 2.5], every=2)), "loss")
    assert roles(chart) == {"batch loss": "train", "batch loss (min)": "low", "batch loss (max)": "high", "training sample, inference mode": "train"}
    assert chart["steps"] == [1, 2, 3, 4]
    assert line(chart, "batch loss") == {1: 4.0, 2: 3.0, 3: 2.0}
    assert line(chart, "batch loss (min)") == {1: 3.0, 2: 2.0, 3: 1.0}
    assert line(chart, "batch loss (max)") == {1: 5.0, 2: 4.0, 3: 3.0}
    assert line(chart, "training sample, inference mode") == {2: 3.5, 4: 2.5}
    assert chart["series"][0]["values"] == [4.0, 3.0, 2.0, None]
    assert chart["marks"] == []


def test_the_best_epoch_is_marked():
    chart = chart_of(made_up.run(gap=made_up.gaps([3.0, 2.0, 1.0, 0.5], val=np.array([3.0, NAN, 2.0, 2.5]))), "loss")
    assert chart["marks"] == [{"step": 60, "label": "best epoch 3"}]
    assert line(chart, "validation") == {20: 3.0, 60: 2.0, 80: 2.5}
    assert roles(chart)["validation"] == "val"
    epochs = made_up.series("epoch", ("accuracy",), steps=[20, 60], value=0.5)
    gap = made_up.gaps([3.0, 2.0, 1.0, 0.5], val=np.array([3.0, NAN, 2.0, 2.5]))
    assert chart_of(made_up.run(gap=gap, epoch=epochs), "metrics")["marks"] == chart["marks"]


@pytest.mark.parametrize(("constant", "marked"), [(2.5, True), (2.0, False), (1.9, False), (NAN, True)])
def test_no_epoch_is_the_best_where_a_constant_prediction_is_as_good(constant, marked):
    gap = made_up.gaps([3.0, 2.0, 1.0], val=np.array([3.0, 2.0, 2.2]))
    run = made_up.run(gap=gap, baseline=made_up.series("baseline", constant_loss=constant))
    assert bool(chart_of(run, "loss")["marks"]) is marked


def test_the_best_validation_loss_is_the_lowest_that_is_finite():
    assert best_val_loss(made_up.run(gap=made_up.gaps([3.0, 2.0, 1.0], val=np.array([INF, 2.0, 2.2])))) == 2.0
    assert best_val_loss(made_up.run(gap=made_up.gaps([3.0]))) is None
    assert best_val_loss(Run()) is None


@pytest.mark.parametrize("val", [NAN, INF], ids=["none", "infinite"])
def test_without_a_finite_validation_loss_there_is_no_best_epoch(val):
    chart = chart_of(made_up.run(gap=made_up.gaps([3.0, 2.0], val=val)), "loss")
    assert chart["marks"] == []
    assert "validation" not in roles(chart)


def test_an_epoch_that_is_not_a_number_costs_no_more_than_its_mark():
    gap = made_up.gaps([3.0, 2.0], val=np.array([3.0, 2.0]))
    gap.values[:, :, gap.stats.index("epoch")] = NAN
    assert len(chart_of(made_up.run(gap=gap), "loss")["series"]) == 2


def test_the_constant_prediction_is_a_level_line_over_all_steps():
    run = made_up.run(loss=made_up.losses([4.0, 3.0, 2.0]), gap=made_up.gaps([2.0], every=30), baseline=made_up.series("baseline", steps=[7], constant_loss=2.3))
    chart = chart_of(run, "loss")
    assert line(chart, "best constant prediction") == {1: 2.3, 30: 2.3}
    assert roles(chart)["best constant prediction"] == "reference"


def test_a_constant_that_is_not_known_has_no_line():
    run = made_up.run(loss=made_up.losses([4.0, 3.0]), baseline=made_up.series("baseline", constant_loss=NAN))
    assert "best constant prediction" not in roles(chart_of(run, "loss"))


def test_a_constant_alone_is_no_chart_and_a_single_step_no_line():
    baseline = made_up.series("baseline", constant_loss=2.3)
    assert charts(made_up.run(baseline=baseline), []) == []
    assert "best constant prediction" not in roles(chart_of(made_up.run(loss=made_up.losses([4.0]), baseline=baseline), "loss"))


@pytest.mark.parametrize(
    ("losses", "log"),
    [([1.0, 0.5], False), ([100.0, 1.0], False), ([101.0, 1.0], True), ([101.0, 0.0], False), ([101.0, -1.0], False), ([INF, 101.0, 1.0], True), ([INF, 2.0, 1.0], False)],
)
def test_a_loss_over_more_than_two_decades_has_a_logarithmic_axis(losses, log):
    assert chart_of(made_up.run(loss=made_up.losses(losses)), "loss")["log"] is log


# ---- the other charts ------------------------------------------------------------------------------------------------


def test_metrics_are_drawn_without_the_loss_and_the_learning_rate():
    epochs = made_up.series("epoch", ("accuracy", "loss", "learning_rate", "val_accuracy", "val_loss"), steps=[20, 40], value=np.array([[0.5, 1, 1, 0.4, 1], [0.6, 1, 1, 0.5, 1]]))
    chart = chart_of(made_up.run(epoch=epochs), "metrics")
    assert roles(chart) == {"accuracy": "train", "val_accuracy": "val"}
    assert line(chart, "val_accuracy") == {20: 0.4, 40: 0.5}


def test_a_model_without_metrics_has_no_chart_of_metrics():
    assert charts(made_up.run(epoch=made_up.series("epoch", ("loss", "val_loss"), value=1.0)), []) == []


LAYERS = ("z_first", "m_second", "a_last")


@pytest.mark.parametrize(
    ("chart", "signal", "stat", "log"),
    [
        ("gradients", "gradients", "rms", True),
        ("updates", "updates", "ratio", True),
        ("units", "units", "dead_share", False),
        ("saturation", "units", "saturated_share", False),
        ("predictions", "outputs", "spread", False),
    ],
)
def test_layers_stand_in_forward_order_each_with_its_own_numbers(chart, signal, stat, log):
    numbers = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    drawn = chart_of(made_up.run(**{signal: made_up.series(signal, LAYERS, steps=[5, 9], **{stat: numbers})}), chart)
    assert [(s["name"], s["role"]) for s in drawn["series"]] == [(name, "layer") for name in LAYERS]
    assert [s["values"] for s in drawn["series"]] == numbers.T.tolist()
    assert (drawn["steps"], drawn["log"]) == ([5, 9], log)
    assert drawn["title"]
    assert drawn["y_label"]


def test_the_learning_rate_is_drawn():
    chart = chart_of(made_up.run(optimizer=made_up.series("optimizer", learning_rate=[0.1, 0.05])), "learning_rate")
    assert [s["values"] for s in chart["series"]] == [[0.1, 0.05]]
    assert chart["log"] is True
    assert roles(chart) == {"learning rate": "train"}


def test_the_gap_is_validation_minus_training():
    chart = chart_of(made_up.run(gap=made_up.gaps([3.0, 2.0, 1.0], val=np.array([3.5, NAN, 2.0]))), "gap")
    assert line(chart, "validation minus training") == {20: 0.5, 60: 1.0}
    assert [c["id"] for c in charts(made_up.run(gap=made_up.gaps([3.0, 2.0])), [])] == ["loss"]  # no validation, no gap


def test_predicted_classes_stand_beside_the_commonest_of_the_targets():
    outputs = made_up.series("outputs", ("output",), steps=[20, 40], majority_share=[1.0, 0.7])
    chart = chart_of(made_up.run(outputs=outputs, labels=made_up.series("labels", ("output",), majority_share=0.6)), "majority")
    assert line(chart, "most predicted class") == {20: 1.0, 40: 0.7}
    assert line(chart, "commonest class of the targets") == {20: 0.6, 40: 0.6}
    numbers = made_up.series("labels", ("output",), integer=0)
    assert "majority" not in {c["id"] for c in charts(made_up.run(outputs=outputs, labels=numbers), [])}


def test_the_time_of_a_step_is_told_without_ours_and_ours_on_top():
    timing = made_up.series("timing", steps=[1, 2, 12], step_seconds=[0.5, 0.002, 0.001], own_seconds=[0.3, 0.301, 0.306])
    chart = chart_of(made_up.run(timing=timing), "timing")
    assert line(chart, "computing") == {1: 500, 2: 2, 12: 1}
    assert line(chart, "this callback") == {1: 300, 2: 1, 12: 0.5}
    assert roles(chart) == {"computing": "part", "this callback": "part"}
    assert chart["unit"] == "ms"


def test_the_wait_for_data_is_a_part_of_the_step_where_it_was_recorded():
    timing = made_up.series("timing", steps=[1, 2, 12], step_seconds=[0.5, 0.002, 0.001], own_seconds=[0.3, 0.301, 0.306])
    wait = Series(("run",), ("seconds",), np.array([2, 12]), np.array([[[0.0005]], [[0.02]]]))
    chart = chart_of(made_up.run(timing=timing, **{WAIT: wait}), "timing")
    assert [s["name"] for s in chart["series"]] == ["computing", "waiting for data", "this callback"]
    assert line(chart, "computing") == {1: 500, 2: 1.5, 12: 0}
    assert line(chart, "waiting for data") == {1: 0, 2: 0.5, 12: 1}  # one step's, and never more than the mean of all


def test_a_wait_holds_until_the_next_is_measured():
    timing = made_up.series("timing", steps=[1, 2, 3, 4], step_seconds=0.01, own_seconds=0.0)
    wait = Series(("run",), ("seconds",), np.array([2, 4]), np.array([[[0.003]], [[0.001]]]))
    assert line(chart_of(made_up.run(timing=timing, **{WAIT: wait}), "timing"), "waiting for data") == {1: 0, 2: 3, 3: 3, 4: 1}


def test_a_slow_step_does_not_hide_the_usual_ones():
    seconds = [2.0] + 40 * [0.002]
    chart = chart_of(made_up.run(timing=made_up.series("timing", step_seconds=seconds, own_seconds=0.0)), "timing")
    assert chart["top"] == pytest.approx(3)
    even = chart_of(made_up.run(timing=made_up.series("timing", step_seconds=41 * [0.002], own_seconds=0.0)), "timing")
    assert even["top"] is None
    assert chart_of(made_up.run(loss=made_up.losses([1.0])), "loss")["top"] is None


def test_layers_that_never_saturate_are_not_drawn_as_if_they_could():
    units = made_up.series("units", LAYERS, saturated_share=np.array([[0.0, 0.0, 0.0], [0.0, 0.5, 0.0]]))
    assert [s["name"] for s in chart_of(made_up.run(units=units), "saturation")["series"]] == ["m_second"]
    none = made_up.run(units=made_up.series("units", LAYERS, saturated_share=0.0))
    assert [c["id"] for c in charts(none, [])] == ["units"]


def test_a_chart_without_a_finite_number_is_left_out():
    run = made_up.run(loss=made_up.losses([NAN, INF]), gradients=made_up.series("gradients", LAYERS, rms=NAN))
    assert charts(run, []) == []
    assert charts(Run(), []) == []


def test_numbers_that_are_not_finite_are_null():
    gradients = made_up.series("gradients", LAYERS, rms=np.array([[NAN, 1.0, 1.0], [2.0, INF, 2.0], [3.0, -INF, NAN]]))
    chart = chart_of(made_up.run(gradients=gradients), "gradients")
    assert [s["values"] for s in chart["series"]] == [[None, 2.0, 3.0], [1.0, None, None], [1.0, 2.0, None]]


def test_five_digits_are_kept():
    assert list(line(chart_of(made_up.run(loss=made_up.losses([1.23456789, 1.23456789e-7])), "loss"), "batch loss").values()) == [1.2346, 1.2346e-07]


def test_names_of_layers_are_left_as_they_are():
    hostile = ("<b>", "a\0b", "x" * 5000)
    chart = chart_of(made_up.run(gradients=made_up.series("gradients", hostile)), "gradients")
    assert tuple(s["name"] for s in chart["series"]) == hostile


# ---- limits ----------------------------------------------------------------------------------------------------------


def lines_of_limits(chart: dict) -> str:
    """Everything in the chart that is drawn for a limit, as text."""
    return json.dumps([*chart["limits"], *[s for s in chart["series"] if s["role"] == "reference"]])


def limits_drawn(chart: str) -> list[tuple[str, str]]:
    return [(rule.name, name) for rule in all_rules() for name, (_, limit) in rule.limits.items() if limit.chart == chart]


DRAWN = [(limit.chart, rule.name, name) for rule in all_rules() for name, (_, limit) in rule.limits.items() if limit.chart]
FULL = made_up.run(
    loss=made_up.losses([4.0, 3.0]), gap=made_up.gaps([2.0, 1.0], val=1.0), optimizer=made_up.series("optimizer"),
    epoch=made_up.series("epoch", ("accuracy",), value=1.0),
    gradients=made_up.series("gradients", LAYERS), updates=made_up.series("updates", LAYERS),
    units=made_up.series("units", LAYERS, saturated_share=0.1), outputs=made_up.series("outputs", ("output",)),
)  # fmt: skip


@pytest.mark.parametrize(("chart", "rule", "limit"), DRAWN)
@pytest.mark.parametrize(("status", "drawn"), [("fires", True), ("clear", True), ("unknown", False), ("crashed", False)])
def test_a_limit_is_drawn_when_its_rule_could_look(chart, rule, limit, status, drawn):
    default, described = next(r for r in all_rules() if r.name == rule).limits[limit]
    compared = " (median of layers)" if rule == "learning-rate-too-low" else ""
    label = f"{number(default)} x {LAYERS[-1]} (limit)" if described.times_last else f"{rule}{compared}: {number(default)}"
    for found in charts(FULL, [Verdict("", rule, "error", status)]):
        assert (label in lines_of_limits(found)) is (drawn and found["id"] == chart)
        assert all(limit["fires"] is (status == "fires") for limit in found["limits"])


def test_a_limit_says_when_no_single_layer_is_compared_with_it():
    run = recorded("pixels_to_255")
    labels = {limit["label"] for limit in chart_of(run, "updates", diagnose(run))["limits"] if limit["fires"]}
    assert "learning-rate-too-high (median of layers): 0.06" in labels
    assert "exploding-gradients: 1" in labels


def test_a_level_limit_has_its_rules_own_value():
    looked = [Verdict(rule.code, rule.name, rule.severity, "clear") for rule in all_rules()]
    own = {(r.name, default) for r in all_rules() for default, _ in r.limits.values()}
    found = [limit for chart in charts(FULL, looked) for limit in chart["limits"]]
    assert found
    assert all((limit["label"].split(":")[0].split(" ")[0], limit["value"]) in own for limit in found)
    assert not [limit for chart in charts(FULL, []) for limit in chart["limits"]]


def test_shares_are_drawn_between_nothing_and_all():
    bounds = {chart["id"]: chart["bounds"] for chart in charts(FULL, [])}
    assert {chart for chart, ends in bounds.items() if ends == [0, 1]} == {"metrics", "units", "saturation"}
    errors = made_up.series("epoch", ("accuracy", "mae"), value=0.5)
    assert chart_of(made_up.run(epoch=errors), "metrics")["bounds"] is None
    percent = made_up.series("epoch", ("accuracy",), value=50.0)
    assert chart_of(made_up.run(epoch=percent), "metrics")["bounds"] is None


def test_every_limit_names_a_chart_that_there_is():
    assert {chart for chart, _, _ in DRAWN} <= {chart["id"] for chart in charts(FULL, [])}


# ---- many records ----------------------------------------------------------------------------------------------------


def test_many_records_become_few_and_every_spike_stays():
    random = np.random.default_rng(0)
    mean = 1 + 0.1 * random.random(5000)
    spikes = {7: 50.0, 2500: 0.01, 4998: 70.0}
    for record, value in spikes.items():
        mean[record] = value
    run = made_up.run(loss=made_up.losses(mean, steps=np.arange(5000) * 3))
    chart = chart_of(run, "loss")
    assert 200 < len(chart["steps"]) <= MOST_STEPS == 500
    assert all(a < b for a, b in pairwise(chart["steps"]))
    drawn = line(chart, "batch loss")
    for record, value in spikes.items():
        assert [step for step, drawn_value in drawn.items() if drawn_value == value and abs(step - 3 * record) < 150]
    assert set(drawn.values()) <= {float(f"{v:.5g}") for v in mean}
    assert max(np.diff(chart["steps"])) < 3 * 5000 / 50


def test_spikes_beside_what_is_not_finite_stay():
    mean = np.ones(5000)
    mean[1000:4000] = NAN
    mean[2222] = 9.0
    chart = chart_of(made_up.run(loss=made_up.losses(mean)), "loss")
    assert 9.0 in line(chart, "batch loss").values()
    assert None in chart["series"][0]["values"]  # the gap is seen as one


def test_few_records_are_all_drawn():
    chart = chart_of(made_up.run(loss=made_up.losses(np.arange(1.0, 251.0))), "loss")
    assert list(line(chart, "batch loss")) == list(range(1, 251))


@pytest.mark.parametrize(
    "run",
    [
        made_up.run(loss=made_up.losses(1 + np.arange(5000) % 7, min=np.arange(5000) % 11, max=9 + np.arange(5000) % 13)),
        made_up.run(gradients=made_up.series("gradients", ("a", "b", "c", "d"), steps=range(1, 5001), rms=np.random.default_rng(1).random((5000, 4)))),
    ],
    ids=["a band", "four layers"],
)
def test_a_chart_of_many_series_has_at_most_500_steps(run):
    assert all(len(chart["steps"]) <= MOST_STEPS for chart in charts(run, []))


def test_a_chart_of_a_hundred_layers_stays_small_enough_to_send():
    gradients = made_up.series("gradients", tuple(f"layer_{i}" for i in range(100)), steps=range(1, 501), rms=np.random.default_rng(1).random((500, 100)))
    chart = chart_of(made_up.run(gradients=gradients), "gradients")
    assert 150 < len(chart["steps"]) <= 200
    assert len(json.dumps(chart)) < 300_000


# ---- recorded runs ---------------------------------------------------------------------------------------------------


def test_what_a_finding_names_is_a_chart():
    known = {chart["id"] for name in names() for chart in charts(recorded(name), diagnose(recorded(name)))}
    for signal in SIGNALS:
        evidence = Evidence("a number", 2.0, 1.0, "", signal, "run", 1)
        finding = Finding("It is 2 (limit: 1).", "So it is.", [evidence], [Fix("Make it less.")], first_step=1, last_step=1)
        shown = to_json(Verdict("NND999", "a-rule", "hint", "fires", finding=finding))["charts"]
        assert set(shown) <= known, f"{signal}: name its chart in tb_nndiag/verdict.py, or say that it has none"


@pytest.mark.parametrize("name", names())
def test_every_chart_that_a_finding_names_is_there(name):
    run = recorded(name)
    verdicts = diagnose(run)
    there = {chart["id"] for chart in charts(run, verdicts)}
    for verdict in verdicts:
        assert set(to_json(verdict)["charts"]) <= there, verdict.rule


@pytest.mark.parametrize("name", names())
def test_a_recorded_run_is_strict_json_of_the_documented_form(name):
    run = recorded(name)
    found = charts(run, diagnose(run))
    assert json.loads(json.dumps([found, card(run), spark(run)], allow_nan=False))
    assert len({c["id"] for c in found}) == len(found)
    for chart in found:
        assert set(chart) == {"id", "title", "y_label", "unit", "log", "steps", "series", "limits", "marks", "bounds", "top"}
        assert 0 < len(chart["steps"]) <= MOST_STEPS
        assert all(type(s) is int for s in chart["steps"])
        assert all(a < b for a, b in pairwise(chart["steps"]))
        assert type(chart["log"]) is bool
        assert chart["series"]
        for series in chart["series"]:
            assert set(series) == {"name", "role", "values"}
            assert series["role"] in ("train", "val", "reference", "low", "high", "part", "layer")
            assert len(series["values"]) == len(chart["steps"])
            assert any(v is not None for v in series["values"])
        assert all(set(limit) == {"value", "label", "fires"} for limit in chart["limits"])
        assert all(set(mark) == {"step", "label"} and mark["step"] in chart["steps"] for mark in chart["marks"])


def test_a_recorded_runs_layers_stand_in_the_order_of_its_card():
    run = recorded("sigmoid_deep")
    order = [layer.name for layer in run.card.layers]
    for chart in [c for c in charts(run, diagnose(run)) if c["id"] != "predictions"]:
        drawn = [s["name"] for s in chart["series"] if s["role"] == "layer"]
        assert drawn == [name for name in order if name in drawn]
    assert len([s for s in chart_of(run, "gradients")["series"] if s["role"] == "layer"]) == 9


def test_a_finding_about_saturation_names_the_chart_of_saturation():
    (verdict,) = [v for v in diagnose(recorded("tanh_saturated")) if v.rule == "saturated-units"]
    assert "saturation" in to_json(verdict)["charts"]


# ---- card and spark --------------------------------------------------------------------------------------------------


def facts(**fields) -> dict[str, str]:
    return {f["name"]: f["value"] for f in card(Run(card=Card(**fields)))["facts"]}


def test_facts_say_what_was_trained_and_how():
    found = facts(
        model_class="Sequential", parameters=12345, trainable_parameters=12000, losses=(Loss("MeanSquaredError"), Loss("Other", True)),
        optimizer=Optimizer("SGD", 0.01), batch_size=1024, epochs=1000, steps_per_epoch=2000, precision="mixed_float16", jit_compile=True,
        strategy="MirroredStrategy", versions={"tensorflow": "2.21", "keras": "3.15"},
    )  # fmt: skip
    assert found == {
        "model": "Sequential, 12,345 parameters (12,000 trained)",
        "optimizer": "SGD, learning rate 0.01",
        "loss": "MeanSquaredError, Other (from logits)",
        "batch": "1,024 rows",
        "epochs": "1,000, 2,000 steps each",
        "precision": "mixed_float16",
        "compiled with": "XLA",
        "strategy": "MirroredStrategy",
        "versions": "keras 3.15, tensorflow 2.21",
    }


def test_what_is_usual_or_unknown_is_not_told():
    assert facts(model_class="Functional", parameters=10, trainable_parameters=10) == {"model": "Functional, 10 parameters"}


def test_a_schedule_stands_in_the_place_of_its_first_rate():
    assert facts(optimizer=Optimizer("Adam", 0.1, "CosineDecay"))["optimizer"] == "Adam, CosineDecay"


def test_epochs_of_unknown_length_are_told_alone():
    assert (facts(epochs=3)["epochs"], "epochs" in facts(steps_per_epoch=3)) == ("3", False)


def test_layers_are_told_in_order():
    layers = (Layer("in", "Conv2D", "relu", "HeNormal", 10, 0, (-1, 8, 4), settings={"use_bias": True, "clip_value": 0.5}), Layer("out", "Dense", "", "", 5, 5, (-1, 1), output=True, settings={"use_bias": False}), Layer("none"))
    assert card(Run(card=Card(layers=layers)))["layers"] == [
        {"name": "in", "class_name": "Conv2D", "activation": "relu", "parameters": 10, "trainable": False, "output_shape": "? x 8 x 4", "settings": "kernel HeNormal, clip value 0.5", "largest_gradient": None},
        {"name": "out", "class_name": "Dense", "activation": "", "parameters": 5, "trainable": True, "output_shape": "? x 1", "settings": "use bias False", "largest_gradient": None},
        {"name": "none", "class_name": "Dense", "activation": "", "parameters": 0, "trainable": False, "output_shape": "", "settings": "", "largest_gradient": None},
    ]


def test_a_layer_knows_its_largest_gradient_and_the_step_of_it():
    worst = made_up.series("worst_gradients", ("a", "b", "c"), steps=[1, 9], rms=[[1, 1, 1], [0.031234, NAN, 2]], step=[[1, 1, 1], [7, 2, NAN]])
    layers = Card(layers=tuple(Layer(name) for name in "abcd"))
    found = card(made_up.run(worst_gradients=worst, card=layers))["layers"]
    assert [layer["largest_gradient"] for layer in found] == [{"value_text": number(0.031234), "step": 7}, None, None, None]


def test_a_run_without_a_card_has_none():
    assert card(Run()) is None


@pytest.mark.parametrize("records", [1, 2, 39, 40, 41, 1000])
def test_a_spark_has_at_most_40_points_from_the_first_to_the_last(records):
    mean = np.arange(1.0, records + 1)
    points = spark(made_up.run(loss=made_up.losses(mean)))
    assert len(points) == min(records, SPARK_POINTS) <= 40
    assert (points[0], points[-1]) == (1.0, float(records))
    assert points == sorted(points)


def test_a_spark_has_null_for_what_is_not_finite_and_nothing_without_a_loss():
    assert spark(made_up.run(loss=made_up.losses([1.0, NAN, INF]))) == [1.0, None, None]
    assert spark(Run()) == []
    assert spark(made_up.run(loss=made_up.losses([], steps=[]))) == []


def test_the_module_judges_nothing():
    assert not hasattr(charts_module, "diagnose")
