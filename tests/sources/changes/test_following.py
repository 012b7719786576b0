"""Given these records of a partition, this is in the outbox: each record once, whatever ends the reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from crime_changes import MAPPING, WrittenTopic, crime, history, outbox_says, taken, written_mapping
from debezium import CRIMES, change

from throughline.errors import OutboxFull
from throughline.sources.changes.envelope import ConnectRecord
from throughline.sources.changes.following import Followed
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.publish.ledger import deliveries_of, positions_of, refusals_of
from throughline.sources.publish.outbox import Outbox


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.sqlite") as opened:
        yield opened


def follow(outbox: Outbox, records: Sequence[ConnectRecord], **more: Callable[[str], None]) -> Followed:
    by = load_mapping(written_mapping(outbox.path.parent))
    return taken(WrittenTopic(records, outbox.look(positions_of)), by, outbox, **more)


def test_what_the_connector_writes_twice_is_sent_once(outbox: Outbox) -> None:
    """As it does after a crash: an earlier change comes again, behind a later one."""
    made = follow(outbox, [*history(), *history()[2:]])

    assert (made.read, made.new, made.known) == (10, 5, 3)


def test_a_record_that_the_mapping_does_not_fit_is_refused_by_itself(outbox: Outbox) -> None:
    """A column comes to the table: what came with it is refused and told at once, its neighbours are kept, and it is
    read from the beginning once the mapping knows it."""
    told: list[str] = []
    more = [*history(), change("c", 140, after=crime(4, suspect="s-1")), change("c", 150, after=crime(5))]

    made = follow(outbox, more, note=told.append)

    assert (made.read, made.new, made.refused.counts) == (8, 6, {"not_mapped": 1})
    (line,) = told
    assert line.startswith(f"refused: 1 not_mapped; the first at {CRIMES}-0:6: `suspect`: ")
    assert [(one.position, one.reason, one.field) for one in outbox.look(refusals_of)] == [(6, "not_mapped", "suspect")]

    mended = load_mapping(written_mapping(outbox.path.parent, MAPPING.replace("[id,", "[suspect, id,")))
    assert taken(WrittenTopic(more, {}), mended, outbox).new == 1
    assert outbox.look(refusals_of) == []


def test_what_does_not_fit_into_the_outbox_is_read_again(outbox: Outbox) -> None:
    """Events and position are kept together, or neither."""
    outbox.limit = 4
    with pytest.raises(OutboxFull):
        follow(outbox, history())
    assert (outbox_says(outbox), outbox.look(positions_of)) == ([], {})

    outbox.limit = 5
    assert follow(outbox, history()).new == 5


def test_a_refused_record_is_noted_without_what_it_says(outbox: Outbox) -> None:
    """And no longer once it is read again and fits."""
    records = [change("c", 100, after=crime(1, "burglary of a dwelling")), change("t", 101)]

    made = follow(outbox, records)

    assert made.refused.counts == {"bad_field": 1, "unknown_operation": 1}
    assert [(one.origin, one.position, one.reason, one.event_id) for one in outbox.look(refusals_of)] == [
        (f"{CRIMES}-0", 0, "bad_field", "20/000001/26"),
        (f"{CRIMES}-0", 1, "unknown_operation", None),
    ]
    assert b"burglary" not in b"".join(file.read_bytes() for file in outbox.path.parent.glob("outbox.sqlite*"))

    mended = MAPPING.replace(
        "offence_group: offence", "offence_group: {column: offence, values: {}, otherwise: stalking}"
    )
    by = load_mapping(written_mapping(outbox.path.parent, mended))
    taken(WrittenTopic(records, {}), by, outbox)
    assert [one.reason for one in outbox.look(refusals_of)] == ["unknown_operation"]


def test_each_day_is_accounted_for(outbox: Outbox) -> None:
    follow(outbox, history())
    follow(outbox, [*history(), change("t", 140)])

    (count,) = outbox.look(deliveries_of)
    assert (count.way, count.origin) == ("changes", f"{CRIMES}-0")
    assert (count.read, count.new, count.known, count.refused, count.left_out, count.backlog) == (7, 5, 0, 1, 1, 2)
    marks = [dict(one.record.headers).get("throughline-backlog") for one in outbox.unsent()]
    assert marks == [b"true", b"true", None, None, None]  # what the snapshot read
