"""Draws docs/rules/*.svg: for each rule that fires in a recorded run, that run beside a healthy one.

    python scripts/make_pictures.py [RULE ...]

The runs are those of tests/runs, the numbers and limits those of the tab (tb_nndiag/charts.py). Needs matplotlib.
"""

from __future__ import annotations

import difflib
import io
import math
import pathlib
import re
import sys
from typing import Any

import numpy as np

from tb_nndiag.charts import charts
from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read
from tb_nndiag.rule import SEVERITIES, all_rules, number
from tb_nndiag.run import Run
from tb_nndiag.verdict import Verdict, to_json

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "rules"
RUNS = ROOT / "tests" / "runs"
INK, PAPER, GRID = "#1f2328", "#ffffff", "#d0d7de"
DARK = {INK: "#e6edf3", PAPER: "#0d1117", GRID: "#3d444d"}
SICK_LIMIT, ROLES = "#d1242f", {"train": "#3b82d6", "val": "#d97706", "reference": "#8250df"}
POINTS = 80  # of a line, at most
Judged = dict[str, tuple[Run, list[Verdict]]]  # name of the recorded run → the run and what is said of it


def judged() -> Judged:
    """Every recorded run."""
    runs = {folder.name: read(folder) for folder in sorted(RUNS.iterdir()) if any(folder.glob("*.nndiag"))}
    return {name: (run, diagnose(run)) for name, run in runs.items()}


def sick_runs(runs: Judged) -> dict[str, str]:
    """Rule → the recorded run that shows it: one in which it leads, else one in which another rule explains it.

    Of several the one with the gravest finding. Rules that fire in no recorded run are left out.
    """
    found = {}
    for rule in all_rules():
        firing = [(v, name) for name, (_, verdicts) in runs.items() for v in verdicts if v.rule == rule.name and v.finding]
        if firing:
            found[rule.name] = min(firing, key=lambda f: (not f[0].leads, SEVERITIES.index(f[0].severity), f[1]))[1]
    return found


def healthy_twin(sick: Run, runs: Judged) -> str:
    """The recorded run without any finding that is most like this one: the same loss, then like layers and size."""

    def unlike(name: str) -> tuple:
        run = runs[name][0]
        ours, theirs = sick.card, run.card
        assert ours is not None and theirs is not None
        layers = [[(p.class_name, p.activation) for p in card.layers] for card in (ours, theirs)]
        return (
            [x.name for x in ours.losses] != [x.name for x in theirs.losses],
            abs(len(layers[0]) - len(layers[1])),
            -round(difflib.SequenceMatcher(None, *layers).ratio(), 2),
            abs(ours.parameters - theirs.parameters),
        )

    return min((name for name, (_, verdicts) in runs.items() if not any(v.finding for v in verdicts)), key=unlike)


def chart_of(rule: str, verdicts: list[Verdict]) -> str:
    """The chart that shows this finding best: its own first one, else one of what it explains, else the loss."""
    own = [v for v in verdicts if v.rule == rule and v.finding]
    effects = [v for v in verdicts if v.explained_by == rule]
    return next((chart for v in own + effects for chart in to_json(v)["charts"]), "loss")


# ---- drawing ---------------------------------------------------------------------------------------------------------


def pyplot() -> Any:
    """matplotlib.pyplot with our ink, texts as texts, and the same output every time."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({
        "svg.fonttype": "none", "svg.hashsalt": "tb-nndiag", "font.family": "sans-serif", "font.size": 9,
        "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
        "axes.facecolor": PAPER, "figure.facecolor": PAPER, "grid.color": GRID, "path.simplify_threshold": 0.5,
        "axes.spines.top": False, "axes.spines.right": False,
    })  # fmt: skip
    return plt


def svg_of(figure: Any) -> str:
    """The figure as compact SVG, with other colors where the reader's screen is dark."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    pyplot().close(figure)
    return _compact(text.getvalue())


