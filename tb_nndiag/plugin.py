"""The Diagnosis tab of TensorBoard: HTTP routes around plain data (docs/http_api.md).

The upper half makes plain data from runs and knows nothing of HTTP; the lower half answers requests and knows nothing
of runs. A logdir may come from strangers: a run that cannot be read or judged costs that one run and is named, and no
text from it ever becomes a path.
"""

from __future__ import annotations

import importlib.resources
import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import werkzeug
from tensorboard import plugin_util
from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug import wrappers

import tb_nndiag
from tb_nndiag import charts, engine, logdir, settings, verdict
from tb_nndiag.config_file import found_settings
from tb_nndiag.logdir import RunStamp
from tb_nndiag.rule import SEVERITIES
from tb_nndiag.run import Run, Settings
from tb_nndiag.signals import PLUGIN_NAME
from tb_nndiag.verdict import Verdict

FORMAT = 1  # of the answers; docs/http_api.md
LONGEST_NAME_SHOWN = 200  # a run's name in an error sentence; it may come from anybody

logger = logging.getLogger(__name__)


# ---- plain data ------------------------------------------------------------------------------------------------------


def overview_entry(run: Run) -> dict[str, Any]:
    """One run in the overview: its leading finding, how many more there are, and a curve of its loss."""
    verdicts = engine.diagnose(run)
    leading = [answer for answer in verdicts if answer.leads]
    return {
        "run": run.name,
        "leading": _short(leading[0]) if leading else None,
        "more": max(0, len(leading) - 1),
        "counts": {severity: sum(answer.severity == severity for answer in leading) for severity in SEVERITIES},
        "unknown": sum(answer.status == "unknown" for answer in verdicts),
        "first_wall_time": run.first_wall_time,
        "last_wall_time": run.last_wall_time,
        "last_step": run.last_step,
        "ended": run.ended,
        "spark": charts.spark(run),
        "problem": "",
    }


def _short(answer: Verdict) -> dict[str, Any]:
    whole = verdict.to_json(answer)
    return {key: whole[key] for key in ("code", "rule", "severity", "headline")}


def unreadable_entry(run_name: str, problem: str) -> dict[str, Any]:
    """The overview's entry of a run that could not be read or judged: the sentence says why."""
    return {
        "run": run_name,
        "leading": None,
        "more": 0,
        "counts": dict.fromkeys(SEVERITIES, 0),
        "unknown": 0,
        "first_wall_time": None,
        "last_wall_time": None,
        "last_step": None,
        "ended": False,
        "spark": [],
        "problem": problem,
    }


def run_detail(run: Run) -> dict[str, Any]:
    """All that is known about one run: every rule's answer, the run card and the charts."""
    verdicts = engine.diagnose(run)
    return {
        "format": FORMAT,
        "run": run.name,
        "problems": list(run.problems),
        "first_wall_time": run.first_wall_time,
        "last_wall_time": run.last_wall_time,
        "last_step": run.last_step,
        "ended": run.ended,
        "card": charts.card(run),
        "verdicts": [verdict.to_json(answer) for answer in verdicts],
        "charts": charts.charts(run, verdicts),
    }


def strict_json(content: Any) -> str:
    """Raises ValueError for NaN and infinities, which browsers cannot parse."""
    return json.dumps(content, allow_nan=False, separators=(",", ":"))


class Overviews:
    """The overview's entries, each kept until its run has changed.

    An entry belongs to the stamp (last step, last wall time) that was listed before its run was read. A run that grew
    in between is therefore judged again next time, and no answer is ever older than the list it stands in.
    """

    def __init__(self):
        self._entries: dict[tuple[str, str], tuple[RunStamp | None, dict[str, Any]]] = {}
        self._lock = threading.Lock()  # a second visitor waits and finds the work done

    def entries(
        self, experiment_id: str, stamps: Mapping[str, RunStamp | None], read: Callable[[str], Run]
    ) -> list[dict[str, Any]]:
        """One entry per run name in `stamps`; `read` is called for the runs that changed since the last time only.

        A run whose stamp is None could not be listed: it is tried again every time.
        """
        with self._lock:
            kept = {}
            for run_name, stamp in stamps.items():
                key = experiment_id, run_name
                known_stamp, entry = self._entries.get(key, (None, {}))
                if stamp is None or known_stamp != stamp:
                    entry = self._entry(run_name, read)
                kept[key] = stamp, entry
            self._entries = kept  # forgets the runs that are gone
            return [entry for _, entry in kept.values()]

    @staticmethod
    def _entry(run_name: str, read: Callable[[str], Run]) -> dict[str, Any]:
        try:
            entry = overview_entry(read(run_name))
            strict_json(entry)  # one run's stray NaN must not cost the whole overview
            return entry
        except logdir.Unreadable as problem:
            return unreadable_entry(run_name, str(problem))
        except Exception as error:
            logger.exception("tb-nndiag could not diagnose the run %r", run_name)
            return unreadable_entry(run_name, f"This run could not be diagnosed ({type(error).__name__}: {error}).")


# ---- HTTP ------------------------------------------------------------------------------------------------------------

CONTENT_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}

