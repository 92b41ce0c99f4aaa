"""TensorBoard's entry point into this package, kept tiny on purpose.

An exception while TensorBoard imports or configures a plugin ends the whole of TensorBoard. So nothing is imported
here but what TensorBoard itself has loaded, everything else happens inside guards, and the worst that a fault of ours
can do is that our own tab is missing.
"""

from __future__ import annotations

import logging

from tensorboard.plugins import base_plugin

logger = logging.getLogger(__name__)


class NNDiagLoader(base_plugin.TBLoader):
    """Makes the plugin, or logs why there is none."""

    def fix_flags(self, flags):
        """Ask TensorBoard to keep as many records of a signal as a run writes; a limit set by the user stays.

        Without this, TensorBoard keeps 10 or 100 of them, depending on its loader.
        """
        try:
            from tb_nndiag.signals import MOST_RECORDS, PLUGIN_NAME

            flags.samples_per_plugin.setdefault(PLUGIN_NAME, MOST_RECORDS)
        except Exception:
            logger.warning("tb-nndiag could not raise the number of records that TensorBoard keeps.", exc_info=True)

    def load(self, context):
        """Returns the plugin, or None, which TensorBoard takes as "not available here"."""
        try:
            from tb_nndiag.plugin import NNDiagPlugin

            return NNDiagPlugin(context)
        except Exception:
            logger.warning("tb-nndiag cannot be loaded, so TensorBoard has no Diagnosis tab.", exc_info=True)
            return None
