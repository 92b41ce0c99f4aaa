"""Runs as one HTML file that needs neither TensorBoard nor a network: the tab's own page with its data in it."""

from __future__ import annotations

import base64
import hashlib
import html
import time
from collections.abc import Mapping

from tb_nndiag import answers, bundle, engine, report
from tb_nndiag.run import Run
from tb_nndiag.verdict import Verdict

# What the page's own script adds (frontend/src/index.js) holds too.
_POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
<noscript><p>The page needs JavaScript. What it says, as text:</p><pre>{text}</pre></noscript>
<script type="application/json" id="nndiag-data">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def page(runs: Mapping[str, Run], unreadable: Mapping[str, str] | None = None, *, written: float | None = None) -> str:
    """The report as HTML.

    runs: by the name that the report shows; unreadable: run name → why it could not be read
    written: seconds since 1970; now, unless given
    Raises FileNotFoundError when this copy of the package was installed without its page.
    """
    script = bundle.static_files()["index.js"]
    if script == bundle.PAGE_NOT_BUILT:
        raise FileNotFoundError("The page of tb-nndiag is not built: run `pip install .` where its setup.py is.")
    unreadable = unreadable or {}
    verdicts = {name: engine.diagnose(run) for name, run in runs.items()}
    entries = [answers.overview_entry(run, verdicts[name]) | {"run": name} for name, run in runs.items()]
    entries += [answers.entry_without_verdict(name, problem=why) for name, why in unreadable.items()]
    data = {
        "overview": answers.overview(entries),
        "rules": answers.rules(),
        "details": {name: answers.run_detail(run, verdicts[name]) | {"run": name} for name, run in runs.items()},
        "written": time.time() if written is None else written,
    }
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    return _PAGE.format(
        policy=_POLICY.format(script=digest),
        title=html.escape(_title([*runs, *unreadable])),
        text=html.escape(_text(verdicts, unreadable)),
        data=answers.strict_json(data).replace("<", "\\u003c"),  # a name may hold "</script>"
        script=script.decode(),
    )


def in_notebook(page: str) -> str:
    """The report as an element of a notebook's page, whose own content it cannot reach."""
    return (
        '<iframe sandbox="allow-scripts allow-downloads" title="Diagnosis" '
        f'style="width: 100%; height: 720px; border: 1px solid #8888" srcdoc="{html.escape(page)}"></iframe>'
    )


def _title(names: list[str]) -> str:
    return f"Diagnosis of {report.visible(names[0])}" if len(names) == 1 else f"Diagnosis of {len(names)} runs"


def _text(verdicts: Mapping[str, list[Verdict]], unreadable: Mapping[str, str]) -> str:
    said = {name: report.text(answers) or "no findings" for name, answers in verdicts.items()}
    said.update(unreadable)
    return "\n\n".join(f"{report.visible(name)}\n{words}" for name, words in said.items())
