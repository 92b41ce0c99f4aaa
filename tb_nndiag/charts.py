"""A run as chart data (docs/http_api.md): the tab draws these numbers and computes none."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_nndiag.rule import Limit, all_rules, number
from tb_nndiag.run import Card, Run, Series
from tb_nndiag.verdict import Verdict

MOST_STEPS = 500
MOST_VALUES = 20_000  # of a chart: a hundred layers get 200 steps
FEWEST_STEPS = 50
SPARK_POINTS = 40
SHARES = ("units", "saturation", "majority")
ACCURACIES = ("acc", "auc", "precision", "recall", "f1", "iou")  # in the names of metrics that reach from 0 to 1
WAIT = "wait"  # the signal of how long single steps waited for their batch, where it was recorded


def charts(run: Run, verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """The charts for which this run has data; limits are those of the rules that could look.

    verdicts: `engine.diagnose(run)`
    """
    looked = {v.rule: v for v in verdicts if v.status in ("fires", "clear")}
    made = [
        _loss(run),
        _gap(run),
        _metrics(run),
        _columns(run, "gradients", "gradients", "rms", "Gradient flow per layer", "rms of the gradient", log=True),
        _columns(
            run, "updates", "updates", "ratio", "Update of each layer over its weights", "rms(step) / rms(weights)", log=True
        ),
        _columns(run, "units", "units", "dead_share", "Dead units per layer", "share of units that are always zero"),
        _columns(
            run, "saturation", "units", "saturated_share", "Saturated units per layer", "share of units at their bound",
            bounded=True,
        ),
        _columns(run, "predictions", "outputs", "spread", "Spread of the predictions", "standard deviation over rows"),
        _majority(run),
        _columns(run, "learning_rate", "optimizer", "learning_rate", "Learning rate", "per step", log=True, named="learning rate"),
        _timing(run),
    ]  # fmt: skip
    shown = [chart for chart in made if chart is not None]
    for rule in all_rules():
        for name, (default, limit) in rule.limits.items():
            for chart in shown:
                if limit.chart == chart["id"] and rule.name in looked:
                    value = run.settings.limits.get(rule.name, {}).get(name, default)
                    _draw_limit(chart, looked[rule.name], value, limit)
    return shown


def spark(run: Run) -> list[float | None]:
    """At most SPARK_POINTS values of the batch loss, evenly over the records."""
    if "loss" not in run:
        return []
    mean = run["loss"].of_run("mean")
    picked = np.unique(np.linspace(0, len(mean) - 1, min(SPARK_POINTS, len(mean))).astype(int))
    return [_finite(v) for v in mean[picked]]


def best_val_loss(run: Run) -> float | None:
    """The lowest validation loss, None without one."""
    val = run["gap"].of_run("val") if "gap" in run else np.zeros(0)
    finite = val[np.isfinite(val)]
    return float(f"{finite.min():.5g}") if len(finite) else None


def card(run: Run) -> dict[str, Any] | None:
    """The run card as the page shows it."""
    if run.card is None:
        return None
    layers = [
        {
            "name": layer.name,
            "class_name": layer.class_name,
            "activation": layer.activation,
            "parameters": layer.parameters,
            "trainable": layer.trainable_parameters > 0,
            "output_shape": " x ".join("?" if d < 0 or i == 0 else str(d) for i, d in enumerate(layer.output_shape)),
            "settings": ", ".join(
                [f"kernel {layer.kernel_initializer}"] * bool(layer.kernel_initializer)
                + [
                    f"{name.replace('_', ' ')} {_setting(value)}"
                    for name, value in sorted(layer.settings.items())
                    if value is not True
                ]
            ),
        }
        for layer in run.card.layers
    ]
    return {"facts": [{"name": k, "value": v} for k, v in _facts(run.card).items() if v], "layers": layers}


def _setting(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _facts(card: Card) -> dict[str, str]:
    optimizer = card.optimizer
    rate = (
        f", {optimizer.schedule}"
        if optimizer and optimizer.schedule
        else f", learning rate {number(optimizer.learning_rate)}"
        if optimizer
        else ""
    )
    return {
        "model": (
            f"{card.model_class}, {card.parameters:,} parameters"
            + (f" ({card.trainable_parameters:,} trained)" if card.trainable_parameters != card.parameters else "")
        ),
        "optimizer": optimizer.name + rate if optimizer else "",
        "loss": ", ".join(f"{loss.name}{' (from logits)' if loss.from_logits else ''}" for loss in card.losses),
        "batch": f"{card.batch_size:,} rows" if card.batch_size else "",
        "epochs": (
            f"{card.epochs:,}" + (f", {card.steps_per_epoch:,} steps each" if card.steps_per_epoch else "")
            if card.epochs
            else ""
        ),
        "precision": card.precision if card.precision != "float32" else "",
        "compiled with": "XLA" if card.jit_compile else "",
        "strategy": card.strategy,
        "stopped": card.stopped,
        "versions": ", ".join(f"{name} {version}" for name, version in sorted(card.versions.items())),
    }


def _loss(run: Run) -> dict[str, Any] | None:
    lines: list[tuple[str, str, np.ndarray, np.ndarray]] = []
    if "loss" in run:
        loss = run["loss"]
        lines += [
            (f"batch loss ({stat})" if role != "train" else "batch loss", role, loss.steps, loss.of_run(stat))
            for stat, role in (("mean", "train"), ("min", "low"), ("max", "high"))
        ]
    if "gap" in run:
        gap = run["gap"]
        lines.append(("training sample, inference mode", "train", gap.steps, gap.of_run("train")))
        val = gap.of_run("val")
        if np.isfinite(val).any():
            lines.append(("validation", "val", gap.steps, val))
    if "baseline" in run and lines:
        constant = run["baseline"].last(0, "constant_loss")
        if math.isfinite(constant):
            ends = np.array([min(s[0] for _, _, s, _ in lines), max(s[-1] for _, _, s, _ in lines)])
            if ends[0] < ends[1]:
                lines.append(("best constant prediction", "reference", ends, np.array([constant, constant])))
    losses = run.card.losses if run.card else ()
    measured = losses[0].name if len(losses) == 1 else ""
    return _chart("loss", "Loss", measured, lines, marks=_best_epoch(run), log=_spans_decades(lines))


def _metrics(run: Run) -> dict[str, Any] | None:
    if "epoch" not in run:
        return None
    series = run["epoch"]
    names = [c for c in series.columns if c.removeprefix("val_") not in ("loss", "learning_rate")]
    lines = [(n, "val" if n.startswith("val_") else "train", series.steps, series.column(n, "value")) for n in names]
    return _chart("metrics", "Metrics of each epoch", "value", lines, marks=_best_epoch(run))


def _best_epoch(run: Run) -> list[dict[str, Any]]:
    """The mark of the lowest validation loss, if there is one and a constant prediction does no better."""
    if "gap" not in run or not np.isfinite(run["gap"].of_run("val")).any():
        return []
    gap = run["gap"]
    best = int(np.nanargmin(gap.of_run("val")))
    if "baseline" in run and gap.of_run("val")[best] >= run["baseline"].last(0, "constant_loss"):
        return []  # none was good
    epoch = gap.of_run("epoch")[best]
    return [{"step": int(gap.steps[best]), "label": f"best epoch {int(epoch)}"}] if math.isfinite(epoch) else []


def _gap(run: Run) -> dict[str, Any] | None:
    """Positive: the network does better on the rows it was trained on."""
    if "gap" not in run:
        return None
    gap = run["gap"]
    difference = ("validation minus training", "val", gap.steps, gap.of_run("val") - gap.of_run("train"))
    return _chart("gap", "Gap between validation and training loss", "difference, both in inference mode", [difference])


def _majority(run: Run) -> dict[str, Any] | None:
    """How often the commonest class is predicted, beside how common it is; for targets that are classes only."""
    if "outputs" not in run or "labels" not in run or len(run["labels"].columns) != 1:
        return None
    if not (run["labels"].last(0, "integer") or run["labels"].last(0, "width") > 1):
        return None
    outputs, share = run["outputs"], run["labels"].last(0, "majority_share")
    lines = [("most predicted class", "train", outputs.steps, outputs["majority_share"][:, 0])]
    if math.isfinite(share) and len(outputs) > 1:
        ends = outputs.steps[[0, -1]]
        lines.append(("commonest class of the targets", "reference", ends, np.array([share, share])))
    return _chart("majority", "Predicted classes", "share of the held rows", lines)


def _timing(run: Run) -> dict[str, Any] | None:
    """What a step's time went into, as parts of a stack."""
    if "timing" not in run:
        return None
    timing = run["timing"]
    own = 1000 * np.diff(timing.of_run("own_seconds"), prepend=0.0) / np.diff(timing.steps, prepend=0)
    step = 1000 * timing.of_run("step_seconds")
    waiting = np.minimum(_waiting(run, timing.steps), np.maximum(step, 0.0))
    parts = {"computing": step - waiting, "waiting for data": waiting, "this callback": own}
    if WAIT not in run:
        del parts["waiting for data"]
    lines = [(name, "part", timing.steps, np.maximum(values, 0.0)) for name, values in parts.items()]
    chart = _chart("timing", "Time per step", "validation included", lines, unit="ms")
    if chart is not None:
        total = np.nansum([values for *_, values in lines], axis=0)
        usual = 1.5 * float(np.quantile(total, 0.9))
        chart["top"] = _finite(usual) if total.max() > usual else None
    return chart


