"""A page that stays open: what it asks, and what happens when a run grows or the server goes."""

from __future__ import annotations

import json

from playwright.sync_api import expect
from views import DEEP, go, leading


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
