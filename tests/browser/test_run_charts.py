"""The charts of a run: what is drawn, where and when; the cursor, zoom, table and picture."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

from playwright.sync_api import expect
from views import DEEP, IS_PAINTED, address, go


def test_layers_against_steps_are_a_map_with_a_profile(page, server, deep):
    go(page, server, run=DEEP)
    figure = page.locator("[data-chart=gradients]").first
    for part in ("canvas.map", "canvas.profile"):
        assert figure.locator(part).evaluate(IS_PAINTED)
    layers = [s["name"] for c in deep["charts"] if c["id"] == "gradients" for s in c["series"] if s["role"] == "layer"]
    box = figure.locator(".maps").bounding_box()
    third = {"x": box["width"] / 2, "y": box["height"] * 2.5 / len(layers)}
    figure.locator(".maps").hover(position=third)
    expect(figure.locator(".pointed b")).to_have_text(layers[2])
    figure.locator(".maps").click(position=third)
    assert f"p.nndiag.layer={layers[2]}" in page.url
    expect(page.locator("[data-chart=updates] .ramp select").first).to_have_value(layers[2])


WRITTEN = """() => {
  const fill = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const chart = this.canvas.closest("[data-chart]")?.dataset.chart ?? "";
    (window.written ??= []).push({chart, text, x: x / devicePixelRatio, y: y / devicePixelRatio, color: this.fillStyle, wide: this.measureText(text).width / devicePixelRatio});
    return fill.apply(this, arguments);
  };
}"""


def redrawn(page, chart: str) -> dict[str, dict]:
    """What a chart's canvas has written on it, by the text."""
    for scheme in ("dark", "light"):
        page.evaluate("window.written = []")
        page.emulate_media(color_scheme=scheme)
        while not page.evaluate("chart => window.written.some(each => each.chart === chart && each.text === 'step')", chart):
            page.wait_for_timeout(50)
    return {each["text"]: each for each in page.evaluate("window.written") if each["chart"] == chart}


def test_limits_are_red_where_they_were_crossed_and_their_labels_do_not_touch(page, server, deep):
    page.add_init_script(f"({WRITTEN})()")
    detail = json.loads(json.dumps(deep))
    updates = next(chart for chart in detail["charts"] if chart["id"] == "updates")
    updates["limits"] = [{"value": 1e-3 * (1 + i / 50), "label": f"limit {i}", "fires": i == 2} for i in range(4)]
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    texts = redrawn(page, "updates")
    labels = [texts[f"limit {i}"] for i in range(4)]
    assert len({label["color"] for i, label in enumerate(labels) if i != 2}) == 1
    assert labels[2]["color"] == "#b3261e" != labels[0]["color"]
    heights = sorted(label["y"] for label in labels)
    assert all(b - a >= 12 for a, b in itertools.pairwise(heights))
    assert "step" in texts


