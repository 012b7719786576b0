"""What stewards decide on records in quarantine: a function of the set of their actions, whatever came when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from england_wales import england_wales
from histories import Event, act, batches, shuffled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joined import batch_of, emptied, filled
from quarantined import groups, records

from throughline.errors import DataError, InfrastructureError, UsageError
from throughline.quality.stewardship.desk import Desk
from throughline.quality.stewardship.quarantine import assign, discard, restore
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.quarantine.records import show
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.batch import join
from throughline.streams.join.rebuild import open_domain, rebuild
from throughline.streams.join.replay import replay

MORNING = datetime.fromisoformat("2026-07-01T06:00")


@cache
def acts_store() -> Store:
    store = open_memory_store()
    open_domain(store, england_wales())
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two records that are no JSON, and two copies of an event in conflict."""
    good = {
        "specversion": "1.0",
        "id": "1",
        "source": "urn:throughline:police:20:rms",
        "type": "police.crime.recorded",
        "time": "2026-03-02T10:15:00Z",
        "partitionkey": "20",
        "data": {"unit": "20PP", "identifiers": {"crime_ref": "20/000123/26"}, "offence_group": "stalking"},
    }
    copies = [orjson.dumps(good), orjson.dumps(good | {"time": "2026-03-02T11:15:00Z"})]
    (tmp_path / "bad.jsonl").write_bytes(b"\n".join([b"{", b"[", *copies]))
    with open_memory_store() as made:
        replay(made, england_wales(), [tmp_path / "bad.jsonl"], received_at=MORNING)
        yield made


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, england_wales(), tmp_path / "steward.jsonl", "20", MORNING, "o-5b20d4aa")


def ids(store: Store, reason: str = "not_json") -> list[int]:
    return [record.quarantine_id for record in records(store.connection, reason=reason)]


def open_and_discarded(store: Store) -> tuple[int, int]:
    (group,) = [group for group in groups(store.connection) if group.reason == "not_json"]
    return group.records, group.discarded


def decided(store: Store) -> list[Any]:
    return store.connection.execute("from quarantine_acts order by all").fetchall()


NAMES = {
    "discarded": {"reason_code": ("test_record", "duplicate")},
    "restored": {},
    "assigned": {"assignee_role": ("publisher", "mapping")},
}


@st.composite
def some_acts(draw: st.DrawFn) -> list[Event]:
    """Acts on two records, several at one time, some written down or numbered, some published twice or otherwise."""
    made: list[Event] = []
    for number in range(draw(st.integers(1, 10))):
        name = draw(st.sampled_from(sorted(NAMES)))
        said = {key: draw(st.sampled_from(values)) for key, values in NAMES[name].items()}
        at = MORNING + timedelta(hours=draw(st.integers(0, 2)))
        one = act(f"quarantine.{name}", at, id=f"s{number}", quarantine_id=draw(st.sampled_from(["1", "2"])), **said)
        one["recorded_at"] = draw(st.sampled_from([None, at, at + timedelta(hours=1)]))
        one["sequence"] = draw(st.sampled_from([None, "1", "2"]))
        made.append(one | {"position": number})
        if draw(st.integers(0, 9)) == 0:
            made.append(one | {"occurred_at": at + timedelta(hours=3), "origin": "otherwise"})
    return made


def expected(acts: list[Event]) -> list[tuple[Any, ...]]:
    """The same, act by act in order; an act of which two contents were published says nothing."""
    contents: dict[str, set[str]] = {}
    for one in acts:
        contents.setdefault(one["id"], set()).add(str((one["occurred_at"], one["data"])))
    standing = {one["id"]: one for one in acts if len(contents[one["id"]]) == 1}
    found: dict[int, list[Any]] = {}
    for one in sorted(standing.values(), key=_order):
        data = orjson.loads(one["data"])
        row = found.setdefault(int(data["quarantine_id"]), [False, None, None, None])
        name = one["type"].removeprefix("steward.quarantine.")
        if name == "assigned":
            row[2] = data["assignee_role"]
        else:
            row[0], row[1] = name == "discarded", data.get("reason_code")
    return sorted((quarantine_id, *row) for quarantine_id, row in found.items())


def _order(one: Event) -> tuple[Any, ...]:
    late = MORNING + timedelta(days=9999)
    asked = [one["area"], one["source"], one["id"]]
    (key,) = acts_store().connection.execute("select event_key_of(?, ?, ?)", asked).fetchone() or (0,)
    return (one["occurred_at"], one["recorded_at"] or late, one["sequence"] is None, one["sequence"] or "", key)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=some_acts(), random=st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(acts: list[Event], random: Random) -> None:
    """Any order, batching and copies give the state that the latest acts say; a rebuild gives it, too."""
    store = emptied(acts_store())
    filled(store, batches(shuffled([*acts, *acts[:2]], random), random, longest=4))

    assert decided(store) == expected(acts)
    rebuild(store, england_wales())
    assert decided(store) == expected(acts)


