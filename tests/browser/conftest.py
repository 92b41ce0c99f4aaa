"""A real browser. NNDIAG_CHROMIUM names its program; without one these tests fail rather than pass over it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright
from recorded import RUNS, names
from views import DEEP

from tb_nndiag import cli

ARTIFACTS = Path(__file__).resolve().parent.parent / "artifacts"  # screenshots, ignored by git
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`security policy violated: ${event.violatedDirective} by ${event.blockedURI} ${event.sample}`));
"""


@pytest.fixture(scope="session")
def browser():
    program = os.environ.get("NNDIAG_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    flags = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page in which nothing may go wrong: errors in its console, failed requests and dialogs fail the test."""
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 800})
    context.add_init_script(TELL_VIOLATIONS)
    context.set_default_timeout(30_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: message.type == "error" and faults.append(f"{message.text} {message.location}"))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", lambda response: response.status >= 400 and faults.append(f"{response.status} {response.url}"))
    page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield page
    context.close()
    faults = [fault for fault in faults if "favicon.ico" not in fault]  # TensorBoard's plugin pages have none
    assert faults == []


@pytest.fixture
def screenshot(request):
    """Keeps a picture of the page, to be looked at: screenshot(page, "dark")."""

    def keep(page: Page, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)

    return keep


@pytest.fixture(scope="session")
def server(tensorboard_server):
    """A TensorBoard that has judged all recorded runs."""
    started = tensorboard_server(RUNS)

    def all_judged():
        entries = started.get_json("data/plugin/nndiag/runs")["runs"]
        return len(entries) == len(names()) and not any(entry["pending"] for entry in entries)

    started.wait_for(all_judged)
    return started


@pytest.fixture(scope="session")
def deep(server) -> dict:
    return server.get_json(f"data/plugin/nndiag/run?run={DEEP}")


@pytest.fixture(scope="session")
def saved(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("report") / "diagnosis.html"
    assert cli.main(["report", str(RUNS), "-o", str(file), "--run", DEEP, "--run", "healthy_dense"]) == 0
    return file
