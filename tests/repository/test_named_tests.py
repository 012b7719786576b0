"""A page that says which test holds something names one that there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
PAGES = ("docs/threats.md", "docs/inputs.md")

_NAMED = re.compile(r"`(?P<file>(?:[\w]+/)+test_\w+\.py)(?:::(?P<of_file>test_\w+))?`|`(?P<alone>test_\w+)`")


def named(page: str) -> Iterator[tuple[int, str, str | None]]:
    """Line, file and function of each test that a page names; a function alone is of the file that was named last."""
    file = ""
    for number, line in enumerate((ROOT / page).read_text(encoding="utf-8").splitlines(), 1):
        for found in _NAMED.finditer(line):
            if found["file"] is not None:
                file = found["file"].removeprefix("tests/")
            yield number, file, found["of_file"] or found["alone"]


def functions(file: Path) -> set[str]:
    """The names of the functions of a file."""
    return {
        one.name for one in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(one, ast.FunctionDef)
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_is_there(page: str) -> None:
    missing = [
        f"{page}:{number}: {file}::{function}"
        for number, file, function in named(page)
        if not (TESTS / file).is_file() or (function is not None and function not in functions(TESTS / file))
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_row_of_a_page_names_a_test(page: str) -> None:
    """So that none stands there that nothing holds."""
    rows = [
        number
        for number, line in enumerate((ROOT / page).read_text(encoding="utf-8").splitlines(), 1)
        if line.startswith("| ") and not line.startswith(("| ---", "| Threat |", "| Kind |"))
    ]
    assert len(rows) > 20
    assert [number for number in rows if number not in {place for place, _, _ in named(page)}] == []