def test_an_act_that_is_taken_back_by_another_content_says_nothing() -> None:
    """Be it that the other content is of another type, which is none of a steward's."""
    store = emptied(acts_store())
    said = act("quarantine.discarded", MORNING, id="s1", quarantine_id="7", reason_code="duplicate")
    join(store, batch_of([said]), MORNING)
    assert decided(store) == [(7, True, "duplicate", None, None)]
    join(store, batch_of([said | {"type": "police.crime.recorded", "data": "{}"}]), MORNING)
    assert decided(store) == []


def test_an_id_that_is_no_number_is_of_no_record() -> None:
    """The act is kept, and decides nothing."""
    store = emptied(acts_store())
    join(store, batch_of([act("quarantine.discarded", MORNING, id="s1", quarantine_id="x", reason_code="a")]), MORNING)
    assert decided(store) == []


def test_what_is_discarded_is_not_open_until_it_is_restored(store: Store, desk: Desk) -> None:
    """The record stays where it is; it is not replayed meanwhile, and its group does not count it as open."""
    first, second = ids(store)
    before = decided(store)
    discard(desk, [first], reason_code="test_record")

    assert open_and_discarded(store) == (1, 1)
    assert (show(store.connection, first).discarded, show(store.connection, first).reason_code) == (True, "test_record")
    assert show(store.connection, second).discarded is False

    restore(replace(desk, at=MORNING + timedelta(hours=1)), [first])

    assert open_and_discarded(store) == (2, 0)
    assert before == []
    assert [(row[1], row[2]) for row in decided(store)] == [(False, None)]


def test_who_is_to_see_to_what(store: Store, desk: Desk) -> None:
    """The latest assignment counts; groups count what is open by assignee."""
    first, second = ids(store)
    assign(desk, [first, second], role="publisher")
    assign(replace(desk, at=MORNING + timedelta(hours=1)), [first], role="mapping", assignee="o-7c31e0bd")

    (group,) = [group for group in groups(store.connection) if group.reason == "not_json"]
    assert group.assigned == {"mapping o-7c31e0bd": 1, "publisher": 1}


def test_the_outbox_gives_the_same_state_elsewhere(store: Store, desk: Desk) -> None:
    """What was written is what was accepted: replaying it changes nothing here, and brings it all there."""
    desk.outbox.write_bytes(b'{"an":"older line"}')  # whose end is missing
    first, second = ids(store)
    assert discard(desk, [first, second, first], reason_code="duplicate") == 2
    assign(desk, [first], role="publisher")

    lines = desk.outbox.read_bytes().splitlines()
    assert len(lines) == 4
    assert {orjson.loads(line)["partitionkey"] for line in lines[1:]} == {"20"}
    assert replay(store, england_wales(), [desk.outbox]).duplicate == 3
    assert store.connection.execute("from duplicates").fetchall() == []
    with open_memory_store() as other:
        replay(other, england_wales(), [desk.outbox])
        assert decided(other) == decided(store)


def test_what_is_refused_leaves_neither_event_nor_line(store: Store, desk: Desk, tmp_path: Path) -> None:
    """A conflict, an id that is not there, a reason that the catalogue lacks, an unknown area, a file that is none."""
    first = ids(store)[0]

    def refused(
        error: type[Exception], match: str, quarantine_id: int = first, reason_code: str = "duplicate", **other: Any
    ) -> None:
        with pytest.raises(error, match=match):
            discard(replace(desk, **other), [quarantine_id], reason_code=reason_code)

    refused(UsageError, "conflicts resolve", ids(store, "conflict")[0])
    refused(DataError, "quarantine list", 7)
    refused(UsageError, "reason_code", reason_code="because")
    refused(UsageError, "refuses the action", area="no area")
    refused(UsageError, "never by name", officer="Jane Doe")
    refused(InfrastructureError, "--events", outbox=tmp_path)
    refused(InfrastructureError, "--events", outbox=tmp_path / "absent" / "steward.jsonl")
    with pytest.raises(UsageError, match="never by name"):
        assign(desk, [first], role="publisher", assignee="J. Doe")
    with pytest.raises(UsageError, match="has no event type"):
        restore(replace(desk, domain=load_domain(desk.domain.path.parent / "road_fines")), [first])

    assert decided(store) == []
    assert not desk.outbox.exists()


def test_an_action_has_to_come_to_the_store_of_its_record(store: Store, desk: Desk) -> None:
    """A worker's store is that of one partition number: an area of another would bring it to another store."""
    with store.transaction() as connection:
        connection.execute("insert into log_positions values ('police.case-events', 99, 'x', 0)")
    with pytest.raises(UsageError, match="--area"):
        restore(desk, ids(store))
