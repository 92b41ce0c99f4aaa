"""Draws docs/rules/*.svg: for each rule that has a recorded run among its cases (tests/rules), that run beside a healthy one.

    python scripts/make_pictures.py [RULE ...]

The runs are those of tests/runs, the numbers and limits those of the tab (tb_nndiag/charts.py). Needs matplotlib.
"""

from __future__ import annotations

import difflib
import importlib
import io
import itertools
import math
import pathlib
import re
import sys
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from tb_nndiag.charts import charts
from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read
from tb_nndiag.rule import Evidence, all_rules, number
from tb_nndiag.run import Run
from tb_nndiag.verdict import Verdict, to_json

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "rules"
RUNS = ROOT / "tests" / "runs"
INK, PAPER, GRID = "#1f2328", "#ffffff", "#d0d7de"
DARK = {INK: "#e6edf3", PAPER: "#0d1117", GRID: "#3d444d"}
SICK_LIMIT, ROLES = "#d1242f", {"train": "#3b82d6", "val": "#d97706", "reference": "#8250df", "part": "#3b82d6"}
NOT_DRAWN = ("low", "high")  # roles of a chart's lines
POINTS = 80  # of a line, at most
SHOWN_BY = {  # a chart that shows what its own numbers do not; none: bars do
    "eager": "timing", "bad-labels": "majority", "class-imbalance": "majority", "metric-mismatch": "metrics", "input-bound": "",
}  # fmt: skip
Judged = dict[str, tuple[Run, list[Verdict]]]  # name of the recorded run → the run and what is said of it


def judged() -> Judged:
    """Every recorded run, judged by the rules that are off by default as well."""
    runs = {folder.name: read(folder) for folder in sorted(RUNS.iterdir()) if any(folder.glob("*.nndiag"))}
    select = tuple(rule.name for rule in all_rules() if rule.opt_in)
    runs = {name: replace(run, settings=replace(run.settings, select=select)) for name, run in runs.items()}
    return {name: (run, diagnose(run)) for name, run in runs.items()}


@cache
def sick_runs() -> dict[str, str]:
    """Rule → the recorded run that shows it: the first one among its cases in tests/rules. Rules without one are left out."""
    sys.path.insert(0, str(ROOT / "tests"))
    from recorded import names, recorded

    name_of = {id(recorded(name)): name for name in names()}
    found = {}
    for rule in all_rules():
        cases = importlib.import_module(f"rules.{rule.name.replace('-', '_')}")
        firing = [run for kind in ("FIRES", "WARNINGS", "HINTS") for run in getattr(cases, kind, {}).values()]
        shown = [name_of[id(run)] for run in firing if id(run) in name_of]
        if shown:
            found[rule.name] = shown[0]
    return found


def healthy_twins(rule: str, sick: str, runs: Judged) -> list[str]:
    """The recorded runs without this finding and any other of a rule that is on: those that are most like this one first.

    The same loss, then like layers and size. A run that shows a rule is no twin.
    """

    def unlike(name: str) -> tuple:
        ours, theirs = runs[sick][0].card, runs[name][0].card
        assert ours is not None and theirs is not None
        layers = [[(p.class_name, p.activation) for p in card.layers] for card in (ours, theirs)]
        return (
            _losses(runs[sick][0]) != _losses(runs[name][0]),
            abs(len(layers[0]) - len(layers[1])),
            -round(difflib.SequenceMatcher(None, *layers).ratio(), 2),
            abs(ours.parameters - theirs.parameters),
        )

    off = {r.name for r in all_rules() if r.opt_in} - {rule}
    healthy = [name for name, (_, verdicts) in runs.items() if all(v.rule in off for v in verdicts if v.finding)]
    return sorted((name for name in healthy if name not in sick_runs().values()), key=unlike)


def _losses(run: Run) -> list[str]:
    return [loss.name for loss in run.card.losses] if run.card else []


def chart_of(rule: str, run: Run, verdicts: list[Verdict]) -> str:
    """The chart that shows this finding best: its own first one, else one of what it explains, else the loss."""
    return SHOWN_BY.get(rule) or next(iter(_charts_of(rule, run, verdicts)), "loss")


def _charts_of(rule: str, run: Run, verdicts: list[Verdict]) -> list[str]:
    own = [v for v in verdicts if v.rule == rule and v.finding]
    effects = [v for v in verdicts if v.explained_by == rule]
    drawn = {chart["id"] for chart in charts(run, verdicts)}
    return [chart for v in own + effects for chart in to_json(v)["charts"] if chart in drawn]


def measured_once(rule: str, run: Run, verdicts: list[Verdict]) -> Evidence | None:
    """The finding's first number where no chart has it: bars show that better. None where one does.

    What stands in the run card has a chart as long as what it did has one.
    """
    if SHOWN_BY.get(rule):
        return None
    (verdict,) = [v for v in verdicts if v.rule == rule]
    assert verdict.finding is not None
    first = verdict.finding.evidence[0]
    alone = replace(verdict, finding=replace(verdict.finding, evidence=[first]))
    others = verdicts if first.signal == "card" else []
    return None if rule not in SHOWN_BY and _charts_of(rule, run, [alone, *others]) else first