PAGE_NOT_BUILT = b"""\
export function render() {
  const sentence = document.createElement("p");
  sentence.textContent =
    "The Diagnosis page is missing, because this copy of tb-nndiag was installed without building it. " +
    "Run `pip install .` or `pip install -e .` where its setup.py is, or install a released wheel; " +
    "then start TensorBoard again.";
  document.body.append(sentence);
  document.documentElement.dataset.ready = "true";
}
"""


class Refusal(Exception):
    """An answer that is not 200, with one sentence for the reader."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status = status


class NNDiagPlugin(base_plugin.TBPlugin):
    plugin_name = PLUGIN_NAME

    def __init__(self, context):
        self._provider = context.data_provider
        self._overviews = Overviews()
        self._settings, self._problem = _reader_settings()

    def is_active(self):
        # TensorBoard asks its data provider first, and shows the tab when any run has data of ours. It waits for this
        # answer with every list of plugins, so looking here would slow everybody down for nothing.
        return False

    def frontend_metadata(self):
        return base_plugin.FrontendMetadata(es_module_path="/static/index.js", tab_name="Diagnosis")

    def get_plugin_apps(self):
        pages = {f"/static/{name}": _file_route(name, content) for name, content in static_files().items()}
        return {"/runs": _json_route(self._overview), "/run": _json_route(self._run), **pages}

    def _overview(self, request: wrappers.Request) -> dict[str, Any]:
        where = self._where(request)
        stamps = logdir.list_runs(*where)
        experiment_id = where[2]
        entries = self._overviews.entries(experiment_id, stamps, lambda run_name: self._read(where, run_name))
        return {"format": FORMAT, "version": tb_nndiag.__version__, "runs": entries}

    def _run(self, request: wrappers.Request) -> dict[str, Any]:
        run_name = request.args.get("run")
        if run_name is None:
            raise Refusal(400, "The parameter `run` is missing: it names the run to show.")
        where = self._where(request)
        if run_name not in logdir.list_runs(*where):
            shown = run_name[:LONGEST_NAME_SHOWN]
            raise Refusal(404, f"There is no run called `{shown}` with a diagnosis below this logdir.")
        try:
            return run_detail(self._read(where, run_name))
        except logdir.Unreadable as problem:
            raise Refusal(500, str(problem)) from problem

    def _read(self, where: tuple[Any, Any, str], run_name: str) -> Run:
        run = settings.applied(logdir.read_run(*where, run_name), self._settings)
        return replace(run, problems=(*run.problems, *self._problem))

    def _where(self, request: wrappers.Request) -> tuple[Any, Any, str]:
        """What every function of logdir.py starts with: data provider, context, experiment."""
        environ = request.environ
        return self._provider, plugin_util.context(environ), plugin_util.experiment_id(environ)


def _reader_settings() -> tuple[Settings, tuple[str, ...]]:
    """Those of the file nearest to where TensorBoard was started, or none and the sentence that says why."""
    try:
        return found_settings(), ()
    except ValueError as error:
        logger.warning("tb-nndiag goes on without the settings in %s", error)
        return Settings(), (f"the settings are left out: {error}",)


def static_files() -> dict[str, bytes]:
    """File name → content of the built page; a page that says what is missing when it was not built.

    The contents are read once, so that the page and the backend stay of one version when the package is replaced below
    a running TensorBoard.
    """
    files = {}
    static = importlib.resources.files("tb_nndiag") / "static"
    if static.is_dir():
        files = {file.name: file.read_bytes() for file in static.iterdir() if file.is_file()}
    files = {name: content for name, content in files.items() if not name.startswith(".")}
    files.setdefault("index.js", PAGE_NOT_BUILT)
    return files


def _file_route(name: str, content: bytes):
    suffix = name[name.rfind(".") :]
    content_type = CONTENT_TYPES.get(suffix, "application/octet-stream")
    return _route(lambda request: http_util.Respond(request, content, content_type))


def _json_route(answer: Callable[[wrappers.Request], dict[str, Any]]):
    """A route that sends what `answer` returns for a request, as strict JSON."""

    def respond(request: wrappers.Request) -> werkzeug.Response:
        try:
            return http_util.Respond(request, strict_json(answer(request)), "application/json")
        except Refusal as refusal:
            return _error(request, refusal.status, str(refusal))
        except Exception as error:
            logger.exception("tb-nndiag could not answer %s", request.path)
            return _error(request, 500, f"This could not be answered ({type(error).__name__}: {error}).")

    return _route(respond)


def _route(respond: Callable[[wrappers.Request], werkzeug.Response]):
    """A WSGI application that reads only: whatever asks for more than GET or HEAD is refused."""

    @wrappers.Request.application
    def application(request: wrappers.Request) -> werkzeug.Response:
        if request.method not in ("GET", "HEAD"):
            sentence = f"This address answers GET only, not {request.method[:20]}."
            return _error(request, 405, sentence, headers=[("Allow", "GET, HEAD")])
        return respond(request)

    return application


def _error(request: wrappers.Request, status: int, sentence: str, headers=None) -> werkzeug.Response:
    return http_util.Respond(
        request, strict_json({"error": sentence}), "application/json", code=status, headers=headers
    )
