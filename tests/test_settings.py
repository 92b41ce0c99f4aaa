"""Limits, ignored rules, severities and selected rules: who may say so, who wins, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import made_up
import pytest
from recorded import recorded

from tb_nndiag import charts
from tb_nndiag.engine import diagnose
from tb_nndiag.rule import all_rules
from tb_nndiag.run import Settings
from tb_nndiag.settings import applied, checked, merged


def no_seed(run):
    return next(v for v in diagnose(run) if v.rule == "no-seed")


def test_rules_may_be_given_by_their_codes():
    settings = checked({"NND401": {"stuck": 0.9}}, {"nnd501": " the reason "}, {"overfitting": "hint"})
    assert settings == Settings({"loss-plateau": {"stuck": 0.9}}, {"overfitting": "the reason"}, {"overfitting": "hint"})
    assert checked() == Settings()


def test_every_limit_of_every_rule_can_be_set():
    checked({rule.code: {name: default for name, (default, _) in rule.limits.items()} for rule in all_rules()})


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"limits": {"los-plateau": {}}}, "There is no rule called 'los-plateau'. Did you mean `loss-plateau`?"),
        ({"ignore": {"NND5001": "why"}}, "There is no rule called 'NND5001'. Did you mean `NND50"),
        ({"severity": {3: "hint"}}, "There is no rule called 3. There are: nan-loss, "),
        ({"limits": {"loss-plateau": {"stuk": 1.0}}}, "There is no limit of `loss-plateau` called `stuk`. Did you mean `stuck`?"),
        ({"limits": {"loss-plateau": {"stuck": "1"}}}, "The limit `stuck` of `loss-plateau` is '1'; expected a finite number."),
        ({"limits": {"loss-plateau": {"stuck": True}}}, "The limit `stuck` of `loss-plateau` is True; expected a finite number."),
        ({"limits": {"loss-plateau": {"stuck": float("nan")}}}, "The limit `stuck` of `loss-plateau` is nan; expected a finite number."),
        ({"limits": {"loss-plateau": 0.9}}, "The limits of `loss-plateau` are 0.9; expected a value for each, by its name."),
        ({"limits": 0.9}, '`limits` is 0.9; expected one entry for each rule, such as {"loss-plateau": {"stuck": 0.9}}.'),
        ({"ignore": ["overfitting"]}, "`ignore` is ['overfitting']; expected one entry for each rule, such as"),
        ({"ignore": {"overfitting": " "}}, "`overfitting` is to be ignored for the reason ' '; expected one sentence that is shown."),
        ({"ignore": {"overfitting": True}}, "`overfitting` is to be ignored for the reason True; expected one sentence that is shown."),
        ({"ignore": {"overfitting": "a", "NND501": "b"}}, "`ignore` names `overfitting` twice, by its name and by its code; expected it once."),
        ({"severity": {"overfitting": "eror"}}, "There is no severity 'eror', which `overfitting` is to have. Did you mean `error`?"),
        ({"select": ["no-sed"]}, "There is no rule called 'no-sed'. Did you mean `no-seed`?"),
        ({"select": ["NND0"]}, "There is no rule called 'NND0'. Did you mean `NND"),
        ({"select": "no-seed"}, "`select` is 'no-seed'; expected a list of rules, such as [\"no-seed\", \"NND9\"]."),
        ({"select": [901]}, "`select` is [901]; expected a list of rules"),
        ({"severity": {"overfitting": None}}, "There is no severity None, which `overfitting` is to have. There are: error, warning, hint."),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, sentence):
    with pytest.raises(ValueError) as refused:
        checked(**settings)
    assert str(refused.value).startswith(sentence)


def test_the_later_one_counts_for_each_limit_and_rule_alone():
    owner = checked({"loss-plateau": {"stuck": 0.5, "patience": 10}}, {"overfitting": "a", "nan-loss": "a"}, {"overfitting": "hint", "nan-loss": "hint"})
    reader = checked({"loss-plateau": {"stuck": 0.9}}, {"overfitting": False}, {"nan-loss": "error"})
    assert merged(owner, reader) == Settings(
        {"loss-plateau": {"stuck": 0.9, "patience": 10.0}}, {"overfitting": "", "nan-loss": "a"}, {"overfitting": "hint", "nan-loss": "error"}
    )
    assert merged(reader, owner).limits == {"loss-plateau": {"stuck": 0.5, "patience": 10.0}}
    assert owner.limits == {"loss-plateau": {"stuck": 0.5, "patience": 10.0}}


def test_a_run_is_judged_under_its_owners_settings_and_the_readers_above_them():
    run = made_up.run(loss=made_up.losses([1.0, float("nan")], nonfinite=[0, 1]), settings=Settings(ignore={"nan-loss": "known"}))
    assert next(v for v in diagnose(run) if v.rule == "nan-loss").reason == "known"
    read = applied(run, checked(ignore={"NND101": False}, severity={"nan-loss": "warning"}))
    verdict = next(v for v in diagnose(read) if v.rule == "nan-loss")
    assert (verdict.status, verdict.severity, read.problems) == ("fires", "warning", ())


def test_charts_draw_the_limits_that_a_run_is_judged_under():
    limits = [(rule.name, name) for rule in all_rules() for name, (_, limit) in rule.limits.items() if limit.chart == "updates" and not limit.times_last]
    assert limits
    for rule, name in limits:
        run = applied(recorded("sigmoid_deep"), checked({rule: {name: 0.12345}}))
        (chart,) = [c for c in charts.charts(run, diagnose(run)) if c["id"] == "updates"]
        (limit,) = [limit for limit in chart["limits"] if limit["label"].startswith(rule)]
        assert limit["value"] == 0.12345
        assert limit["label"].endswith(": 0.123")


def test_what_is_not_known_of_the_owners_settings_is_named_and_the_rest_counts():
    stated = Settings(
        {"gone": {"a": 1.0}, "nan-loss": {"b": 1.0, "most": float("inf")}, "loss-plateau": {"stuck": 0.5}}, {"gone": "c", "nan-loss": "known"}, {"nan-loss": "fatal"},
        ("gone", "no-seed"),
    )
    run = applied(made_up.run(settings=stated), Settings())
    assert run.settings == Settings({"loss-plateau": {"stuck": 0.5}}, {"nan-loss": "known"}, select=("no-seed",))
    assert len(run.problems) == 6
    assert all(problem.startswith("a setting of the run's own is left out: ") for problem in run.problems)


def test_rules_are_selected_by_name_code_and_family_and_what_anybody_selects_is_asked():
    assert checked(select=["no-seed", "nnd901", "overfitting"]).select == ("no-seed", "overfitting")
    family = [rule.name for rule in all_rules() if rule.code.startswith("NND9")]
    assert list(checked(select=["NND9"]).select) == sorted(family) != []
    assert set(checked(select=["NND"]).select) == {rule.name for rule in all_rules()}
    assert merged(checked(select=["no-seed"]), Settings(), checked(select=["overfitting"])).select == ("no-seed", "overfitting")


def test_a_rule_that_is_off_is_not_asked_and_its_answer_says_how_to_select_it():
    run = made_up.run(loss=made_up.losses([1.0]))
    assert (no_seed(run).status, no_seed(run).off) == ("unknown", True)
    assert no_seed(run).reason == 'off by default; `select = ["no-seed"]` lets it look'
    assert no_seed(applied(run, checked(select=["no-seed"]))).fires
    assert no_seed(applied(replace(run, settings=Settings(select=("no-seed",))), checked(ignore={"NND901": "a trial"}))).status == "ignored"
