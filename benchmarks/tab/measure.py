"""What a large logdir costs its reader: waiting, what is sent, and the server's memory beside a TensorBoard without the tab.

    python benchmarks/tab/measure.py RUNS > docs/tab.md

Makes RUNS with make_runs.py unless it is there. Prints the page docs/tab.md. Nothing is timed before TensorBoard has loaded
the data. Needs Linux, Playwright and Chromium (the environment variable NNDIAG_CHROMIUM names another program).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import make_runs
from playwright.sync_api import Page, sync_playwright

ROUTES = "data/plugin/nndiag/"
START = "from tensorboard import main; main.run_main()"
WITHOUT = """
from tensorboard import default
found = default.get_dynamic_plugins()
default.get_dynamic_plugins = lambda: [plugin for plugin in found if not plugin.__module__.startswith("tb_nndiag")]
"""
PAGES = 20  # runs whose page is asked for
MOVES = 200  # of the pointer over the heat map

PAINTED = """(seen) => new Promise((done) => {
  const inView = (chart) => { const { top, bottom } = chart.getBoundingClientRect(); return bottom > 0 && top < innerHeight; };
  const look = () => {
    const all = [...document.querySelectorAll("[data-chart]")], charts = all.filter((chart) => !seen || inView(chart));
    const answer = performance.getEntriesByType("resource").findLast(({ name }) => name.includes("/run?"));
    if (answer?.responseEnd && all.length && charts.every((chart) => chart.matches(".constant") || chart.querySelector(".uplot canvas")))
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - answer.responseEnd)));
    else setTimeout(look, 5);
  };
  look();
})"""
MOVE = """async (moves) => {
  const maps = document.querySelector("[data-chart] .maps");
  const { left, top, width, height } = maps.getBoundingClientRect();
  for (let i = 0; i < moves; i++) {
    const clientX = left + width * (0.2 + (0.5 * i) / moves);
    maps.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX, clientY: top + height * ((i % 10) / 10) }));
    await new Promise(requestAnimationFrame);
  }
}"""


@contextmanager
def tensorboard(logdir: pathlib.Path, *, ours: bool) -> Iterator[tuple[int, str]]:
    """Process id and address of a TensorBoard; without `ours`, one without the tab."""
    log = pathlib.Path(tempfile.mkdtemp()) / "log.txt"
    flags = [f"--logdir={logdir}", "--port=0", "--reload_interval=0"]
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", ("" if ours else WITHOUT) + START, *flags], stdout=out, stderr=out
        )
    try:
        yield process.pid, wait_for(lambda: re.search(r"TensorBoard \S+ at (http://\S+)", log.read_text()), log)[1]
    finally:
        process.terminate()
        process.wait()


def wait_for(look: Callable, log: pathlib.Path):
    for _ in range(600):
        if found := look():
            return found
        time.sleep(0.2)
    raise SystemExit(f"TensorBoard did not start:\n{log.read_text()}")


def get(url: str) -> tuple[float, bytes]:
    """Seconds until the last byte, and what was sent."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    began = time.perf_counter()
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=300) as answer:
        body = answer.read()
        seconds = time.perf_counter() - began
        return seconds, gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body


def wait_until_loaded(address: str) -> None:
    """Until what TensorBoard lists has stayed the same for five seconds."""
    last, since = b"", time.monotonic()
    while time.monotonic() - since < 5:
        _, now = get(address)
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.5)


def resident(pid: int) -> float:
    """MB of memory that a process holds."""
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1000


def with_children(pid: int) -> float:
    """MB of a process and of those it started: TensorBoard's data server is one."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return resident(pid) + sum(with_children(int(child)) for child in children)


def first_row(page: Page, url: str) -> float:
    """Seconds from asking for the page to its first row."""
    page.goto("about:blank")
    began = time.perf_counter()
    page.goto(url + "data/plugin_entry.html?name=nndiag", wait_until="commit")
    page.locator("[data-run]").first.wait_for()
    return time.perf_counter() - began


def open_run(page: Page, url: str, run: str, *, seen: bool) -> float:
    """Seconds from the last byte of a run's data to those of its charts that the window shows, or to all of them."""
    first_row(page, url)
    page.wait_for_timeout(500)
    page.evaluate("performance.clearResourceTimings()")
    page.locator(f'[data-run="{run}"]').click()
    return page.evaluate(PAINTED, seen) / 1000


