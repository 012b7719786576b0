"""`throughline doctor`: of each part how it is, what to do, and an exit code that a script can go by."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from brokers import RunningBroker
from typed import run

from throughline.doctor.machine import look_at_disks, look_at_java, look_at_python
from throughline.schemas.wire.kafka_record import KafkaRecord
from throughline.sinks.store import open_store
from throughline.sources.publish.outbox import Outbox


def states(said: str) -> dict[str, str]:
    """The state of each part, by its name."""
    lines = [line for line in said.splitlines() if not line.startswith(" ")]
    return {line[11:19].strip(): line[:11].strip() for line in lines}


def record(number: int) -> KafkaRecord:
    said = {"ce_id": f"e{number}", "ce_source": "urn:s", "ce_contenthash": f"{number}", "ce_type": "t.v1"}
    return KafkaRecord("t", b"20", tuple((name, text.encode()) for name, text in said.items()), b"{}")


def test_with_nothing_named_only_the_machine_is_looked_at() -> None:
    found = states(run("doctor").stdout)

    assert found["python"] == "ok"
    assert {found[part] for part in ("broker", "store", "outbox")} == {"not asked"}


def test_a_broker_without_its_topics_and_then_with_them(
    broker: RunningBroker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = ("--bootstrap", broker.bootstrap, "--topic-prefix", topic_prefix, "--replication-factor", "1")

    missing = run("doctor", *to, code=70).stdout
    assert (states(missing)["broker"], states(missing)["topics"], states(missing)["clock"]) == ("ok", "wrong", "ok")
    assert "is missing" in missing
    assert "throughline topics create" in missing

    run("topics", "create", *to)
    assert states(run("doctor", *to).stdout)["topics"] == "ok"

    late = time.time() - 100
    monkeypatch.setattr(time, "time", lambda: late)
    said = run("doctor", *to, code=70).stdout
    assert states(said)["clock"] == "wrong"
    assert "seconds ahead of this machine's" in said


def test_a_broker_that_is_away_is_told_once() -> None:
    said = run("doctor", "--bootstrap", "127.0.0.1:1", code=70).stdout

    assert states(said)["broker"] == "wrong"
    assert "clock" not in states(said)
    assert "No broker answers at 127.0.0.1:1" in said


def test_a_store_that_opens_is_written_is_missing_or_is_damaged(tmp_path: Path) -> None:
    store = tmp_path / "cases.duckdb"
    with open_store(store, write=True):
        assert "open for writing" in run("doctor", "--store", store).stdout
    assert "opens: schema version" in run("doctor", "--store", store).stdout

    assert states(run("doctor", "--store", tmp_path / "none.duckdb", code=1).stdout)["store"] == "wrong"
    store.write_bytes(b"nothing of a store" * 1000)
    assert states(run("doctor", "--store", store, code=70).stdout)["store"] == "wrong"


def test_an_outbox_says_what_waits_and_what_was_refused(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with Outbox(path) as outbox:
        outbox.add([record(1), record(2), record(3)])
        first, second, _ = outbox.unsent()
        outbox.mark(sent=[first], refused=[(second, "too large")])
        assert states(run("doctor", "--outbox", path).stdout)["outbox"] == "look"
    said = run("doctor", "--outbox", path).stdout

    assert "1 waiting, 1 refused by the broker, 0 refused before they were sent" in said
    assert "publish --outbox" in said
    assert "reconcile --each" in said
    with Outbox(path) as outbox:
        outbox.mark(sent=outbox.unsent())
    with closing(sqlite3.connect(path)) as file:
        file.execute("delete from records where state = 2")
        file.commit()
    assert states(run("doctor", "--outbox", path).stdout)["outbox"] == "ok"
    assert states(run("doctor", "--outbox", tmp_path / "none.sqlite", code=1).stdout)["outbox"] == "wrong"
    assert not (tmp_path / "none.sqlite").exists()

    path.write_bytes(b"nothing of an outbox" * 1000)
    assert states(run("doctor", "--outbox", path, code=70).stdout)["outbox"] == "wrong"


def test_a_machine_that_lacks_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Java is for a broker on this machine alone; a disk is named once, however many folders are on it."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    assert [one.state for one in look_at_java()] == ["look"]
    assert [one.exit_code for one in look_at_python((3, 10))] == [1]
    assert [one.state for one in look_at_disks([tmp_path, tmp_path / "to" / "come"], 0, 0)] == ["ok"]
    assert [one.exit_code for one in look_at_disks([tmp_path], 2**62)] == [70]
    assert [one.state for one in look_at_disks([tmp_path], 0, 2**62)] == ["look"]
