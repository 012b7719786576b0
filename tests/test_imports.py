"""Imports point one way, so that each part can be read, and replaced, without those that build on it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOUNDATION = {"throughline", "throughline.errors", "throughline.sql"}
# what a part may import besides itself and the foundation
MAY_IMPORT = {
    "schemas": set(),
    "quality": {"schemas"},
    "sources": {"schemas"},
    "sinks": {"schemas"},
    "streams": {"schemas", "sinks", "quality"},
}


def imported(file: Path) -> set[str]:
    """Every module of ours that a file names in an import, also inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] == "throughline"}


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_imports_point_one_way(part: str) -> None:
    """A part reads only those below it."""
    allowed = {f"throughline.{name}" for name in MAY_IMPORT[part] | {part}}
    wrong = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in (ROOT / part).rglob("*.py")
        for name in imported(file)
        if name not in FOUNDATION and ".".join(name.split(".")[:2]) not in allowed
    }

    assert wrong == set()


def test_nothing_imports_the_command() -> None:
    """The command is the outermost layer."""
    files = [file for part in (*MAY_IMPORT, "throughline") for file in (ROOT / part).rglob("*.py")]
    wrong = {
        str(file.relative_to(ROOT))
        for file in files
        if "cli" not in file.relative_to(ROOT).parts
        and file.name != "__main__.py"
        and any(name.startswith("throughline.cli") for name in imported(file))
    }

    assert wrong == set()