def cursor_move(page: Page) -> float:
    """Seconds of the page's main thread for a move of the pointer over the heat map, with every chart following."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")

    def busy() -> float:
        return {m["name"]: m["value"] for m in devtools.send("Performance.getMetrics")["metrics"]}["TaskDuration"]

    page.locator("[data-chart] .maps").first.scroll_into_view_if_needed()
    before = busy()
    page.evaluate(MOVE, MOVES)
    return (busy() - before) / MOVES


def round_of(logdir: pathlib.Path, chromium: str) -> dict[str, float]:
    """One round: what was measured, by its name."""
    found: dict[str, float] = {}
    with tensorboard(logdir, ours=False) as (pid, url):
        wait_until_loaded(url + "data/runs")
        get(url + "data/plugins_listing")
        bare, bare_all = resident(pid), with_children(pid)
    with tensorboard(logdir, ours=True) as (pid, url), sync_playwright() as playwright:
        wait_until_loaded(url + ROUTES + "status")
        wait_until_loaded(url + "data/runs")
        found["`status`, s"], _ = get(url + ROUTES + "status")
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        found["overview: first row in the browser, nothing judged yet, s"] = first_row(page, url)
        page.goto("about:blank")
        slowest, began = 0.0, time.perf_counter()
        while True:
            seconds, body = get(url + ROUTES + "runs")
            slowest = max(slowest, seconds)
            entries = json.loads(body)["runs"]
            if not any(entry["pending"] for entry in entries):
                break
        found["`runs`: slowest answer while runs are judged, s"] = slowest
        found["all runs judged, s"] = time.perf_counter() - began
        found["`runs`, all judged, s"], body = get(url + ROUTES + "runs")
        found["`runs`, kB of JSON"] = len(body) / 1000
        found["overview: first row in the browser, all judged, s"] = first_row(page, url)
        names = [entry["run"] for entry in entries]
        asked = [get(f"{url}{ROUTES}run?run={name}") for name in names[:: max(1, len(names) // PAGES)]]
        found["`run`, s"] = statistics.median(seconds for seconds, _ in asked)
        found["`run`, kB of JSON"] = max(len(body) for _, body in asked) / 1000
        found["`rules`, s"], _ = get(url + ROUTES + "rules")
        # the last run has no findings, so its charts are at the top
        shown = page.locator("[data-run]").last.get_attribute("data-run") or ""
        found["run page: from its data to the charts in view, s"] = open_run(page, url, shown, seen=True)
        found["run page: from its data to all charts, s"] = open_run(page, url, shown, seen=False)
        found["Python process, MB more than without the tab"] = resident(pid) - bare
        found["Python process and data server, MB more than without the tab"] = with_children(pid) - bare_all
        found["Python process without the tab, MB"] = bare
        found["Python process and data server without the tab, MB"] = bare_all
        _, bundle = get(url + ROUTES + "static/index.js")
        found["the page's script, kB gzipped"] = len(gzip.compress(bundle)) / 1000
        browser.close()
    return found | wide_map(chromium)


def wide_map(chromium: str) -> dict[str, float]:
    """What a heat map of 200 layers and 500 steps costs."""
    logdir = pathlib.Path(tempfile.mkdtemp())
    make_runs.write(logdir / "wide", 0, layers=200, records=500)
    make_runs.write(logdir / "other", 1, layers=2, records=20)  # a run that is alone has no list to choose it from
    with tensorboard(logdir, ours=True) as (_, url), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        open_run(page, url, "wide", seen=False)
        seconds = cursor_move(page)
        browser.close()
    shutil.rmtree(logdir)
    return {"heat map of 200 layers: main thread for a move of the pointer, ms": 1000 * seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logdir", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not options.logdir.exists():
        make_runs.make(options.logdir)
    chromium = os.environ.get("NNDIAG_CHROMIUM") or shutil.which("chromium") or "chromium"
    rounds = [round_of(options.logdir, chromium) for _ in range(options.rounds)]
    files = list(options.logdir.rglob("*.nndiag"))
    size = sum(file.stat().st_size for file in files)
    print(
        f"""# What the tab costs on a large logdir

Made by

    python benchmarks/tab/measure.py RUNS > docs/tab.md

on {os.cpu_count()} cores of {processor()} with Python {platform.python_version()}, TensorBoard {version("tensorboard")} and its data
server. RUNS has {len(files)} runs, {size / 1e6:,.0f} MB (`benchmarks/tab/make_runs.py`: 100 layers, 500 records each). Median of {len(rounds)}, in
parentheses the smallest and the largest. The server has loaded the data before anything is asked; its memory is read after every
page was asked: the overview, {PAGES} runs, the rules.

The tab reads the event files itself and has the data server keep a single record of each series (`tb_nndiag/loader.py`). What comes
through TensorBoard (`--logdir_spec`, a remote path) is kept whole in its memory; `--samples_per_plugin nndiag=200` keeps fewer.

| what | median of {len(rounds)} |
|---|---|"""
    )
    for name in rounds[0]:
        values = sorted(each[name] for each in rounds)
        print(f"| {name} | {shown(statistics.median(values))} ({shown(values[0])} to {shown(values[-1])}) |")


def shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def version(package: str) -> str:
    from importlib import metadata

    return metadata.version(package)


def processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


if __name__ == "__main__":
    main()
