"""How the callback speaks up while a training runs: a warning that can never become an exception."""

from __future__ import annotations

import sys
import warnings


def warn(text: str) -> None:
    """A UserWarning; where warnings are errors, a line on stderr, because a training must not stop for it."""
    try:
        warnings.warn(text, stacklevel=3)
    except Warning:
        print(f"UserWarning: {text}", file=sys.stderr)
