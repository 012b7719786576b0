"""How far a replay is within one file is said while it is read, before anything came of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from throughline.schemas.acceptance.events import EVENTS, REJECTS, Batch
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.store import open_store
from throughline.sources.formats.text import open_bytes
from throughline.streams.join import replay as module


def test_half_of_a_file_is_said_before_its_first_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n" * 1_000_000)
    is_half = Event()

    def read(*_: object) -> Iterator[tuple[int, Batch]]:
        with open_bytes(path) as file:
            file.read(500_000)
            assert is_half.wait(60), "nobody said that half of it is read"
        yield 0, Batch(EVENTS.empty_table(), REJECTS.empty_table())

    def report(stage: str, done: float, total: float | None) -> None:
        if stage == "reading events.jsonl" and 500_000 <= done < 1_000_000 == total:
            is_half.set()

    monkeypatch.setattr(module, "read_all", read)
    with open_store(tmp_path / "cases.duckdb", write=True) as store:
        module.replay(store, load_domain(), [path], report=report)

    assert is_half.is_set()
