"""Where the views are, and when they are ready: for the tests of the recorded runs' pages."""

from __future__ import annotations

from urllib.parse import quote

from playwright.sync_api import expect

DEEP = "sigmoid_deep"
IS_PAINTED = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(value => value !== 0)"""


def address(**place) -> str:
    return "&".join(f"p.nndiag.{key}={quote(value, safe='')}" for key, value in place.items())


def go(tab, server, **place) -> None:
    tab.goto("about:blank")
    tab.goto(server.url + "data/plugin_entry.html?name=nndiag#" + address(**place))
    ready(tab)


def ready(page, view: str = "") -> None:
    page.locator("html[data-ready=true]" + (f"[data-view={view}]" if view else "")).wait_for()
    expect(page.locator(".chart.waiting")).to_have_count(0)  # those that are not in view are drawn a little later
    page.wait_for_function("!document.querySelector('.run-page') || document.querySelector('.run-page .lists')")  # and so are these


def leading(detail: dict) -> dict:
    return detail["verdicts"][0]


def rows(page) -> list[str]:
    """The runs that the overview shows, in its order."""
    return page.locator(".grid [data-run]").evaluate_all("buttons => buttons.map(button => button.dataset.run)")
