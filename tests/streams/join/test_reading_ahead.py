"""Files large and small: how far one is read is said while it is read, and small ones are taken in together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from throughline.errors import DataError
from throughline.schemas.acceptance.events import EVENTS, REJECTS, Batch
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.store import Store, open_store
from throughline.sources.formats.text import open_bytes
from throughline.streams.join import replay as module
from throughline.streams.join.accept import Counts
from throughline.streams.join.batch import Received, accept_only


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


def test_many_small_files_are_taken_in_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of one record a file takes no transaction for each; of a damaged file those before it are kept."""
    for number in range(30):
        event = {
            "specversion": "1.0",
            "id": str(number),
            "source": "urn:example:police:rms",
            "type": "police.crime.recorded",
            "time": "2026-03-02T10:15:00Z",
            "partitionkey": "20",
            "data": {"unit": "20PP", "identifiers": {"crime_ref": f"20/{number}/26"}, "offence_group": "stalking"},
        }
        (tmp_path / f"{number:02}.jsonl").write_text(json.dumps(event) + ("\nx" if number == 7 else ""))
    (tmp_path / "99.jsonl").write_bytes(b"\x1f\x8b cut off")
    taken: list[int] = []

    def accepting(store: Store, batch: Batch, received_at: Received) -> Counts:
        taken.append(batch.events.num_rows)
        return accept_only(store, batch, received_at)

    monkeypatch.setattr(module, "accept_only", accepting)
    with open_store(tmp_path / "cases.duckdb", write=True) as store:
        with pytest.raises(DataError, match=r"99\.jsonl: is damaged gzip"):
            module.replay(store, load_domain(), [tmp_path])
        assert taken == [30]
        files: list[tuple[str, int, int]] = []
        (tmp_path / "99.jsonl").unlink()

        def of_file(file: Path, read: int, refused: int) -> None:
            files.append((file.name, read, refused))

        counts = module.replay(store, load_domain(), [tmp_path], of_file=of_file)
        assert (counts.read, counts.duplicate) == (31, 30)
        assert files[6:9] == [("06.jsonl", 1, 0), ("07.jsonl", 2, 1), ("08.jsonl", 1, 0)]
