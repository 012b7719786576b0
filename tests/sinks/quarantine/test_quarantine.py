"""Records that could not be accepted stay whole, once, and show their content only where somebody asks."""

# ruff: noqa: DTZ001 (times in a store are UTC, without a zone)

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

import pyarrow as pa
import pytest
from quarantined import groups, records

from throughline.errors import DataError
from throughline.schemas.acceptance.events import EVENTS, REJECTS, Batch
from throughline.sinks.quarantine.records import escaped, record, show
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.batch import stamped

MORNING = datetime(2026, 3, 2, 9)
EVENING = datetime(2026, 3, 2, 18)


@pytest.fixture
def store() -> Iterator[Store]:
    with open_memory_store() as store:
        yield store


def rejects(*rows: dict[str, object]) -> pa.Table:
    usual = {
        "origin": "a.jsonl",
        "position": 1,
        "reason": "not_json",
        "detail": "the record is not JSON",
        "raw": b"{",
    }
    return pa.Table.from_pylist([{**usual, **row} for row in rows], schema=REJECTS)


def put(store: Store, table: pa.Table, at: datetime = MORNING) -> int:
    with store.transaction() as connection:
        return record(connection, stamped(Batch(EVENTS.empty_table(), table), at).rejects)


def test_the_same_bad_record_read_again_is_no_new_row(store: Store) -> None:
    """Twice in a batch, later, from another file: one row, the first; other reason or content, another."""
    assert put(store, rejects({}, {"position": 2})) == 1
    assert put(store, rejects({"origin": "b.jsonl"}), EVENING) == 0
    assert put(store, rejects({"raw": b"["}, {"reason": "not_utf8"}, {"source": "s"}, {"id": "s"})) == 4

    first = records(store.connection)[0]
    assert (first.origin, first.position, first.received_at) == ("a.jsonl", 1, MORNING)


def test_nothing_is_fine(store: Store) -> None:
    """No rejects, no rows."""
    assert put(store, REJECTS.empty_table()) == 0
    assert groups(store.connection) == []


def test_groups_by_reason_and_source(store: Store) -> None:
    """How many, for what reason, from whom, since when: the largest group first."""
    put(store, rejects({"raw": b"1", "source": "s"}))
    put(store, rejects({"raw": b"2", "source": "s"}, {"raw": b"3"}), EVENING)

    found = [(g.reason, g.source, g.records, g.first_received_at, g.last_received_at) for g in groups(store.connection)]
    assert found == [("not_json", "s", 2, MORNING, EVENING), ("not_json", None, 1, EVENING, EVENING)]
    assert len(records(store.connection, source="s")) == 2
    assert len(records(store.connection, reason="not_utf8")) == 0


def test_content_is_shown_only_on_request(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """A record says why it is there; its bytes come escaped, if asked for, and never in a log."""
    caplog.set_level(logging.DEBUG)
    put(store, rejects({"raw": b"secret\x1b[31m\n\xff", "field": "data.decision"}))
    (listed,) = records(store.connection)
    quiet = show(store.connection, listed.quarantine_id)
    loud = show(store.connection, listed.quarantine_id, with_raw=True)

    assert listed == quiet
    assert (quiet.raw, quiet.raw_bytes, quiet.field) == (None, 13, "data.decision")
    assert loud.raw == r"secret\x1b[31m\n\xff"
    assert "secret" not in caplog.text


def test_an_id_that_is_not_there(store: Store) -> None:
    """It is said, with the command that lists those that are."""
    with pytest.raises(DataError, match=r"id 7 .*\n\n.*quarantine list"):
        show(store.connection, 7)


def test_escaped_bytes_are_one_to_one() -> None:
    """Bytes that differ are shown differently, in printable ASCII."""
    shown = [escaped(bytes([a, b])) for a in range(0, 256, 5) for b in (0, 39, 92, 110, 255)]
    assert len(set(shown)) == len(shown)
    assert all(text.isascii() and text.isprintable() for text in shown)
