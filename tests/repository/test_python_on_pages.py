"""Python on the pages runs as it stands: block after block of a page, on a store of made-up cases."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typed import run

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"


def blocks(page: str, kind: str) -> list[str]:
    text = (HOW_TO / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run_page(page: str) -> dict[str, Any]:
    """What its blocks leave behind, by name."""
    names: dict[str, Any] = {"__name__": page}
    for block in blocks(page, "python"):
        exec(compile(block, page, "exec"), names)
    return names


def test_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("demo", "--cases", 60, "--store", "cases.duckdb")

    names = run_page("notebooks.md")

    assert len(names["cases"]) >= 60
    assert names["waiting"].num_rows > 0
    assert names["late"]["overdue"].all()
    assert "cps" not in set(names["held"]["agency"])
    assert names["then_overdue"]["overdue"].all()


def test_the_table_of_small_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints what the page shows."""
    monkeypatch.chdir(tmp_path)

    run_page("small-numbers.md")

    (printed,) = blocks("small-numbers.md", "text")
    assert capsys.readouterr().out == printed
