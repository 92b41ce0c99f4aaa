"""What is said while a training runs: soon, once, and nothing of a healthy run."""

from __future__ import annotations

import warnings
from dataclasses import replace

import keras
import numpy as np
import pytest
from recorded import names, recorded

from keras_callbacks import Diagnosis, schedule
from tb_nndiag import charts
from tb_nndiag.engine import diagnose
from tb_nndiag.live import Live, checked_stop_on
from tb_nndiag.logdir import read
from tb_nndiag.rule import Evidence, Finding, Fix
from tb_nndiag.run import Settings
from tb_nndiag.settings import applied
from tb_nndiag.verdict import Verdict

L = keras.layers


# ---- two looks -------------------------------------------------------------------------------------------------------


def found(rule: str, severity: str = "error", active: bool = True, **more) -> Verdict:
    finding = Finding("It happened.", "", [Evidence("loss", 2.0, 1.0, "", "loss", "run", 1)], [Fix("Mend it.")], 1, 1, active)
    return Verdict("NND999", rule, severity, "fires", finding=finding, **more)


def told(*looks, stop_on=()) -> list[tuple[str, str]]:
    """Of each look: the rule that is told of, and the one that ends the training."""
    live = Live(checked_stop_on(stop_on))
    return [tuple(v.rule if v else "" for v in live.look(verdicts)) for verdicts in looks]


def test_an_error_is_told_at_the_second_look_in_a_row_and_never_again():
    a = [found("a")]
    assert [tell for tell, _ in told(a, a, a, [], a, a)] == ["", "a", "", "", "", ""]
    assert [tell for tell, _ in told(a, [], a, a)] == ["", "", "", "a"]


@pytest.mark.parametrize(
    "verdict",
    [found("a", "warning"), found("a", active=False), found("a", explained_by="b"), replace(found("a"), status="ignored"), Verdict("NND999", "a", "error", "clear")],
    ids=["a warning", "over", "folded", "ignored", "clear"],
)
def test_nothing_else_is_told(verdict):
    assert told(*[[verdict]] * 3, stop_on="error") == [("", "")] * 3


def test_what_was_folded_at_the_look_before_is_seen_for_the_first_time():
    assert [tell for tell, _ in told([found("a", explained_by="b")], [found("a")], [found("a")])] == ["", "", "a"]


def test_several_errors_are_told_one_a_look():
    both = [found("a"), found("b")]
    assert [tell for tell, _ in told(both, both, both, both)] == ["", "a", "b", ""]


def test_a_look_that_sees_something_new_is_unsure_until_the_next():
    live, seen = Live(), []
    for verdicts in ([], [found("a")], [found("a")], [found("a")], []):
        live.look(verdicts)
        seen.append(live.unsure)
    assert seen == [False, True, False, False, False]


@pytest.mark.parametrize(
    ("stop_on", "verdict", "stops"),
    [
        ((), found("nan-loss"), False),
        ("error", found("nan-loss"), True),
        (["error"], found("nan-loss", "warning"), False),
        (("warning",), found("nan-loss"), True),
        (("warning",), found("nan-loss", "warning"), True),
        (("warning",), found("nan-loss", "hint"), False),
        (("warning",), found("nan-loss", explained_by="nan-input"), False),
        (("nan-loss",), found("nan-loss", "hint", explained_by="nan-input"), True),
        ({"NND101"}, found("nan-loss"), True),
        (("nan-input",), found("nan-loss"), False),
        (("nan-loss",), found("nan-loss", active=False), False),
    ],
)
def test_what_stop_on_names_ends_the_training_at_the_second_look(stop_on, verdict, stops):
    assert [stop for _, stop in told([verdict], [verdict], stop_on=stop_on)] == ["", "nan-loss" if stops else ""]


@pytest.mark.parametrize(
    ("stop_on", "sentence"),
    [
        ("eror", "`stop_on` names 'eror', which is neither a severity nor a rule. Did you mean `error`?"),
        (("nan-los",), "`stop_on` names 'nan-los', which is neither a severity nor a rule. Did you mean `nan-loss`?"),
        ([3], "`stop_on` names 3, which is neither a severity nor a rule. There are: error, "),
        (True, "`stop_on` is True; expected severities or rules, such as ('error',)."),
    ],
)
def test_a_misspelled_stop_on_is_refused(stop_on, sentence):
    with pytest.raises(ValueError) as refused:
        Diagnosis("logs", stop_on=stop_on)
    assert str(refused.value).startswith(f"Diagnosis: {sentence}")


def replayed(run) -> list[str]:
    """The rules that are told of while this run grows, judged as the callback does."""

    def upto(step):
        series = {k: replace(s, steps=s.steps[s.steps <= step], values=s.values[s.steps <= step]) for k, s in run.series.items()}
        return replace(run, series=series, card=replace(run.card, ended=False))

    live, following, rules = Live(), 1, []
    for epoch, step in enumerate(run["gap"].steps[:-1], 1):
        if epoch >= following or live.unsure:
            following = schedule.next_look(epoch)
            tell, _ = live.look(diagnose(upto(step)))
            rules += [tell.rule] if tell else []
    return rules


