"""What a publisher's outbox promises: what it accepted is kept, once, whatever ends the process."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from throughline.errors import OutboxDamaged, OutboxError, OutboxFull, OutboxLocked
from throughline.schemas.wire.kafka_record import KafkaRecord
from throughline.sources.publish.account import Account
from throughline.sources.publish.feed_numbers import Feed
from throughline.sources.publish.outbox import Added, Outbox

DAY = 86_400


def record(
    number: int, *, source: str = "urn:s", sequence: str | None = None, said: str = "", area: str = "20"
) -> KafkaRecord:
    value = f"{number} {said}".encode()
    headers = [
        ("content-type", "application/avro"),
        ("ce_type", "t.v1"),
        ("ce_time", "2026-03-02T10:15:00Z"),
        *(("ce_id", f"e{number}"), ("ce_source", source), ("ce_contenthash", sha256(value).hexdigest())),
    ]
    if sequence is not None:
        headers.append(("ce_sequence", sequence))
    return KafkaRecord("t.events", area.encode(), tuple((name, text.encode()) for name, text in headers), value)


def sequences(outbox: Outbox) -> list[str]:
    return [dict(one.record.headers)["ce_sequence"].decode() for one in outbox.unsent()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


def test_what_was_added_waits_in_its_order(path: Path) -> None:
    given = [record(number, sequence=f"{number:03}") for number in range(5)]
    with Outbox(path) as outbox:
        assert outbox.add(given) == Added(new=5)

        assert [one.record for one in outbox.unsent()] == given
        assert [one.record for one in outbox.unsent(after=outbox.unsent()[1].place, limit=2)] == given[2:4]


def test_the_same_event_again_is_nothing_new(path: Path) -> None:
    """In the same batch, in another, after it was sent, and after another process opened the file."""
    with Outbox(path) as outbox:
        assert outbox.add([record(1), record(1)]) == Added(new=1, known=1)
        outbox.mark(sent=outbox.unsent())
        assert outbox.add([record(1), record(2)]) == Added(new=1, known=1)
    with Outbox(path) as outbox:
        assert outbox.add([record(1), record(2), record(3)]) == Added(new=1, known=2)
        assert sequences(outbox) == ["000000000002", "000000000003"]


def test_what_was_sent_since_a_time_waits_again(path: Path) -> None:
    """As it was, with the number that it had, and in its place; what was refused or waits is left alone."""
    with Outbox(path) as outbox:
        outbox.add([record(1), record(2), record(3)])
        first = outbox.unsent()
        outbox.mark(sent=first[:1], now=100)
        outbox.mark(sent=first[1:2], refused=[(first[2], "too large")], now=200)

        assert outbox.again(150) == 1
        assert (outbox.unsent(), outbox.waiting) == (first[1:2], 1)
        assert outbox.again() == 1
        assert (outbox.unsent(), outbox.waiting) == (first[:2], 2)


def test_what_was_sent_long_ago_and_deleted_is_sent_again_as_it_was(path: Path) -> None:
    """In its place, with its numbers: who lost it misses none. What the outbox still has waits again, too."""
    given = [record(1), record(2, area="21"), record(3), record(4, sequence="7", source="urn:other")]
    with Outbox(path) as outbox:
        outbox.add(given)
        first = outbox.unsent()
        outbox.mark(sent=first[:2], now=100)
        outbox.mark(sent=first[2:], now=100 + 8 * DAY)
        assert outbox.prune(now=100 + 8 * DAY) == 2
        assert outbox.again(0) == 2
        outbox.mark(sent=first[2:], now=100 + 8 * DAY)
    with Outbox(path) as outbox:
        assert outbox.add([*given, given[0], record(5)], again=True) == Added(new=1, known=5)
        assert outbox.unsent()[:4] == first
        assert sequences(outbox) == ["000000000001", "000000000002", "000000000003", "7", "000000000004"]
        assert outbox.waiting == 5
        outbox.mark(sent=outbox.unsent(), now=100 + 30 * DAY)
        assert outbox.prune(now=100 + 60 * DAY) == 5
        assert outbox.add(given) == Added(known=4)
        assert outbox.waiting == 0
    # each stands once on the list of what was sent
    with Account(path) as account:
        assert [one.event_id for one in account.shipments()] == ["e1", "e2", "e3", "e4", "e5"]
        assert account.is_whole


def test_what_waits_or_was_refused_waits_once(path: Path) -> None:
    """To send it again is to send it."""
    with Outbox(path) as outbox:
        outbox.add([record(1), record(2)])
        outbox.mark(refused=[(outbox.unsent()[1], "too large")])

        assert outbox.add([record(1), record(2)], again=True) == Added(known=2)
        assert (len(outbox.unsent()), outbox.waiting) == (1, 1)


def test_of_what_an_earlier_version_forgot_the_sequence_is_known(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.add([record(1), record(2)])
        outbox.mark(sent=outbox.unsent())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("delete from records where place = 2")
    with Outbox(path) as outbox:
        assert outbox.add([record(2)], again=True) == Added(known=1)
        assert sequences(outbox) == ["000000000002"]


def test_another_content_of_an_event_is_sent_too(path: Path) -> None:
    """It is for the steward to see that a source said two things under one id."""
    with Outbox(path) as outbox:
        outbox.add([record(1, said="this")])

        assert outbox.add([record(1, said="that")]) == Added(new=1)


def test_the_same_event_for_another_topic_is_another_record(path: Path) -> None:
    """As when the prefix of the topics changes."""
    one = record(1)
    with Outbox(path) as outbox:
        outbox.add([one])

        assert outbox.add([replace(one, topic="other.events")]) == Added(new=1)


def test_each_source_is_numbered_without_gaps(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.add([record(1), record(1, source="urn:other"), record(2)])
    with Outbox(path) as outbox:
        outbox.add([record(1), record(3)])

        assert sequences(outbox) == ["000000000001", "000000000001", "000000000002", "000000000003"]


def test_a_sequence_of_the_sources_own_stays(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.add([record(1, sequence="000041"), record(2), record(3, sequence="A7")])

        assert sequences(outbox) == ["000041", "000000000042", "A7"]


def test_only_what_was_acknowledged_is_sent(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.add(record(number) for number in range(3))
        first, second, third = outbox.unsent()
        outbox.mark(sent=[first], refused=[(second, "too large")])

        assert outbox.unsent() == [third]
        assert (outbox.waiting, outbox.feeds()[0].waiting) == (1, 1)
        assert outbox.retry_refused() == 1
        assert outbox.unsent() == [second, third]


def test_a_refusal_stands_in_the_file_with_the_reason_of_the_broker(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.add([record(1)])
        outbox.mark(refused=[(outbox.unsent()[0], "too large")])
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("select topic, refusal from records where state = 2").fetchall() == [
            ("t.events", "too large")
        ]


def test_a_feed_says_how_far_its_source_is(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.add([record(1), record(2, area="21"), record(3, source="urn:other", sequence="9")])
        outbox.mark(sent=outbox.unsent()[:1])
        expected = [
            Feed("urn:other", "t.events", "20", 9, 1),
            Feed("urn:s", "t.events", "20", 2, 1),
            Feed("urn:s", "t.events", "21", 2, 1),
        ]

        assert outbox.feeds() == expected
    with Outbox(path) as outbox:
        assert outbox.feeds() == expected


def test_pruning_forgets_records_and_not_events(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.add(record(number) for number in range(4))
        outbox.mark(sent=outbox.unsent()[:2], now=0)
        outbox.mark(sent=outbox.unsent()[:1], now=8 * DAY)

        assert outbox.prune(kept_days=7, now=8 * DAY) == 2
        assert outbox.add([record(0), record(1)]) == Added(known=2)
        assert outbox.waiting == len(outbox.unsent()) == 1
        assert outbox.prune(kept_days=7, now=16 * DAY) == 1
        outbox.add([record(9)])
        assert sequences(outbox) == ["000000000004", "000000000005"]


def test_more_than_the_limit_is_refused_whole(path: Path) -> None:
    with Outbox(path, limit=3) as outbox:
        outbox.add([record(1)])

        with pytest.raises(OutboxFull, match="4 records to send, more than 3"):
            outbox.add(record(number) for number in range(2, 5))
        assert outbox.waiting == 1
        outbox.add([record(2)])
        assert sequences(outbox) == ["000000000001", "000000000002"]


def test_what_was_accepted_survives_a_kill(path: Path) -> None:
    """A process is killed while it adds: every batch that it said was accepted is there, numbered without a gap."""
    child = subprocess.Popen(
        [sys.executable, "-c", _ADDS_UNTIL_KILLED, str(path), str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        accepted = [int(child.stdout.readline()) for _ in range(30)]
        child.send_signal(signal.SIGKILL)
        accepted += [int(line) for line in child.stdout]

    with Outbox(path) as outbox:
        waiting = outbox.unsent(limit=100_000)
        ids = {dict(one.record.headers)["ce_id"] for one in waiting}
        assert ids >= {f"e{number * 10 + i}".encode() for number in accepted for i in range(10)}
        assert len(waiting) % 10 == 0
        assert [int(dict(one.record.headers)["ce_sequence"]) for one in waiting] == list(range(1, len(waiting) + 1))


_ADDS_UNTIL_KILLED = """
import sys
from itertools import count
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_outbox import record
from throughline.sources.publish.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]))
for batch in count():
    outbox.add([record(batch * 10 + i) for i in range(10)])
    print(batch, flush=True)
