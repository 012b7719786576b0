"""What a command makes is for who ran it alone, whatever the shell lets others see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typed import run

from throughline.sources.publish.outbox import Outbox

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples"


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    """A shell that lets everybody read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): oct(file.stat().st_mode & 0o777) for file in folder.rglob("*")}


def test_a_store_and_what_is_made_of_it_are_for_their_owner(tmp_path: Path) -> None:
    """Store, lock and mark, and an export in a folder of its own."""
    store = tmp_path / "cases.duckdb"
    run("replay", EXAMPLES / "events.jsonl", "--store", store)
    run("export", "--store", store, "--to", tmp_path / "deep" / "export")

    made = modes(tmp_path)
    folders = {name for name in made if (tmp_path / name).is_dir()}
    assert {"cases.duckdb", "cases.duckdb.mark", "cases.duckdb.lock", "deep/export/manifest.json"} <= made.keys()
    assert folders == {"deep", "deep/export"}
    assert {made[name] for name in folders} == {"0o700"}
    assert {made[name] for name in made.keys() - folders} == {"0o600"}
    assert os.umask(0) == 0, "a command leaves the process as it was"


def test_an_outbox_is_for_its_owner_without_a_command_too(tmp_path: Path) -> None:
    """A program of an agency opens it by itself; SQLite's log beside it is as the file is."""
    with Outbox(tmp_path / "outbox.sqlite"):
        assert set(modes(tmp_path).values()) == {"0o600"}
