"""What is said of a feed before it goes live, given its records."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from brokers import RunningBroker

from throughline.errors import UsageError
from throughline.quality.conformity.feed import read_topic, store_for
from throughline.quality.conformity.judgement import Judgement, judge_feed
from throughline.quality.conformity.report import as_json, as_page, as_text, late
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.sinks.store import open_memory_store
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import Publisher
from throughline.streams.join.replay import replay
from throughline.streams.log.broker_topics import create_topics

DOMAIN = load_domain()
SOURCE = "urn:example:police:20:rms"


def crime(number: int, **more: Any) -> dict[str, Any]:
    """A crime, recorded an hour after it happened; `data` adds to its data."""
    data = {"unit": "20PP", "identifiers": {"crime_ref": f"20/{number}/26"}, "offence_group": "stalking"}
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": SOURCE,
        "type": "police.crime.recorded",
        "time": "2026-03-02T10:00:00Z",
        "recordedtime": "2026-03-02T11:00:00Z",
        "partitionkey": "20",
        "sequence": str(number),
        "data": data | more.pop("data", {}),
    } | more


FEED = [
    crime(1),
    crime(1),  # a copy
    crime(2, data={"officer": "o-5b20d4aa"}),
    crime(3, revision=1),
    crime(3, revision=2, data={"offence_group": "harassment"}),
    crime(4, data={"identifiers": {"crime_ref": "UNKNOWN", "urn": "20PP0000426"}}),
    crime(7, recordedtime="2026-03-22T10:00:00Z"),  # 5 and 6 are missing
    crime(8, data={"offence_group": "theft of a bicycle"}),
    crime(9, data={"unit": "20PQ"}),
    crime(9, data={"unit": "20PR"}),  # another thing of the same id
]


def judged(folder: Path, events: list[dict[str, Any]]) -> Judgement:
    file = folder / "feed.jsonl"
    file.write_bytes(b"\n".join(map(orjson.dumps, events)))
    with open_memory_store() as store:
        counts = replay(store, DOMAIN, [file])
        return judge_feed(store.connection, DOMAIN, file.name, counts.read, counts.duplicate)


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    return judged(tmp_path_factory.mktemp("feed"), FEED)


def test_every_record_is_counted_as_what_it_was(feed: Judgement) -> None:
    assert (feed.read, feed.copies, feed.refused, feed.in_conflict) == (10, 1, 1, 1)
    (row,) = feed.types
    assert row["type"] == "police.crime.recorded"
    assert (row["events"], row["superseded"], row["in_conflict"], row["copies"]) == (8, 1, 2, 1)


def test_times_numbers_and_identifiers_are_counted(feed: Judgement) -> None:
    """Seven of eight were written down within the hour, one after twenty days."""
    (row,) = feed.types
    assert (row["instants"], row["recorded"], row["timed"], row["in_time"]) == (8, 8, 8, 7)
    assert row["late_half"] == 3600
    assert (row["without_identifier"], row["with_unit"]) == (0, 8)
    kinds = {one["kind"]: (one["events"], one["numbers"], one["placeholders"]) for one in feed.identifiers}
    assert kinds == {"crime_ref": (5, 5, 1), "urn": (1, 1, 0)}
    (source,) = feed.feeds
    assert (source["source"], source["sequence_gaps"]) == (SOURCE, 3)


def test_fields_are_counted_and_restricted_ones_named(feed: Judgement) -> None:
    filled = {row["field"]: row["filled"] for row in feed.fields}
    assert (filled["offence_group"], filled["officer"], filled["due_at"]) == (8, 1, 0)
    assert [row["field"] for row in feed.restricted] == ["officer"]
    assert {"due_at", "victim"} <= {row["field"] for row in feed.never_filled}


def test_what_breaks_the_agreement_is_said_and_what_is_to_be_settled(feed: Judgement) -> None:
    """England and Wales: at most 1 % refused, no number missing, 95 % written down within seven days."""
    assert feed.verdict == "does not conform"
    said = " ".join(one.what for one in feed.faults)
    assert "11.1% of 9 records refused; agreed are 1.0% at most" in said
    assert "1 event says different things under one id" in said
    assert f"3 numbers are missing in the sequence of `{SOURCE}`" in said
    assert "87.5% of events were written down within 7 days; agreed are 95.0% at least" in said
    assert any("officer" in one.what for one in feed.points)


def test_feed_that_keeps_to_it_conforms(tmp_path: Path) -> None:
    clean = judged(tmp_path, [crime(1), crime(2), crime(3)])
    assert clean.faults == ()
    assert clean.verdict.startswith("conforms")


def test_feed_without_an_event_does_not_conform(tmp_path: Path) -> None:
    nothing = judged(tmp_path, [crime(1, data={"offence_group": "theft"})])
    assert [one.what for one in nothing.faults] == ["No event could be accepted."]


def test_reports_say_all_of_it_and_nothing_that_a_record_says(feed: Judgement) -> None:
    text, page, said = as_text(feed), as_page(feed), json.loads(as_json(feed))
    assert said["verdict"] == "does not conform"
    assert said["types"][0]["events"] == 8
    for report in (text, page, json.dumps(said)):
        assert "police.crime.recorded" in report
        assert "bad_field" in report or "Bad field" in report
        assert not re.search(r"bicycle|20PP0000426|20/7/26|o-5b20d4aa|20PQ", report)
    assert not re.search(r"https?:|<script|<link", page)


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (5, "5 s"), (90, "1.5 min"), (7200, "2 h"), (86_400 * 3.5, "3.5 d")]
)
def test_lateness_is_said_for_people(seconds: float | None, text: str) -> None:
    assert late(seconds) == text


@pytest.fixture
def published(broker: RunningBroker, topic_prefix: str, tmp_path: Path) -> str:
    """The good ones of the feed on a topic of a broker."""
    topics = load_topics(DOMAIN, prefix=topic_prefix, replication=1)
    create_topics(broker.bootstrap, topics)
    events = events_from_json_lines(list(map(orjson.dumps, FEED)), DOMAIN, "", 1).events
    with (
        Outbox(tmp_path / "outbox.sqlite") as outbox,
        Publisher(broker.bootstrap, topics, DOMAIN, outbox) as publisher,
    ):
        publisher.publish(events)
        assert publisher.flush(60) == 0
    return broker.bootstrap


def test_topic_is_read_as_a_file_is(published: str, topic_prefix: str) -> None:
    """But for what was never published: the refused record, and the copy that the outbox knew."""
    topics = load_topics(DOMAIN, prefix=topic_prefix, replication=1)
    with store_for(DOMAIN) as store:
        counts = read_topic(store, DOMAIN, topics, f"{topic_prefix}police.case-events", published)
        kept = store.connection.execute("select event_id from dated_events order by all").fetchall()
        with pytest.raises(UsageError, match="no topic of case events"):
            read_topic(store, DOMAIN, topics, "shared.alerts", published)
    assert (counts.read, counts.duplicate) == (8, 0)
    assert [one for (one,) in kept] == ["e1", "e2", "e3", "e3", "e4", "e7", "e9", "e9"]