def measured(rule: str, measure: str, run: Run) -> float | None:
    """The same number of a run of which the rule does not speak: it is asked with limits at which it would, if there are any."""
    (asked,) = [r for r in all_rules() if r.name == rule]
    for changed in (names for count in range(1, 4) for names in itertools.combinations(asked.limits, count)):
        for values in itertools.product((math.nan, 1e-9, -1e9, 1e9), repeat=len(changed)):
            settings = replace(run.settings, limits={rule: dict(zip(changed, values, strict=True))})
            (verdict,) = diagnose(replace(run, settings=settings), rules=[asked])
            if verdict.finding and verdict.finding.evidence[0].measure == measure:
                return verdict.finding.evidence[0].value
    return None


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


def picture(rule: str, runs: Judged) -> str:
    """The rule's picture: SVG."""
    sick = sick_runs()[rule]
    twins = healthy_twins(rule, sick, runs)
    if evidence := measured_once(rule, *runs[sick]):
        for twin in twins:
            value = measured(rule, evidence.measure, runs[twin][0])
            if value is not None and _losses(runs[twin][0]) == _losses(runs[sick][0]):
                return svg_of(_bars(evidence, {_title(rule, sick, runs): evidence.value, _title(rule, twin, runs): value}))
    which = chart_of(rule, *runs[sick])
    healthy = next((name for name in twins if _chart(which, *runs[name])), twins[0])
    return svg_of(_curves(rule, which, [sick, healthy], runs))


def _title(rule: str, name: str, runs: Judged) -> str:
    return f"{_of(rule, runs[name][1])}: {name.replace('_', ' ')}"


def _bars(evidence: Evidence, values: dict[str, float]) -> Any:
    """One number of each run, and its limit."""
    plt = pyplot()
    figure, panel = plt.subplots(figsize=(9, 2.2), layout="constrained")
    reached = [abs(v) for v in (*values.values(), evidence.limit) if v]
    log = max(reached) > 50 * min(reached)
    if log:
        panel.set_xscale("log")
        panel.set_xlim(min(reached) / 3, max(reached) * 10)
        panel.minorticks_off()
    else:
        panel.set_xlim(0, 1.15 * max(reached))
    lowest = panel.get_xlim()[0]
    for place, value in enumerate(values.values()):
        panel.barh(place, max(value, lowest) - lowest, left=lowest, height=0.5, color=(ROLES["val"], ROLES["train"])[place])
        panel.annotate(number(value), (max(value, lowest), place), (4, 0), textcoords="offset points", va="center")
    panel.axvline(evidence.limit, color=SICK_LIMIT, linestyle="--", linewidth=1.2, label=f"limit: {number(evidence.limit)}")
    panel.set_yticks(range(len(values)), list(values))
    panel.invert_yaxis()
    panel.set_xlabel(_with_unit_of(evidence))
    panel.legend(fontsize=7, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), borderpad=0)
    return figure


def _with_unit_of(evidence: Evidence) -> str:
    words = evidence.measure.replace("`", "")
    return words if not evidence.unit or evidence.unit in words else f"{words} ({evidence.unit})"


def _curves(rule: str, which: str, names: list[str], runs: Judged) -> Any:
    plt = pyplot()
    drawn = [_chart(which, *runs[name]) for name in names]
    share = _share(drawn)
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.4), sharey=share, layout="constrained")
    low = min((v for chart in drawn if chart for v in _values(chart) if v > 0), default=1.0)
    for panel, chart, name in zip(panels, drawn, names, strict=True):
        panel.set_title(_title(rule, name, runs), fontsize=10)
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
        if which == "loss" and not log:
            _cut_a_spike(panel, [v for s in chart["series"] if s["role"] not in NOT_DRAWN for v in s["values"] if v is not None])
        _mark_not_finite(panel, runs[name][0], which)
        panel.legend(fontsize=7, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    shown = next(chart for chart in drawn if chart)
    panels[0].set_ylabel(_with_unit(shown))
    return figure


def _chart(which: str, run: Run, verdicts: list[Verdict]) -> dict[str, Any] | None:
    return next((chart for chart in charts(run, verdicts) if chart["id"] == which), None)


def _of(rule: str, verdicts: list[Verdict]) -> str:
    found = next((v for v in verdicts if v.rule == rule and v.finding), None)
    if found is None:
        return "healthy"
    return f"follows from {found.explained_by}" if found.explained_by else "sick"


def _with_unit(chart: dict[str, Any]) -> str:
    if chart["id"] == "timing":
        return f"time of a step ({chart['unit']})"
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
    return (chart["log"] or chart["id"] == "timing") and min(values) >= 0 and max(values) > 0


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
        if not seen or series["role"] in NOT_DRAWN or (series["role"] == "part" and series["name"] != "computing"):
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
        if re.match(rf"{rule}[: ]", limit["label"]):
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


def _cut_a_spike(panel: Any, values: list[float]) -> None:
    """Few values far above the others would press these to the bottom: the panel ends below them, and says how high they reach."""
    usual, highest = 1.5 * float(np.quantile(values, 0.95)), max(values)
    if highest > 2 * usual > 0:
        panel.set_ylim(top=usual)
        panel.text(0.97, 0.97, f"reaches {number(highest)}", transform=panel.transAxes, ha="right", va="top", fontsize=7, color=INK)


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
    wanted = {rule: sick for rule, sick in sick_runs().items() if not sys.argv[1:] or rule in sys.argv[1:]}
    if not sys.argv[1:]:
        for old in FOLDER.glob("*.svg"):
            old.unlink()
    for rule, sick in wanted.items():
        svg = picture(rule, runs)
        (FOLDER / f"{rule}.svg").write_text(svg)
        print(f"{rule:24} {sick:32} {math.ceil(len(svg) / 1024):3} KB")


if __name__ == "__main__":
    main()
