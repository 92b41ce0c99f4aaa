"""Which conditions of the rules no case holds: each is changed in turn, and a change that no case of its rule sees survives.

    python benchmarks/mutations.py [RULE ...] [--boundaries]

Of each rule file, in one process: a comparison is turned around; `and` becomes `or`, `&` becomes `|`, and the other way round; an
operand of them is dropped; a bare condition and a `not` are turned around; a limit is halved and doubled. With --boundaries also `<`
becomes `<=`, and the other way round: only a case that lies exactly on the limit sees that. Conditions inside texts and fixes are
left alone. A change is seen when a case of tests/rules/ gets another status, or a severity that it must not have, or
when the rule speaks of a healthy recorded run.

mutmut leaves decorated functions alone, and every rule is one; cosmic-ray starts a process for each change.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import inspect
import pathlib
import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from recorded import names, recorded
from told import tells

from tb_nndiag.engine import diagnose
from tb_nndiag.rule import Rule, all_rules, find
from tb_nndiag.run import Run

OPPOSITE: dict[type, type] = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
BOUNDARY: dict[type, type] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
OTHER: dict[type, type] = {ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}
TEXTS = ("headline", "why", "fixes")


@dataclass(frozen=True)
class Mutant:
    """One change of a rule's file: what was done, to which line, and the file with it."""

    done: str
    line: int
    tree: ast.Module


def mutants(tree: ast.Module, boundaries: bool = False) -> Iterator[Mutant]:
    """Every change of the conditions and limits of this file."""
    conditions = [node for node in ast.walk(tree) if isinstance(node, (ast.If, ast.IfExp))]
    tests = {id(node.test) for node in conditions}
    for path, node in _places(tree):
        for done, new in _changes(node, id(node) in tests, boundaries):
            made = copy.deepcopy(tree)
            holder, key, index = _find(made, path)
            if index is None:
                setattr(holder, key, new)
            else:
                getattr(holder, key)[index] = new
            ast.fix_missing_locations(ast.copy_location(new, node))
            yield Mutant(
                f"{ast.unparse(node)[:90]} → {done}", getattr(node, "lineno", 0), ast.fix_missing_locations(made)
            )


def _changes(node: ast.AST, condition: bool, boundaries: bool) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for table in (OPPOSITE, BOUNDARY) if boundaries else (OPPOSITE,):
            if new := table.get(type(node.ops[0])):
                made = ast.Compare(node.left, [new()], node.comparators)
                yield ast.unparse(made)[:90], made
    elif isinstance(node, ast.Compare):  # a < b < c
        yield f"without {ast.unparse(node.left)}", ast.Compare(node.comparators[0], node.ops[1:], node.comparators[1:])
        yield (
            f"without {ast.unparse(node.comparators[-1])}",
            ast.Compare(node.left, node.ops[:-1], node.comparators[:-1]),
        )
    elif isinstance(node, ast.BoolOp):
        yield "and ↔ or", ast.BoolOp(OTHER[type(node.op)](), node.values)
        for i, dropped in enumerate(node.values):
            rest = [value for j, value in enumerate(node.values) if j != i]
            yield f"without {ast.unparse(dropped)[:60]}", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.BinOp) and type(node.op) in OTHER:
        yield "& ↔ |", ast.BinOp(node.left, OTHER[type(node.op)](), node.right)
        yield f"without {ast.unparse(node.left)[:60]}", node.right
        yield f"without {ast.unparse(node.right)[:60]}", node.left
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "without not", node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and getattr(node, "is_limit", False):
        for factor in (0.5, 2):
            value = node.value * factor if node.value else factor
            yield (
                f"{value:g}",
                ast.Constant(int(value) if isinstance(node.value, int) and float(value).is_integer() else value),
            )
    elif condition:
        yield "not", ast.UnaryOp(ast.Not(), node)  # type: ignore[arg-type]


