#!/usr/bin/env python3
"""From a fresh clone to a running demo or a checked change, with nothing but Python.

    python3 dev.py demo [arguments]   train small networks with faults, and show the diagnosis
    python3 dev.py test [arguments]   every check; the arguments go to pytest
    python3 dev.py lint               every check but pytest

Makes .venv beside this file and installs the project there, once per change of what decides about the installation.
Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from build_helpers import generated, npm

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
INSTALLED = VENV / ".installed"  # which extra was installed from which files
NODE_PACKAGES = ROOT / "frontend" / "node_modules" / ".installed-with-dev"
OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def run(*command: object, **options) -> bool:
    """Run a command, shown first; whether it went well."""
    words = [str(word) for word in command]
    print("+", *words, file=sys.stderr, flush=True)
    return subprocess.run(words, cwd=ROOT, **options).returncode == 0


def need(went_well: bool, sentence: str) -> None:
    if not went_well:
        sys.exit(sentence)


# ---- what has to be there --------------------------------------------------------------------------------------------


def check_python() -> None:
    found = sys.version_info[:2]
    need(
        OLDEST_PYTHON <= found <= NEWEST_PYTHON,
        "This is Python {}.{}; TensorFlow has builds for Python {}.{} to {}.{}. Run this file with one of those, "
        "for instance: python3.12 dev.py".format(*found, *OLDEST_PYTHON, *NEWEST_PYTHON),
    )


def make_venv() -> None:
    if PYTHON.exists():
        return
    if run(sys.executable, "-m", "venv", VENV):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    need(
        bool(uv) and run(uv, "venv", "--seed", "--python", sys.executable, VENV),
        "This Python cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv",
    )


def pip_install(*what: object) -> bool:
    uv = shutil.which("uv")
    if uv:
        settings = {**os.environ, "VIRTUAL_ENV": str(VENV), "UV_COMPILE_BYTECODE": "1"}
        if run(uv, "pip", "install", "--quiet", *what, env=settings):
            return True
        print("uv could not install it; trying pip.", file=sys.stderr)
    return run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what)


def install(extra: str) -> None:
    """Install the project in .venv, editable, unless the same files were installed with this extra before."""
    decide = [ROOT / "setup.py", ROOT / "pyproject.toml", ROOT / "dev.py", generated.PROTO]
    decide += [*(ROOT / "build_helpers").glob("*.py"), *generated.frontend_sources()]
    wanted = f"{extra} {generated.content_hash(decide)}"
    have = INSTALLED.read_text() if INSTALLED.exists() else ""
    up_to_date = have in (wanted, wanted.replace("demo", "test"))  # the extra `test` contains `demo`
    if up_to_date and generated.bundle_is_current() and generated.proto_is_current():
        return
    make_venv()
    need(
        pip_install("-e", f"{ROOT}[{extra}]"),
        "The installation failed; the lines above say why. Once that is mended, run the same command again.",
    )
    INSTALLED.write_text(wanted)


def install_node_packages() -> None:
    """The development packages of frontend/; building the page removes them, so they come after it."""
    lock = (ROOT / "frontend" / "package-lock.json").read_text()
    if NODE_PACKAGES.exists() and NODE_PACKAGES.read_text() == lock:
        return
    if not npm.npm_on_path():
        need(pip_install(npm.NODE_WHEEL), "There is no Node.js on PATH, and its package could not be installed.")
    need(run_npm("ci", "--ignore-scripts", "--no-audit", "--no-fund"), "`npm ci` failed in frontend/; see above.")
    NODE_PACKAGES.write_text(lock)


def run_npm(*arguments: str) -> bool:
    return run(PYTHON, "build_helpers/npm.py", *arguments)


def chromium() -> str:
    """The browser for the tests: NNDIAG_CHROMIUM, else one on PATH, else Debian's own, installed now."""
    named = os.environ.get("NNDIAG_CHROMIUM")
    if named:
        need(bool(shutil.which(named)), f"NNDIAG_CHROMIUM names {named}, which is no program.")
        return named
    found = chromium_on_path()
    if not found and shutil.which("apt-get"):
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0
        sudo = () if is_root else ("sudo", "--non-interactive")
        if is_root or shutil.which("sudo"):
            run(*sudo, "apt-get", "update", "-qq")
            run(*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
        found = chromium_on_path()
    need(
        bool(found),
        "The browser tests need Chromium, and none could be found or installed. Install Chromium or Chrome, "
        "or name the program in the environment variable NNDIAG_CHROMIUM.",
    )
    return str(found)


def chromium_on_path() -> str | None:
    return next((path for path in map(shutil.which, CHROMIUM_NAMES) if path), None)


# ---- tasks -----------------------------------------------------------------------------------------------------------


def demo(arguments: list[str]) -> int:
    install("demo")
    return subprocess.run([str(PYTHON), "-m", "tb_nndiag.cli", "demo", *arguments], cwd=ROOT).returncode


def failed_checks() -> list[str]:
    """Run every check but pytest; the names of those that failed."""
    install("test")
    install_node_packages()
    checks = {
        "ruff": lambda: run(PYTHON, "-m", "ruff", "check", "."),
        "mypy": lambda: run(PYTHON, "-m", "mypy"),
        "tsc": lambda: run_npm("run", "check"),
        "node --test": lambda: run_npm("test"),
    }
    return [name for name, passes in checks.items() if not passes()]


def lint(arguments: list[str]) -> int:
    failed = failed_checks()
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


def test(arguments: list[str]) -> int:
    browser = chromium()
    failed = failed_checks()
    settings = {**os.environ, "NNDIAG_CHROMIUM": browser}
    if not run(PYTHON, "-m", "pytest", *arguments, env=settings):
        failed.append("pytest")
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def main() -> int:
    tasks = {"demo": demo, "test": test, "lint": lint}
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in tasks:
        print(__doc__)
        return 0 if name in ("-h", "--help") else 2
    check_python()
    return tasks[name](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
