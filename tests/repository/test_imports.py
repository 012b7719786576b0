"""Imports point one way: from what moves data to what describes it, and never back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What each package may import of Throughline, besides itself. `errors` and `sql` import nothing of it.
ALLOWED = {
    "schemas": {"errors", "sql"},
    "sources": {"errors", "sql", "schemas"},
    "quality": {"errors", "sql", "schemas"},
    "sinks": {"errors", "sql", "schemas", "version"},
    "streams": {"errors", "sql", "schemas", "sinks", "quality"},
}


def files_of(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"no Python in {package}"
    return found


def imported(file: Path) -> Iterator[str]:
    """The dotted names that a file imports, also inside functions and for types only.

    `from throughline.a import b` gives `throughline.a.b`, whether b is a module or a name in one.
    """
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), filename=str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: a relative import; write the whole name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts_of_throughline(file: Path) -> set[str]:
    """The packages and top modules of Throughline that a file imports; its version is `version`."""
    names = [name.split(".") for name in imported(file)]
    return {name[1].replace("__version__", "version") for name in names if name[0] == "throughline" and len(name) > 1}


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_stands_below_it(package: str) -> None:
    """Readers and stores know the schemas and not each other; only the join knows where its rows go."""
    wrong = {
        str(file.relative_to(ROOT)): sorted(parts_of_throughline(file) - ALLOWED[package] - {package})
        for file in files_of(package)
    }

    assert {file: parts for file, parts in wrong.items() if parts} == {}


@pytest.mark.parametrize("module", ["errors", "sql"])
def test_what_everything_imports_imports_nothing(module: str) -> None:
    """Errors and the reading of SQL files stand at the bottom."""
    assert parts_of_throughline(ROOT / "throughline" / f"{module}.py") == set()


def test_nothing_imports_the_command() -> None:
    """Only the command itself and `python -m throughline` do: whatever it can do can be done without it."""
    own = {*files_of("throughline/cli"), ROOT / "throughline" / "__main__.py"}
    others = [file for package in (*ALLOWED, "throughline") for file in files_of(package) if file not in own]

    assert [str(file.relative_to(ROOT)) for file in others if "cli" in parts_of_throughline(file)] == []


def test_no_package_imports_by_a_text() -> None:
    """No `import_module` or `__import__`, which would hide where an import points."""
    hidden = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for package in ALLOWED
        for file in files_of(package)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr) in ("__import__", "import_module")
    ]

    assert hidden == []
