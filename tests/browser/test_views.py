"""Every view of the tab in a real browser, on the recorded runs: what a click or a key does, and what the address remembers."""

from __future__ import annotations

import itertools
import json
import re
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from recorded import RUNS, names

from tb_nndiag import cli, html_report

DEEP = "sigmoid_deep"
IS_PAINTED = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(value => value !== 0)"""


@pytest.fixture(scope="module")
def server(tensorboard_server):
    started = tensorboard_server(RUNS)

    def all_judged():
        entries = started.get_json("data/plugin/nndiag/runs")["runs"]
        return len(entries) == len(names()) and not any(entry["pending"] for entry in entries)

    started.wait_for(all_judged)
    return started


@pytest.fixture(scope="module")
def deep(server) -> dict:
    return server.get_json(f"data/plugin/nndiag/run?run={DEEP}")


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("report") / "diagnosis.html"
    assert cli.main(["report", str(RUNS), "-o", str(file), "--run", DEEP, "--run", "healthy_dense"]) == 0
    return file


def address(**place) -> str:
    return "&".join(f"p.nndiag.{key}={quote(value, safe='')}" for key, value in place.items())


def go(tab, server, **place) -> None:
    tab.goto("about:blank")
    tab.goto(server.url + "data/plugin_entry.html?name=nndiag#" + address(**place))
    ready(tab)


def ready(page, view: str = "") -> None:
    page.locator("html[data-ready=true]" + (f"[data-view={view}]" if view else "")).wait_for()
    expect(page.locator(".chart.waiting")).to_have_count(0)  # those that are not in view are drawn a little later


def leading(detail: dict) -> dict:
    return detail["verdicts"][0]


VIEWS = {
    "overview": {},
    "run": {"run": DEEP},
    "run without findings": {"run": "healthy_deep_relu"},
    "verdict": {"run": DEEP, "verdict": "loss-plateau"},
    "layer": {"run": DEEP, "page": "layer", "layer": "dense_1"},
    "rule": {"rule": "NND201"},
    "compare": {"compare": f"{DEEP},healthy_deep_relu"},
    "missing": {"run": "no such run"},
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_accessible(page, server, view, scheme, screenshot):
    page.emulate_media(color_scheme=scheme)
    go(page, server, **VIEWS[view])
    for summary in page.locator("summary:visible").all()[:12]:
        summary.evaluate("summary => summary.parentElement.open = true")
    violations = Axe().run(page).response["violations"]
    assert [(v["id"], [node["html"][:200] for node in v["nodes"]]) for v in violations] == []
    screenshot(page, f"{view} {scheme}")


@pytest.mark.parametrize("width", [360, 700, 1024, 1440, 3840])
def test_no_view_is_wider_than_the_window(page, server, width):
    page.set_viewport_size({"width": width, "height": 900})
    for place in VIEWS.values():
        go(page, server, **place)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place


# ---- all runs --------------------------------------------------------------------------------------------------------


def rows(page) -> list[str]:
    return page.locator(".grid [data-run]").evaluate_all("buttons => buttons.map(button => button.dataset.run)")


def test_the_overview_has_all_runs_the_worst_first(page, server):
    go(page, server)
    entries = {entry["run"]: entry for entry in server.get_json("data/plugin/nndiag/runs")["runs"]}
    shown = rows(page)
    assert sorted(shown) == sorted(entries)
    order = ["error", "warning", "hint", None]
    ranks = [order.index(entries[run]["leading"] and entries[run]["leading"]["severity"]) for run in shown]
    assert ranks == sorted(ranks)
    row = page.locator("tr", has=page.locator(f"[data-run={DEEP}]"))
    expect(row).to_contain_text(entries[DEEP]["leading"]["headline"].replace("`", ""))
    says = row.locator("td.family svg").evaluate_all("marks => marks.map(mark => mark.getAttribute('aria-label'))")
    assert len(says) == len(entries[DEEP]["families"])
    assert "Gradients and updates: error" in says


def test_a_rule_that_failed_is_one_line_and_breaks_no_run(page, server):
    overview = server.get_json("data/plugin/nndiag/runs")
    for entry in overview["runs"]:
        entry |= {"crashed": ["no-mixed-precision"], "families": entry["families"] | {"8": "crashed"}}
    page.route("**/nndiag/runs*", lambda route: route.fulfill(json=overview))
    go(page, server)
    expect(page.get_by_text("Rules that failed: no-mixed-precision.")).to_have_count(1)
    colors = page.locator(".grid .mark").evaluate_all("marks => marks.map(mark => [mark.classList[1], getComputedStyle(mark).color])")
    assert dict(colors)["crashed"] == dict(colors)["unknown"] != dict(colors)["error"]


def test_columns_order_the_rows_and_the_best_validation_loss_is_one(page, server):
    entries = {entry["run"]: entry["best_val_loss"] for entry in server.get_json("data/plugin/nndiag/runs")["runs"]}
    go(page, server)
    page.get_by_role("button", name="Best val. loss").click()
    found = [entries[run] for run in rows(page)]
    known = [loss for loss in found if loss is not None]
    assert known == sorted(known)
    assert found[: len(known)] == known
    assert len(set(known)) > 1
    page.get_by_role("button", name="Run", exact=True).click()
    assert rows(page)[0] == sorted(entries)[0]
    for words in ("error", "follows from another finding", "clear"):
        expect(page.locator(".symbols")).to_contain_text(words)


def test_runs_are_found_by_name_severity_and_rule(page, server):
    go(page, server)
    entries = server.get_json("data/plugin/nndiag/runs")["runs"]
    page.get_by_label("Filter runs").fill("pixels")
    assert set(rows(page)) == {entry["run"] for entry in entries if "pixels" in entry["run"]}
    page.get_by_label("Filter runs").fill("")
    page.locator("[data-severity=healthy]").click()
    assert set(rows(page)) == {entry["run"] for entry in entries if entry["leading"] is None}
    page.locator("[data-severity=healthy]").click()
    page.get_by_label("Rule").select_option("vanishing-gradients")
    assert set(rows(page)) == {entry["run"] for entry in entries if "vanishing-gradients" in entry["fired"]}
    chips = page.locator("[data-severity] b").evaluate_all("counts => counts.map(count => Number(count.textContent))")
    assert 0 < max(chips) <= len(rows(page))
    folded = next(entry for entry in entries if "vanishing-gradients" in entry["fired"] and entry["leading"]["rule"] != "vanishing-gradients")
    expect(page.locator("tr", has=page.locator(f"[data-run={folded['run']}]"))).to_contain_text("also found: vanishing-gradients")
    page.get_by_label("Rule").select_option("")
    page.get_by_label("Order").select_option("name")
    assert rows(page) == sorted(rows(page))


def test_five_hundred_runs_come_a_hundred_at_a_time_and_say_how_far_the_judging_is(page, server):
    answer = server.get_json("data/plugin/nndiag/runs")
    judged, asked = answer["runs"][0], []

    def many(route):
        asked.append(1)
        pending = {**judged, "leading": None, "pending": True, "families": {}, "fired": []}
        entries = [{**(judged if i < 200 or len(asked) > 2 else pending), "run": f"trial_{i:03}"} for i in range(500)]
        route.fulfill(json={**answer, "runs": entries})

    page.route("**/nndiag/runs*", many)
    go(page, server)
    assert len(rows(page)) == 100
    expect(page.locator(".counts [role=status]")).to_have_text("500 runs")  # it asked until all were judged
    assert len(asked) == 3
    page.locator("[data-more]").click()
    assert len(rows(page)) == 200
    page.get_by_label("Filter runs").fill("trial_499")
    assert rows(page) == ["trial_499"]


def test_a_run_is_opened_and_left_with_the_keyboard_and_back_returns(page, server):
    go(page, server)
    page.locator(f"[data-run={DEEP}]").focus()
    page.keyboard.press("Enter")
    ready(page, "run")
    expect(page.locator("h2")).to_have_text(DEEP)
    assert page.evaluate("document.activeElement.tagName") == "MAIN"
    page.go_back()
    ready(page, "overview")
    page.go_forward()
    ready(page, "run")
    page.locator("[data-all]").press("Enter")
    ready(page, "overview")


def faked(page, server, entries):
    """The overview answers with `entries()`, and its status changes whenever they do."""
    answer = server.get_json("data/plugin/nndiag/runs")

    def respond(route):
        now = entries()
        status = {"format": 1, "stamp": json.dumps(now)}
        time.sleep(0.05)  # while runs are judged the page asks again at once
        route.fulfill(json=status if "/status" in route.request.url else {**answer, **status, "runs": now})

    page.route("**/nndiag/status", respond)
    page.route("**/nndiag/runs*", respond)


@pytest.fixture(scope="module")
def kinds(server) -> dict[str, dict]:
    """An entry of the overview for each kind of run."""
    entries = server.get_json("data/plugin/nndiag/runs")["runs"]
    found = {(entry["leading"] or {"severity": "clear"})["severity"]: entry for entry in entries}
    return found | {"pending": {**found["clear"], "pending": True, "families": {}, "fired": []}}


def test_no_row_moves_while_runs_are_judged_or_under_the_pointer(page, server, kinds):
    judged = [0]

    def entries():
        says = ["clear", "hint", "warning", "error"]
        return [{**kinds[says[i] if i < judged[0] else "pending"], "run": f"run_{i}", "last_wall_time": 1.7e9 - i} for i in range(4)]

    faked(page, server, entries)
    page.goto(server.url + "data/plugin_entry.html?name=nndiag")
    for judged[0] in (0, 1, 2, 3):
        expect(page.locator(".counts [role=status]")).to_contain_text(f"{judged[0]} judged so far")
        assert rows(page) == ["run_0", "run_1", "run_2", "run_3"]
    page.locator("[data-run=run_1]").hover()
    judged[0] = 4
    expect(page.locator(".counts [role=status]")).to_have_text("4 runs")
    assert rows(page) == ["run_0", "run_1", "run_2", "run_3"]
    expect(page.locator("[data-sort]")).to_have_text("Sort again: worst first")
    page.mouse.move(5, 5)
    expect(page.locator("[data-sort]")).to_have_count(0)
    assert rows(page) == ["run_3", "run_2", "run_1", "run_0"]


def test_rows_are_put_in_order_when_the_reader_asks_while_runs_are_judged(page, server, kinds):
    says = ["clear", "pending", "pending"]
    faked(page, server, lambda: [{**kinds[kind], "run": f"run_{i}", "last_wall_time": 1.7e9 - i} for i, kind in enumerate(says)])
    page.goto(server.url + "data/plugin_entry.html?name=nndiag")
    expect(page.locator("[data-run=run_0]")).to_be_visible()
    says[2] = "error"
    page.locator("[data-sort]").click()
    assert rows(page) == ["run_2", "run_1", "run_0"]
    page.get_by_label("Order").select_option("name")
    assert rows(page) == ["run_0", "run_1", "run_2"]


def test_a_reader_who_comes_back_is_told_what_is_new(page, server, kinds, screenshot):
    error = {**kinds["error"], "last_step": 400}
    now = [[{**kinds["clear"], "run": "a", "last_step": 400}, {**error, "run": "b"}, {**kinds["hint"], "run": "c"}]]
    faked(page, server, lambda: now[0])
    page.clock.install(time=1.8e9)
    go(page, server)
    page.clock.run_for(40_000)  # all runs are listed, and remembered after a minute at the latest
    expect(page.locator(".since")).to_have_count(0)
    page.clock.run_for(60_000)

    now[0] = [{**error, "run": "a", "first_wall_time": kinds["clear"]["first_wall_time"]}, {**error, "run": "b", "last_step": 1600}, {**error, "run": "new"}]
    page.clock.set_system_time(1.8e9 + 2 * 3600)
    page.reload()
    ready(page, "overview")
    since = page.locator(".since")
    leads = len(error["leads"])
    expect(since).to_contain_text(f"Since you last looked (2 h ago): 1 new run, {leads} new finding{'s' * (leads > 1)}, 1 run went on")
    expect(since).not_to_contain_text("gone")  # TensorBoard may still be reading
    page.clock.run_for(40_000)
    expect(since).to_contain_text("1 run gone (c)")
    row = {run: page.locator("tr", has=page.locator(f"[data-run={run}]")).locator(".news") for run in ("a", "b", "new")}
    expect(row["a"]).to_have_text("new: " + ", ".join(error["leads"]))
    expect(row["b"]).to_have_text("+1,200 steps")
    expect(row["new"]).to_have_text("new")
    assert Axe().run(page).response["violations"] == []
    screenshot(page, "news")

    now[0] = [*now[0], {**kinds["clear"], "run": "old"}]
    page.locator("[data-news]").click()
    assert set(rows(page)) == {"a", "b", "new"}
    page.locator("[data-news]").click()
    page.reload()  # who reloads has not been away
    expect(since).to_contain_text("2 h ago")
    page.locator("[data-dismiss]").click()
    expect(since).to_have_count(0)
    page.reload()
    ready(page, "overview")
    expect(since).to_have_count(0)


@pytest.mark.parametrize("fault", ["blocked", "damaged"])
def test_a_browser_that_remembers_nothing_of_use_costs_the_news_alone(page, server, fault):
    if fault == "blocked":
        page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})")
    else:
        page.add_init_script("Storage.prototype.getItem = () => '{\"before\": {\"at\": 1, \"runs\": 3}, \"last\": 7}'")
    go(page, server)
    assert len(rows(page)) == len(names())
    expect(page.locator(".since")).to_have_count(0)


# ---- one run ---------------------------------------------------------------------------------------------------------


def test_each_finding_is_a_band_over_its_steps(page, server, deep):
    go(page, server, run=DEEP)
    fired = [verdict for verdict in deep["verdicts"] if verdict["status"] == "fires"]
    bands = page.locator("[data-band]")
    assert bands.evaluate_all("buttons => buttons.map(button => button.dataset.band)") == [v["rule"] for v in fired]
    for verdict in fired:
        track = page.locator(f"[data-band={verdict['rule']}] .track").bounding_box()
        band = page.locator(f"[data-band={verdict['rule']}] .band").bounding_box()
        seen = verdict["evaluated"] or verdict["first_step"]
        first = 0 if seen <= 1 else seen / deep["last_step"]
        assert abs((band["x"] - track["x"]) / track["width"] - first) < 0.01


def test_a_click_on_a_finding_moves_every_chart_and_the_address_and_a_reload_keeps_it(page, server):
    detail = server.get_json("data/plugin/nndiag/run?run=rate_too_high")
    verdict = next(v for v in detail["verdicts"] if v["charts"])
    go(page, server, run="rate_too_high")
    page.locator(f"[data-band={verdict['rule']}]").click()
    expect(page.locator(f"[data-verdict={verdict['rule']}].selected")).to_have_count(1)
    assert f"p.nndiag.verdict={verdict['rule']}" in page.url
    page.reload()
    ready(page, "run")
    expect(page.locator(f"[data-verdict={verdict['rule']}].selected")).to_have_count(1)
    page.locator(f"[data-band={verdict['rule']}]").click()
    expect(page.locator(".selected")).to_have_count(0)
    assert "verdict" not in page.url


def test_a_step_in_the_evidence_leads_every_chart_there(page, server, deep):
    go(page, server, run=DEEP)
    piece = leading(deep)["evidence"][0]
    page.locator(f"[data-verdict={leading(deep)['rule']}] .evidence button").first.click()
    assert f"p.nndiag.step={piece['step']}" in page.url
    assert f"p.nndiag.layer={piece['where']}" in page.url
    expect(page.locator("[data-chart=gradients] .ramp select").first).to_have_value(piece["where"])


def test_the_evidence_says_on_which_side_of_its_limit_a_value_is(page, server, deep):
    go(page, server, run=DEEP)
    for piece, row in zip(leading(deep)["evidence"], page.locator(f"article[data-verdict={leading(deep)['rule']}] .words .evidence tbody tr").all(), strict=True):
        expect(row.locator("td").last).to_have_text(f"{'above' if piece['value'] > piece['limit'] else 'below'} {piece['limit_text']}")


def test_rules_that_nobody_asked_are_listed_apart_from_those_that_could_not_look(page, server):
    detail = server.get_json("data/plugin/nndiag/run?run=healthy_dense")
    unknown = {v["rule"] for v in detail["verdicts"] if v["status"] == "unknown"}
    assert unknown > set(detail["optional"]) > set()
    go(page, server, run="healthy_dense")
    expect(page.locator(".healthy")).to_contain_text(f"{len(unknown) - len(detail['optional'])} could not look, {len(detail['optional'])} are optional")
    listed = page.locator("details.rules", has_text="Optional").locator("[data-rule]")
    assert set(listed.evaluate_all("rows => rows.map(row => row.dataset.rule)")) == set(detail["optional"])


def test_code_is_not_broken_inside_of_words(page, server, deep):
    detail = json.loads(json.dumps(deep))
    leading(detail)["fixes"][0]["code"] = "x = " + "long_" * 40 + "(" + ", ".join(f"argument_{i}=1" for i in range(40)) + ")"
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    broken = """code => {
      const text = code.firstChild, range = document.createRange();
      return [...text.data.matchAll(/\\S+/g)].filter(({0: word, index}) => {
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        return new Set([...range.getClientRects()].map(({top}) => top)).size > 1;
      }).length;
    }"""
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator("article .fixes pre code").first.evaluate(broken) == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_printed_are_the_findings_with_their_charts_on_few_pages(page, server, deep):
    go(page, server, run=DEEP)
    paper = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) <= 4
    page.emulate_media(media="print")
    expect(page.locator("article .words .headline").first).to_be_visible()
    expect(page.locator("article .beside [data-chart]").first).to_be_visible()
    expect(page.locator(".others")).to_be_hidden()
    expect(page.locator(".doubts").first).to_be_hidden()
    expect(page.locator(".printed")).to_contain_text("Not printed: the charts")
    go(page, server)
    expect(page.locator(".grid input").first).to_be_hidden()
    clipped = page.locator(".grid .headline").evaluate_all("lines => lines.filter(line => line.scrollHeight > line.clientHeight + 1).length")
    assert clipped == 0
    go(page, server, run="healthy_dense")
    expect(page.locator(".others [data-chart=loss]")).to_be_visible()  # there is nothing else to print
    expect(page.locator(".printed")).to_be_hidden()


def test_a_consequence_shows_its_own_charts_when_asked(page, server, deep):
    expect_none = page.locator("article > .body [data-show]")
    folded = next(v for v in deep["verdicts"] if v["explained_by"] and v["charts"])
    go(page, server, run=DEEP)
    page.locator(f"[data-band={folded['rule']}]").click()
    section = page.locator(f"section[data-verdict={folded['rule']}]")
    for chart in folded["charts"]:
        expect(section.locator(f"[data-chart={chart}] canvas").first).to_be_visible()
    section.locator("[data-show]").click()
    expect(section.locator("[data-chart]")).to_have_count(0)
    expect(expect_none).to_have_count(0)  # the charts of a leading finding are beside it anyway


def test_the_page_says_when_a_finding_is_wrong_and_how_to_ignore_it(page, server, deep):
    rule = leading(deep)["rule"]
    sections = {s["heading"]: s for r in server.get_json("data/plugin/nndiag/rules")["rules"] if r["rule"] == rule for s in r["sections"]}
    go(page, server, run=DEEP)
    doubts = page.locator(f"[data-verdict={rule}] .doubts")
    doubts.locator("summary").click()
    expect(doubts).to_contain_text(sections["When it is wrong"]["paragraphs"][0].replace("`", ""))
    expect(doubts).to_contain_text(f'{leading(deep)["code"]} = "the reason"')
    doubts.get_by_role("button", name="All about this rule").click()
    ready(page, "rule")
    expect(page.locator("main")).to_contain_text(sections["Source"]["paragraphs"][0].replace("`", ""))
    page.go_back()
    ready(page, "run")


def test_rules_that_could_not_look_name_the_line_that_lets_them(page, server):
    detail = server.get_json(f"data/plugin/nndiag/run?run={DEEP}")
    unknown = next(v for v in detail["verdicts"] if v["status"] == "clear")
    unknown |= {"status": "unknown", "reason": "not recorded: gap"}
    detail["enable"] = {unknown["rule"]: {"do": "Give `fit` validation rows.", "code": "model.fit(x, y, validation_data=(x_val, y_val))"}}
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    listed = page.locator("details.rules", has=page.locator(f"[data-rule={unknown['rule']}]"))
    listed.locator("summary").click()
    expect(listed).to_contain_text("not recorded: gap")
    expect(listed).to_contain_text("Give fit validation rows.")
    expect(listed).to_contain_text("validation_data=(x_val, y_val)")


# ---- charts ----------------------------------------------------------------------------------------------------------


def test_layers_against_steps_are_a_map_with_a_profile(page, server, deep):
    go(page, server, run=DEEP)
    figure = page.locator("[data-chart=gradients]").first
    for part in ("canvas.map", "canvas.profile"):
        assert figure.locator(part).evaluate(IS_PAINTED)
    layers = [s["name"] for c in deep["charts"] if c["id"] == "gradients" for s in c["series"] if s["role"] == "layer"]
    box = figure.locator(".maps").bounding_box()
    third = {"x": box["width"] / 2, "y": box["height"] * 2.5 / len(layers)}
    figure.locator(".maps").hover(position=third)
    expect(figure.locator(".pointed b")).to_have_text(layers[2])
    figure.locator(".maps").click(position=third)
    assert f"p.nndiag.layer={layers[2]}" in page.url
    expect(page.locator("[data-chart=updates] .ramp select").first).to_have_value(layers[2])


WRITTEN = """() => {
  const fill = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const chart = this.canvas.closest("[data-chart]")?.dataset.chart ?? "";
    (window.written ??= []).push({chart, text, x: x / devicePixelRatio, y: y / devicePixelRatio, color: this.fillStyle, wide: this.measureText(text).width / devicePixelRatio});
    return fill.apply(this, arguments);
  };
}"""


def redrawn(page, chart: str) -> dict[str, dict]:
    """What a chart's canvas has written on it, by the text."""
    for scheme in ("dark", "light"):
        page.evaluate("window.written = []")
        page.emulate_media(color_scheme=scheme)
        while not page.evaluate("chart => window.written.some(each => each.chart === chart && each.text === 'step')", chart):
            page.wait_for_timeout(50)
    return {each["text"]: each for each in page.evaluate("window.written") if each["chart"] == chart}


