"""What the documentation says is what the code does."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from recorded import names, recorded

from tb_nndiag import cli, rates
from tb_nndiag.engine import diagnose
from tb_nndiag.explain import families, table
from tb_nndiag.rule import CHANGES, SEVERITIES, all_rules
from tb_nndiag.verdict import FORMAT, to_json

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "scripts"))
CONTRACT = (DOCS / "verdict_json.md").read_text()
TYPES = {"string": str, "integer or null": (int, type(None)), "boolean": bool, "list": list, "list of strings": list}


def refuse(constant: str):
    raise AssertionError(f"{constant} is not JSON")


EXAMPLE = json.loads((DOCS / "verdict_json.example.json").read_text(), parse_constant=refuse)
EXAMPLES = [verdict for run in EXAMPLE["runs"] for verdict in run["verdicts"]]


def documented_keys() -> dict[str, str]:
    """Key → type of a verdict, from the table of docs/verdict_json.md."""
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", CONTRACT.partition("| kind |")[0], re.M))


def keys_in_braces(after: str) -> set[str]:
    """The keys in the first {"a", "b"} that follows these words."""
    found = re.search(rf"{re.escape(after)}[^{{]*\{{([^}}]*)\}}", CONTRACT)
    assert found, after
    return set(re.findall(r'"(\w+)"', found[1]))


def todays() -> list[dict]:
    return [json.loads(json.dumps(to_json(v), allow_nan=False)) for name in names() for v in diagnose(recorded(name))]


# ---- the verdict JSON ------------------------------------------------------------------------------------------------


def test_the_documented_format_is_the_one_that_is_printed():
    assert CONTRACT.startswith(f"# The verdict JSON, format {FORMAT}\n")
    assert EXAMPLE["format"] == FORMAT


def test_there_is_a_frozen_example_of_every_status_that_a_reader_meets_and_of_every_oddity():
    assert {v["status"] for v in EXAMPLES} >= {"fires", "clear", "unknown", "ignored"}
    assert any(v["explained_by"] for v in EXAMPLES)
    assert {v["active"] for v in EXAMPLES if v["status"] == "fires"} == {True, False}
    assert any(e["value"] is None and e["value_text"] in ("NaN", "Infinity") for v in EXAMPLES for e in v["evidence"])
    assert any(run["problems"] and not run["verdicts"] for run in EXAMPLE["runs"])


@pytest.mark.parametrize("verdict", EXAMPLES, ids=lambda v: v["rule"])
def test_the_frozen_example_has_the_documented_keys_and_types(verdict):
    documented = documented_keys()
    assert set(verdict) == set(documented)
    for key, kind in documented.items():
        assert isinstance(verdict[key], TYPES[kind]), key
    assert verdict["severity"] in SEVERITIES


def test_every_verdict_of_today_has_the_documented_keys_and_types():
    documented = documented_keys()
    assert len(documented) > 10
    for verdict in todays():
        assert list(verdict) == list(documented)
        for key, kind in documented.items():
            assert isinstance(verdict[key], TYPES[kind]), (verdict["rule"], key)
        assert all(isinstance(chart, str) for chart in verdict["charts"])


def test_every_piece_of_evidence_and_every_fix_has_the_documented_keys():
    evidence, fix = keys_in_braces("One piece of evidence"), keys_in_braces("in the order to try them")
    assert (len(evidence), fix) == (9, {"do", "because", "code", "changes"})
    change = keys_in_braces("a list of")
    for verdict in [*EXAMPLES, *todays()]:
        for e in verdict["evidence"]:
            assert set(e) == evidence
            assert all(isinstance(e[key], str) for key in ("measure", "value_text", "limit_text", "unit", "signal", "where"))
            assert all(type(e[key]) in (float, type(None)) for key in ("value", "limit"))
            assert type(e["step"]) is int
            assert e["value_text"]
            assert e["limit_text"]
        for f in verdict["fixes"]:
            assert set(f) == fix
            assert all(isinstance(f[key], str) for key in ("do", "because", "code"))
            assert all(set(c) == change and c["kind"] in CHANGES and isinstance(c["target"], str) for c in f["changes"])
        assert bool(verdict["evidence"]) is bool(verdict["fixes"]) is (verdict["status"] in ("fires", "ignored"))


def test_every_kind_of_change_is_documented():
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", CONTRACT.partition("| kind |")[2], re.M)
    assert {kind: (target, value) for kind, target, value in rows} == CHANGES


def test_the_whole_answer_has_the_documented_keys(capsys):
    cli.main(["check", str(ROOT / "tests" / "runs" / "sigmoid_deep"), "--format", "json"])
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == set(EXAMPLE) == {"format", "runs"}
    (run,) = printed["runs"]
    assert all(set(r) == set(run) == {"run", "problems", "verdicts"} for r in EXAMPLE["runs"])
    assert re.search(r'\{"format": 1, "runs": \[\{"run": "\w+", "problems": \[\], "verdicts": \[VERDICT, \.\.\.\]\}\]\}', CONTRACT)


def test_statuses_and_severities_are_the_documented_ones():
    documented = dict(re.findall(r"^\| `(status|severity)` \| string \| (.+) \|$", CONTRACT, re.M))
    assert set(re.findall(r"`(\w+)`", documented["severity"])) == set(SEVERITIES)
    assert set(re.findall(r"`(\w+)`", documented["status"])) == {"fires", "clear", "unknown", "crashed", "ignored"}
    assert {v["status"] for v in todays()} <= {"fires", "clear", "unknown"}


# ---- generated parts -------------------------------------------------------------------------------------------------


def test_the_readme_names_the_rules_that_are_on():
    from make_docs import MARKS

    text = (ROOT / "README.md").read_text()
    assert text.count(MARKS[0]) == text.count(MARKS[1]) == 1
    between = text.split(MARKS[0])[1].split(MARKS[1])[0]
    assert between.strip() == families(all_rules()).strip(), "run: python scripts/make_docs.py"
    links = re.findall(r"\]\(([^)]+)\)", between)
    assert [Path(link).stem for link in links] == [rule.name for rule in all_rules() if rule.limits and not rule.opt_in]
    assert all((ROOT / link).is_file() for link in links)


def test_making_the_docs_anew_changes_no_word_of_the_readme():
    from make_docs import readme_with_rules

    text = (ROOT / "README.md").read_text()
    assert readme_with_rules(text) == text


def test_a_readme_without_its_marks_is_refused():
    from make_docs import MARKS, readme_with_rules

    assert readme_with_rules(f"before {MARKS[0]}old{MARKS[1]} after") == f"before {MARKS[0]}\n{families(all_rules())}{MARKS[1]} after"
    with pytest.raises(ValueError, match="lacks the marks"):
        readme_with_rules(f"before {MARKS[1]}old{MARKS[0]} after")


def test_the_list_of_all_rules_has_a_row_for_each_with_a_link_that_leads_somewhere():
    text = (DOCS / "rules" / "README.md").read_text()
    assert text == table(all_rules()), "run: python scripts/make_docs.py"
    assert re.findall(r"^\| (NND\d{3}) \|", text, re.M) == [rule.code for rule in all_rules()]
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) == len(all_rules())
    assert all((DOCS / "rules" / link).is_file() for link in links)


def test_docs_have_a_page_for_each_rule_and_no_other():
    assert sorted(page.stem for page in (DOCS / "rules").glob("*.md")) == sorted(["README", *(rule.name for rule in all_rules())])


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_the_page_of_each_rule_is_current(rule):
    from make_docs import page_with_picture

    assert (DOCS / "rules" / f"{rule.name}.md").read_text() == page_with_picture(rule), "run: python scripts/make_docs.py"


NEEDS_SEVERAL_TRAININGS = {"more-data-would-help", "more-data-will-not-help", "worse-than-linear", "small-batch", "within-seed-noise"}
NEEDS_A_GPU = {"no-mixed-precision"}


def test_there_is_a_picture_for_each_rule_that_a_single_training_on_a_cpu_can_show():
    from make_pictures import sick_runs

    pictures = {picture.stem: picture.read_text() for picture in (DOCS / "rules").glob("*.svg")}
    assert set(pictures) == {rule.name for rule in all_rules()} - NEEDS_SEVERAL_TRAININGS - NEEDS_A_GPU, "run: python scripts/make_pictures.py"
    assert set(pictures) == set(sick_runs())
    for rule, text in pictures.items():
        assert f": {sick_runs()[rule].replace('_', ' ')}</text>" in text, "run: python scripts/make_pictures.py"
        assert len(text) < 40_000


def test_a_picture_has_both_runs_the_limit_and_named_axes_and_is_the_same_when_it_is_drawn_again():
    from make_pictures import judged, picture

    runs = judged()
    text = picture("vanishing-gradients", runs)
    for words in ("sick: sigmoid deep", "healthy: healthy deep relu", "0.04 x dense_8 (limit)", "step (one batch)", "(ratio)"):
        assert words in text
    assert "limit: 0.5" in picture("dead-units", runs)
    assert "limit (median of layers): 0.0003" in picture("learning-rate-too-low", runs)
    assert picture("vanishing-gradients", runs) == text
    for words in ("sick: rows three times", "healthy: healthy dense", ">0.579<", "limit: 0.05", "rows that repeat another one (share)"):
        assert words in picture("duplicate-rows", runs)


def test_bars_show_the_number_that_a_healthy_run_has():
    from make_pictures import judged, measured

    healthy, _ = judged()["healthy_dense"]
    assert measured("duplicate-rows", "rows that repeat another one", healthy) == 0
    assert measured("small-validation-set", "validation rows", healthy) == healthy["overlap"].last(0, "val_rows")
    assert measured("duplicate-rows", "another number", healthy) is None


def test_the_table_of_kinds_is_that_of_the_tests():
    from make_docs import kinds_page

    assert (DOCS / "kinds.md").read_text() == kinds_page(), "run: python scripts/make_docs.py"
    rows = re.findall(r"^\| [a-z]+ \| .+ \| (works|partly|in part|not at all)", kinds_page(), re.M)
    assert len(rows) == len(kinds_page().split("|---|---|---|\n")[1].splitlines())


# ---- pages for people ------------------------------------------------------------------------------------------------


def test_the_guide_has_a_step_for_each_rule():
    linked = re.findall(r"\(rules/([\w-]+)\.md\)", (DOCS / "guide.md").read_text())
    assert sorted(linked) == sorted(rule.name for rule in all_rules())


def test_the_rates_have_a_row_for_each_rule_and_the_page_shows_them():
    assert list(rates.rates()["rules"]) == [rule.name for rule in all_rules()], "run: python benchmarks/rates.py"
    assert (DOCS / "rates.md").read_text() == rates.page(all_rules()), "run: python scripts/make_docs.py"


def test_the_list_of_rules_shows_what_was_measured_of_each(capsys):
    cli.main(["rules"])
    printed = capsys.readouterr().out
    for rule in all_rules():
        assert all(part in printed for part in rates.of(rule))
    assert printed.count("healthy run") == len(all_rules())
    assert "not measured" not in printed
    assert rates.rates()["command"] in printed


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not re.match(r"[a-z]+:|#", link):
            assert (page.parent / link.split("#")[0]).exists(), link


def test_the_documented_routes_are_those_of_the_plugin():
    from tb_nndiag.plugin import NNDiagPlugin

    class Context:
        data_provider = None

    documented = re.findall(r"^## `([\w/.]+)", (DOCS / "http_api.md").read_text(), re.M)
    assert set(documented) == {"status", "runs", "run", "rules", "static/index.js"}
    assert {f"/{route}" for route in documented} <= set(NNDiagPlugin(Context()).get_plugin_apps())
