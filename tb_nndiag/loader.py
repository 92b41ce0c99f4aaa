"""TensorBoard's entry point into this package, kept tiny on purpose.

An exception while TensorBoard imports or configures a plugin ends the whole of TensorBoard. So nothing is imported
here but what TensorBoard itself has loaded, everything else happens inside guards, and the worst that a fault of ours
can do is that our own tab is missing.
"""

from __future__ import annotations

import logging
import os

from tensorboard.plugins import base_plugin

logger = logging.getLogger(__name__)


class NNDiagLoader(base_plugin.TBLoader):
    """Makes the plugin, or logs why there is none."""

    _logdir: str | None = None  # the directory whose files the plugin reads itself

    def fix_flags(self, flags):
        """Decide who reads the records, and ask TensorBoard to keep as many as that takes.

        The event files of one local directory the plugin reads itself: of these TensorBoard needs a single record of each
        series, to know that there is something to show. What lies elsewhere comes through TensorBoard, which by itself would
        keep 10 or 100 records, depending on its loader; a limit that the user set stays.
        """
        try:
            from tb_nndiag.signals import MOST_RECORDS, PLUGIN_NAME

            limits = flags.samples_per_plugin
            elsewhere = any(getattr(flags, name, None) for name in ("logdir_spec", "grpc_data_provider", "db"))
            if PLUGIN_NAME not in limits and flags.logdir and "://" not in flags.logdir and not elsewhere:
                self._logdir = os.path.abspath(os.path.expanduser(flags.logdir))
            limits.setdefault(PLUGIN_NAME, 1 if self._logdir else MOST_RECORDS)
        except Exception:
            logger.warning("tb-nndiag could not set the number of records that TensorBoard keeps.", exc_info=True)

    def load(self, context):
        """Returns the plugin, or None, which TensorBoard takes as "not available here"."""
        try:
            from tb_nndiag.plugin import NNDiagPlugin

            return NNDiagPlugin(context, self._logdir)
        except Exception:
            logger.warning("tb-nndiag cannot be loaded, so TensorBoard has no Diagnosis tab.", exc_info=True)
            return None
