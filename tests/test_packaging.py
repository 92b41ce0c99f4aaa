"""What a stranger installs: built and installed in places where nothing of ours is, and looked at through TensorBoard."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOWHERE = "http://localhost:9/"  # nobody answers there
NOT_SOURCES = (
    ".git", ".venv", "node_modules", "build", "dist", "artifacts", "*.egg-info", "__pycache__", ".*_cache",
)  # fmt: skip
GENERATED = {"tb_nndiag/static/index.js", "tb_nndiag/static/.stamp", "tb_nndiag/proto/nndiag_pb2.py"}

pytestmark = pytest.mark.timeout(600)  # a first build downloads Node.js


def run(*command, **options) -> str:
    """What a command printed; when it fails, that is the failure's text."""
    done = subprocess.run(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def no_node(tmp_path_factory) -> dict[str, str]:
    """An environment where neither Node.js nor npm is on PATH."""
    programs = tmp_path_factory.mktemp("programs")
    (programs / "sh").symlink_to(shutil.which("sh"))  # npm, once there, runs its scripts with it
    return {**os.environ, "PATH": str(programs)}


@pytest.fixture(scope="module")
def built(tmp_path_factory, no_node) -> tuple[Path, Path]:
    """An sdist and a wheel, built from sources alone (as after `git clone`) and without Node.js on PATH."""
    place = tmp_path_factory.mktemp("built")
    sources = place / "sources"
    shutil.copytree(ROOT, sources, ignore=shutil.ignore_patterns(*NOT_SOURCES, "static", "*_pb2.*"))
    run(sys.executable, "-m", "build", "--outdir", place, sources, env=no_node)
    return next(place.glob("*.tar.gz")), next(place.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory, built) -> Path:
    """The Python of an environment that has the wheel and what it requires, and no TensorFlow."""
    place = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", place)
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", built[1])
    return python


def members(archive: Path) -> set[str]:
    if archive.suffix == ".whl":
        return set(zipfile.ZipFile(archive).namelist())
    with tarfile.open(archive) as tar:
        return {name.partition("/")[2] for name in tar.getnames()}


def python_files(*packages: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for package in packages for path in (ROOT / package).rglob("*.py")}


def test_the_wheel_has_both_packages_whole_and_the_generated_parts(built):
    names = members(built[1])
    assert python_files("tb_nndiag", "keras_callbacks") | GENERATED <= names
    assert {name.split("/")[0] for name in names} == {"tb_nndiag", "keras_callbacks", "tb_nndiag-0.1.0.dist-info"}


def test_wheel_and_sdist_carry_our_license_and_those_of_the_code_in_the_page(built):
    wheel = zipfile.ZipFile(built[1])
    assert b"Apache License" in wheel.read("tb_nndiag-0.1.0.dist-info/licenses/LICENSE")
    texts = "".join(
        wheel.read(name).decode() for name in wheel.namelist() if name.startswith("tb_nndiag/static/") and name.endswith(".txt")
    )
    assert all(package in texts for package in ("preact", "htm", "uplot"))
    assert "Permission is hereby granted, free of charge" in texts  # the MIT text asks to be passed on
    assert {name for name in members(built[0]) if name.startswith("tb_nndiag/static/")} >= {
        name for name in wheel.namelist() if name.startswith("tb_nndiag/static/")
    }


def test_the_sdist_installs_without_node_npm_or_protoc(built, no_node, tmp_path):
    env = {**no_node, "npm_config_registry": NOWHERE}
    printed = run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, unpacked(built[0], tmp_path), env=env)
    assert "Node.js is not needed" in printed
    assert "setuptools" in requested(printed)
    assert "protoc" not in requested(printed)
    assert members(next(tmp_path.glob("*.whl"))) == members(built[1])


def test_a_changed_page_is_built_again_and_without_a_registry_that_is_said(built, no_node, tmp_path):
    unreachable = {
        "npm_config_registry": NOWHERE,
        "npm_config_cache": str(tmp_path / "cache"),
        "npm_config_fetch_retry_mintimeout": "1",
        "npm_config_fetch_retry_maxtimeout": "1",
    }
    sources = unpacked(built[0], tmp_path)
    with (sources / "frontend" / "src" / "index.js").open("a") as page:
        page.write("\n// changed\n")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(sources)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**no_node, **unreachable},
    )  # fmt: skip
    assert done.returncode != 0
    assert "Without a network, install a wheel or an sdist of tb-nndiag" in done.stdout


def test_the_wheel_shows_a_recorded_run_without_tensorflow(installed, tensorboard_server, recorded_logdir):
    packages = run(installed, "-m", "pip", "list")
    assert not re.search(r"(?im)^(tensorflow|keras)", packages)
    started = tensorboard_server(recorded_logdir, python=str(installed))
    entries = started.wait_for_runs()
    assert entries["sick"]["leading"]["severity"] == "error"
    assert entries["healthy"]["leading"] is None
    page = started.get("data/plugin/nndiag/static/index.js")
    assert b"render" in page
    assert b"was installed without building" not in page


def test_the_command_line_works_without_tensorflow(installed, recorded_logdir):
    command = installed.with_name("nndiag.exe" if os.name == "nt" else "nndiag")
    assert "usage: nndiag" in run(command, "--help")


def unpacked(sdist: Path, where: Path) -> Path:
    with tarfile.open(sdist) as tar:
        tar.extractall(where)
    return where / sdist.name.removesuffix(".tar.gz")


def requested(printed: str) -> str:
    """The lines in which `build` says what it installs for the build."""
    return "\n".join(line for line in printed.splitlines() if line.strip().startswith(("- ", "* ")))
