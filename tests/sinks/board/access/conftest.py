"""The store of four cases, made once, under another name for each test: each has its own record of looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from gated_board import make_store


@pytest.fixture(scope="session")
def four_cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("four") / "cases.duckdb")


@pytest.fixture
def store(four_cases: Path, tmp_path: Path) -> Path:
    (tmp_path / "cases.duckdb").hardlink_to(four_cases)
    return tmp_path / "cases.duckdb"