"""


def test_an_outbox_can_be_read_while_it_is_written(path: Path) -> None:
    """As it stood when it was opened, by whoever may read the file; nothing of it changes."""
    with Outbox(path) as outbox:
        outbox.add([record(1), record(2)])
        outbox.mark(sent=outbox.unsent(limit=1), now=100)
        with Account(path) as account:
            outbox.add([record(3)])
            outbox.mark(sent=outbox.unsent(limit=1), now=200)

            assert [(one.event_id, one.state) for one in account.shipments()] == [("e1", "sent"), ("e2", "waiting")]
            assert (account.waiting, account.is_whole) == (1, True)
        with Account(path) as account:
            assert [one.state for one in account.shipments()] == ["sent", "sent", "waiting"]
        outbox.prune(kept_days=0)
    with Account(path) as account:
        assert [one.event_id for one in account.shipments()] == ["e1", "e2", "e3"]


def test_a_second_process_is_kept_out(path: Path) -> None:
    with Outbox(path):
        opened = subprocess.run(
            [sys.executable, "-c", _OPENS, str(path)], capture_output=True, text=True, check=False
        ).stdout
        assert opened.startswith("OutboxLocked: Another process is using the outbox")
        with pytest.raises(OutboxLocked):
            Outbox(path)
    Outbox(path).close()


_OPENS = """
import sys
from pathlib import Path
from throughline.errors import ThroughlineError
from throughline.sources.publish.outbox import Outbox
try:
    Outbox(Path(sys.argv[1]))
