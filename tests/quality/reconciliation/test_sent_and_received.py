"""What a publisher sent beside what the shared side has: what was lost is named, id by id, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
import pytest
from england_wales import england_wales_store
from hypothesis import given
from hypothesis import strategies as st
from joined import emptied
from published import all_published, empty_sink, messages, note_all, topics
from typed import run

from throughline.errors import DataError
from throughline.quality.reconciliation.comparison import Finding, compare
from throughline.quality.reconciliation.receipts import receipts_of
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.schemas.wire.kafka_record import plain_rows, record_of
from throughline.schemas.wire.receipts import Receipt, Receipts, Shipment, read_receipts, receipts_lines
from throughline.sinks.store import Store, open_store
from throughline.sources.publish.ledger import shipments_of
from throughline.sources.publish.outbox import Outbox
from throughline.streams.join.batch import join
from throughline.streams.join.rebuild import open_domain
from throughline.streams.shared.state import take as take_shared

PLATFORM = "urn:throughline:police:20:platform"
BEGIN = datetime(2025, 1, 6, 9, tzinfo=UTC)
LATER = datetime(2026, 7, 1)  # noqa: DTZ001 - the store keeps UTC without a zone


@cache
def domain() -> Domain:
    return load_domain()


def notice(number: int, *, at: datetime = BEGIN, offence: str = "stalking", **attributes: Any) -> bytes:
    event = {
        "specversion": "1.0",
        "id": f"n{number:05}",
        "source": PLATFORM,
        "type": "police.crime.recorded",
        "time": at.isoformat(),
        "partitionkey": "20",
        "data": {"unit": "20PP", "identifiers": {"crime_ref": f"20/{number:06}/26"}, "offence_group": offence},
    }
    return orjson.dumps(event | attributes)


def month_of(number: int) -> datetime:
    """Some 300 a month."""
    return BEGIN + timedelta(days=30 * (number // 300))


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.sqlite") as opened:
        yield opened


@pytest.fixture
def store() -> Store:
    return emptied(england_wales_store())


def take(outbox: Outbox, lines: Iterable[bytes]) -> None:
    schemas, topics = SchemaStore(domain()), load_topics(domain())
    events = events_from_json_lines(list(lines), domain(), "made", 1).events
    outbox.add(record_of(row, schemas, topics) for row in plain_rows(events))


def send(outbox: Outbox, lines: Iterable[bytes], at: datetime = BEGIN) -> None:
    """Have the broker acknowledge them at this time; by now all have left the records of the outbox."""
    take(outbox, lines)
    outbox.mark(sent=outbox.unsent(limit=10_000), now=at.timestamp())
    outbox.prune(now=LATER.replace(tzinfo=UTC).timestamp())


def arrive(store: Store, lines: Iterable[bytes], received_at: datetime = LATER) -> None:
    join(store, events_from_json_lines(list(lines), domain(), "police.case-events-3", 1), received_at)


def differences(outbox: Outbox, store: Store) -> list[tuple[str, str | None, str | None]]:
    receipts = receipts_of(store.connection, domain(), [PLATFORM])
    found = compare(outbox.look(shipments_of), receipts, domain().type_prefix)
    return sorted((one.finding, one.event_id, one.reason) for one in found)


def test_three_thousand_notices_lost_for_fourteen_months_are_named(tmp_path: Path) -> None:
    """Of 4,300 over 14 months 3,011 were dropped on the way by a rule that nobody looked at: the publisher saw all
    acknowledged, the shared side a feed that never fell silent."""
    outbox_path, store_path, receipts = (
        tmp_path / name for name in ("outbox.sqlite", "cases.duckdb", "receipts.jsonl")
    )
    lost = [number for number in range(4_300) if number % 10 < 8][:3_011]
    with Outbox(outbox_path) as outbox:
        for month, some in groupby(range(4_300), month_of):
            send(outbox, [notice(number, at=month) for number in some], month)
    with open_store(store_path, write=True) as store:
        open_domain(store, domain())
        arrive(store, [notice(number, at=month_of(number)) for number in range(4_300) if number not in set(lost)])

    receipts.write_text(run("quality", "receipts", "--source", "police:20:platform", "--store", store_path).stdout)
    given = ("source", "reconcile", "--outbox", outbox_path)
    told = run(*given, "--receipts", receipts, "--strict", "--format", "json", code=1)
    each = run(*given, "--store", store_path, "--each", "--format", "csv").stdout

    (group,) = orjson.loads(told.stdout)
    assert (group["finding"], group["source"], group["events"]) == ("missing", PLATFORM, "3011")
    assert (group["since"], group["until"]) == ("2025-01-06 09:00", "2026-01-01 09:00")
    assert [line.split(",")[3] for line in each.splitlines()[1:]] == [f"n{number:05}" for number in lost]
    assert "4,300 of 4,300 sent compared" in told.stderr


def test_what_differs_is_told_by_what_it_is(outbox: Outbox, store: Store) -> None:
    send(outbox, [*map(notice, range(7)), notice(3, offence="harassment", revision=2)])
    take(outbox, [notice(7), notice(8)])
    outbox.mark(refused=[(outbox.unsent()[1], "too large")])
    bad = orjson.dumps(orjson.loads(notice(4)) | {"time": "2025-01-06 09:00"})
    there = [notice(0), notice(1, offence="harassment"), notice(2), notice(2, offence="harassment"), notice(3), bad]
    arrive(store, [*there, notice(9)])

    assert differences(outbox, store) == [
        ("conflict", "n00002", "conflict"),
        ("missing", "n00003", "revision_missing"),
        ("missing", "n00005", None),
        ("missing", "n00006", None),
        ("not_sent_from_here", "n00009", None),
        ("otherwise", "n00001", "other_content"),
        ("quarantined", "n00004", "bad_time"),
        ("refused_by_broker", "n00008", "too large"),
        ("waiting", "n00007", None),
    ]


def test_the_shared_topics_say_what_is_there_and_not_what_it_says(outbox: Outbox, store: Store) -> None:
    """What arrived, also otherwise than it was sent, is no finding; what did not arrive is."""
    send(outbox, [notice(1), notice(2), notice(3)])
    arrive(store, [notice(1), notice(2, offence="harassment")])
    note_all(store)

    with empty_sink() as sink:
        take_shared(sink, topics(), messages(all_published(store)))
        assert differences(outbox, sink) == [("missing", "n00003", None)]


def test_what_the_shared_side_cannot_have_read_yet_is_not_missing(outbox: Outbox, store: Store) -> None:
    """It has read up to noon; what was acknowledged in the afternoon may be under way."""
    send(outbox, [notice(1), notice(2)])
    send(outbox, [notice(3)], BEGIN + timedelta(hours=6))
    arrive(store, [notice(1)], BEGIN.replace(tzinfo=None) + timedelta(hours=3))

    assert differences(outbox, store) == [("missing", "n00002", None), ("not_read_yet", "n00003", None)]


def test_receipts_are_for_one_publisher_alone_and_say_nothing_of_content(store: Store, tmp_path: Path) -> None:
    theirs = orjson.dumps(orjson.loads(notice(2)) | {"id": "theirs", "source": "urn:throughline:police:20:other"})
    arrive(store, [notice(1), theirs])
    made = receipts_of(store.connection, domain(), [PLATFORM])
    file = tmp_path / "receipts.jsonl"
    file.write_text("\n".join(receipts_lines(made)))

    assert read_receipts(file) == made
    assert [one.event_id for one in made.receipts] == ["n00001"]
    assert not any(said in file.read_text() for said in ("theirs", "20/000001/26", "stalking"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"receipts":1', '"receipts":2', "no receipts of form 1"),
        ('"outcome":"accepted"', '"outcome":"lost"', ":2: `outcome`: is none of accepted"),
        ('"position":1', '"position":"1"', ":2: `position`: is no place"),
        ("{", "", ":1: is no JSON object"),
    ],
)
def test_receipts_that_are_none_are_told(old: str, new: str, told: str, tmp_path: Path) -> None:
    made = "\n".join(receipts_lines(Receipts(("s",), LATER, True, (receipt(1),))))
    (tmp_path / "receipts.jsonl").write_text(made.replace(old, new, 1))

    with pytest.raises(DataError, match=told):
        read_receipts(tmp_path / "receipts.jsonl")


def receipt(number: int) -> Receipt:
    where = ("t-0", number, LATER)
    return Receipt("s", "20", f"n{number}", "t", None, "accepted", None, None, None, None, *where)


def shipment(number: int, at: int = 0) -> Shipment:
    return Shipment("s", "20", f"n{number}", "t", None, False, None, "2025-01-06", None, "sent", at, None)


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_what_is_found_is_the_difference_of_two_sets(ours: set[int], theirs: set[int]) -> None:
    """Whatever was sent and whatever is there: each id that is on one side only is told once, and no other."""
    receipts = Receipts(("s",), LATER, True, tuple(map(receipt, theirs)))
    found = list(compare(map(shipment, ours), receipts, ""))

    def ids(finding: str, of: list[Finding]) -> list[str | None]:
        return sorted(str(one.event_id) for one in of if one.finding == finding)

    assert ids("missing", found) == sorted(f"n{number}" for number in ours - theirs)
    assert ids("not_sent_from_here", found) == sorted(f"n{number}" for number in theirs - ours)
    assert len(found) == len(ours ^ theirs)
