"""A query ends at its limits of time and memory, with a sentence, and leaves nothing on the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from throughline.sinks.questions.limits import size_in_bytes
from throughline.sinks.store import open_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "cases.duckdb"
    open_store(path, write=True).close()
    return path


@pytest.mark.parametrize(
    ("sql", "seconds", "sentence"),
    [
        ("select count(*) from range(1000000000000)", 1, "took longer than 1 second and"),
        ("select list(i) from range(10000000000) r(i)", 90, "needs more than 100MB of memory and 20MB of disk"),
        # within one piece of work, where DuckDB neither counts its memory nor looks whether it was interrupted
        ("select length(repeat('x', 4000000000))", 90, "needs more than 100MB of memory"),
    ],
)
def test_what_takes_too_much_is_stopped(sql: str, seconds: int, sentence: str, store: Path, tmp_path: Path) -> None:
    """Exit code 1, one sentence; no file of it is left."""
    options = f"--store {store} --seconds {seconds} --memory 100MB --spill 20MB".split()

    done = subprocess.run(
        [sys.executable, "-m", "throughline", "query", sql, *options],
        env={"PATH": "", "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, sentence in done.stderr) == (1, True), done.stderr
    assert done.stderr.startswith("throughline: The query ")
    assert list(tmp_path.iterdir()) == []
    assert {file.name for file in store.parent.iterdir()} <= {store.name + ending for ending in ("", ".lock", ".mark")}


@pytest.mark.parametrize(("text", "size"), [("500MB", 500 * 10**6), ("1.5 GB", 1_500_000_000), ("2GiB", 2 * 2**30)])
def test_sizes_are_as_duckdb_writes_them(text: str, size: int) -> None:
    assert size_in_bytes(text) == size
