"""A store that is filled from the shared topics alone shows what the store shows that published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from published import (
    AS_OF,
    VIEWS,
    all_published,
    differing,
    empty_sink,
    messages,
    note_all,
    populated,
    read_on,
    shown,
    topics,
)

from throughline.errors import SharedLogError, StoreError
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.rebuild import open_domain, past
from throughline.streams.shared.changes import SharedRecord
from throughline.streams.shared.state import Position, open_shared, take

# what a store has published is asked for once, before a test publishes more of it, whichever comes first
pytestmark = pytest.mark.usefixtures("records")


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with populated(seed=5, cases=150) as found:
        yield found


@pytest.fixture(scope="module")
def records(store: Store) -> list[SharedRecord]:
    return all_published(store)


def test_the_views_are_equal(store: Store, records: list[SharedRecord]) -> None:
    """Every public view, but those of what is not shared: which copies came, and stewards' acts."""
    with empty_sink() as sink:
        taken = take(sink, topics(), messages(records))

        assert taken.changed == len(shown(store, "cases")) + len(shown(store, "quarantine"))
        assert taken.gone == 0
        assert len(shown(sink, "alerts")) > 100
        assert differing(store, sink) == []
        assert differing(store, sink, None) == []


def test_several_stores_make_one() -> None:
    """Each worker has the store of its partition: a board sees all their rows."""

    def of_staffordshire(line: str) -> bool:
        return '"partitionkey":"21"' in line

    with (
        populated(6, 80, of=of_staffordshire) as few,
        populated(6, 80, of=lambda line: not of_staffordshire(line)) as many,
        empty_sink() as sink,
    ):
        for store in (few, many):
            take(sink, topics(), messages(all_published(store)))

        for view in VIEWS:
            if view in ("as_at", "delays"):  # of all cases together
                continue
            parts = [shown(store, view) for store in (few, many)]
            assert view in ("contradictions", "quarantine") or all(parts), view
            assert Counter(repr(row) for part in parts for row in part) == Counter(map(repr, shown(sink, view))), view


def test_any_order_and_any_number_of_copies_give_the_same(store: Store, records: list[SharedRecord]) -> None:
    """Two states of every case, in any order and batches, each perhaps twice: the later state stands."""
    random = Random(1)
    read_on(store, 50)
    chosen = store.connection.execute("select case_key from case_facts order by case_key limit 40").fetchall()
    with store.transaction() as connection:
        connection.executemany("update case_facts set holder_unit = 'changed' where case_key = ?", chosen)
        connection.executemany("insert into outgoing_cases values (?)", chosen)
    later = all_published(store)
    log = messages([*records, *later])
    for _ in range(3):
        arriving = random.sample(log * 2, len(log) * 2)
        with empty_sink() as sink:
            while arriving:
                batch = arriving[: random.randint(1, len(log))]
                take(sink, topics(), batch)
                del arriving[: len(batch)]

            assert differing(store, sink) == []


def test_a_case_that_is_gone_stays_gone(store: Store) -> None:
    """Its tombstone is newer than every state of it that comes late."""
    note_all(store)
    before = all_published(store)
    (key,) = store.connection.execute("select min(case_key) from case_facts").fetchall()[0]
    gone = f"c{key:016x}".encode()
    own = [record for record in before if record.key == gone]
    tombstone = SharedRecord(
        own[0].topic, gone, None, (("ce_sequence", b"99999999999999999999"[:18]),), own[0].partition
    )
    with empty_sink() as sink:
        take(sink, topics(), messages([*before, tombstone]))
        taken = take(sink, topics(), messages(own))

        assert (taken.changed, taken.gone, taken.old) == (0, 0, 1)
        assert {row[0] for row in shown(store, "cases")} - {row[0] for row in shown(sink, "cases")} == {gone.decode()}
        assert not [row for row in shown(sink, "timeline") if row[0] == gone.decode()]


def test_what_others_call_a_case_finds_it_here_too(store: Store, records: list[SharedRecord]) -> None:
    """The identifiers of a case lead to it, as in the store that published."""
    query = "select area, kind, value, case_key from identifiers where not is_hub order by all"
    with empty_sink() as sink:
        take(sink, topics(), messages(records))

        assert sink.connection.execute(query).fetchall() == store.connection.execute(query).fetchall()


def test_damage_takes_nothing_of_the_batch(records: list[SharedRecord]) -> None:
    """A flipped bit in a message, another schema, no version, another key: each is named with its place."""
    good = next(record for record in records if record.topic == "shared.decision-timeline")
    assert good.value is not None
    other_frame = b"\xc3\x01" + bytes(8) + good.value[10:]
    for bad in (
        good._replace(value=good.value[:-1]),
        good._replace(value=other_frame),
        good._replace(headers=()),
        good._replace(key=b"c0000000000000000"),
        good._replace(key=b"what"),
    ):
        with empty_sink() as sink:
            with pytest.raises(SharedLogError, match=r"shared\.decision-timeline\[\d+\]@1"):
                take(sink, topics(), messages([records[0], bad])[:2], [Position("t", 0, "id", 2)])

            assert shown(sink, "cases") == []
            assert sink.connection.execute("from log_positions").fetchall() == []


def test_positions_are_kept_with_the_rows(records: list[SharedRecord]) -> None:
    """The last ones that were given."""
    with empty_sink() as sink:
        take(sink, topics(), messages(records[:3]), [Position("t", 0, "id", 3)])
        take(sink, topics(), [], [Position("t", 0, "id", 5), Position("t", 1, "id", 1)])

        assert sink.connection.execute("from log_positions order by all").fetchall() == [
            ("t", 0, "id", 5),
            ("t", 1, "id", 1),
        ]


def test_a_store_is_fed_with_events_or_with_shared_topics(store: Store) -> None:
    """Neither is taken for the other: a rebuild would lose what was shared."""
    from published import domain

    with pytest.raises(StoreError, match="filled from events"):
        open_shared(store, domain())
    with empty_sink() as sink:
        with pytest.raises(StoreError, match="shared topics"):
            open_domain(sink, domain())
        with pytest.raises(StoreError, match="shared topics"), past(sink, domain(), as_of=AS_OF, known_at=None):
            pass
    with open_memory_store() as fresh:
        open_shared(fresh, domain())
        open_shared(fresh, domain())
