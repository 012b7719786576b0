"""What an agency says under the source of another contests nothing."""

from __future__ import annotations

from pathlib import Path

import orjson

from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.digest import digest
from throughline.sinks.store import open_memory_store
from throughline.streams.join.replay import replay

CRIME = {
    "specversion": "1.0", "id": "police-0001", "source": "urn:throughline:police:20:rms",
    "type": "uk.cjs.police.crime.recorded.v1", "time": "2026-01-05T10:15:00Z", "partitionkey": "20",
    "data": {"unit": "20PP", "identifiers": {"crime_ref": "20/000123/26"}, "offence_group": "stalking"},
}  # fmt: skip
FOREIGN = CRIME | {
    "type": "uk.cjs.cps.pcd.received.v1",
    "data": {"unit": "WM-RASSO", "identifiers": {"crime_ref": "20/000123/26"}},
}


def test_a_line_of_the_cps_under_an_advocate_s_source_is_refused(tmp_path: Path) -> None:
    """By a replay of files, as it is on a topic."""
    (tmp_path / "cps.jsonl").write_bytes(orjson.dumps(FOREIGN | {"source": "urn:throughline:advocate:20:idva"}))
    with open_memory_store() as store:
        assert replay(store, load_domain(), [tmp_path / "cps.jsonl"]).quarantined == {"wrong_source": 1}


def test_one_line_of_another_agency_does_not_take_an_event_out_of_the_timeline(tmp_path: Path) -> None:
    (tmp_path / "police.jsonl").write_bytes(orjson.dumps(CRIME))
    (tmp_path / "cps.jsonl").write_bytes(orjson.dumps(FOREIGN))
    domain = load_domain()
    with open_memory_store() as store:
        replay(store, domain, [tmp_path / "police.jsonl"])
        before = digest(store.connection)

        counts = replay(store, domain, [tmp_path / "cps.jsonl"])

        assert counts.quarantined == {"wrong_source": 1}
        assert digest(store.connection) == before
        assert store.connection.execute("select type from timeline").fetchall() == [("police.crime.recorded",)]
