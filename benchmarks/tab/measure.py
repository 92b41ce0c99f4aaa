"""How long a reader of a large logdir waits, and how much is sent: routes, then the page in a real browser.

    python benchmarks/tab/make_runs.py RUNS
    python benchmarks/tab/measure.py RUNS

Prints a Markdown table. TensorBoard has loaded the data before anything is timed. Needs Playwright and Chromium (the
environment variable NNDIAG_CHROMIUM names another program).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from playwright.sync_api import sync_playwright

ROUTES = "data/plugin/nndiag/"


def started(logdir: pathlib.Path, log: pathlib.Path) -> tuple[subprocess.Popen, str]:
    command = [sys.executable, "-m", "tensorboard.main", f"--logdir={logdir}", "--port=0", "--reload_interval=0"]
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    for _ in range(600):
        found = re.search(r"TensorBoard \S+ at (http://\S+)", log.read_text())
        if found:
            return process, found[1]
        time.sleep(0.2)
    raise SystemExit(f"TensorBoard did not start:\n{log.read_text()}")


def get(url: str) -> tuple[float, bytes]:
    """Seconds until the last byte, and what was sent."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    began = time.perf_counter()
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as answer:
        body = answer.read()
        seconds = time.perf_counter() - began
        return seconds, gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body


def wait_until_loaded(url: str) -> None:
    """Until the list of runs has stayed the same for five seconds."""
    last, since = b"", time.monotonic()
    while time.monotonic() - since < 5:
        _, now = get(url + ROUTES + "status")
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.5)


def first_paint(url: str, program: str) -> float:
    """Seconds from asking for the page to its first row, in a browser that is running."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        page = browser.new_page()
        page.goto("about:blank")
        began = time.perf_counter()
        page.goto(url + "data/plugin_entry.html?name=nndiag", wait_until="commit")
        page.locator("[data-run]").first.wait_for()
        seconds = time.perf_counter() - began
        browser.close()
        return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logdir", type=pathlib.Path)
    logdir = parser.parse_args().logdir
    program = os.environ.get("NNDIAG_CHROMIUM") or shutil.which("chromium") or "chromium"
    process, url = started(logdir, pathlib.Path(tempfile.mkdtemp()) / "log.txt")
    try:
        wait_until_loaded(url)
        rows: list[tuple[str, float, int | None]] = []

        def timed(name: str, route: str) -> dict:
            seconds, body = get(url + ROUTES + route)
            rows.append((name, seconds, len(body)))
            return json.loads(body)

        timed("`status`", "status")
        rows.append(("overview, first row in the browser, nothing judged yet", first_paint(url, program), None))
        slowest, size, began = 0.0, 0, time.perf_counter()
        while True:
            seconds, body = get(url + ROUTES + "runs")
            slowest, size = max(slowest, seconds), max(size, len(body))
            entries = json.loads(body)["runs"]
            if not any(entry["pending"] for entry in entries):
                break
        rows.append(("`runs`, slowest while runs are judged", slowest, size))
        rows.append((f"all {len(entries)} runs judged", time.perf_counter() - began, None))
        timed("`runs`, all judged", "runs")
        rows.append(("overview, first row in the browser, all judged", first_paint(url, program), None))
        timed("`run`", f"run?run={entries[0]['run']}")
        timed("`rules`", "rules")
        _, bundle = get(url + ROUTES + "static/index.js")
        print("| what | seconds | kB of JSON |\n|---|---|---|")
        for name, seconds, sent in rows:
            print(f"| {name} | {seconds:.2f} | {'' if sent is None else f'{sent / 1000:,.0f}'} |")
        print(f"\nThe page is {len(gzip.compress(bundle)) / 1000:.1f} kB gzipped.")
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
