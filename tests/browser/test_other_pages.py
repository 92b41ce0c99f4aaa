"""A layer, a comparison of runs, a saved report."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from views import DEEP, go, leading, ready, rows

from tb_nndiag import html_report


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
