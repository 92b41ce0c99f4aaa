"""Takes the README's pictures: the demo's runs in a real TensorBoard, in a real browser.

    nndiag demo --no-serve --logdir demo_logs
    python scripts/make_screenshots.py demo_logs

Needs Playwright and Chromium (the environment variable NNDIAG_CHROMIUM names another program).
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil

from playwright.sync_api import sync_playwright
from tensorboard import program

IMAGES = pathlib.Path(__file__).resolve().parents[1] / "docs" / "images"
SHOTS = {"overview.png": ("", "light"), "diagnosis.png": ("deep_sigmoid", "light"), "overfitting_dark.png": ("few_rows", "dark")}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("logdir", help="what `nndiag demo --no-serve` wrote")
    board = program.TensorBoard()
    board.configure(argv=["tensorboard", "--logdir", arguments.parse_args().logdir, "--port", "0"])
    url = board.launch()
    IMAGES.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("NNDIAG_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        for file, (run, theme) in SHOTS.items():
            page = browser.new_page(locale="en-US", viewport={"width": 1360, "height": 900})
            page.goto(f"{url}?darkMode={'true' if theme == 'dark' else 'false'}#nndiag")
            frame = page.frame_locator("iframe")
            if run:
                frame.locator(f'[data-run="{run}"]').click(timeout=60_000)
                frame.locator("[data-chart] canvas").first.wait_for()
            else:
                frame.locator("[data-run] >> nth=7").wait_for(timeout=60_000)
            page.wait_for_timeout(1500)  # fonts and charts settle
            page.screenshot(path=IMAGES / file)
            print(IMAGES / file)
        browser.close()


if __name__ == "__main__":
    main()
