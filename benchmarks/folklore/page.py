"""Writes docs/folklore.md and docs/images/more_data.svg from what train.py wrote; refuses when the runs do not show what is said.

python benchmarks/folklore/train.py OUT
python benchmarks/folklore/page.py OUT
"""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Callable

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from make_pictures import pyplot, svg_of  # noqa: E402

from tb_nndiag.engine import diagnose  # noqa: E402
from tb_nndiag.logdir import read  # noqa: E402
from tb_nndiag.progress import now_left, reference_loss  # noqa: E402
from tb_nndiag.rule import number  # noqa: E402
from tb_nndiag.run import Run  # noqa: E402

Runs = dict[str, list[Run]]  # name of a run → one for each seed; a run's own name is its folder
PICTURE = "images/more_data.svg"


def runs_of(folder: pathlib.Path) -> Runs:
    found: Runs = {}
    for directory in sorted(folder.iterdir(), key=lambda d: d.stat().st_mtime):
        found.setdefault(directory.name.rpartition("#")[0], []).append(read(directory, str(directory)))
    return found


def span(values: list[float]) -> str:
    """The smallest and the largest of them over the seeds, or the one that both are."""
    low, high = (number(v) if np.isfinite(v) else "not finite" for v in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def over(runs: list[Run], measure: Callable[[Run], float]) -> str:
    return span([measure(run) for run in runs])


def left(run: Run) -> float:
    return max(now_left(run), 0.0)


def history(run: Run, metric: str) -> np.ndarray:
    """What Keras reported of each epoch: the callback leaves epochs out where the machine is slow."""
    return np.array(json.loads((pathlib.Path(run.name) / "history.json").read_text())[metric])


def zeros_of(run: Run, kind: str) -> list[float]:
    """Share of zeros of each hidden layer: of its "outputs", or of its "units" for every row."""
    return [layer[kind] for layer in json.loads((pathlib.Path(run.name) / "zeros.json").read_text()).values()]


def said(runs: list[Run]) -> str:
    """What leads, hints included."""
    led = [v.rule for run in runs for v in diagnose(run) if v.leads]
    return ", ".join(f"[`{rule}`](rules/{rule}.md)" for rule in dict.fromkeys(led)) or "nothing"


def need(holds: bool, claim: str) -> None:
    if not holds:
        raise SystemExit(f"The runs do not show it: {claim}")


def rows_of(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


# ---- the sayings -----------------------------------------------------------------------------------------------------


def more_data(runs: Runs) -> list[str]:
    pairs = dict.fromkeys(name.split(", ")[0] for name in runs)
    lines = [
        rows_of(
            "fault",
            "20 rows, sick",
            "20 rows, healthy twin",
            "10,000 rows, sick",
            "10,000 rows, healthy twin",
            "said of the sick ones",
        ),
        "|---" * 6 + "|",
    ]
    for pair in pairs:
        part = {
            (kind, rows): runs[f"{pair}, {kind}, {rows} rows"] for rows in (20, 10_000) for kind in ("sick", "healthy")
        }
        need(
            all(left(run) > 0.9 for (kind, _), all_ in part.items() if kind == "sick" for run in all_),
            f"{pair}: sick runs learn nothing",
        )
        need(all(left(run) < 0.1 for run in part["healthy", 20]), f"{pair}: the healthy twin fits 20 rows")
        need(
            all(run["gap"].last(0, "val") > reference_loss(run) for run in part["healthy", 20]),
            f"{pair}: 20 rows teach nothing of others",
        )
        need(all(left(run) < 0.5 for run in part["healthy", 10_000]), f"{pair}: the healthy twin learns 10,000 rows")
        lines.append(
            rows_of(pair, *(over(part[key], left) for key in part), said(part["sick", 20] + part["sick", 10_000]))
        )
    return lines


def clipping(runs: Runs) -> list[str]:
    def faded(run: Run) -> float:
        gradients = run["gradients"]
        return float(np.median(gradients["rms"][:, 0] / gradients["rms"][:, -1]))

    need(
        all(left(run) > 0.9 for name, all_ in runs.items() if name.startswith("sigmoid") for run in all_),
        "clipped or not, it is stuck",
    )
    need(all(left(run) < 0.5 for name, all_ in runs.items() if name.startswith("relu") for run in all_), "relu learns")
    return [
        rows_of("network", "gradient of the first layer over the last's", "loss left", "said"),
        "|---" * 4 + "|",
        *(rows_of(name, over(all_, faded), over(all_, left), said(all_)) for name, all_ in runs.items()),
    ]


def every_epoch(runs: Runs) -> list[str]:
    def rises(run: Run, metric: str) -> float:
        return float((np.diff(history(run, metric)) > 0).sum())

    need(all(left(run) < 0.1 for all_ in runs.values() for run in all_), "these runs learn")
    need(
        all(rises(run, "loss") + rises(run, "val_loss") > 0 for all_ in runs.values() for run in all_),
        "their losses rise in some epochs",
    )
    return [
        rows_of("network", "epochs", "training loss rose in", "validation loss rose in", "loss left", "said"),
        "|---" * 6 + "|",
        *(
            rows_of(
                name,
                number(all_[0].card.epochs),
                over(all_, lambda run: rises(run, "loss")),
                over(all_, lambda run: rises(run, "val_loss")),
                over(all_, left),
                said(all_),
            )
            for name, all_ in runs.items()
        ),
    ]


def zeros(runs: Runs) -> list[str]:
    lines = [
        rows_of("network", "share of zeros in the outputs", "share of dead units", "loss left", "said"),
        "|---" * 5 + "|",
    ]
    for name, all_ in runs.items():
        outputs, units = ([share for run in all_ for share in zeros_of(run, kind)] for kind in ("outputs", "units"))
        if name == "relu":
            need(
                all(o > 1.5 * u for o, u in zip(outputs, units, strict=True)),
                "a healthy relu has far more zeros than dead units",
            )
        lines.append(rows_of(name, span(outputs), span(units), over(all_, left), said(all_)))
    return lines


def leakage(runs: Runs) -> list[str]:
    def above(run: Run) -> float:
        return float((history(run, "loss") > history(run, "val_loss")).sum())

    def last(run: Run, metric: str) -> float:
        return float(history(run, metric)[-1])

    need(all(run["overlap"].last(0, "shared") == 0 for all_ in runs.values() for run in all_), "no row is shared")
    need(
        all(above(run) > run.card.epochs / 2 for run in runs["dropout 0.5"] if run.card),
        "with dropout training lies above validation",
    )
    need(
        all(
            abs(run["gap"].last(0, "train") - last(run, "val_loss")) < 0.3 * (last(run, "loss") - last(run, "val_loss"))
            for run in runs["dropout 0.5"]
        ),
        "in inference mode most of the gap is gone",
    )
    return [
        rows_of(
            "network",
            "rows in both sets",
            "epochs",
            "training above validation in",
            "training, as reported",
            "training, inference mode",
            "validation",
            "said",
        ),
        "|---" * 8 + "|",
        *(
            rows_of(
                name,
                over(all_, lambda run: run["overlap"].last(0, "shared")),
                number(all_[0].card.epochs),
                over(all_, above),
                over(all_, lambda run: last(run, "loss")),
                over(all_, lambda run: run["gap"].last(0, "train")),
                over(all_, lambda run: last(run, "val_loss")),
                said(all_),
            )
            for name, all_ in runs.items()
        ),
    ]


def curves(runs: Runs) -> str:
    """Batch loss over that of the best constant prediction, of the first seed: sick and healthy, on few rows and many."""
    pairs = list(dict.fromkeys(name.split(", ")[0] for name in runs))
    figure, panels = pyplot().subplots(1, len(pairs), figsize=(11, 3), sharey=True, layout="constrained")
    for panel, pair in zip(panels, pairs, strict=True):
        for kind, color in (("sick", "#d1242f"), ("healthy", "#3b82d6")):
            for rows, line in ((20, "-"), (10_000, "--")):
                run = runs[f"{pair}, {kind}, {rows} rows"][0]
                loss = run["loss"]
                share = np.clip(loss.of_run("mean") / reference_loss(run), 0, 1.5)
                if not np.isfinite(share).all():
                    panel.text(0.5, 0.94, f"{kind}: not finite", transform=panel.transAxes, ha="center", color=color)
                panel.plot(
                    loss.steps[::4], share[::4], line, color=color, linewidth=1.2, label=f"{kind}, {rows:,} rows"
                )
        panel.set_title(pair, fontsize=10)
        panel.set_xlabel("step (one batch of 20)")
        panel.grid(True, linewidth=0.5)
    panels[0].set_ylabel("batch loss over that of the best\nconstant prediction (share)")
    panels[0].set_ylim(0, 1.55)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return svg_of(figure)


def page(out: pathlib.Path) -> str:
    runs = {folder.name: runs_of(folder) for folder in out.iterdir()}
    tables = {
        "more_data": more_data(runs["more_data"]),
        "clipping": clipping(runs["clipping"]),
        "every_epoch": every_epoch(runs["every_epoch"]),
        "zeros": zeros(runs["zeros"]),
        "leakage": leakage(runs["leakage"]),
    }
    counts = {len(all_) for saying in runs.values() for all_ in saying.values()}
    need(len(counts) == 1, f"every run has the same number of seeds, got {counts}")
    template = (pathlib.Path(__file__).parent / "folklore.template.md").read_text()
    return template.format(seeds=counts.pop(), **{name: "\n".join(lines) for name, lines in tables.items()})


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    text = page(out)
    (ROOT / "docs" / PICTURE).write_text(curves(runs_of(out / "more_data")))
    (ROOT / "docs" / "folklore.md").write_text(text)


if __name__ == "__main__":
    main()
