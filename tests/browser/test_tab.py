"""The Diagnosis tab in a real browser, on a real TensorBoard, showing real trainings.

One test goes through the whole of TensorBoard; the others open the plugin's own document, which is four times faster.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from views import IS_PAINTED

from keras_callbacks.event_writer import EventWriter
from tb_nndiag.bundle import PAGE_NOT_BUILT

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def server(tensorboard_server, recorded_logdir):
    started = tensorboard_server(recorded_logdir)
    started.wait_for_runs()
    return started


@pytest.fixture(scope="module")
def sick(server) -> dict:
    """What the backend says about the sick run."""
    return server.get_json("data/plugin/nndiag/run?run=sick")


def findings(detail: dict, folded: bool = False) -> list[dict]:
    return [v for v in detail["verdicts"] if v["status"] == "fires" and bool(v["explained_by"]) == folded]


def open_plugin(page, server) -> None:
    page.goto(server.url + "data/plugin_entry.html?name=nndiag")
    page.locator("html[data-ready=true]").wait_for()


def open_run(page, server, name: str) -> None:
    open_plugin(page, server)
    page.locator(f"[data-run='{name}']").click()
    page.locator(f"[data-run='{name}'][aria-current=true]").wait_for()
    page.locator("html[data-ready=true][data-view=run]").wait_for()


# ---- the whole of TensorBoard ----------------------------------------------------------------------------------------


def test_a_click_on_the_tab_leads_to_the_verdict(page, server, sick, screenshot):
    page.goto(server.url)
    page.get_by_role("tab", name="Diagnosis").click()
    frame = page.frame_locator("iframe[src*=nndiag]")
    frame.locator("[data-run=sick]").click()
    verdict = frame.locator(f"article[data-verdict={findings(sick)[0]['rule']}]")
    expect(verdict).to_be_visible()
    screenshot(page, "tensorboard")


def test_the_address_of_tensorboard_remembers_the_place_and_back_returns(page, server, sick):
    rule = findings(sick)[0]["rule"]
    page.goto(server.url + "#nndiag")
    frame = page.frame_locator("iframe[src*=nndiag]")
    frame.locator("[data-run=sick]").click()
    frame.locator(f"[data-band={rule}]").click()
    expect(frame.locator(f"article.selected[data-verdict={rule}]")).to_be_visible()
    assert "#nndiag" in page.url
    assert f"p.nndiag.verdict={rule}" in page.url
    page.reload()
    expect(frame.locator(f"article.selected[data-verdict={rule}]")).to_be_visible()
    page.go_back()
    expect(frame.locator(".grid")).to_be_visible()


def test_the_page_is_dark_when_tensorboard_is(page, server, screenshot):
    page.goto(server.url + "#nndiag")
    frame = page.frame_locator("iframe[src*=nndiag]")
    frame.locator("html[data-ready=true]").wait_for()
    brightness = """() => {
      const color = getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number);
      return color.slice(0, 3).reduce((sum, part) => sum + part) / 3;
    }"""
    inside = next(each for each in page.frames if "plugin_entry" in each.url)
    expect(frame.locator("html[data-theme=light]")).to_have_count(1)
    assert inside.evaluate(brightness) > 200
    page.evaluate("document.body.classList.add('dark-mode')")  # what TensorBoard's own switch does
    expect(frame.locator("html[data-theme=dark]")).to_have_count(1)
    assert inside.evaluate(brightness) < 80
    screenshot(page, "tensorboard_dark")
    page.evaluate("document.body.classList.remove('dark-mode')")
    expect(frame.locator("html[data-theme=light]")).to_have_count(1)


# ---- the plugin's own document ---------------------------------------------------------------------------------------


def test_a_sick_run_shows_what_the_backend_found(page, server, sick, screenshot):
    open_run(page, server, "sick")
    assert page.locator("article[data-verdict]").evaluate_all("cards => cards.map(card => card.dataset.verdict)") == [
        finding["rule"] for finding in findings(sick)
    ]
    first = findings(sick)[0]
    card = page.locator(f"article[data-verdict={first['rule']}]")
    expect(card).to_contain_text(first["headline"].replace("`", ""))
    expect(card).to_contain_text(first["why"].replace("`", ""))
    expect(card).to_contain_text(first["evidence"][0]["value_text"])
    expect(card).to_contain_text(first["fixes"][0]["do"].replace("`", ""))
    assert "NaN" not in page.locator("main").inner_text()
    screenshot(page, "sick")


def test_every_chart_is_drawn(page, server, sick):
    open_run(page, server, "sick")
    drawn = page.locator("[data-chart]").evaluate_all("figures => figures.map(figure => figure.dataset.chart)")
    assert sorted(drawn) == sorted(chart["id"] for chart in sick["charts"])
    assert {"loss", "metrics"} <= set(drawn)
    moving = page.locator("[data-chart]:not(.constant)").evaluate_all("figures => figures.map(figure => figure.dataset.chart)")
    assert "loss" in moving
    for chart in moving:
        canvas = page.locator(f"[data-chart={chart}] canvas").first
        canvas.scroll_into_view_if_needed()
        expect(canvas).to_be_visible()
        assert canvas.evaluate(IS_PAINTED), f"{chart} is empty"


def test_the_chart_that_shows_the_evidence_stands_in_the_verdict(page, server, screenshot):
    detail = server.get_json("data/plugin/nndiag/run?run=diverged")
    has_data = {chart["id"] for chart in detail["charts"]}
    finding = next(finding for finding in findings(detail) if has_data.intersection(finding["charts"]))
    open_run(page, server, "diverged")
    verdict = page.locator(f"article[data-verdict={finding['rule']}]")
    for chart in has_data.intersection(finding["charts"]):
        expect(verdict.locator(f"[data-chart={chart}] canvas").first).to_be_visible()
        expect(page.locator(f".others [data-chart={chart}]")).to_have_count(0)  # not among the other charts again
    screenshot(page, "diverged")


def test_a_click_unfolds_what_follows_from_a_finding(page, server, sick):
    folded = findings(sick, folded=True)[0]
    open_run(page, server, "sick")
    cause = page.locator(f"article[data-verdict={folded['explained_by']}]")
    consequence = cause.locator(f"section[data-verdict={folded['rule']}]")
    expect(consequence).to_be_hidden()
    cause.locator(".consequences > summary").click()
    expect(consequence).to_be_visible()
    expect(consequence).to_contain_text(folded["headline"].replace("`", ""))


def test_a_click_opens_the_list_of_rules_that_found_nothing(page, server, sick):
    clear = next(verdict["rule"] for verdict in sick["verdicts"] if verdict["status"] == "clear")
    open_run(page, server, "sick")
    entry = page.locator(f"li[data-rule={clear}]")
    expect(entry).to_be_hidden()
    page.locator("details", has=entry).locator("summary").click()
    expect(entry).to_be_visible()


def test_a_healthy_run_has_no_verdict(page, server, screenshot):
    open_run(page, server, "healthy")
    expect(page.locator(".healthy")).to_be_visible()
    expect(page.locator("[data-verdict]")).to_have_count(0)
    screenshot(page, "healthy")


@pytest.mark.parametrize("run", ["healthy", "sick", "diverged"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(page, server, run, scheme):
    page.emulate_media(color_scheme=scheme)
    open_run(page, server, run)
    violations = Axe().run(page).response["violations"]
    assert [(v["id"], [node["html"][:200] for node in v["nodes"]]) for v in violations] == []


def test_the_page_fits_a_narrow_window(page, server, screenshot):
    page.set_viewport_size({"width": 400, "height": 800})
    open_plugin(page, server)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    screenshot(page, "narrow")


def test_an_empty_logdir_says_how_to_record(page, tensorboard_server, tmp_path, screenshot):
    open_plugin(page, tensorboard_server(tmp_path))
    expect(page.locator("html[data-view=empty]")).to_have_count(1)
    expect(page.locator("main")).to_contain_text("Diagnosis(")
    screenshot(page, "empty")


def test_names_from_strangers_are_text_and_a_broken_run_is_named(
    page, tensorboard_server, tmp_path, screenshot, loss_record
):
    """On a TensorBoard that lives below a path, where an absolute URL of ours would miss."""
    writer = EventWriter(str(tmp_path / HOSTILE))
    for step in (1, 2, 3):
        writer.write("loss", step, loss_record(step, 1.0))
    writer.close()
    write_metadata_without_value(tmp_path / "broken")
    server = tensorboard_server(tmp_path, "--path_prefix=/some/path", "--load_fast=false")
    entries = {}
    while len(entries) < 2:  # the Python loader reads in the background
        page.wait_for_timeout(200)
        entries = {entry["run"]: entry for entry in server.get_json("data/plugin/nndiag/runs")["runs"]}
    assert entries["broken"]["problem"]
    assert not entries[HOSTILE]["problem"]
    open_plugin(page, server)
    page.locator("[data-run^='<img']").click()
    page.locator("html[data-ready=true][data-view=run]").wait_for()
    expect(page.locator("h2")).to_contain_text(HOSTILE)
    expect(page.locator("img")).to_have_count(0)
    expect(page.locator("[data-run=broken]")).to_contain_text(entries["broken"]["problem"].replace("`", ""))
    screenshot(page, "hostile")


def test_a_page_that_was_not_built_says_what_to_run(page, server):
    page.route("**/static/index.js", lambda route: route.fulfill(body=PAGE_NOT_BUILT, content_type="text/javascript"))
    open_plugin(page, server)
    expect(page.locator("body")).to_contain_text("pip install")


def write_metadata_without_value(log_dir) -> None:
    """What an interrupted or foreign writer may leave: a series of ours that was announced and never came."""
    metadata = summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="nndiag"),
        data_class=summary_pb2.DATA_CLASS_TENSOR,
    )
    value = summary_pb2.Summary.Value(tag="nndiag/loss", metadata=metadata)
    writer = EventFileWriter(str(log_dir), filename_suffix=".nndiag")
    writer.add_event(event_pb2.Event(wall_time=1.79e9, step=1, summary=summary_pb2.Summary(value=[value])))
    writer.close()
