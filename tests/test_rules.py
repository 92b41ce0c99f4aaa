"""Every rule against its cases, and every rule against the conventions."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from made_up import gaps, losses, series
from recorded import names, recorded
from told import tells

from tb_nndiag.engine import diagnose
from tb_nndiag.explain import as_json
from tb_nndiag.rule import HEADINGS, Limit, all_rules
from tb_nndiag.signals import SIGNALS
from tb_nndiag.verdict import to_json

RULES = {rule.name: rule for rule in all_rules()}
HEALTHY = [name for name in names() if name.startswith("healthy_")]


def cases(kind: str) -> list:
    found = []
    for name in RULES:
        module = importlib.import_module(f"rules.{name.replace('-', '_')}")
        for text, run in getattr(module, kind, {}).items():
            found.append(pytest.param(name, run, id=f"{name}: {text}"))
    return found


def answer(name, run):
    selected = replace(run, settings=replace(run.settings, select=(name,)))
    return next(v for v in diagnose(selected) if v.rule == name)


@pytest.mark.parametrize(("name", "run"), cases("FIRES"))
def test_a_rule_fires(name, run):
    verdict = answer(name, run)
    assert (verdict.status, verdict.severity) == ("fires", RULES[name].severity), verdict.reason


@pytest.mark.parametrize(("name", "run"), cases("WARNINGS"))
def test_less_harm_than_an_error_is_a_warning(name, run):
    verdict = answer(name, run)
    assert (verdict.status, verdict.severity) == ("fires", "warning"), verdict.reason


@pytest.mark.parametrize(("name", "run"), cases("HINTS"))
def test_a_symptom_without_harm_is_a_hint(name, run):
    verdict = answer(name, run)
    assert (verdict.status, verdict.severity) == ("fires", "hint"), verdict.reason


@pytest.mark.parametrize(("name", "run"), cases("SILENT"))
def test_a_rule_stays_silent(name, run):
    verdict = answer(name, run)
    assert verdict.status == "clear", verdict.finding.headline if verdict.finding else verdict.reason


@pytest.mark.parametrize(("name", "run"), cases("UNKNOWN"))
def test_a_rule_does_not_know(name, run):
    verdict = answer(name, run)
    assert verdict.status == "unknown"
    assert verdict.reason


def told() -> list:
    """The cases whose finding is looked at more closely, with what it must tell: see `tells`."""
    found = []
    for name in RULES:
        module = importlib.import_module(f"rules.{name.replace('-', '_')}")
        runs = {**module.FIRES, **getattr(module, "WARNINGS", {}), **module.HINTS}
        for text, wanted in getattr(module, "TOLD", {}).items():
            found.append(pytest.param(name, runs[text], wanted, id=f"{name}: {text}"))
    return found


@pytest.mark.parametrize(("name", "run", "wanted"), told())
def test_a_finding_tells_when_and_what(name, run, wanted):
    finding = answer(name, run).finding
    assert [w for w in wanted if not tells(finding, *w)] == []


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_run_gets_no_verdict(name):
    found = [f"{v.rule}: {v.finding.headline}" for v in diagnose(recorded(name)) if v.finding]
    assert not found


@pytest.mark.parametrize("name", names())
def test_every_recorded_run_is_judged_without_a_crash_in_strict_json(name):
    verdicts = diagnose(recorded(name))
    assert not [(v.rule, v.reason) for v in verdicts if v.status == "crashed"]
    text = json.dumps([to_json(v) for v in verdicts], allow_nan=False)
    assert json.loads(text)


LEADING = {
    "sigmoid_deep": "vanishing-gradients",
    "rate_too_high": "learning-rate-too-high",
    "rate_too_low": "learning-rate-too-low",
    "rate_negative": "learning-rate-invalid",
    "biases_too_low": "dead-units",
    "tanh_saturated": "saturated-units",
    "constant_kernels": "identical-units",
    "zero_kernels": "identical-units",
    "few_rows": "overfitting",
    "linear_on_moons": "underfitting",
    "linear_on_circles": "missing-nonlinearity",
    "pixels_to_255": "unscaled-input",
    "prices": "unscaled-target",
    "row_with_nan": "nan-input",
    "steps_explode": "learning-rate-too-high",
    "one_softmax_unit": "output-loss-mismatch",
    "weights_too_large": "activation-scale",
    "batches_of_one": "norm-batch-size",
    "epsilon_of_one": "optimizer-choice",
    "softmax_reshaped_from_logits": "double-softmax",
    "two_softmaxes": "double-softmax",
    "stop_gradient": "disconnected-layer",
    "frozen": "nothing-trains",
    "rate_ends_early": "learning-rate-invalid",
    "updated_every_64_batches": "accumulation-mismatch",
    "rows_of_one_class": "bad-labels",
    "rare_class": "class-imbalance",
    "clipped_to_a_thousandth": "clipped-away",
    "divided_as_whole_numbers": "constant-feature",
    "run_eagerly": "eager",
    "slow_rows": "input-bound",
    "square_roots_in_float16": "loss-scale-collapse",
    "two_outliers": "loss-spikes",
    "labels_shuffled": "memorizing-noise",
    "batches_kept": "memory-growth",
    "accuracy_of_quantities": "metric-mismatch",
    "averages_lag_behind": "mode-mismatch",
    "sorted_by_class": "no-shuffle",
    "all_pairs_compared": "rank-mismatch",
    "same_batch_again": "repeated-batch",
    "compiled_each_epoch": "retracing",
    "sigmoid_stuck_at_first": "stuck-then-learns",
    "validation_of_one_class": "suspicious-validation",
    "sigmoid_for_twice_as_much": "target-out-of-reach",
    "validated_on_training_rows": "train-val-overlap",
    "validation_pixels_to_255": "train-val-shift",
}


@pytest.mark.parametrize(("name", "rule"), LEADING.items())
def test_one_cause_leads_and_the_rest_is_folded_under_it(name, rule):
    leading = [v.rule for v in diagnose(recorded(name)) if v.leads]
    assert leading == [rule]


@pytest.mark.parametrize(("name", "run"), [*cases("FIRES"), *cases("WARNINGS")])
def test_of_one_fault_one_finding_leads(name, run):
    verdicts = diagnose(replace(run, settings=replace(run.settings, select=(name,))))
    found = {v.rule: v for v in verdicts if v.fires}
    leading = [v.rule for v in found.values() if v.leads and v.severity != "hint"] or [name]
    assert len(leading) == 1
    cause = found[name]
    while cause.explained_by:
        cause = found[cause.explained_by]
    assert cause.rule == leading[0]


def test_of_two_faults_that_are_both_true_both_lead():
    run = recorded("prices")
    inputs = recorded("pixels_to_255").series["inputs"]
    columns = run["inputs"].columns
    both = replace(run, series={**run.series, "inputs": replace(inputs, columns=columns)})
    without_fed = replace(both, series={k: v for k, v in both.series.items() if k != "fed"})
    leading = [v.rule for v in diagnose(without_fed) if v.leads and v.severity != "hint"]
    assert sorted(leading) == ["unscaled-input", "unscaled-target"]


def test_rows_in_order_explain_steps_that_look_too_long():
    """Sorted rows pull every batch another way: the steps are long, and a lower rate would not mend it."""
    sorted_rows = importlib.import_module("rules.no_shuffle").FIRES["sorted by class"]
    layers = [layer.name for layer in sorted_rows.card.layers]
    updates = series("updates", tuple(layers), ratio=np.full((25, len(layers)), 0.5))
    run = replace(sorted_rows, series={**sorted_rows.series, "updates": updates, "gap": gaps([1.0] * 6), "loss": losses([1.0] * 6, sorted_rows["gap"].steps)})
    found = {v.rule: v for v in diagnose(run) if v.fires}
    assert found["learning-rate-too-high"].explained_by == "no-shuffle"


def test_batches_too_small_for_a_normalization_explain_that_its_two_modes_differ():
    assert "mode-mismatch" in RULES["norm-batch-size"].explains


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
class TestConventions:
    def test_the_file_is_named_after_the_rule_and_holds_one(self, rule):
        assert rule.check.__module__ == f"tb_nndiag.rules.{rule.name.replace('-', '_')}"
        assert sum(r.check.__module__ == rule.check.__module__ for r in all_rules()) == 1

    def test_the_page_has_its_headings_in_order(self, rule):
        assert re.findall(r"^## (.+)$", rule.doc, re.M) == list(HEADINGS)
        assert rule.title.endswith(".")

    def test_the_code_is_its_own(self, rule):
        assert re.fullmatch(r"NND[1-9]\d\d", rule.code)
        assert sum(r.code == rule.code for r in all_rules()) == 1

    def test_what_it_explains_exists(self, rule):
        assert set(rule.explains) <= set(RULES) - {rule.name}

    def test_what_it_reads_exists(self, rule):
        assert {*rule.reads, *rule.may_read} <= set(SIGNALS)
        assert len({*rule.reads, *rule.may_read}) == len([*rule.reads, *rule.may_read])

    def test_every_parameter_is_a_limit_with_a_meaning_and_a_source(self, rule):
        parameters = list(inspect.signature(rule.check).parameters)[1:]
        assert parameters == list(rule.limits)
        for default, limit in rule.limits.values():
            assert isinstance(default, (int, float))
            assert isinstance(limit, Limit)
            assert limit.means
            assert limit.source

    def test_it_has_cases_that_fire_that_are_silent_and_that_are_unknown(self, rule):
        module = importlib.import_module(f"rules.{rule.name.replace('-', '_')}")
        if not module.FIRES:
            assert all(answer(rule.name, run).off for run in module.UNKNOWN.values()), "only an experiment excuses it"
        for kind in ("FIRES", "SILENT", "UNKNOWN") if module.FIRES else ("UNKNOWN",):
            assert getattr(module, kind), kind

    def test_the_code_on_its_page_can_be_pasted(self, rule):
        paragraphs = [text for section in as_json(rule)["sections"] for text in section["paragraphs"]]
        for code in [text for text in paragraphs if "\n" in text]:
            compile(code, "<page>", "exec")
        assert any("\n" in text for text in paragraphs) or "NeedsExperiment" not in vars(sys.modules[rule.check.__module__])

    def test_every_fix_can_be_pasted(self, rule):
        module = importlib.import_module(f"rules.{rule.name.replace('-', '_')}")
        for run in {**module.FIRES, **getattr(module, "WARNINGS", {}), **module.HINTS}.values():
            for fix in answer(rule.name, run).finding.fixes:
                compile(fix.code, "<fix>", "exec")


def test_the_loss_of_the_predictions_stands_beside_the_one_that_keras_shows():
    def beside(name):
        evidence = answer("output-loss-mismatch", recorded(name)).finding.evidence
        return [e for e in evidence if "predictions themselves" in e.measure]

    (found,) = beside("one_softmax_unit")
    assert found.value > 5 > found.limit
    run = importlib.import_module("rules.output_loss_mismatch").FIRES["labels of -1 and 1"]
    assert len(answer("output-loss-mismatch", run).finding.evidence) == 1


def test_a_rate_that_a_callback_lowered_is_not_blamed_on_a_schedule():
    def fixes(case):
        run = importlib.import_module("rules.learning_rate_invalid").HINTS[case]
        return " ".join(fix.code for fix in answer("learning-rate-invalid", run).finding.fixes)

    assert "CosineDecay" in fixes("it ended early, when much was learned")
    assert "CosineDecay" not in fixes("a callback lowered it while nothing was learned")


def test_no_rule_explains_itself_in_a_circle():
    def reached(name, path):
        assert name not in path, f"{' explains '.join([*path, name])}"
        for effect in RULES[name].explains:
            reached(effect, [*path, name])

    for name in RULES:
        reached(name, [])
