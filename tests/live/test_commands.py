"""The live commands as a person uses them, on the real broker."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import typed
from brokers import RunningBroker, local_or_skip

LINES = [
    '{"specversion":"1.0","id":"1","source":"urn:example:police:rms","type":"police.crime.recorded",'
    '"time":"2026-03-02T10:15:00Z","partitionkey":"20","data":{"unit":"20PP","identifiers":{"crime_ref":"20/1/26"},'
    '"offence_group":"stalking"}}',
    '{"specversion":"1.0","id":"2","source":"urn:example:police:rms","type":"police.crime.recorded",'
    '"time":"2026-03-02","partitionkey":"20","data":{"unit":"20PP","identifiers":{"crime_ref":"20/2/26"}}}',
    "no json",
]


def run(*arguments: str, folder: Path, code: int = 0) -> str:
    """Run the command in a folder; its output and errors."""
    with chdir(folder):
        done = typed.run(*arguments, code=code)
    return done.stdout + done.stderr


def test_topics_are_made_checked_and_published_to(broker: RunningBroker, topic_prefix: str, tmp_path: Path) -> None:
    """What the catalogue refuses stays at home and is named; what was sent is not sent again."""
    to = ("--bootstrap", broker.bootstrap, "--topic-prefix", topic_prefix)
    (tmp_path / "events.jsonl").write_text("\n".join(LINES) + "\n")

    assert "`" + topic_prefix + "cps.case-events` is missing" in run(
        "topics", "check", *to, "--replication-factor", "1", folder=tmp_path, code=1
    )
    assert "10 created, 0 there already" in run("topics", "create", *to, "--replication-factor", "1", folder=tmp_path)
    assert "All 10 topics" in run("topics", "check", *to, "--replication-factor", "1", folder=tmp_path)
    # three copies are what the domain asks for
    assert "expected 3" in run("topics", "check", *to, folder=tmp_path, code=1)

    said = run("publish", "events.jsonl", *to, folder=tmp_path)
    assert "3 read, 1 published, 0 published before" in said
    assert "2 not published, because refused:" in said
    assert "bad_time; the first at events.jsonl:2: `time`" in said
    assert "not_json; the first at events.jsonl:3" in said
    assert "0 published, 1 published before" in run("publish", "events.jsonl", *to, folder=tmp_path)


def test_a_broker_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    """The events stay in the outbox; the command ends with 70 and says what to do."""
    (tmp_path / "events.jsonl").write_text(LINES[0] + "\n")

    said = run("publish", "events.jsonl", "--bootstrap", "127.0.0.1:1", "--wait", "1", folder=tmp_path, code=70)

    assert "1 event was not acknowledged by `127.0.0.1:1`" in said
    assert "stays in the outbox" in said


def test_what_the_broker_refuses_is_named_after_the_counts(
    broker: RunningBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Its topic was never made: the event stays in the outbox, and goes once the topic is there."""
    to = ("--bootstrap", broker.bootstrap, "--topic-prefix", topic_prefix)
    (tmp_path / "events.jsonl").write_text(LINES[0] + "\n")

    said = run("publish", "events.jsonl", *to, folder=tmp_path, code=70)
    assert "1 read, 1 taken into the outbox, 0 there before" in said
    assert "refused event `1` " in said
    assert "throughline topics create" in said

    run("topics", "create", *to, "--replication-factor", "1", folder=tmp_path)
    assert "0 published, 1 published before" in run("publish", "events.jsonl", *to, folder=tmp_path)


def test_the_demo_over_a_broker_gives_one_digest(tmp_path: Path) -> None:
    """Three publishers, a worker and a sink: the worker's stores are what a replay of the same files gives."""
    local_or_skip()

    # its processes take their environment and their end from one that is theirs
    done = subprocess.run(
        [sys.executable, "-m", "throughline", "demo", "--live", "--cases", "80", "--store", "board.duckdb"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    said = done.stdout + done.stderr

    assert done.returncode == 0, said
    assert "without a broker: equal" in said
    assert "One case: c" in said
    assert "never acknowledged" in said