except ThroughlineError as error:
    print(f"{type(error).__name__}: {error}")
"""


def test_a_full_disk_loses_nothing(path: Path) -> None:
    """SQLite's own limit of pages stands for the disk."""
    with Outbox(path) as outbox:
        outbox.add([record(1)])
        pages = outbox._connection.execute("pragma page_count").fetchone()[0]
        outbox._connection.execute(f"pragma max_page_count = {pages}")
        with pytest.raises(OutboxFull, match=r"disk of the outbox .* is full"):
            outbox.add([record(2, said="x" * 100_000)])
        outbox._connection.execute("pragma max_page_count = 1000000")

        assert outbox.add([record(1), record(2)]) == Added(new=1, known=1)
        assert sequences(outbox) == ["000000000001", "000000000002"]


@pytest.mark.parametrize("damage", ["cut", "noise", "text"])
def test_a_damaged_file_is_named(path: Path, damage: str) -> None:
    with Outbox(path) as outbox:
        outbox.add(record(number, said="x" * 100) for number in range(1000))
    content = path.read_bytes()
    path.write_bytes({"cut": content[:5000], "noise": content[:100] + b"\xa5" * 60_000, "text": b"hello " * 99}[damage])

    with pytest.raises(OutboxDamaged, match=r"`.*outbox\.sqlite` is damaged, or not an outbox"), Outbox(path) as outbox:
        outbox.unsent(limit=10_000)


def test_a_file_that_is_something_else_is_left_alone(path: Path, tmp_path: Path) -> None:
    sqlite3.connect(path).executescript("create table mine (a); insert into mine values (1);")

    with pytest.raises(OutboxDamaged, match="is a database, but not an outbox"):
        Outbox(path)
    with pytest.raises(OutboxError, match="not a regular file"):
        Outbox(tmp_path)
    with pytest.raises(OutboxError, match="does not exist"):
        Outbox(tmp_path / "nowhere" / "outbox.sqlite")


def test_an_outbox_of_a_newer_version_is_left_alone(path: Path) -> None:
    Outbox(path).close()
    connection = sqlite3.connect(path)
    connection.execute("pragma user_version = 99")
    connection.close()

    with pytest.raises(OutboxError, match="newer version"):
        Outbox(path)
