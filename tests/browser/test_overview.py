"""All runs in one table: their order, the filters, the keyboard, what is new, and what does not move while runs are judged."""

from __future__ import annotations

import json
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from recorded import names
from views import DEEP, go, ready, rows


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
