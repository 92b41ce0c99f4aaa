"""The engine: how rules are asked, how findings are folded and ordered, and what may not exist."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import Annotated

import made_up
import numpy as np
import pytest

from tb_nndiag.engine import diagnose
from tb_nndiag.rule import Evidence, Finding, Fix, Limit, NotEnoughData, Rule, number, rule
from tb_nndiag.run import Settings
from tb_nndiag.verdict import Verdict, to_json

RUN = made_up.run(loss=made_up.losses([3.0, 2.0, 1.0]), gap=made_up.gaps([2.0, 1.0]))
CODES = count(100)


def finding(*places: str, first: int = 1, last: int | None = None, severity: str = "") -> Finding:
    evidence = [Evidence("loss", 2.0, 1.0, "", "loss", place, first) for place in places or ("run",)]
    return Finding("It happened.", "It matters.", evidence, [Fix("Mend it.")], first, first if last is None else last, severity=severity)


def fires(name: str, *places: str, first: int = 1, explains: tuple = (), severity: str = "error", lowered: str = "", code: str = "") -> Rule:
    """A rule that always finds something at these places, from this step on."""

    def check(run):
        return finding(*places, first=first, severity=lowered)

    check.__name__ = name
    return rule(code or f"NND{next(CODES)}", severity=severity, reads=["loss"], explains=explains)(check)


def answers(check, severity: str = "error", reads: tuple = ("loss",), **more) -> Rule:
    return rule(f"NND{next(CODES)}", severity=severity, reads=reads, **more)(check)


def silent(run):
    return None


def raises(run):
    raise ZeroDivisionError("no epochs")


def too_short(run):
    raise NotEnoughData("needs 3 epochs, has 2")


def order_of(*rules: Rule) -> list[str]:
    return [v.rule for v in diagnose(RUN, rules=rules)]


def causes_of(*rules: Rule) -> dict[str, str]:
    return {v.rule: v.explained_by for v in diagnose(RUN, rules=rules)}


# ---- asking ----------------------------------------------------------------------------------------------------------


def test_a_rule_whose_signal_was_not_recorded_is_unknown_and_names_it():
    (verdict,) = diagnose(RUN, rules=[answers(silent, reads=("loss", "gradients", "units"))])
    assert (verdict.status, verdict.reason) == ("unknown", "not recorded: gradients, units")


def test_a_signal_without_a_record_is_not_recorded():
    empty = made_up.run(loss=made_up.losses(np.zeros(0), steps=[]))
    assert "loss" in empty.series
    (verdict,) = diagnose(empty, rules=[answers(silent)])
    assert verdict.reason == "not recorded: loss"


def test_what_a_rule_may_read_need_not_be_there():
    seen = []

    def looks(run):
        seen.append({signal: signal in run for signal in ("loss", "gap", "timing")})

    (verdict,) = diagnose(RUN, rules=[answers(looks, may_read=("gap", "timing"))])
    assert verdict.status == "clear"
    assert seen == [{"loss": True, "gap": True, "timing": False}]


def test_a_rule_is_handed_only_what_it_declared():
    def reads_more(run):
        return run["gap"]

    (verdict,) = diagnose(RUN, rules=[answers(reads_more)])
    assert (verdict.status, verdict.reason) == ("crashed", "KeyError: 'gap'")


def test_a_rule_is_handed_name_and_card_of_the_run():
    seen = []
    diagnose(RUN, rules=[answers(lambda run: seen.append((run.name, run.card)))])
    assert seen == [("made_up", RUN.card)]


def test_too_little_data_is_unknown_with_what_is_missing():
    (verdict,) = diagnose(RUN, rules=[answers(too_short)])
    assert (verdict.status, verdict.reason, verdict.finding) == ("unknown", "needs 3 epochs, has 2", None)


def test_a_rule_that_fails_is_crashed_and_the_others_answer():
    verdicts = {v.rule: v for v in diagnose(RUN, rules=[fires("before"), answers(raises), fires("after", "dense"), answers(silent)])}
    assert (verdicts["raises"].status, verdicts["raises"].reason) == ("crashed", "ZeroDivisionError: no epochs")
    assert {name: v.status for name, v in verdicts.items() if name != "raises"} == {"before": "fires", "after": "fires", "silent": "clear"}


@pytest.mark.parametrize("answer", [lambda: True, lambda: "it happened", lambda: finding(severity="fatal")], ids=["True", "text", "a severity of its own"])
def test_a_rule_that_answers_nonsense_is_crashed_and_the_others_answer(answer):
    def odd(run):
        return answer()

    assert {v.rule: v.status for v in diagnose(RUN, rules=[answers(odd), answers(silent)])} == {"odd": "crashed", "silent": "clear"}


def test_a_rule_that_finds_nothing_is_clear():
    (verdict,) = diagnose(RUN, rules=[answers(silent, "warning")])
    assert (verdict.status, verdict.reason, verdict.severity, verdict.leads) == ("clear", "", "warning", False)


def test_a_rule_may_divide_by_zero_without_a_warning(recwarn):
    diagnose(RUN, rules=[answers(lambda run: np.log(np.zeros(1)) / np.zeros(1) and None)])
    assert not recwarn.list


def test_a_finding_may_weigh_less_than_its_rule():
    lowered, usual = diagnose(RUN, rules=[fires("lowered", lowered="hint"), fires("usual", severity="warning")])[::-1]
    assert (lowered.rule, lowered.severity) == ("lowered", "hint")
    assert (usual.rule, usual.severity) == ("usual", "warning")


# ---- folding ---------------------------------------------------------------------------------------------------------


def test_a_consequence_at_the_same_place_is_folded_under_its_cause():
    cause, effect = fires("cause", "dense", explains=("effect",)), fires("effect", "dense")
    assert causes_of(effect, cause) == {"cause": "", "effect": "cause"}
    verdicts = {v.rule: v for v in diagnose(RUN, rules=[cause, effect])}
    assert verdicts["cause"].leads
    assert not verdicts["effect"].leads
    assert verdicts["effect"].status == "fires"


def test_findings_in_different_layers_are_not_folded():
    assert causes_of(fires("cause", "dense", explains=("effect",)), fires("effect", "dense_1"))["effect"] == ""


def test_one_place_in_common_is_enough():
    assert causes_of(fires("cause", "a", "b", explains=("effect",)), fires("effect", "b", "c"))["effect"] == "cause"


@pytest.mark.parametrize(("cause", "effect"), [("run", "dense"), ("dense", "run")])
def test_run_is_everywhere(cause, effect):
    assert causes_of(fires("cause", cause, explains=("effect",)), fires("effect", effect))["effect"] == "cause"


def test_an_effect_before_its_cause_is_not_explained_by_it():
    assert causes_of(fires("cause", first=2, explains=("effect",)), fires("effect", first=1))["effect"] == ""


def test_an_effect_at_the_same_step_is_explained():
    assert causes_of(fires("cause", first=2, explains=("effect",)), fires("effect", first=2))["effect"] == "cause"


@pytest.mark.parametrize(
    ("signals", "first", "cause"),
    [
        (("units",), 20, "cause"),  # the evaluation at step 20 saw it; it may have begun at any step before
        (("units",), 21, ""),
        (("units", "inputs"), 20, "cause"),
        (("units", "outputs"), 30, "cause"),
        (("units", "loss"), 2, ""),
        (("units", "card"), 2, ""),
        (("inputs",), 2, ""),
    ],
)
def test_what_an_evaluation_saw_first_may_come_of_what_was_seen_before_it(signals, first, cause):
    def check(run):
        evidence = [Evidence("dead units", 1.0, 0.5, "share", signal, "run", 40) for signal in signals]
        return Finding("It happened.", "It matters.", evidence, [Fix("Mend it.")], 1, 40)

    check.__name__ = "effect"
    effect = rule("NND998", severity="error", reads=["loss"], may_read=["units", "outputs", "inputs"])(check)
    steps = {"units": [20, 40], "outputs": [30, 40], "inputs": [40]}
    run = replace(RUN, series=RUN.series | {signal: made_up.series(signal, steps=at) for signal, at in steps.items()})
    found = {v.rule: v.explained_by for v in diagnose(run, rules=[fires("cause", first=first, explains=("effect",)), effect])}
    assert found["effect"] == cause


def test_what_a_rule_does_not_explain_stays_on_its_own():
    assert causes_of(fires("cause", explains=("another",)), fires("effect", first=2)) == {"cause": "", "effect": ""}


def test_the_earliest_cause_wins():
    late = fires("late", first=5, explains=("effect",), code="NND101")
    early = fires("early", first=2, explains=("effect",), code="NND102")
    assert causes_of(late, early, fires("effect", first=9))["effect"] == "early"


def test_of_two_causes_at_the_same_step_the_first_in_code_order_wins():
    second = fires("second", explains=("effect",), code="NND202")
    first = fires("first", explains=("effect",), code="NND201")
    assert causes_of(second, first, fires("effect"))["effect"] == "first"


def test_a_cause_that_did_not_fire_explains_nothing():
    def cause(run):
        return None

    assert causes_of(answers(cause, explains=("effect",)), fires("effect"))["effect"] == ""


def test_a_chain_is_folded_link_by_link():
    rules = fires("c", first=3), fires("b", first=2, explains=("c",)), fires("a", first=1, explains=("b",))
    assert causes_of(*rules) == {"a": "", "b": "a", "c": "b"}
    assert order_of(*rules) == ["a", "b", "c"]


# ---- reading order ---------------------------------------------------------------------------------------------------


def test_errors_come_before_warnings_before_hints_before_the_rest():
    rules = [
        answers(silent), answers(raises), answers(too_short),
        fires("a_hint", severity="hint", first=1), fires("a_warning", severity="warning", first=2), fires("an_error", first=3),
    ]  # fmt: skip
    assert order_of(*rules) == ["an-error", "a-warning", "a-hint", "too-short", "raises", "silent"]


def test_a_lowered_finding_stands_where_its_weight_belongs():
    assert order_of(fires("lowered", lowered="hint"), fires("warned", severity="warning")) == ["warned", "lowered"]


def test_of_equal_weight_the_earlier_comes_first_then_the_lower_code():
    rules = fires("c", first=2), fires("b", first=1, code="NND902"), fires("a", first=1, code="NND901")
    assert order_of(*rules) == ["a", "b", "c"]


def test_of_what_holds_from_the_start_the_configuration_comes_first():
    later = fires("dies", first=1, code="NND301"), fires("constant", first=1, code="NND705")
    assert order_of(*later, fires("unscaled", first=0, code="NND601"), fires("softmax", first=0, code="NND701")) == ["softmax", "unscaled", "dies", "constant"]


def test_answers_without_a_finding_stand_in_code_order():
    second, first = rule("NND902", severity="error", reads=["loss"])(silent), rule("NND901", severity="hint", reads=["loss"])(silent)
    assert [v.code for v in diagnose(RUN, rules=[second, first])] == ["NND901", "NND902"]


def test_each_cause_is_followed_by_its_effects_and_their_effects():
    rules = [
        fires("effect_of_second", "b", first=4),
        fires("second", "b", first=3, explains=("effect-of-second",)),
        fires("deep", "a", first=3),
        fires("effect_of_first", "a", first=2, explains=("deep",)),
        fires("other_effect_of_first", "a", first=5, severity="warning"),
        fires("first", "a", first=1, explains=("effect-of-first", "other-effect-of-first")),
    ]
    assert order_of(*rules) == ["first", "effect-of-first", "deep", "other-effect-of-first", "second", "effect-of-second"]


def test_nothing_is_lost_or_doubled():
    random = np.random.default_rng(0)
    for _ in range(50):
        size = int(random.integers(2, 9))
        names = [f"rule_{i}" for i in range(size)]
        made = [
            fires(
                name, *random.choice(["run", "a", "b", "c"], 2), first=int(random.integers(1, 4)), severity=str(random.choice(["error", "warning", "hint"])),
                explains=tuple(n.replace("_", "-") for n in names[i + 1 :] if random.random() < 0.5),
            )
            for i, name in enumerate(names)
        ]  # fmt: skip
        rules = [*made, answers(silent), answers(raises), answers(too_short)]
        verdicts = diagnose(RUN, rules=[rules[i] for i in random.permutation(len(rules))])
        assert sorted(v.rule for v in verdicts) == sorted(r.name for r in rules)
        place = {v.rule: i for i, v in enumerate(verdicts)}
        assert all(place[v.explained_by] < place[v.rule] for v in verdicts if v.explained_by)


# ---- limits ----------------------------------------------------------------------------------------------------------


def high_loss(run, *, ceiling: Annotated[float, Limit("the last loss", "", "tests")] = 2.0, other: int = 0) -> Finding | None:
    return finding() if run["loss"].last(0, "last") > ceiling else None


HIGH_LOSS = answers(high_loss)


def test_a_limit_is_known_by_its_default_and_its_meaning():
    assert HIGH_LOSS.limits == {"ceiling": (2.0, Limit("the last loss", "", "tests"))}


def under(settings: Settings, run=RUN):
    return replace(run, settings=settings)


def test_another_limit_changes_the_verdict():
    assert diagnose(RUN, rules=[HIGH_LOSS])[0].status == "clear"
    assert diagnose(under(Settings(limits={"high-loss": {"ceiling": 0.5}})), rules=[HIGH_LOSS])[0].status == "fires"


def test_limits_that_a_rule_does_not_have_are_not_handed_to_it():
    settings = Settings(limits={"high-loss": {"cieling": 0.5, "other": 1.0}, "gone": {"ceiling": 0.5}})
    assert diagnose(under(settings), rules=[HIGH_LOSS])[0].status == "clear"


def test_a_whole_limit_is_handed_over_as_the_kind_of_number_that_the_default_is():
    seen = []

    def counts(run, *, records: Annotated[float, Limit("records", "", "tests")] = 5, share: Annotated[float, Limit("share", "", "tests")] = 0.5):
        seen.append((records, share))

    asked = answers(counts)
    for records, share in ((3.0, 1.0), (2.5, 2.0)):
        diagnose(under(Settings(limits={"counts": {"records": records, "share": share}})), rules=[asked])
    assert [tuple(map(type, values)) for values in seen] == [(int, float), (float, float)]
    assert seen == [(3, 1.0), (2.5, 2.0)]


def test_the_rules_of_the_package_are_asked_when_none_are_named():
    assert {"nan-loss", "overfitting"} <= {v.rule for v in diagnose(RUN)}


def test_an_ignored_finding_keeps_its_numbers_and_says_why_it_does_not_count():
    (verdict,) = diagnose(under(Settings(ignore={"known": "it is meant to"})), rules=[fires("known")])
    assert (verdict.status, verdict.reason, verdict.fires, verdict.leads) == ("ignored", "it is meant to", False, False)
    assert to_json(verdict)["evidence"]
    assert to_json(verdict)["headline"] == "It happened."


def test_a_rule_that_is_ignored_and_finds_nothing_answers_as_it_would():
    settings = Settings(ignore={"silent": "why not", "too-short": "why not", "raises": "why not"})
    verdicts = diagnose(under(settings), rules=[answers(silent), answers(too_short), answers(raises)])
    assert {v.rule: v.status for v in verdicts} == {"silent": "clear", "too-short": "unknown", "raises": "crashed"}


def test_an_empty_reason_ignores_nothing():
    assert diagnose(under(Settings(ignore={"known": ""})), rules=[fires("known")])[0].leads


def test_an_ignored_cause_explains_nothing_and_an_ignored_effect_is_not_folded():
    rules = [fires("cause", "dense", explains=("effect",)), fires("effect", "dense")]
    effect, cause = diagnose(under(Settings(ignore={"cause": "known"})), rules=rules)
    assert (effect.rule, effect.leads, cause.status) == ("effect", True, "ignored")
    cause, effect = diagnose(under(Settings(ignore={"effect": "known"})), rules=rules)
    assert (cause.rule, effect.status, effect.explained_by) == ("cause", "ignored", "")


def test_what_is_ignored_comes_last():
    rules = [fires("known"), answers(silent), answers(too_short)]
    assert [v.status for v in diagnose(under(Settings(ignore={"known": "known"})), rules=rules)] == ["unknown", "clear", "ignored"]


def test_another_severity_is_that_of_the_verdict_and_of_the_reading_order():
    rules = [fires("first", code="NND001"), fires("second", severity="hint", code="NND002"), answers(silent)]
    assert [v.rule for v in diagnose(RUN, rules=rules)][:2] == ["first", "second"]
    verdicts = diagnose(under(Settings(severity={"first": "warning", "second": "error", "silent": "hint"})), rules=rules)
    assert [(v.rule, v.severity) for v in verdicts] == [("second", "error"), ("first", "warning"), ("silent", "hint")]


def test_a_symptom_without_harm_does_not_weigh_more_by_the_severity_of_its_rule():
    lowered = fires("lowered", severity="warning", lowered="hint")
    for wanted, got in (("error", "hint"), ("warning", "hint"), ("hint", "hint")):
        assert diagnose(under(Settings(severity={"lowered": wanted})), rules=[lowered])[0].severity == got
    half = fires("half", severity="error", lowered="warning")
    for wanted, got in (("error", "warning"), ("warning", "warning"), ("hint", "hint")):
        assert diagnose(under(Settings(severity={"half": wanted})), rules=[half])[0].severity == got


def test_a_cause_that_somebody_takes_less_seriously_still_explains():
    rules = [fires("cause", "dense", explains=("effect",)), fires("effect", "dense")]
    verdicts = diagnose(under(Settings(severity={"cause": "hint"})), rules=rules)
    assert [(v.rule, v.severity, v.explained_by) for v in verdicts] == [("cause", "hint", ""), ("effect", "error", "cause")]


# ---- what may not exist ----------------------------------------------------------------------------------------------

NUMBER, FIX = Evidence("loss", 2.0, 1.0, "", "loss", "run", 1), Fix("Mend it.")


@pytest.mark.parametrize(("evidence", "fixes"), [([], [FIX]), ([NUMBER], []), ([], [])])
def test_a_finding_without_a_number_or_a_fix_does_not_exist(evidence, fixes):
    with pytest.raises(ValueError, match=f"'It happened.' has {len(evidence)} and {len(fixes)}"):
        Finding("It happened.", "", evidence, fixes, 1, 1)


def test_a_finding_does_not_end_before_it_begins():
    Finding("", "", [NUMBER], [FIX], 7, 7)
    with pytest.raises(ValueError, match="got steps 8 to 7"):
        Finding("", "", [NUMBER], [FIX], 8, 7)


def test_evidence_names_a_signal_or_the_card():
    Evidence("units", 1, 2, "", "card", "dense", 0)
    with pytest.raises(ValueError, match="names the signal 'lose'; expected 'card' or one of loss, "):
        Evidence("loss", 2.0, 1.0, "", "lose", "run", 1)


def test_a_rule_has_a_known_severity():
    with pytest.raises(ValueError, match="NND999: severity is 'fatal', expected one of error, warning, hint"):
        rule("NND999", severity="fatal", reads=["loss"])


@pytest.mark.parametrize("declared", [{"reads": ["lose"]}, {"reads": ["loss"], "may_read": ["lose"]}])
def test_a_rule_reads_known_signals(declared):
    with pytest.raises(ValueError, match="NND999 reads 'lose', which is no signal"):
        rule("NND999", severity="error", **declared)


def test_a_rule_is_named_after_its_function():
    made = rule("NND999", severity="hint", reads=["loss"], may_read=["gap"], explains=["nan-loss"])(too_short)
    assert made == Rule("NND999", "too-short", "hint", ("loss",), ("gap",), ("nan-loss",), too_short)


# ---- numbers and JSON ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (-3, "-3"),
        (12.0, "12"),
        (1250, "1,250"),
        (-1250.4, "-1,250"),
        (1000.6, "1,001"),
        (123456, "123,456"),
        (999999, "999,999"),
        (1e6, "1e6"),
        (-1234567.0, "-1.23e6"),
        (2.5, "2.5"),
        (0.1 + 0.2, "0.3"),
        (3.14159, "3.14"),
        (314.159, "314"),
        (0.05, "0.05"),
        (0.00123456, "0.00123"),
        (0.001, "0.001"),
        (0.000999, "0.000999"),
        (0.0003, "0.0003"),
        (float(np.float32(1e-4)), "0.0001"), (6.1e-7, "6.1e-7"), (0.0000999, "9.99e-5"),
        (-6.123e-07, "-6.12e-7"),
        (1e-300, "1e-300"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (np.float32(0.1), "0.1"),
        (np.int64(1250), "1,250"),
    ],
)
def test_a_number_reads_well(value, text):
    assert number(value) == text


def test_a_number_that_rounds_up_to_a_thousand_reads_well():
    assert number(999.6) == "1,000"


def strict(verdict: Verdict) -> dict:
    """What a strict reader gets, after a way through text."""
    return json.loads(json.dumps(to_json(verdict), allow_nan=False))


def fired(value, limit, step=3, first=1, last=3, active=True) -> Verdict:
    evidence = Evidence("loss", value, limit, "units", "loss", "dense", step)
    return Verdict("NND999", "made-up", "error", "fires", finding=Finding("H", "W", [evidence], [Fix("Do.", "Because.", "code()")], first, last, active))


@pytest.mark.parametrize(("value", "text"), [(float("nan"), "NaN"), (float("inf"), "Infinity"), (-np.inf, "-Infinity"), (np.float32("nan"), "NaN")])
def test_a_number_that_is_not_finite_is_null_with_a_text(value, text):
    (evidence,) = strict(fired(value, value))["evidence"]
    assert (evidence["value"], evidence["value_text"]) == (None, text)
    assert (evidence["limit"], evidence["limit_text"]) == (None, text)


def test_value_and_limit_keep_to_their_own_text():
    (evidence,) = strict(fired(2.0, 0.5))["evidence"]
    assert (evidence["value"], evidence["value_text"], evidence["limit"], evidence["limit_text"]) == (2.0, "2", 0.5, "0.5")
    (evidence,) = strict(fired(2.0, float("inf")))["evidence"]
    assert (evidence["value"], evidence["limit"]) == (2.0, None)


@pytest.mark.parametrize(
    ("headline", "unit", "texts"),
    [
        ("98% of the units are dead (limit: 50%).", "share", ("98.4%", "50%")),
        ("Most units are dead (limit: 50%).", "share", ("98.4%", "50%")),
        ("98% of the units are dead (limit: 50%).", "rows", ("0.984", "0.5")),
        ("198% of it (limit: 3.50%).", "share", ("0.984", "0.5")),
        ("A share of 0.984.", "share", ("0.984", "0.5")),
    ],
)
def test_a_share_is_in_percent_where_the_headline_says_so(headline, unit, texts):
    finding = Finding(headline, "W", [Evidence("m", 0.984, 0.5, unit, "loss", "run", 1)], [Fix("Do.")], 1, 1)
    (evidence,) = strict(Verdict("NND999", "made-up", "error", "fires", finding=finding))["evidence"]
    assert (evidence["value_text"], evidence["limit_text"]) == texts


def test_numpy_numbers_become_plain_ones():
    made = to_json(fired(np.float32(0.5), np.int64(2), np.int64(3), np.int64(1), np.int32(3), np.bool_(True)))
    (evidence,) = made["evidence"]
    kinds = [type(v) for v in (made["first_step"], made["last_step"], made["active"], evidence["step"], evidence["value"], evidence["limit"])]
    assert kinds == [int, int, bool, int, float, float]
    assert json.dumps(made, allow_nan=False)


def test_a_finding_is_told_whole():
    assert strict(fired(2.0, 1.0, active=False)) == {
        "code": "NND999", "rule": "made-up", "severity": "error", "status": "fires", "reason": "", "headline": "H", "why": "W",
        "evidence": [{
            "measure": "loss", "value": 2.0, "limit": 1.0, "unit": "units", "signal": "loss", "where": "dense", "step": 3,
            "value_text": "2", "limit_text": "1",
        }],
        "fixes": [{"do": "Do.", "because": "Because.", "code": "code()", "changes": []}],
        "explained_by": "", "first_step": 1, "last_step": 3, "active": False, "charts": ["loss"],
    }  # fmt: skip


def test_an_answer_without_a_finding_is_empty_but_for_its_reason():
    made = strict(Verdict("NND999", "made-up", "warning", "unknown", "needs 3 epochs"))
    assert made == {
        "code": "NND999", "rule": "made-up", "severity": "warning", "status": "unknown", "reason": "needs 3 epochs",
        "headline": "", "why": "", "evidence": [], "fixes": [], "explained_by": "", "first_step": None, "last_step": None,
        "active": False, "charts": [],
    }  # fmt: skip


def test_the_cause_of_a_folded_finding_is_told():
    verdicts = diagnose(RUN, rules=[fires("cause", explains=("effect",)), fires("effect")])
    assert [strict(v)["explained_by"] for v in verdicts] == ["", "cause"]


def test_charts_are_named_once_in_the_order_of_the_evidence():
    signals = ["gradients", "card", "gap", "baseline", "epoch", "inputs", "labels", "timing", "loss", "outputs", "optimizer", "nonfinite", "units"]
    evidence = [Evidence("", 1.0, 0.0, "", signal, "run", 1) for signal in signals]
    made = to_json(Verdict("NND999", "made-up", "error", "fires", finding=Finding("", "", evidence, [FIX], 1, 1)))
    assert made["charts"] == ["gradients", "loss", "metrics", "predictions", "learning_rate", "units"]