def _waiting(run: Run, steps: np.ndarray) -> np.ndarray:
    """Milliseconds that a step waited for its batch: what was measured last until then, 0 before the first time."""
    if WAIT not in run:
        return np.zeros(len(steps))
    series = run[WAIT]
    measured = np.concatenate([[0.0], 1000 * np.nan_to_num(series.of_run("seconds"))])
    return measured[np.searchsorted(series.steps, steps, side="right")]


def _columns(
    run: Run,
    chart: str,
    signal: str,
    stat: str,
    title: str,
    y_label: str,
    *,
    log: bool = False,
    named: str = "",
    bounded: bool = False,
) -> dict[str, Any] | None:
    """One statistic of each column of a signal. named: what the only column is called, where it is no layer."""
    if signal not in run:
        return None
    series: Series = run[signal]
    columns = list(series.columns)
    if bounded:  # only layers whose activation has bounds can saturate
        columns = [c for c in columns if series.column(c, stat).any()]
    role = "train" if named else "layer"
    return _chart(
        chart, title, y_label, [(named or c, role, series.steps, series.column(c, stat)) for c in columns], log=log
    )


def _draw_limit(chart: dict[str, Any], verdict: Verdict, value: float, limit: Limit) -> None:
    """A limit is a level line, or, when it compares layers, a curve at that part of the last layer."""
    if not limit.times_last:
        evidence = verdict.finding.evidence if verdict.finding else ()
        words = [limit.means, *(piece.measure for piece in evidence if piece.limit == value)]
        compared = " (median of layers)" if re.search("median of (the )?layers", " ".join(words)) else ""
        label = f"{verdict.rule}{compared}: {number(value)}"
        chart["limits"].append({"value": value, "label": label, "fires": verdict.fires})
        return
    last = [s for s in chart["series"] if s["role"] == "layer"][-1]
    curve = [None if v is None else float(f"{value * v:.5g}") for v in last["values"]]
    chart["series"].append({"name": f"{number(value)} x {last['name']} (limit)", "role": "reference", "values": curve})


