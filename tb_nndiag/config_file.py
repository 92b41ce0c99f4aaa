"""Settings in TOML: `nndiag.toml`, or `[tool.nndiag]` in `pyproject.toml` (docs/configuration.md)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from tb_nndiag.rule import did_you_mean
from tb_nndiag.run import Settings
from tb_nndiag.settings import KINDS, checked


def read_settings(file: str | os.PathLike[str]) -> Settings:
    """The settings in this file. Raises ValueError, one sentence that begins with the file, when they cannot be used."""
    found = _settings(Path(file))
    if found is None:
        raise ValueError(f"{os.fspath(file)}: There is no table [tool.nndiag].")
    return found


def found_settings(directory: str | os.PathLike[str] = ".") -> Settings:
    """The settings of the nearest file that has some, in this directory or above it; none without one.

    Raises ValueError as `read_settings` does.
    """
    try:
        start = Path(directory).resolve()
        folders = (start, *start.parents)
        files = [f / name for f in folders for name in ("nndiag.toml", "pyproject.toml") if (f / name).is_file()]
    except OSError as error:  # the directory is gone, or may not be looked at
        raise ValueError(f"{os.fspath(directory)}: It cannot be looked at ({error.strerror}).") from error
    return next((found for file in files if (found := _settings(file)) is not None), Settings())


def _settings(file: Path) -> Settings | None:
    """None for a pyproject.toml that says nothing about us, whatever else it holds."""
    try:
        text = file.read_text(encoding="utf-8")
        if file.name == "pyproject.toml" and "nndiag" not in text:
            return None
        table = _table(tomllib.loads(text), file.name)
        return None if table is None else _checked(table)
    except OSError as error:
        raise ValueError(f"{file}: It cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: It is no TOML ({error}).") from error
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error


def _table(content: dict[str, Any], name: str) -> Any:
    if name != "pyproject.toml":
        return content
    tools = content.get("tool", {})
    return tools.get("nndiag") if isinstance(tools, dict) else None


def _checked(table: Any) -> Settings:
    if not isinstance(table, dict):
        raise ValueError(f"`tool.nndiag` is {table!r}; expected a table.")
    for name in table:
        if name not in KINDS:
            raise ValueError(f"There is no setting `{name}`.{did_you_mean(name, KINDS)}")
    return checked(**table)