@pytest.mark.parametrize("name", names())
def test_no_recorded_run_is_told_of_an_error_that_it_does_not_end_with(name):
    leading = {v.rule for v in diagnose(recorded(name)) if v.leads and v.severity == "error"}
    assert set(replayed(recorded(name))) <= leading


def test_most_recorded_errors_are_told_of_before_the_end():
    assert {name for name in names() if replayed(recorded(name))} >= {"sigmoid_deep", "row_with_nan", "pixels_to_255", "one_softmax_unit", "frozen"}


# ---- real trainings --------------------------------------------------------------------------------------------------

X = np.random.default_rng(0).random((64, 6)).astype("float32")
Y = np.arange(64) % 2


def fit(where, epochs=6, verbose=0, units=1, fits=1, **given):
    """Printed output comes from a network whose softmax has one unit, unless there are two. Returns callback and history."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((6,)), L.Dense(units, "softmax", name="answer")])
    loss = "binary_crossentropy" if units == 1 else "sparse_categorical_crossentropy"
    model.compile("adam", loss, jit_compile=False)
    callback = Diagnosis(where, **given)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are using a softmax", UserWarning)
        for _ in range(fits):
            history = model.fit(X, Y, 16, epochs, verbose=verbose, callbacks=[callback])
    return callback, history.history


def test_an_error_is_printed_once_during_the_training_with_numbers_one_fix_and_the_way_to_the_tab(tmp_path, capsys):
    fit(tmp_path / "logs" / "run", verbose=2)
    printed = capsys.readouterr().out
    assert printed.count("NND701 error") == 1
    block = printed.split("Epoch 2/6\n")[1].split("4/4 - ")[0]  # Keras prints the epoch's line after it
    assert block.startswith("\nNND701 error: `answer` is a softmax over 1 unit")
    assert "(limit " in block
    assert block.count("First: ") == 1
    assert "Then: " not in block
    assert block.endswith(f"\nTo see the evidence: tensorboard --logdir {tmp_path / 'logs'}, tab DIAGNOSIS\n")


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_what_is_printed_stands_on_lines_of_its_own(tmp_path, capsys, verbose):
    fit(tmp_path / "run", verbose=verbose)
    printed = capsys.readouterr().out
    assert "\nNND701 error" in printed
    assert "tab DIAGNOSIS\n" in printed
    assert printed.count("NND") == 1


def test_an_error_of_a_training_too_short_for_two_looks_is_printed_at_its_end(tmp_path, capsys):
    fit(tmp_path / "run", epochs=2, verbose=2)
    printed = capsys.readouterr().out
    assert printed.count("NND701 error") == 1
    assert "Then: " in printed.split("NND701")[1]
    assert printed.index("Epoch 2/2") < printed.index("4/4 - ", printed.index("Epoch 2/2")) < printed.index("NND701")


def test_a_second_fit_with_the_callback_does_not_say_it_again(tmp_path, capsys):
    fit(tmp_path / "run", fits=2)
    assert capsys.readouterr().out.count("NND701 error") == 1


@pytest.mark.parametrize("at_the_end", [[], [found("nan-loss", active=False)]], ids=["gone", "ended"])
def test_an_error_that_was_told_of_and_is_over_is_taken_back_at_the_end(tmp_path, monkeypatch, capsys, at_the_end):
    monkeypatch.setattr(Diagnosis, "_judged", lambda self: [found("nan-loss")] if self._epochs < 6 else at_the_end)
    fit(tmp_path / "run")
    printed = capsys.readouterr().out
    assert printed.count("NND999 error") == 1
    assert printed.split("tab DIAGNOSIS\n")[1].startswith("\nNo longer so: nan-loss.\nTo see the evidence: ")


def test_quiet_is_quiet_and_never_judges(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Diagnosis, "_judged", lambda self: 1 / 0)
    fit(tmp_path / "run", quiet=True)
    assert capsys.readouterr().out == ""


def test_a_judgement_that_fails_warns_once_and_the_training_and_its_record_go_on(tmp_path, monkeypatch):
    judged = Diagnosis._judged
    monkeypatch.setattr(Diagnosis, "_judged", lambda self: 1 / 0 if self._training else judged(self))
    with pytest.warns(UserWarning, match="could not judge the run") as seen:
        _, history = fit(tmp_path / "run")
    assert sum("could not judge" in str(w.message) for w in seen) == 1
    assert len(history["loss"]) == 6
    assert read(tmp_path / "run").ended


def test_looks_come_at_growing_distances(tmp_path, monkeypatch):
    looks = []
    monkeypatch.setattr(Diagnosis, "_judged", lambda self: looks.append(self._epochs) or [])
    fit(tmp_path / "run", epochs=30)
    assert looks == [1, 2, 3, 4, 6, 9, 13, 19, 28, 30]  # the last one is the report at the end


def test_there_is_no_look_without_a_new_record_or_the_time_for_it(tmp_path, monkeypatch):
    looks = []
    monkeypatch.setattr(Diagnosis, "_judged", lambda self: looks.append(self._epochs) or [])
    monkeypatch.setattr(schedule, "next_epoch", lambda epoch, layers: epoch + 4)
    fit(tmp_path / "run", epochs=12)
    assert looks == [1, 5, 9, 12]
    looks.clear()
    monkeypatch.setattr(schedule, "SECONDS_FREE", 0.0)
    fit(tmp_path / "again", epochs=12, overhead=1e-9)
    assert len(looks) < 3


# ---- stop_on ---------------------------------------------------------------------------------------------------------


def test_stop_on_ends_the_training_and_the_reason_is_printed_recorded_and_kept(tmp_path, capsys):
    callback, history = fit(tmp_path / "run", stop_on=("error",))
    assert callback.stopped == "NND701 output-loss-mismatch, found in epoch 2"
    assert [len(values) for values in history.values()] == [2]
    printed = capsys.readouterr().out
    assert printed.count("NND701 error") == 1
    assert "The training is stopped, as `stop_on` says.\n" in printed
    run = read(tmp_path / "run")
    assert (run.card.stopped, run.ended) == (callback.stopped, True)
    assert {"name": "stopped", "value": callback.stopped} in charts.card(run)["facts"]


def test_stop_on_a_rule_that_is_folded_tells_of_both(tmp_path, capsys):
    callback, history = fit(tmp_path / "run", epochs=40, stop_on="NND705")
    assert callback.stopped.startswith("NND705 constant-output, found in epoch ")
    assert len(history["loss"]) < 40
    printed = capsys.readouterr().out
    assert (printed.count("NND701 error"), printed.count("NND705 error")) == (1, 1)


def test_a_quiet_training_is_stopped_all_the_same(tmp_path, capsys):
    callback, history = fit(tmp_path / "run", quiet=True, stop_on="error")
    assert (len(history["loss"]), bool(callback.stopped), capsys.readouterr().out) == (2, True, "")


def test_a_training_without_such_a_finding_runs_to_its_end(tmp_path, capsys):
    callback, history = fit(tmp_path / "run", units=2, stop_on=("error",))
    assert (len(history["loss"]), callback.stopped) == (6, "")
    assert " error: " not in capsys.readouterr().out
    assert read(tmp_path / "run").card.stopped == ""


def test_the_next_fit_begins_unstopped(tmp_path):
    keras.utils.set_random_seed(1)
    callback, history = fit(tmp_path / "run", stop_on=("error",), fits=2)
    assert len(history["loss"]) < 6  # it is still so
    assert callback.stopped.endswith(("found in epoch 1", "found in epoch 2"))


# ---- settings --------------------------------------------------------------------------------------------------------


def test_what_the_callback_was_given_travels_with_the_logdir_and_counts_in_fit(tmp_path, capsys):
    given = {"limits": {"NND401": {"patience": 7}}, "ignore": {"output-loss-mismatch": "a test"}, "severity": {"NND705": "hint"}}
    fit(tmp_path / "run", **given)
    assert "NND701" not in capsys.readouterr().out
    run = read(tmp_path / "run")
    assert run.settings == Settings({"loss-plateau": {"patience": 7.0}}, {"output-loss-mismatch": "a test"}, {"constant-output": "hint"})
    verdicts = {v.rule: v for v in diagnose(applied(run, Settings()))}
    assert (verdicts["output-loss-mismatch"].status, verdicts["output-loss-mismatch"].reason) == ("ignored", "a test")
    assert verdicts["constant-output"].severity == "hint"
    assert applied(run, Settings()).problems == ()


def test_taking_back_an_ignored_rule_is_no_problem_of_the_run(tmp_path):
    fit(tmp_path / "run", quiet=True, ignore={"nan-loss": False})
    assert applied(read(tmp_path / "run"), Settings()).problems == ()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ignore": {"overfiting": "x"}}, "There is no rule called 'overfiting'. Did you mean `overfitting`?"),
        ({"limits": {"overfitting": {"ries": 1}}}, "There is no limit of `overfitting` called `ries`. Did you mean `rise`?"),
        ({"severity": {"overfitting": "eror"}}, "There is no severity 'eror', which `overfitting` is to have. Did you mean `error`?"),
    ],
)
def test_misspelled_settings_are_refused_before_the_training(given, sentence):
    with pytest.raises(ValueError) as refused:
        Diagnosis("logs", **given)
    assert str(refused.value) == f"Diagnosis: {sentence}"


def test_the_file_where_the_training_runs_stands_above_the_callback(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nndiag.toml").write_text("[ignore]\nNND701 = false\nNND705 = 'a test'\nNND401 = 'a test'\n")
    fit(tmp_path / "run", ignore={"NND701": "a test"})
    assert capsys.readouterr().out.count("NND701 error") == 1
    assert read(tmp_path / "run").settings.ignore == {"output-loss-mismatch": "a test"}


def test_a_file_that_cannot_be_used_costs_a_warning(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nndiag.toml").write_text("[ignores]\n")
    with pytest.warns(UserWarning, match="goes on without the settings in .*nndiag.toml: There is no setting `ignores`. Did you mean `ignore`"):
        fit(tmp_path / "run")
    assert capsys.readouterr().out.count("NND701 error") == 1
