"""Runs through TensorBoard's DataProvider: where TensorBoard reads more than files below one local directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tensorboard.context import RequestContext
from tensorboard.data import provider as provider_lib

from tb_nndiag.logdir import TAGS, RunStamp, run_of, unreadable_series
from tb_nndiag.run import Run
from tb_nndiag.signals import PLUGIN_NAME

_EVERYTHING = 2**31 - 1  # points a series; 0 would mean none


@dataclass(frozen=True)
class Provided:
    """The runs of one experiment."""

    provider: provider_lib.DataProvider
    context: RequestContext
    experiment_id: str

    def stamps(self) -> dict[str, RunStamp | None]:
        """The runs that carry data of ours, by name, cheaply; None for a run that cannot be listed."""
        try:
            return self._listed(None)
        except Exception:  # one broken series makes the whole listing raise: ask for each run alone
            found: dict[str, RunStamp | None] = {}
            for run in self.provider.list_runs(self.context, experiment_id=self.experiment_id):
                try:
                    found.update(self._listed(provider_lib.RunTagFilter(runs=[run.run_name])))
                except Exception:
                    found[run.run_name] = None
            return dict(sorted(found.items()))

    def read(self, name: str) -> Run:
        """The run of that name. A series that cannot be read costs that series and is named in `problems`.

        Raises Unreadable when the run has no data of ours, or none that can be read.
        """
        problems: list[str] = []
        try:
            points = self._points(name, TAGS)
        except Exception:  # one broken series makes the whole question raise: ask for each tag alone
            points = {}
            for tag in sorted(TAGS):
                try:
                    points.update(self._points(name, [tag]))
                except Exception as error:
                    problems.append(unreadable_series(tag, error))
        return run_of(name, points, problems)

    def _listed(self, only: provider_lib.RunTagFilter | None) -> dict[str, RunStamp | None]:
        listed = self.provider.list_tensors(
            self.context, experiment_id=self.experiment_id, plugin_name=PLUGIN_NAME, run_tag_filter=only
        )
        return {
            name: RunStamp(
                max(int(t.max_step) for t in tags.values()), max(float(t.max_wall_time) for t in tags.values())
            )
            for name, tags in sorted(listed.items())
        }

    def _points(self, name: str, tags: Any) -> dict[str, Any]:
        found: Mapping[str, Any] = self.provider.read_tensors(
            self.context,
            experiment_id=self.experiment_id,
            plugin_name=PLUGIN_NAME,
            downsample=_EVERYTHING,
            run_tag_filter=provider_lib.RunTagFilter(runs=[name], tags=tags),
        )
        return dict(found.get(name, {}))
