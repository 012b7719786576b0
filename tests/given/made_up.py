"""The demo's made-up cases, built once for all tests of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughline.demo.run import run_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 300 made-up cases: read it, never write it."""
    path = tmp_path_factory.mktemp("demo") / "demo.duckdb"
    run_demo(path, cases=300, seed=1, report=lambda stage, done, total: None)
    return path