def test_limits_are_red_where_they_were_crossed_and_their_labels_do_not_touch(page, server, deep):
    page.add_init_script(f"({WRITTEN})()")
    detail = json.loads(json.dumps(deep))
    updates = next(chart for chart in detail["charts"] if chart["id"] == "updates")
    updates["limits"] = [{"value": 1e-3 * (1 + i / 50), "label": f"limit {i}", "fires": i == 2} for i in range(4)]
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    texts = redrawn(page, "updates")
    labels = [texts[f"limit {i}"] for i in range(4)]
    assert len({label["color"] for i, label in enumerate(labels) if i != 2}) == 1
    assert labels[2]["color"] == "#b3261e" != labels[0]["color"]
    heights = sorted(label["y"] for label in labels)
    assert all(b - a >= 12 for a, b in itertools.pairwise(heights))
    assert "step" in texts


def test_zero_on_a_logarithmic_axis_is_written_as_zero(page, server, deep):
    page.add_init_script(f"({WRITTEN})()")
    detail = json.loads(json.dumps(deep))
    for chart in detail["charts"]:
        for series in chart["series"]:
            if chart["id"] == "gradients":
                series["values"][len(series["values"]) // 2 :] = [0.0] * (len(series["values"]) - len(series["values"]) // 2)
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    assert "0" in redrawn(page, "gradients")
    assert "0" not in redrawn(page, "updates")


def test_a_chart_whose_lines_never_move_is_a_sentence(page, server, deep):
    detail = json.loads(json.dumps(deep))
    for chart in detail["charts"]:
        for series in chart["series"]:
            if chart["id"] in ("updates", "units"):
                series["values"] = [0.0] * len(series["values"])
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    for chart in ("updates", "units"):
        expect(page.locator(f"[data-chart={chart}]").first).to_contain_text("all values are 0")
        expect(page.locator(f"[data-chart={chart}] canvas")).to_have_count(0)


def test_no_dot_is_where_the_legend_has_no_value(page, server):
    go(page, server, run="healthy_dense")
    figure = page.locator("[data-chart=loss]").first
    plot = figure.locator(".u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 50)
    expect(figure.locator(".legend")).to_contain_text(re.compile("validation –"))
    dots = """dots => dots.filter((dot) => {
      const one = dot.getBoundingClientRect(), all = dot.parentElement.getBoundingClientRect();
      return one.right > all.left && one.bottom > all.top && getComputedStyle(dot).display !== "none";
    }).length"""
    assert figure.locator(".u-cursor-pt").evaluate_all(dots) <= 3  # the batches' loss, and the edges of its band
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 50)
    expect(figure.locator(".legend")).not_to_contain_text("–")
    assert figure.locator(".u-cursor-pt").evaluate_all(dots) == 5  # none on the level line of the constant prediction


def test_a_cell_of_the_map_has_the_color_of_its_value(page, server, deep):
    chart = next(chart for chart in deep["charts"] if chart["id"] == "gradients")
    layers = [series["values"] for series in chart["series"] if series["role"] == "layer"]
    go(page, server, run=DEEP)
    canvas = page.locator("[data-chart=gradients] canvas.map").first
    canvas.scroll_into_view_if_needed()
    steps, ends = chart["steps"], chart["steps"][-1]
    wide = [i for i in range(len(steps) - 1) if steps[i + 1] - steps[i] >= ends / 100]  # more than a pixel
    cells = [(layers[k][i], k, i) for i in wide for k in range(len(layers)) if layers[k][i]]
    seen = {}
    for value, layer, i in (min(cells), max(cells)):
        seen[value] = canvas.evaluate(
            """(canvas, [layer, across]) => {
                const ratio = devicePixelRatio, left = 84 * ratio, wide = canvas.width - (84 + 96) * ratio;
                return [...canvas.getContext("2d").getImageData(left + wide * across, canvas.height * layer, 1, 1).data];
            }""",
            [(layer + 0.5) / len(layers), ((steps[i] + steps[i + 1]) / 2 - steps[0]) / (ends - steps[0])],
        )
    scale = page.locator("[data-chart=gradients] .scale .bar").first.evaluate("bar => getComputedStyle(bar).backgroundImage")
    colors = [[int(part) for part in color.split(",")] for color in re.findall(r"rgb\(([^)]*)\)", scale)]
    low, high = (seen[value] for value in sorted(seen))
    assert (low, high) == ([*colors[0], 255], [*colors[-1], 255])


def test_the_layer_that_is_pointed_at_stands_out_among_the_curves(page, server):
    go(page, server, run=DEEP)
    figure = page.locator("[data-chart=gradients]").first
    lit = figure.locator(".u-over .lit")
    expect(lit).not_to_have_attribute("d", re.compile("M"))
    box = figure.locator(".maps").bounding_box()
    paths = []
    for row in (0.05, 0.95):
        figure.locator(".maps").hover(position={"x": box["width"] / 2, "y": box["height"] * row})
        expect(lit).to_have_attribute("d", re.compile(r"^M[\d.-]+ [\d.-]+L"))
        paths.append((lit.get_attribute("d"), lit.evaluate("path => path.style.stroke")))
    assert paths[0][0] != paths[1][0]
    assert paths[0][1] != paths[1][1]
    page.mouse.move(0, 0)
    expect(lit).to_have_attribute("d", "")


def test_charts_in_view_are_drawn_at_once_and_the_others_when_they_come_into_view(page, server):
    page.add_init_script("window.requestIdleCallback = () => 0")  # a page that is never idle
    page.goto(server.url + "data/plugin_entry.html?name=nndiag#" + address(run=DEEP))
    expect(page.locator("[data-chart] .uplot canvas").first).to_be_visible()
    waiting = page.locator(".chart.waiting")
    expect(waiting.last).to_be_attached()
    tops = waiting.evaluate_all("figures => figures.map(figure => figure.getBoundingClientRect().top / innerHeight)")
    assert min(tops) >= 1
    name = waiting.last.get_attribute("data-chart")
    page.locator("[data-chart] [role=slider]").first.focus()
    page.keyboard.press("Home")
    waiting.last.scroll_into_view_if_needed()
    expect(page.locator(f"[data-chart={name}] .uplot canvas")).to_be_visible()
    drawn = page.locator(f"[data-chart={name}] [role=slider]")
    expect(drawn).to_have_attribute("aria-valuenow", drawn.get_attribute("aria-valuemin"))  # it follows the cursor


def test_charts_out_of_view_are_drawn_when_the_page_is_idle(page, server):
    page.add_init_script("window.IntersectionObserver = class { observe() {} disconnect() {} }")
    go(page, server, run=DEEP)
    expect(page.locator("[data-chart] .uplot canvas")).to_have_count(page.locator("[data-chart]:not(.constant)").count())


def test_the_cursor_is_shared_and_moved_by_keys(page, server, deep):
    go(page, server, run=DEEP)
    loss = page.locator("[data-chart=loss] [role=slider]").first
    other = page.locator("[data-chart=gradients] [role=slider]").first
    steps = {c["id"]: c["steps"] for c in deep["charts"]}
    loss.focus()
    page.keyboard.press("Home")
    expect(loss).to_have_attribute("aria-valuenow", str(steps["loss"][0]))
    expect(other).to_have_attribute("aria-valuenow", str(steps["gradients"][0]))
    page.keyboard.press("ArrowRight")
    expect(loss).to_have_attribute("aria-valuenow", str(steps["loss"][1]))
    expect(loss).to_have_attribute("aria-valuetext", re.compile(r"^step \d+: batch loss [\d.]+"))
    before = loss.get_attribute("aria-valuetext")
    page.keyboard.press("+")
    page.keyboard.press("0")
    assert loss.get_attribute("aria-valuetext") == before


def test_dragging_over_one_chart_zooms_all_and_a_double_click_shows_all_again(page, server):
    go(page, server, run="healthy_dense")
    plot = page.locator("[data-chart=loss] .u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 60, steps=5)
    page.mouse.up()
    expect(page.get_by_role("button", name="Show all")).to_have_count(page.locator("[data-chart]:not(.constant)").count())
    plot.dblclick()
    expect(page.get_by_role("button", name="Show all")).to_have_count(0)


def test_a_chart_is_also_a_table_a_spreadsheet_and_a_picture(page, server, deep):
    go(page, server, run=DEEP)
    figure = page.locator("[data-chart=loss]").first
    chart = next(c for c in deep["charts"] if c["id"] == "loss")
    figure.locator(".menu summary").click()
    figure.get_by_label("Data table").check()
    expect(figure.locator("tbody tr")).to_have_count(min(60, len(chart["steps"])))
    with page.expect_download() as csv:
        figure.get_by_role("button", name="Save as CSV").click()
    lines = Path(csv.value.path()).read_text().splitlines()
    assert lines[0].split(",")[:2] == ["step", "batch loss"]
    assert len(lines) == len(chart["steps"]) + 1
    with page.expect_download() as png:
        figure.get_by_role("button", name="Save as PNG").click()
    assert Path(png.value.path()).read_bytes().startswith(b"\x89PNG")
    assert (csv.value.suggested_filename, png.value.suggested_filename) == ("loss.csv", "loss.png")


def test_the_scale_is_switched_and_the_curve_smoothed(page, server):
    go(page, server, run="healthy_dense")
    figure = page.locator("[data-chart=loss]")
    expect(figure.locator("figcaption .muted")).not_to_contain_text("log scale")
    figure.locator(".menu summary").click()
    figure.get_by_label("Log scale").check()
    figure.get_by_label("Smooth").check()
    expect(figure.locator("figcaption .muted")).to_contain_text("log scale, smoothed")
    assert figure.locator(".uplot canvas").evaluate(IS_PAINTED)
    page.keyboard.press("Escape")
    expect(figure.locator(".menu .items")).to_be_hidden()


def brightness(canvas) -> float:
    """Mean of what is drawn, where something is: 0 (black) to 255."""
    return canvas.evaluate("""canvas => {
      const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let sum = 0, n = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) (sum += data[i] + data[i + 1] + data[i + 2]), (n += 3);
      return sum / n;
    }""")


def test_a_dark_page_is_printed_on_white_with_charts_drawn_for_it(page, server):
    page.emulate_media(color_scheme="dark")
    go(page, server, run=DEEP)
    canvases = page.locator("[data-chart=gradients] .map, [data-chart=gradients] .profile, [data-chart=loss] .uplot canvas")
    dark = [brightness(canvas) for canvas in canvases.all()]
    page.evaluate("""() => window.addEventListener("beforeprint", () => queueMicrotask(() => queueMicrotask(() => {
      window.printed = [...document.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL());
    })))""")
    page.emulate_media(color_scheme="light")
    light = page.locator("canvas").evaluate_all("all => all.map(canvas => canvas.toDataURL())")
    on_white = [brightness(canvas) for canvas in canvases.all()]
    page.emulate_media(color_scheme="dark")
    page.pdf()
    assert page.evaluate("window.printed") == light
    expect(page.locator("html[data-theme=dark]")).to_have_count(1)
    assert [brightness(canvas) for canvas in canvases.all()] == dark
    page.emulate_media(color_scheme="dark", media="print")
    expect(page.locator("html[data-theme=light]")).to_have_count(1)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for canvas, as_light, as_dark in zip(canvases.all(), on_white, dark, strict=True):
        assert abs(brightness(canvas) - as_light) < abs(brightness(canvas) - as_dark)


def test_the_time_of_a_step_is_a_stack_and_each_part_is_read_as_it_is(page, server, deep):
    detail = json.loads(json.dumps(deep))
    timing = next(chart for chart in detail["charts"] if chart["id"] == "timing")
    timing |= {"steps": [1, 2, 3], "top": 20.0, "series": [
        {"name": "computing", "role": "part", "values": [500, 6, 6]},
        {"name": "waiting for data", "role": "part", "values": [0, 4, 4]},
        {"name": "this callback", "role": "part", "values": [0, 2, 2]},
    ]}  # fmt: skip
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    figure = page.locator("[data-chart=timing]")
    figure.scroll_into_view_if_needed()
    for part, value in (("computing", 6), ("waiting for data", 4), ("this callback", 2)):
        expect(figure.locator(".legend")).to_contain_text(f"{part} {value} ms")
    # From the bottom of the plot up, in the middle between the last two records: three areas, of 6, 4 and 2 ms of 20.
    colors = figure.locator(".uplot canvas").evaluate("""canvas => {
      const over = canvas.parentElement.querySelector(".u-over").getBoundingClientRect(), box = canvas.getBoundingClientRect();
      const ctx = canvas.getContext("2d"), ratio = devicePixelRatio;
      const x = (over.left - box.left + over.width * 0.7) * ratio;
      return [3, 8, 11, 16].map((ms) => [...ctx.getImageData(x, (over.bottom - box.top - (over.height * ms) / 20) * ratio, 1, 1).data].join());
    }""")
    assert len(set(colors)) == 4
    figure.locator(".menu summary").click()
    figure.get_by_label("Log scale").check()
    assert figure.locator(".uplot canvas").evaluate(IS_PAINTED)


# ---- layers, comparisons, reports ------------------------------------------------------------------------------------


def test_a_layer_has_a_page_with_all_that_is_known_of_it(page, server, deep):
    layer = leading(deep)["evidence"][0]["where"]
    go(page, server, run=DEEP)
    page.locator(f"[data-layer={layer}]").click()
    ready(page, "layer")
    expect(page.locator("main")).to_contain_text(leading(deep)["headline"].replace("`", ""))
    known = next(each["largest_gradient"] for each in deep["card"]["layers"] if each["name"] == layer)
    expect(page.locator("[data-largest-gradient]")).to_contain_text(f"{known['value_text']} (rms), step {known['step']:,}")
    shown = page.locator("[data-chart]").evaluate_all("figures => figures.map(figure => figure.dataset.chart)")
    assert {"gradients", "updates", "units"} <= set(shown)
    page.get_by_role("button", name="Layer after").click()
    expect(page.locator("h2")).not_to_contain_text(re.compile(rf"{layer}$"))
    page.locator("[data-back]").click()
    ready(page, "run")


def test_runs_are_compared_by_settings_findings_and_curves(page, server, deep):
    go(page, server)
    assert page.locator("[data-compare]").evaluate("button => getComputedStyle(button).opacity") < "1"  # nothing to press yet
    for run in ("healthy_deep_relu", DEEP):
        page.get_by_label(f"Compare: {run}").check()
    page.locator("[data-compare]").click()
    ready(page, "compare")
    row = page.locator("tr", has=page.get_by_role("button", name=re.compile(leading(deep)["rule"])))
    expect(row).to_contain_text("gained")
    expect(page.locator("main")).to_contain_text("relu")
    curves = page.locator("[data-chart='loss: batch loss']")
    expect(curves.locator(".legend")).to_contain_text("healthy_deep_relu")
    expect(curves.locator(".legend")).to_contain_text(DEEP)
    expect(page.get_by_role("region", name="Results")).to_contain_text("best")
    for run in ("healthy_deep_relu", DEEP):
        expect(page.locator(f"[data-chart='gradients: {run}'] canvas.map")).to_be_visible()
    tops = page.locator("[data-chart^='gradients: ']").evaluate_all("figures => figures.map(figure => figure.getBoundingClientRect().top)")
    assert len(tops) == 2
    assert tops[0] == tops[1]
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.locator(".sides").first.evaluate("sides => sides.scrollWidth > sides.clientWidth && getComputedStyle(sides).backgroundImage.includes('gradient')")
    page.reload()
    ready(page, "compare")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_saved_report_opens_from_disk_without_a_network(page, saved, deep, scheme, screenshot):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(color_scheme=scheme)
    page.goto(saved.as_uri())
    ready(page, "overview")
    assert set(rows(page)) == {DEEP, "healthy_dense"}
    expect(page.locator(".brand")).to_contain_text(re.compile(r"saved \d{4}-\d\d-\d\d \d\d:\d\d"))
    expect(page.locator("main")).not_to_contain_text(" ago")
    page.locator(f"[data-run={DEEP}]").click()
    ready(page, "run")
    expect(page.locator(f"article[data-verdict={leading(deep)['rule']}]")).to_be_visible()
    page.reload()
    ready(page, "run")
    page.locator(f"article[data-verdict={leading(deep)['rule']}] button.rule").first.click()
    ready(page, "rule")
    assert {url.split("#")[0] for url in asked if not url.startswith("blob:")} == {saved.as_uri()}
    assert Axe().run(page).response["violations"] == []
    page.go_back()
    ready(page, "run")
    page.emulate_media(media="print")
    expect(page.locator(".side nav")).to_be_hidden()
    screenshot(page, f"report {scheme}")


def test_a_report_in_a_notebook_leaves_the_notebook_alone(page, saved, deep, tmp_path):
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!DOCTYPE html><title>Notebook</title>{html_report.in_notebook(saved.read_text(encoding='utf-8'))}", encoding="utf-8")
    page.goto(notebook.as_uri() + "#cell=3")
    frame = page.frame_locator("iframe")
    frame.locator(f"[data-run={DEEP}]").click()
    expect(frame.locator(f"article[data-verdict={leading(deep)['rule']}]")).to_be_visible()
    frame.locator(f"[data-band={leading(deep)['rule']}]").click()
    expect(frame.locator(".verdict.selected")).to_have_count(1)
    assert page.url == notebook.as_uri() + "#cell=3"


# ---- live ------------------------------------------------------------------------------------------------------------


def test_a_visible_page_asks_the_cheap_route_and_a_hidden_one_nothing(page, server):
    asked: list[str] = []
    page.on("request", lambda request: "/nndiag/" in request.url and asked.append(request.url.split("/nndiag/")[1].split("?")[0]))
    page.clock.install()
    go(page, server, run=DEEP)
    asked.clear()
    for _ in range(3):
        page.clock.run_for(5_000)
        page.wait_for_timeout(200)
    assert set(asked) == {"status"}
    assert 2 <= len(asked) <= 4
    page.evaluate("Object.defineProperty(window, 'innerHeight', {value: 0, configurable: true})")  # as in TensorBoard's hidden tab
    asked.clear()
    page.clock.run_for(60_000)
    page.wait_for_timeout(200)
    assert asked == []
    page.evaluate("delete window.innerHeight; Object.defineProperty(window, 'innerHeight', {value: 800, configurable: true})")
    page.evaluate("window.dispatchEvent(new Event('resize'))")
    page.wait_for_timeout(300)
    assert asked == ["status"]


def test_a_run_that_grows_is_shown_anew_where_the_reader_was(page, server, deep):
    grown = json.loads(json.dumps(deep)) | {"last_step": deep["last_step"] + 7, "ended": False}
    overview = server.get_json("data/plugin/nndiag/runs")
    stamp = ["one"]

    def runs(route):
        entries = [e | ({"last_step": grown["last_step"], "ended": False} if e["run"] == DEEP and stamp[0] != "one" else {}) for e in overview["runs"]]
        route.fulfill(json=overview | {"runs": entries})

    page.route("**/nndiag/status", lambda route: route.fulfill(json={"format": 1, "stamp": stamp[0]}))
    page.route("**/nndiag/runs*", runs)
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=deep if stamp[0] == "one" else grown))
    page.clock.install()
    go(page, server, run=DEEP, verdict=leading(deep)["rule"])
    expect(page.locator(".state")).to_contain_text(f"step {deep['last_step']:,}")
    stamp[0] = "two"
    page.clock.run_for(6_000)
    expect(page.locator(".state")).to_contain_text(f"step {grown['last_step']:,}")
    expect(page.locator(f"[data-verdict={leading(deep)['rule']}].selected")).to_have_count(1)


def test_a_server_that_went_away_leaves_the_page_and_says_so(page, server):
    page.clock.install()
    go(page, server, run=DEEP)
    page.route("**/nndiag/status", lambda route: route.fulfill(status=200, body="gone", content_type="text/plain"))
    page.clock.run_for(6_000)
    expect(page.locator(".notice")).to_contain_text("read earlier")
    expect(page.locator("article[data-verdict]").first).to_be_visible()
    page.unroute("**/nndiag/status")
    page.clock.run_for(6_000)
    expect(page.locator(".notice")).to_have_count(0)
