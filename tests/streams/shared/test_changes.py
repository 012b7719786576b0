"""What waits to be published is said once, is not lost by a dying process, and is taken back when it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from published import AS_OF, all_published, domain, note_all, populated, read_on, shown, topics

from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.wire.cloudevents import from_kafka
from throughline.sinks.schema import meta, set_meta
from throughline.sinks.store import Store
from throughline.streams.join.rebuild import open_domain
from throughline.streams.shared.changes import outgoing, published

TIMELINE, HANDOFFS, ALERTS = "shared.decision-timeline", "shared.handoffs", "shared.alerts"


@pytest.fixture
def store() -> Iterator[Store]:
    with populated(seed=3, cases=40) as found:
        yield found


def waiting(store: Store) -> int:
    (found,) = store.connection.execute(
        "select (select count(*) from outgoing_cases) + (select count(*) from outgoing_quarantine)"
    ).fetchall()[0]
    return int(found)


def test_every_message_is_a_cloudevent_in_the_partition_of_its_area(store: Store) -> None:
    """With one id, source, type and version each; the sources are one store."""
    records = all_published(store)
    areas = dict(store.connection.execute("select case_id, area from cases").fetchall())

    for record in records:
        ((event, _, _),) = from_kafka(record.headers, record.value, 1 << 30)
        assert not isinstance(event, Reject)
        assert event["source"] == f"urn:throughline:{store.store_id}"
        assert event["sequence"] == f"{100:020}"
        assert event["type"].endswith(".changed.v1")
        if record.topic == TIMELINE:
            assert event["id"] == f"{record.key.decode()}@100"
            assert record.partition == topics().partition_of(areas[record.key.decode()])
    assert {record.topic for record in records} == {topic.name for topic in topics().shared.values()}
    assert len({(record.topic, record.key) for record in records}) == len(records)


def test_what_was_not_noted_as_published_is_said_again(store: Store) -> None:
    """Killed between the two: the same messages."""
    first = outgoing(store, topics(), limit=10_000, as_of=AS_OF)
    second = outgoing(store, topics(), limit=10_000, as_of=AS_OF)
    assert first.records == second.records

    published(store, second)
    assert waiting(store) == 0
    assert outgoing(store, topics(), limit=10_000, as_of=AS_OF).records == []


def test_a_few_at_a_time_is_the_same_as_all(store: Store) -> None:
    """Every case and alert once, whatever the limit."""
    few = all_published(store, limit=7)
    note_all(store)
    with store.transaction() as connection:
        for table in ("published_handoffs", "published_alerts", "alerts_until"):
            connection.execute(f"delete from {table}")

    assert sorted(few) == sorted(all_published(store))


def test_a_case_that_changes_meanwhile_stays_on_the_list(store: Store) -> None:
    """Noted between reading and acknowledgement, perhaps where it was noted before."""
    ours = outgoing(store, topics(), limit=10_000, as_of=AS_OF)
    (key,) = store.connection.execute("select min(case_key) from case_facts").fetchall()[0]
    with store.transaction() as connection:
        connection.execute("insert into outgoing_cases select ? from range(3)", [key])
    store.checkpoint()
    published(store, ours)

    assert store.connection.execute("from outgoing_cases").fetchall() == [(key,)]
    assert [record.key for record in all_published(store)] == [f"c{key:016x}".encode()]


def test_what_is_gone_is_taken_back(store: Store) -> None:
    """A case that went into another: it, its handoffs and its alerts."""
    all_published(store)
    (key,) = store.connection.execute(
        "select case_key from handoff_facts where case_key in (select case_key from clock_facts) order by 1 limit 1"
    ).fetchall()[0]
    case = f"c{key:016x}"
    (handoffs,) = store.connection.execute("select count(*) from handoffs where case_id = ?", [case]).fetchall()[0]
    alerts = [row[0].encode() for row in shown(store, "alerts") if row[2] == case]
    tables = ("case_facts", "holding_facts", "handoff_facts", "clock_facts", "contact_facts", "telling_facts")
    read_on(store, 1)
    with store.transaction() as connection:
        for table in (*tables, "claim_facts", "contradiction_facts"):
            connection.execute(f"delete from {table} where case_key = ?", [key])
        connection.execute("insert into outgoing_cases values (?)", [key])
    records = all_published(store)

    assert all(record.value is None for record in records)
    assert [record.key for record in records if record.topic == TIMELINE] == [case.encode()]
    assert len([record for record in records if record.topic == HANDOFFS]) == handoffs > 0
    assert sorted(record.key for record in records if record.topic == ALERTS) == sorted(alerts)
    assert {dict(record.headers)["ce_sequence"] for record in records} == {f"{101:020}".encode()}
    assert len({record.partition for record in records}) == 1


def test_a_record_that_leaves_quarantine_is_taken_back(store: Store) -> None:
    """Nobody notes it: what was said and is not there any more is found. Its alert goes too."""
    all_published(store)
    conflicts = store.connection.execute("select quarantine_id from quarantined where reason = 'conflict'").fetchall()
    with store.transaction() as connection:
        connection.execute("delete from quarantined where reason = 'conflict'")
    records = all_published(store)

    gone = sorted(record.key.decode() for record in records if record.topic == "shared.quarantine")
    assert gone == sorted(f"{quarantine_id:016x}" for (quarantine_id,) in conflicts)
    assert gone
    assert {record.value for record in records} == {None}
    assert {record.topic for record in records} == {"shared.quarantine", ALERTS}


def test_the_alert_of_a_conflict_is_taken_back_when_a_steward_decides(store: Store) -> None:
    """Although the copy that does not stand stays in quarantine, and whether or not the case of the event is said."""
    all_published(store)
    find = "select alert_id, subject from alerts where kind = 'conflict' order by subject limit 1"
    ((alert_id, subject),) = store.connection.execute(find).fetchall()
    with store.transaction() as connection:
        ((key, content_hash),) = connection.execute(
            "select event_key, min(content_hash) from quarantined "
            "where reason = 'conflict' and concat_ws(' ', source, event_id) = ? group by event_key",
            [subject],
        ).fetchall()
        connection.execute("insert into resolutions values (?, ?)", [key, content_hash])
        connection.execute(
            "update events e set standing = 'stands', case_key = (select min(case_key) from case_facts) "
            "where event_key = ? and content_hash_of(e) = ?",
            [key, content_hash],
        )
        connection.execute("delete from quarantined where event_key = ? and content_hash = ?", [key, content_hash])
    records = all_published(store)

    assert [record.key.decode() for record in records if record.topic == ALERTS] == [alert_id]
    assert {record.value for record in records} == {None}


def test_cases_of_which_others_may_see_less_are_said_again(store: Store) -> None:
    """The officer before is restricted. A store of before there was a list of what others may see had shared it."""
    all_published(store)
    found = store.connection.execute("select distinct case_key from events where data like '%\"from_officer\"%'")
    cases = {f"c{key:016x}".encode() for (key,) in found.fetchall() if key is not None}
    with store.transaction() as connection:
        connection.execute(
            "update shareable_fields set fields = list_append(fields, 'from_officer') "
            "where type = 'police.officer.reassigned'"
        )
        kept = json.loads(meta(connection)["rules"]) | {"shareable_fields": "other"}
        set_meta(connection, "rules", json.dumps(kept))
    open_domain(store, domain())
    records = all_published(store)

    assert {record.key for record in records} == cases != set()
    assert {record.topic for record in records} == {TIMELINE}
    assert all(b"from_officer" not in (record.value or b"") for record in records)


def test_time_alone_raises_alerts(store: Store) -> None:
    """At every moment what was said is what stands; nothing but alerts is said, and each once."""
    as_of = datetime(2026, 1, 1)  # noqa: DTZ001 - UTC without zone
    all_published(store, as_of)
    standing = {row[0] for row in shown(store, "alerts", as_of)}
    for _ in range(6):
        as_of += timedelta(days=30)
        records = all_published(store, as_of, limit=5)
        said = {record.key.decode() for record in records if record.value is not None}

        assert {record.topic for record in records} <= {ALERTS}
        assert len(records) == len({record.key for record in records})
        expected = {row[0] for row in shown(store, "alerts", as_of)}
        assert said == expected - standing
        assert {record.key.decode() for record in records if record.value is None} == standing - expected
        standing = expected
    kept = {row[0] for row in store.connection.execute("select alert_id from published_alerts").fetchall()}
    assert kept == standing
    assert all_published(store, as_of - timedelta(days=90)) == []


def test_alerts_are_what_the_other_views_say(store: Store) -> None:
    """Overdue clocks, broken promises, files in limbo and decisions untold, each counted where it is shown."""
    shown(store, "alerts")

    def one(query: str) -> int:
        return int(store.connection.execute(query).fetchall()[0][0])

    for kind, query in {
        "clock_overdue": "from clocks where state = 'overdue'",
        "contact_broken": "from contacts where state = 'broken'",
        "limbo_unacknowledged": "from handoffs where received_at is null and ended_at is null "
        "and waiting_seconds > 14 * 86400",
        "decision_not_told": "from tellings, as_at where class = 'not_told' "
        "and as_of > coalesce(effect_at, decided_at + interval 14 day)",
        "each_points_at_other": "from contradictions where to_at is null and kind = 'each_points_at_other'",
        "both_claim": "from contradictions where to_at is null and kind = 'both_claim'",
        "conflict": "from (select distinct source, event_id from quarantine where reason = 'conflict')",
    }.items():
        assert one(f"select count(*) from alerts where kind = '{kind}'") == one(f"select count(*) {query}"), kind
    assert one("select count(distinct alert_id) from alerts") == one("select count(*) from alerts") > 0