def test_zero_on_a_logarithmic_axis_is_written_as_zero(page, server, deep):
    page.add_init_script(f"({WRITTEN})()")
    detail = json.loads(json.dumps(deep))
    for chart in detail["charts"]:
        for series in chart["series"]:
            if chart["id"] == "gradients":
                series["values"][len(series["values"]) // 2 :] = [0.0] * (len(series["values"]) - len(series["values"]) // 2)
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    assert "0" in redrawn(page, "gradients")
    assert "0" not in redrawn(page, "updates")


def test_a_chart_whose_lines_never_move_is_a_sentence(page, server, deep):
    detail = json.loads(json.dumps(deep))
    for chart in detail["charts"]:
        for series in chart["series"]:
            if chart["id"] in ("updates", "units"):
                series["values"] = [0.0] * len(series["values"])
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    for chart in ("updates", "units"):
        expect(page.locator(f"[data-chart={chart}]").first).to_contain_text("all values are 0")
        expect(page.locator(f"[data-chart={chart}] canvas")).to_have_count(0)


def test_no_dot_is_where_the_legend_has_no_value(page, server):
    go(page, server, run="healthy_dense")
    figure = page.locator("[data-chart=loss]").first
    plot = figure.locator(".u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 50)
    expect(figure.locator(".legend")).to_contain_text(re.compile("validation –"))
    dots = """dots => dots.filter((dot) => {
      const one = dot.getBoundingClientRect(), all = dot.parentElement.getBoundingClientRect();
      return one.right > all.left && one.bottom > all.top && getComputedStyle(dot).display !== "none";
    }).length"""
    assert figure.locator(".u-cursor-pt").evaluate_all(dots) <= 3  # the batches' loss, and the edges of its band
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 50)
    expect(figure.locator(".legend")).not_to_contain_text("–")
    assert figure.locator(".u-cursor-pt").evaluate_all(dots) == 5  # none on the level line of the constant prediction


def test_a_cell_of_the_map_has_the_color_of_its_value(page, server, deep):
    chart = next(chart for chart in deep["charts"] if chart["id"] == "gradients")
    layers = [series["values"] for series in chart["series"] if series["role"] == "layer"]
    go(page, server, run=DEEP)
    canvas = page.locator("[data-chart=gradients] canvas.map").first
    canvas.scroll_into_view_if_needed()
    steps, ends = chart["steps"], chart["steps"][-1]
    wide = [i for i in range(len(steps) - 1) if steps[i + 1] - steps[i] >= ends / 100]  # more than a pixel
    cells = [(layers[k][i], k, i) for i in wide for k in range(len(layers)) if layers[k][i]]
    seen = {}
    for value, layer, i in (min(cells), max(cells)):
        seen[value] = canvas.evaluate(
            """(canvas, [layer, across]) => {
                const ratio = devicePixelRatio, left = 84 * ratio, wide = canvas.width - (84 + 96) * ratio;
                return [...canvas.getContext("2d").getImageData(left + wide * across, canvas.height * layer, 1, 1).data];
            }""",
            [(layer + 0.5) / len(layers), ((steps[i] + steps[i + 1]) / 2 - steps[0]) / (ends - steps[0])],
        )
    scale = page.locator("[data-chart=gradients] .scale .bar").first.evaluate("bar => getComputedStyle(bar).backgroundImage")
    colors = [[int(part) for part in color.split(",")] for color in re.findall(r"rgb\(([^)]*)\)", scale)]
    low, high = (seen[value] for value in sorted(seen))
    assert (low, high) == ([*colors[0], 255], [*colors[-1], 255])


def test_the_layer_that_is_pointed_at_stands_out_among_the_curves(page, server):
    go(page, server, run=DEEP)
    figure = page.locator("[data-chart=gradients]").first
    lit = figure.locator(".u-over .lit")
    expect(lit).not_to_have_attribute("d", re.compile("M"))
    box = figure.locator(".maps").bounding_box()
    paths = []
    for row in (0.05, 0.95):
        figure.locator(".maps").hover(position={"x": box["width"] / 2, "y": box["height"] * row})
        expect(lit).to_have_attribute("d", re.compile(r"^M[\d.-]+ [\d.-]+L"))
        paths.append((lit.get_attribute("d"), lit.evaluate("path => path.style.stroke")))
    assert paths[0][0] != paths[1][0]
    assert paths[0][1] != paths[1][1]
    page.mouse.move(0, 0)
    expect(lit).to_have_attribute("d", "")


def test_charts_in_view_are_drawn_at_once_and_the_others_when_they_come_into_view(page, server):
    page.add_init_script("window.requestIdleCallback = () => 0")  # a page that is never idle
    page.goto(server.url + "data/plugin_entry.html?name=nndiag#" + address(run=DEEP))
    expect(page.locator("[data-chart] .uplot canvas").first).to_be_visible()
    waiting = page.locator(".chart.waiting")
    expect(waiting.last).to_be_attached()
    tops = waiting.evaluate_all("figures => figures.map(figure => figure.getBoundingClientRect().top / innerHeight)")
    assert min(tops) >= 1
    name = waiting.last.get_attribute("data-chart")
    page.locator("[data-chart] [role=slider]").first.focus()
    page.keyboard.press("Home")
    waiting.last.scroll_into_view_if_needed()
    expect(page.locator(f"[data-chart={name}] .uplot canvas")).to_be_visible()
    drawn = page.locator(f"[data-chart={name}] [role=slider]")
    expect(drawn).to_have_attribute("aria-valuenow", drawn.get_attribute("aria-valuemin"))  # it follows the cursor


def test_charts_out_of_view_are_drawn_when_the_page_is_idle(page, server):
    page.add_init_script("window.IntersectionObserver = class { observe() {} disconnect() {} }")
    go(page, server, run=DEEP)
    expect(page.locator("[data-chart] .uplot canvas")).to_have_count(page.locator("[data-chart]:not(.constant)").count())


def test_the_cursor_is_shared_and_moved_by_keys(page, server, deep):
    go(page, server, run=DEEP)
    loss = page.locator("[data-chart=loss] [role=slider]").first
    other = page.locator("[data-chart=gradients] [role=slider]").first
    steps = {c["id"]: c["steps"] for c in deep["charts"]}
    loss.focus()
    page.keyboard.press("Home")
    expect(loss).to_have_attribute("aria-valuenow", str(steps["loss"][0]))
    expect(other).to_have_attribute("aria-valuenow", str(steps["gradients"][0]))
    page.keyboard.press("ArrowRight")
    expect(loss).to_have_attribute("aria-valuenow", str(steps["loss"][1]))
    expect(loss).to_have_attribute("aria-valuetext", re.compile(r"^step \d+: batch loss [\d.]+"))
    before = loss.get_attribute("aria-valuetext")
    page.keyboard.press("+")
    page.keyboard.press("0")
    assert loss.get_attribute("aria-valuetext") == before


def test_dragging_over_one_chart_zooms_all_and_a_double_click_shows_all_again(page, server):
    go(page, server, run="healthy_dense")
    plot = page.locator("[data-chart=loss] .u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 60, steps=5)
    page.mouse.up()
    expect(page.get_by_role("button", name="Show all")).to_have_count(page.locator("[data-chart]:not(.constant)").count())
    plot.dblclick()
    expect(page.get_by_role("button", name="Show all")).to_have_count(0)


def test_a_chart_is_also_a_table_a_spreadsheet_and_a_picture(page, server, deep):
    go(page, server, run=DEEP)
    figure = page.locator("[data-chart=loss]").first
    chart = next(c for c in deep["charts"] if c["id"] == "loss")
    figure.locator(".menu summary").click()
    figure.get_by_label("Data table").check()
    expect(figure.locator("tbody tr")).to_have_count(min(60, len(chart["steps"])))
    with page.expect_download() as csv:
        figure.get_by_role("button", name="Save as CSV").click()
    lines = Path(csv.value.path()).read_text().splitlines()
    assert lines[0].split(",")[:2] == ["step", "batch loss"]
    assert len(lines) == len(chart["steps"]) + 1
    with page.expect_download() as png:
        figure.get_by_role("button", name="Save as PNG").click()
    assert Path(png.value.path()).read_bytes().startswith(b"\x89PNG")
    assert (csv.value.suggested_filename, png.value.suggested_filename) == ("loss.csv", "loss.png")


def test_the_scale_is_switched_and_the_curve_smoothed(page, server):
    go(page, server, run="healthy_dense")
    figure = page.locator("[data-chart=loss]")
    expect(figure.locator("figcaption .muted")).not_to_contain_text("log scale")
    figure.locator(".menu summary").click()
    figure.get_by_label("Log scale").check()
    figure.get_by_label("Smooth").check()
    expect(figure.locator("figcaption .muted")).to_contain_text("log scale, smoothed")
    assert figure.locator(".uplot canvas").evaluate(IS_PAINTED)
    page.keyboard.press("Escape")
    expect(figure.locator(".menu .items")).to_be_hidden()


def brightness(canvas) -> float:
    """Mean of what is drawn, where something is: 0 (black) to 255."""
    return canvas.evaluate("""canvas => {
      const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let sum = 0, n = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) (sum += data[i] + data[i + 1] + data[i + 2]), (n += 3);
      return sum / n;
    }""")


def test_a_dark_page_is_printed_on_white_with_charts_drawn_for_it(page, server):
    page.emulate_media(color_scheme="dark")
    go(page, server, run=DEEP)
    canvases = page.locator("[data-chart=gradients] .map, [data-chart=gradients] .profile, [data-chart=loss] .uplot canvas")
    dark = [brightness(canvas) for canvas in canvases.all()]
    page.evaluate("""() => window.addEventListener("beforeprint", () => queueMicrotask(() => queueMicrotask(() => {
      window.printed = [...document.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL());
    })))""")
    page.emulate_media(color_scheme="light")
    light = page.locator("canvas").evaluate_all("all => all.map(canvas => canvas.toDataURL())")
    on_white = [brightness(canvas) for canvas in canvases.all()]
    page.emulate_media(color_scheme="dark")
    page.pdf()
    assert page.evaluate("window.printed") == light
    expect(page.locator("html[data-theme=dark]")).to_have_count(1)
    assert [brightness(canvas) for canvas in canvases.all()] == dark
    page.emulate_media(color_scheme="dark", media="print")
    expect(page.locator("html[data-theme=light]")).to_have_count(1)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for canvas, as_light, as_dark in zip(canvases.all(), on_white, dark, strict=True):
        assert abs(brightness(canvas) - as_light) < abs(brightness(canvas) - as_dark)


def test_the_time_of_a_step_is_a_stack_and_each_part_is_read_as_it_is(page, server, deep):
    detail = json.loads(json.dumps(deep))
    timing = next(chart for chart in detail["charts"] if chart["id"] == "timing")
    timing |= {"steps": [1, 2, 3], "top": 20.0, "series": [
        {"name": "computing", "role": "part", "values": [500, 6, 6]},
        {"name": "waiting for data", "role": "part", "values": [0, 4, 4]},
        {"name": "this callback", "role": "part", "values": [0, 2, 2]},
    ]}  # fmt: skip
    page.route("**/nndiag/run?*", lambda route: route.fulfill(json=detail))
    go(page, server, run=DEEP)
    figure = page.locator("[data-chart=timing]")
    figure.scroll_into_view_if_needed()
    for part, value in (("computing", 6), ("waiting for data", 4), ("this callback", 2)):
        expect(figure.locator(".legend")).to_contain_text(f"{part} {value} ms")
    # From the bottom of the plot up, in the middle between the last two records: three areas, of 6, 4 and 2 ms of 20.
    colors = figure.locator(".uplot canvas").evaluate("""canvas => {
      const over = canvas.parentElement.querySelector(".u-over").getBoundingClientRect(), box = canvas.getBoundingClientRect();
      const ctx = canvas.getContext("2d"), ratio = devicePixelRatio;
      const x = (over.left - box.left + over.width * 0.7) * ratio;
      return [3, 8, 11, 16].map((ms) => [...ctx.getImageData(x, (over.bottom - box.top - (over.height * ms) / 20) * ratio, 1, 1).data].join());
    }""")
    assert len(set(colors)) == 4
    figure.locator(".menu summary").click()
    figure.get_by_label("Log scale").check()
    assert figure.locator(".uplot canvas").evaluate(IS_PAINTED)
