"""A probe measures and never judges; a rule judges and never measures; the tab shows and knows no threshold.

Imports tell: who imports what is read from the sources, nothing is run.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tb_nndiag.rule import all_rules

ROOT = Path(__file__).resolve().parents[1]
READING = sorted((ROOT / "tb_nndiag").rglob("*.py"))
RULES = sorted((ROOT / "tb_nndiag" / "rules").glob("[!_]*.py"))
WRITING = sorted((ROOT / "keras_callbacks").rglob("*.py"))
PROBES = sorted((ROOT / "keras_callbacks" / "probes").glob("*.py"))
PAGE = sorted([*(ROOT / "frontend" / "src").rglob("*.js"), *(ROOT / "frontend" / "src").rglob("*.css")])
JUDGING = {"tb_nndiag.rule", "tb_nndiag.rules", "tb_nndiag.engine", "tb_nndiag.verdict", "tb_nndiag.settings", "tb_nndiag.live", "tb_nndiag.progress", "tb_nndiag.layers"}
PLAIN = ["run", "rule", "engine", "verdict", "settings", "live", "progress", "layers", "signals", "charts", "report", "explain", "enabling", "formats", "baseline"]


def each(files):
    return pytest.mark.parametrize("file", files, ids=lambda file: str(file.relative_to(ROOT)))


def modules_named(tree: ast.AST, file: Path) -> set[str]:
    """Every module that is imported below `tree`, as "a.b.c"; a name taken from a module is counted as one below it."""
    package = file.relative_to(ROOT).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join([*start, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "importlib.import_module"):
            found |= {str(a.value) for a in node.args if isinstance(a, ast.Constant)}
    return found


def imports(file: Path) -> set[str]:
    """Wherever in the file."""
    return modules_named(ast.parse(file.read_text()), file)


def imports_at_once(file: Path) -> set[str]:
    """Those that happen when the file is imported: not the ones inside functions."""

    def outside_functions(node: ast.AST):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.Import, ast.ImportFrom)):
                yield child
            elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                yield from outside_functions(child)

    return set().union(*(modules_named(node, file) for node in outside_functions(ast.parse(file.read_text()))))


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def standard(module: str) -> bool:
    return module.split(".")[0] in sys.stdlib_module_names


def test_there_is_something_to_look_at():
    assert len(RULES) == len(all_rules())
    assert min(map(len, (READING, WRITING, PROBES, PAGE))) > 5


def test_imports_are_found_wherever_they_stand(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    file = tmp_path / "package" / "below" / "module.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "import a.b as c\nfrom d import e\nfrom . import f\nfrom ..g import h\n"
        "try:\n    import i\nexcept ImportError:\n    import j\n"
        "class K:\n    import l\ndef m():\n    import n\nx = lambda: __import__('o')\n"
    )
    at_once = {"a.b", "d.e", "package.below.f", "package.g.h", "i", "j", "l"}
    assert imports_at_once(file) == at_once
    assert imports(file) == at_once | {"n", "o"}


# ---- reading ---------------------------------------------------------------------------------------------------------


@each(READING)
def test_the_reading_side_never_imports_keras_tensorflow_or_the_writing_side(file):
    wrong = {module for module in imports(file) if within(module, "keras", "tensorflow", "tf_keras", "keras_callbacks")}
    if file == ROOT / "tb_nndiag" / "cli.py":
        assert wrong == {"keras_callbacks.demo.run_demo"}  # the demo trains
        wrong &= imports_at_once(file)
    assert not wrong


@each(RULES)
def test_a_rule_imports_what_judges_and_nothing_that_measures_or_reads(file):
    allowed = ("numpy", *(f"tb_nndiag.{module}" for module in ("rule", "run", "progress", "layers", "signals", "snippets")))
    assert {module for module in imports(file) if not standard(module) and not within(module, *allowed)} == set()


@each(RULES)
def test_a_rule_opens_no_file_and_asks_no_other_rule(file):
    names = {node.id for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Name)}
    assert not names & {"open", "exec", "eval", "print", "all_rules", "__import__"}
    assert not {module for module in imports(file) if within(module, "os", "io", "pathlib", "subprocess", "socket", "urllib")}


@each([ROOT / "tb_nndiag" / f"{name}.py" for name in PLAIN])
def test_judging_needs_numpy_alone(file):
    assert {module for module in imports(file) if not standard(module) and not within(module, "numpy", "tb_nndiag")} == set()
    assert not {module for module in imports(file) if within(module, *(f"tb_nndiag.{heavy}" for heavy in ("event_file", "logdir", "data_provider", "plugin", "cli", "loader", "proto")))}


@each([ROOT / "tb_nndiag" / f"{name}.py" for name in ("run", "signals")])
def test_a_run_and_the_contract_know_nobody(file):
    assert {module for module in imports(file) if not standard(module) and not within(module, "numpy")} == set()


def test_charts_and_files_are_read_without_judging():
    for name in ("charts", "event_file", "logdir", "data_provider"):
        file = ROOT / "tb_nndiag" / f"{name}.py"
        assert not {module for module in imports(file) if within(module, "tb_nndiag.engine", "tb_nndiag.rules")}, name


def test_the_entry_point_imports_what_tensorboard_has_loaded_and_no_more():
    loader = ROOT / "tb_nndiag" / "loader.py"
    assert {module for module in imports_at_once(loader) if not standard(module)} == {"tensorboard.plugins.base_plugin"}


def test_what_reads_the_plugin_and_the_entry_point_know_tensorboard_and_nobody_else():
    knowing = {file.name for file in READING if any(within(module, "tensorboard") for module in imports(file))}
    assert knowing == {"event_file.py", "logdir.py", "data_provider.py", "plugin.py", "loader.py"}


# ---- writing ---------------------------------------------------------------------------------------------------------


@each(PROBES)
def test_a_probe_never_judges(file):
    assert {module for module in imports(file) if within(module, *JUDGING)} == set()
    assert {module for module in imports(file) if within(module, "tb_nndiag") and not within(module, "tb_nndiag.signals", "tb_nndiag.proto")} == set()


@each(PROBES)
def test_a_probe_writes_no_file(file):
    assert not {module for module in imports(file) if within(module, "keras_callbacks.event_writer", "keras_callbacks.recording", "tensorboard")}


@each(WRITING)
def test_the_writing_side_judges_only_to_tell_the_user(file):
    wrong = {module for module in imports(file) if within(module, *JUDGING, "tb_nndiag.logdir", "tb_nndiag.report")}
    if file.name == "demo.py":
        return
    if file.name == "diagnosis.py":
        wrong &= imports_at_once(file)
    assert not wrong


def test_the_event_writer_needs_no_tensorflow():
    assert not {module for module in imports(ROOT / "keras_callbacks" / "event_writer.py") if within(module, "keras", "tensorflow")}


# ---- showing ---------------------------------------------------------------------------------------------------------


@each(PAGE)
def test_the_page_makes_no_elements_or_code_from_text(file):
    wrong = r"\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|srcdoc|createContextualFragment|DOMParser)\b|\bdocument\.write|\beval\(|new Function\("
    assert re.findall(wrong, file.read_text()) == []


@each(PAGE)
def test_the_page_asks_nobody_but_its_own_plugin(file):
    text = file.read_text()
    absolute = [url for url in re.findall(r"""["'`(]((?:https?:)?//[^"'`\s)]*)""", text) if not url.startswith("http://www.w3.org/")]
    assert absolute == []  # the names of SVG and XHTML are no addresses
    assert re.findall(r"\b(XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts)\b", text) == []
    assert not re.search(r"""\bfetch\(\s*["'`]/""", text)
    if file.name != "api.js":
        assert "fetch(" not in text.replace("prefetch(", "")


@each(PAGE)
def test_the_page_knows_no_rule_and_so_no_threshold(file):
    text = file.read_text()
    assert re.findall(r"NND\d{3}", text) == []
    assert [rule.name for rule in all_rules() if rule.name in text] == []
    limits = {name for rule in all_rules() for name in rule.limits if "_" in name}
    assert [name for name in limits if re.search(rf"\b{name}\b", text)] == []


def test_the_page_asks_with_relative_addresses():
    asked = re.findall(r"""getJson\(\s*["'`]([^"'`]*)""", (ROOT / "frontend" / "src" / "api.js").read_text())
    assert asked
    assert all(url.startswith("./") for url in asked)
