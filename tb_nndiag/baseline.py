"""Known findings in a file, so that only new ones are reported (docs/configuration.md)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from tb_nndiag.rule import find
from tb_nndiag.run import Settings

FORMAT = 1
REASON = "known: it is in the baseline"


def write_baseline(file: str | os.PathLike[str], known: Mapping[str, Sequence[str]]) -> None:
    """known: run → codes of the rules. Raises ValueError when the file cannot be written."""
    content = {"format": FORMAT, "known": {run: sorted(codes) for run, codes in sorted(known.items()) if codes}}
    try:
        with open(file, "w", encoding="utf-8") as out:
            out.write(json.dumps(content, indent=1) + "\n")
    except OSError as error:
        raise ValueError(f"{os.fspath(file)}: It cannot be written ({error.strerror}).") from error


def read_baseline(file: str | os.PathLike[str]) -> dict[str, Settings]:
    """Run → settings that ignore its known findings. Raises ValueError when the file is no baseline."""
    try:
        with open(file, encoding="utf-8") as given:
            content = json.load(given)
        return {run: Settings(ignore=_ignored(codes)) for run, codes in _known(content).items()}
    except OSError as error:
        raise ValueError(f"{os.fspath(file)}: It cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise ValueError(f"{os.fspath(file)}: {error}") from error


def _known(content: Any) -> dict[str, Any]:
    known = content.get("known") if isinstance(content, dict) else None
    if not isinstance(known, dict) or content.get("format") != FORMAT:
        raise ValueError(f"It is no baseline of format {FORMAT}; write it anew with --write-baseline.")
    return known


def _ignored(codes: Any) -> dict[str, str]:
    if not isinstance(codes, list):
        raise ValueError(f"The known findings of a run are {codes!r}; expected a list of rules.")
    return {find(code).name: REASON for code in codes}