def _places(tree: ast.Module) -> Iterator[tuple[tuple, ast.AST]]:
    """Every expression that may be changed, with the way to it from the root."""

    def below(node: ast.AST, path: tuple) -> Iterator[tuple[tuple, ast.AST]]:
        for key, value in ast.iter_fields(node):
            if key in ("decorator_list", "annotation", "returns") or isinstance(node, ast.JoinedStr):
                continue
            for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(child, ast.AST) or _is_text(child):
                    continue
                way = (*path, (key, index))
                if key == "kw_defaults" and path[0] == rule_at and not isinstance(getattr(child, "value", None), bool):
                    child.is_limit = True  # type: ignore[attr-defined]
                yield way, child
                yield from below(child, way)

    functions = [(i, s) for i, s in enumerate(tree.body) if isinstance(s, ast.FunctionDef)]
    rule_at = next((("body", i) for i, function in functions if function.decorator_list), None)
    for i, statement in functions:
        if "fix" not in statement.name:
            yield from below(statement, (("body", i),))


def _is_text(node: ast.AST) -> bool:
    """Whether this makes words or fixes only."""
    if isinstance(node, ast.keyword):
        return node.arg in TEXTS
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id in TEXTS
    if isinstance(node, ast.IfExp) and any(isinstance(part, ast.JoinedStr) for part in (node.body, node.orelse)):
        return True
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("Fix", "Evidence", "NotEnoughData")
    )


def _find(tree: ast.Module, path: tuple) -> tuple[ast.AST, str, int | None]:
    node: ast.AST = tree
    for key, index in path[:-1]:
        node = getattr(node, key) if index is None else getattr(node, key)[index]
    return node, *path[-1]


@dataclass(frozen=True)
class Case:
    """A run, what the rule may answer (status and severity), and what its finding must tell."""

    run: Run
    answers: set[tuple[str, str]]
    told: Sequence[tuple[str, object]] = ()


def cases(rule: Rule) -> list[Case]:
    """What tests/test_rules.py asks of this rule."""
    module = importlib.import_module(f"rules.{rule.name.replace('-', '_')}")
    allowed = {
        "FIRES": {("fires", rule.severity)},
        "WARNINGS": {("fires", "warning")},
        "HINTS": {("fires", "hint")},
        "SILENT": {("clear", rule.severity)},
        "UNKNOWN": {("unknown", rule.severity)},
    }
    told = getattr(module, "TOLD", {})
    found = [
        Case(run, answers, told.get(text, ()))
        for kind, answers in allowed.items()
        for text, run in getattr(module, kind, {}).items()
    ]
    healthy = [recorded(name) for name in names() if name.startswith("healthy_")]
    return found + [Case(run, {("clear", rule.severity), ("unknown", rule.severity)}) for run in healthy]


def survives(mutant: Mutant, rule: Rule, asked: list[Case]) -> bool:
    """Whether every case gets an answer that it may get."""
    module = types.ModuleType(rule.check.__module__)
    exec(compile(mutant.tree, "<mutant>", "exec"), vars(module))
    made = next(v for v in vars(module).values() if isinstance(v, Rule) and v.name == rule.name)
    for case in asked:
        (verdict,) = diagnose(case.run, rules=[made])
        if (verdict.status, verdict.severity) not in case.answers:
            return False
        if verdict.finding and not all(tells(verdict.finding, *wanted) for wanted in case.told):
            return False
    return True


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("rules", nargs="*", help="all, unless named")
    arguments.add_argument("--boundaries", action="store_true", help="also exchange < and <=")
    options = arguments.parse_args()
    total = left = 0
    for rule in [find(word) for word in options.rules] or all_rules():
        tree = ast.parse(inspect.getsource(sys.modules[rule.check.__module__]))
        asked = cases(rule)
        made = list(mutants(tree, options.boundaries))
        alive = [mutant for mutant in made if survives(mutant, rule, asked)]
        total, left = total + len(made), left + len(alive)
        print(f"{rule.name}: {len(alive)} of {len(made)} survive", flush=True)
        for mutant in alive:
            print(f"    {mutant.line}: {mutant.done}")
    print(f"all: {left} of {total} survive")


if __name__ == "__main__":
    main()
