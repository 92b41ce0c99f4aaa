"""The Diagnosis tab of TensorBoard: HTTP routes around plain data (docs/http_api.md).

What is answered stands in answers.py; here requests are read and answers sent. No text from a logdir ever becomes a path.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import werkzeug
from tensorboard import plugin_util
from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug import wrappers

from tb_nndiag import answers, logdir, settings
from tb_nndiag.answers import Overviews, strict_json
from tb_nndiag.bundle import static_files
from tb_nndiag.config_file import found_settings
from tb_nndiag.data_provider import Provided
from tb_nndiag.logdir import Files
from tb_nndiag.run import Run, Settings
from tb_nndiag.signals import PLUGIN_NAME

LONGEST_NAME_SHOWN = 200  # a run's name in an error sentence; it may come from anybody
PATIENCE = 0.25  # seconds that one request for the overview spends on judging; the page asks again for the rest

logger = logging.getLogger(__name__)

CONTENT_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


class Refusal(Exception):
    """An answer that is not 200, with one sentence for the reader."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status = status


class NNDiagPlugin(base_plugin.TBPlugin):
    plugin_name = PLUGIN_NAME

    def __init__(self, context, own_logdir: str | None = None):
        """own_logdir: the directory whose event files are read here; without it they come through TensorBoard."""
        self._provider = context.data_provider
        self._own_logdir = own_logdir
        self._logdir = _logdir(context)
        self._overviews = Overviews()
        self._settings, self._problem = _reader_settings()

    def is_active(self):
        # TensorBoard asks its data provider first, and shows the tab when any run has data of ours. It waits for this
        # answer with every list of plugins, so looking here would slow everybody down for nothing.
        return False

    def frontend_metadata(self):
        return base_plugin.FrontendMetadata(es_module_path="/static/index.js", tab_name="Diagnosis")

    def get_plugin_apps(self):
        # Read once, so that the page and the backend stay of one version when the package is replaced below a running
        # TensorBoard.
        pages = {f"/static/{name}": _file_route(name, content) for name, content in static_files().items()}
        routes = {"/status": self._status, "/runs": self._overview, "/run": self._run, "/rules": self._rules}
        return {route: _json_route(answer) for route, answer in routes.items()} | pages

    def _status(self, request: wrappers.Request) -> dict[str, Any]:
        return answers.status(self._runs(request).stamps())

    def _overview(self, request: wrappers.Request) -> dict[str, Any]:
        runs = self._runs(request)
        stamps = runs.stamps()
        patience = 0.0 if request.args.get("judge") == "no" else PATIENCE
        entries = self._overviews.entries(
            runs.experiment_id, stamps, lambda name: self._under_settings(runs.read(name)), patience
        )
        return answers.overview(entries, stamps, f"{self._logdir} {runs.experiment_id}")

    def _rules(self, request: wrappers.Request) -> dict[str, Any]:
        return answers.rules()

    def _run(self, request: wrappers.Request) -> dict[str, Any]:
        run_name = request.args.get("run")
        if run_name is None:
            raise Refusal(400, "The parameter `run` is missing: it names the run to show.")
        runs = self._runs(request)
        stamps = runs.stamps()
        if run_name not in stamps:
            shown = run_name[:LONGEST_NAME_SHOWN]
            raise Refusal(404, f"There is no run called `{shown}` with a diagnosis below this logdir.")
        try:
            run = self._under_settings(runs.read(run_name))
        except logdir.Unreadable as problem:
            raise Refusal(500, str(problem)) from problem
        verdicts = self._overviews.verdicts(runs.experiment_id, run_name, stamps[run_name], run)
        return answers.run_detail(run, verdicts)

    def _under_settings(self, run: Run) -> Run:
        run = settings.applied(run, self._settings)
        return replace(run, problems=(*run.problems, *self._problem))

    def _runs(self, request: wrappers.Request) -> Files | Provided:
        if self._own_logdir is not None:
            return Files(self._own_logdir)
        environ = request.environ
        return Provided(self._provider, plugin_util.context(environ), plugin_util.experiment_id(environ))


def _logdir(context: Any) -> str:
    """What TensorBoard was told to read: it tells a browser, which sees a hash of it, one logdir from another."""
    flags = getattr(context, "flags", None)
    named = getattr(flags, "logdir", "") or getattr(flags, "logdir_spec", "") or ""
    return os.path.abspath(named) if named else ""


def _reader_settings() -> tuple[Settings, tuple[str, ...]]:
    """Those of the file nearest to where TensorBoard was started, or none and the sentence that says why."""
    try:
        return found_settings(), ()
    except ValueError as error:
        logger.warning("tb-nndiag goes on without the settings in %s", error)
        return Settings(), (f"the settings are left out: {error}",)


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
