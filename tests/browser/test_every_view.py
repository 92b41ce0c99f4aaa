"""What holds for every view: no violation of the rules for accessibility, no window too narrow or too wide."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from views import DEEP, go

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