def _chart(
    chart: str,
    title: str,
    y_label: str,
    lines: list[tuple[str, str, np.ndarray, np.ndarray]],
    *,
    marks: Sequence[dict] = (),
    log: bool = False,
    unit: str = "",
) -> dict[str, Any] | None:
    lines = [line for line in lines if np.isfinite(line[3]).any()]
    if not lines:
        return None
    every = np.unique(np.concatenate([own for _, _, own, _ in lines]))
    most = max(FEWEST_STEPS, min(MOST_STEPS, MOST_VALUES // len(lines)))
    if len(every) > most:
        lines = _decimated(lines, np.array_split(every, most // 2))
    steps = sorted({int(s) for _, _, own, _ in lines for s in own})
    place = {s: i for i, s in enumerate(steps)}
    series = []
    for name, role, own, values in lines:
        row: list[float | None] = [None] * len(steps)
        for s, v in zip(own, values, strict=True):
            row[place[int(s)]] = _finite(v)
        series.append({"name": name, "role": role, "values": row})
    return {
        "id": chart,
        "title": title,
        "y_label": y_label,
        "unit": unit,
        "log": log,
        "steps": steps,
        "series": series,
        "limits": [],
        "marks": list(marks),
        "bounds": [0, 1] if _are_shares(chart, lines) else None,
        "top": None,
    }


def _are_shares(chart: str, lines: list[tuple[str, str, np.ndarray, np.ndarray]]) -> bool:
    """Whether all lines are parts of a whole, by what is drawn or by their names."""
    if chart in SHARES:
        return True
    values = np.concatenate([v[np.isfinite(v)] for *_, v in lines])
    named = all(any(word in name.lower() for word in ACCURACIES) for name, *_ in lines)
    return bool(named and values.min() >= 0 and values.max() <= 1)


def _decimated(
    lines: list[tuple[str, str, np.ndarray, np.ndarray]], buckets: list[np.ndarray]
) -> list[tuple[str, str, np.ndarray, np.ndarray]]:
    """Each bucket's smallest and largest value, in their order, drawn at the bucket's first and last step.

    All series of a chart share the buckets, so that they share their steps; a spike moves by a bucket's width at most.
    """
    made = []
    for _, group in itertools.groupby(lines, key=lambda line: id(line[2])):  # layers are recorded together
        together = list(group)
        steps = together[0][2]
        kept_steps, kept = _extremes(steps, np.stack([values for *_, values in together], axis=1), buckets)
        made += [(name, role, kept_steps, kept[:, i]) for i, (name, role, _, _) in enumerate(together)]
    return made


def _extremes(steps: np.ndarray, values: np.ndarray, buckets: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """values: (records, lines). Returns (2 * buckets,) steps and (2 * buckets, lines) values."""
    kept_steps: list[int] = []
    kept: list[np.ndarray] = []
    for bucket in buckets:
        own = values[np.searchsorted(steps, bucket[0]) : np.searchsorted(steps, bucket[-1], "right")]
        if len(own) == 0:
            continue
        finite = np.isfinite(own)
        lows, highs = np.where(finite, own, np.inf), np.where(finite, own, -np.inf)
        ends = np.where(finite.any(axis=0), [lows.min(axis=0), highs.max(axis=0)], np.nan)
        falling = lows.argmin(axis=0) > highs.argmax(axis=0)
        kept_steps += [bucket[0], bucket[-1]]
        kept += list(np.where(falling, ends[::-1], ends))
    return np.array(kept_steps), np.array(kept)


def _spans_decades(lines: list[tuple[str, str, np.ndarray, np.ndarray]]) -> bool:
    values = np.concatenate([v[np.isfinite(v)] for *_, v in lines]) if lines else np.zeros(0)
    return bool(len(values) and (values > 0).all() and values.max() > 100 * values.min())


def _finite(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None