def picture(rule: str, sick: str, runs: Judged) -> str:
    """The rule's picture: SVG."""
    plt = pyplot()
    healthy = healthy_twin(runs[sick][0], runs)
    which = chart_of(rule, runs[sick][1])
    drawn = [_chart(which, *runs[name]) for name in (sick, healthy)]
    share = _share(drawn)
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.4), sharey=share, layout="constrained")
    low = min((v for chart in drawn if chart for v in _values(chart) if v > 0), default=1.0)
    for panel, chart, name in zip(panels, drawn, (sick, healthy), strict=True):
        panel.set_title(f"{_of(rule, runs[name][1])}: {name.replace('_', ' ')}", fontsize=10)
        panel.set_xlabel("step (one batch)")
        if chart is None:
            panel.text(0.5, 0.5, "zero in every layer", transform=panel.transAxes, ha="center", color=INK)
            continue
        beside = [c for c in (drawn if share else [chart]) if c]
        log = any(_on_log_scale(c) for c in beside) and min(min(_values(c)) for c in beside) >= 0
        if log:
            panel.set_yscale("log")
            panel.minorticks_off()
        panel.grid(True, linewidth=0.5)
        _draw(panel, chart, rule, low / 3 if log else 0.0)
        _mark_not_finite(panel, runs[name][0], which)
        panel.legend(fontsize=7, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    shown = next(chart for chart in drawn if chart)
    panels[0].set_ylabel(_with_unit(shown))
    return svg_of(figure)


def _chart(which: str, run: Run, verdicts: list[Verdict]) -> dict[str, Any] | None:
    return next((chart for chart in charts(run, verdicts) if chart["id"] == which), None)


def _of(rule: str, verdicts: list[Verdict]) -> str:
    found = next((v for v in verdicts if v.rule == rule and v.finding), None)
    if found is None:
        return "healthy"
    return f"follows from {found.explained_by}" if found.explained_by else "sick"


def _with_unit(chart: dict[str, Any]) -> str:
    units = {"updates": "ratio", "units": "share", "saturation": "share", "learning_rate": "", "loss": ""}
    unit = units.get(chart["id"], "")
    label = chart["y_label"] if unit in chart["y_label"] else f"{chart['y_label']} ({unit})"
    return label.replace(" that are always zero", "\nthat are always zero")


def _values(chart: dict[str, Any]) -> list[float]:
    return [v for s in chart["series"] for v in s["values"] if v is not None]


def _on_log_scale(chart: dict[str, Any]) -> bool:
    """As in the tab; a loss only where it rises far above the constant prediction's, which would lie at the bottom else."""
    values = _values(chart)
    if chart["id"] == "loss":
        return min(values) >= 0 and any(max(values) > 20 * c for c in _constant(chart))
    return chart["log"] and min(values) >= 0 and max(values) > 0


def _constant(chart: dict[str, Any]) -> list[float]:
    return [s["values"][0] for s in chart["series"] if s["name"] == "best constant prediction"]


def _share(drawn: list[dict[str, Any] | None]) -> bool:
    """Whether both panels have one scale: not where the losses are of other units."""
    known = [chart for chart in drawn if chart]
    if known[0]["id"] != "loss":
        return True
    constants = [c for chart in known for c in _constant(chart)]
    tops = [max(_values(chart)) for chart in known]
    return len(constants) == 2 and max(constants) < 3 * min(constants) and max(tops) < 10 * min(tops)


def _draw(panel: Any, chart: dict[str, Any], rule: str, lowest: float) -> None:
    """Lines, the rule's own limits, and marks. Zero has no logarithm: it is drawn at `lowest`."""
    layers = [s for s in chart["series"] if s["role"] == "layer"]
    for series in chart["series"]:
        seen = [(step, v) for step, v in zip(chart["steps"], series["values"], strict=True) if v is not None]
        if not seen or series["role"] in ("low", "high"):
            continue
        steps, values = np.array(_thinned(seen, POINTS if len(layers) < 5 else POINTS // 2)).T
        style = {"linewidth": 1.4, "label": series["name"], "color": ROLES.get(series["role"], INK)}
        if series["role"] == "layer":
            place = layers.index(series) / max(len(layers) - 1, 1)
            style["color"] = _between("#d97706", "#3b82d6", place)
            if len(layers) > 6 and 0 < layers.index(series) < len(layers) - 1:
                style |= {"label": "the layers between" if layers.index(series) == 1 else "_", "linewidth": 0.8}
        if series["role"] == "reference":
            own = "(limit)" in series["name"]
            if own and not _is_limit_of(rule, series["name"]):
                continue
            style |= {"color": SICK_LIMIT if own else INK, "linestyle": "--", "linewidth": 1.2}
        if series["name"] == "training sample, inference mode":
            style |= {"color": "#0f766e"}
        if lowest and (values <= 0).all():
            style["label"] += ": zero"
        panel.plot(steps, np.maximum(values, lowest) if lowest else values, **style)
    for limit in chart["limits"]:
        if limit["label"].startswith(f"{rule}:"):
            panel.axhline(limit["value"], color=SICK_LIMIT, linestyle="--", linewidth=1.2, label="limit" + limit["label"].removeprefix(rule))
    for mark in chart["marks"]:
        panel.axvline(mark["step"], color=INK, linestyle=":", linewidth=1, label=mark["label"])


def _is_limit_of(rule: str, label: str) -> bool:
    """Whether a limit that is a part of the last layer's curve is this rule's: the label does not name its rule."""
    limits = next(r.limits for r in all_rules() if r.name == rule).values()
    return any(limit.times_last and label.startswith(f"{number(default)} x ") for default, limit in limits)


def _thinned(seen: list[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    """At most that many of them: the ends, and the highest of each stretch between."""
    if len(seen) <= most:
        return seen
    stretches = np.array_split(np.arange(1, len(seen) - 1), most - 2)
    return [seen[0], *(seen[max(stretch, key=lambda i: seen[i][1])] for stretch in stretches), seen[-1]]


def _mark_not_finite(panel: Any, run: Run, which: str) -> None:
    if which != "loss" or "loss" not in run or not run["loss"].of_run("nonfinite").any():
        return
    loss = run["loss"]
    step = loss.began(int(np.argmax(loss.of_run("nonfinite") > 0)))
    panel.axvline(step, color=SICK_LIMIT, linewidth=1.2, label=f"not finite from step {step} on")


def _between(a: str, b: str, place: float) -> str:
    parts = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in (a, b)]
    return "#" + "".join(f"{round(x + (y - x) * place):02x}" for x, y in zip(*parts, strict=True))


def _compact(svg: str) -> str:
    """Without needless digits, fonts and metadata, and with colors for dark screens."""
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.S)
    svg = re.sub(r' (d|x|y|transform)="[^"]+"', lambda attribute: _rounded(attribute[0]), svg)
    svg = re.sub(r"font-family: [^;\"]+", "font-family: sans-serif", svg)
    svg = re.sub(r"\s*\n\s*", "\n", re.sub(r" ?\n(?=[LMQCz\"])", "", svg))
    rules = "".join(
        f'[style*="{kind}: {light}"]{{{kind}:{dark}!important}}' for light, dark in DARK.items() for kind in ("fill", "stroke")
    )
    style = f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style>"
    return re.sub(r"(<svg[^>]*>)", lambda found: found[1] + style, svg, count=1)


def _rounded(numbers: str) -> str:
    return re.sub(r"-?\d+\.\d{2,}", lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), numbers)


def main() -> None:
    runs = judged()
    wanted = {rule: sick for rule, sick in sick_runs(runs).items() if not sys.argv[1:] or rule in sys.argv[1:]}
    if not sys.argv[1:]:
        for old in FOLDER.glob("*.svg"):
            old.unlink()
    for rule, sick in wanted.items():
        svg = picture(rule, sick, runs)
        (FOLDER / f"{rule}.svg").write_text(svg)
        print(f"{rule:24} {sick:28} {healthy_twin(runs[sick][0], runs):26} {math.ceil(len(svg) / 1024):3} KB")


if __name__ == "__main__":
    main()
