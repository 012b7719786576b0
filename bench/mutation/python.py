"""Slips in Python, made on its syntax tree: an operator, a condition, a number, or a statement left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bench.mutation.mutant import Mutant, distinct

_COMPARED: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
_RECKONED: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "//"),
    ast.FloorDiv: ("//", "*"),
    ast.Div: ("/", "*"),
    ast.Mod: ("%", "*"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
}
# what is so large is how much is taken at once: one more changes nothing
_LIMIT = 1000
_Change = tuple[int, int, str]


def python_mutants(file: str, text: str) -> list[Mutant]:
    """Every mutant of the file, by place. Asserts, annotations, docstrings and what an error says stay as they are."""
    tree = ast.parse(text)
    lines = [0]
    for line in text.encode().splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    source = text.encode()
    found: list[Mutant] = []
    for node in _walked(tree):
        for start, stop, new in _changes(node, source, lines):
            place, end = len(source[:start].decode()), len(source[:stop].decode())
            found.append(Mutant(file, text, place, end, new))
    return distinct(iter(found))


def _walked(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below this one that do something."""
    if isinstance(node, ast.Assert | ast.Raise | ast.Import | ast.ImportFrom | ast.JoinedStr):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_params"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walked(child)


def _changes(node: ast.AST, source: bytes, lines: list[int]) -> Iterator[_Change]:
    def start(one: ast.expr | ast.stmt) -> int:
        return lines[one.lineno - 1] + one.col_offset

    def stop(one: ast.expr | ast.stmt) -> int:
        return lines[(one.end_lineno or 0) - 1] + (one.end_col_offset or 0)

    def between(left: ast.expr, right: ast.expr, names: tuple[str, str]) -> Iterator[_Change]:
        place = source.find(names[0].encode(), stop(left), start(right))
        if place >= 0:
            yield place, place + len(names[0]), names[1]

    if isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            if type(operator) in _COMPARED:
                yield from between(left, right, _COMPARED[type(operator)])
    elif isinstance(node, ast.BinOp) and type(node.op) in _RECKONED:
        yield from between(node.left, node.right, _RECKONED[type(node.op)])
    elif isinstance(node, ast.BoolOp):
        names = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from between(left, right, names)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield start(node), start(node.operand), ""
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield start(node), stop(node), str(not node.value)
        elif isinstance(node.value, int) and node.value < _LIMIT:
            yield start(node), stop(node), str(node.value + 1)
    elif isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(node.test, ast.Constant):
        test = source[start(node.test) : stop(node.test)].decode()
        yield start(node.test), stop(node.test), f"not ({test})"
    elif isinstance(node, ast.Return) and node.value and not _is_none(node.value):
        yield start(node.value), stop(node.value), "None"
    elif isinstance(node, ast.AugAssign) or _is_act(node):
        assert isinstance(node, ast.stmt)
        yield start(node), stop(node), "pass"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_act(node: ast.AST) -> bool:
    """A call for its effect, or a value put into an attribute or an entry; no docstring and no line of the log."""
    if isinstance(node, ast.Expr):
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        return isinstance(value, ast.Call) and not ast.unparse(value.func).startswith(("_log.", "log.", "logger."))
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
    return isinstance(node, ast.Continue | ast.Break | ast.Delete)
