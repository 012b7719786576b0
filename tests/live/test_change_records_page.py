"""The commands of docs/how-to/change-records.md, as they stand there: from a connector's topic to a timeline."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from brokers import RunningBroker
from crime_changes import crime
from debezium import CRIMES, MICROS, TEXT, change, write
from typed import run

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
SCHEMA = dict.fromkeys(("id", "crime_no", "unit", "offence", "notes"), TEXT) | {"recorded": MICROS}


def test_the_page_leads_to_a_timeline(
    broker: RunningBroker, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a row that was read by a snapshot and changed since; the free text of the row has gone nowhere."""
    page = (HOW_TO / "change-records.md").read_text(encoding="utf-8")
    commands = [line for block in BLOCK.findall(page) for line in block.splitlines()]
    assert len(commands) <= 6
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THROUGHLINE_TOPIC_PREFIX", topic_prefix)
    shutil.copy(HOW_TO / "examples" / "crime_changes.yaml", tmp_path)
    row = crime(123, "HARASS")
    records = [
        change("r", 100, after=row, snapshot="last", schema=SCHEMA),
        change("u", 110, before=row, after=crime(123, "STALK"), schema=SCHEMA),
    ]
    write(broker.bootstrap, records, topic_prefix)

    def typed(command: str) -> list[str]:
        words = shlex.split(command.replace("localhost:9092", broker.bootstrap).replace(CRIMES, topic_prefix + CRIMES))
        assert words[0] == "throughline"
        return words[1:]

    create, changes, worker, sink, timeline = map(typed, commands)
    run(*create)
    assert "2 records read (1 of a snapshot), 2 events new" in run(*changes).stdout
    with (tmp_path / "worker.log").open("wb") as log:
        working = subprocess.Popen(
            [sys.executable, "-m", "throughline", *worker, "--health-port", "0"],
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
    try:
        until = time.monotonic() + 90
        while "0 changed" in (said := run(*sink).stdout) and time.monotonic() < until:
            assert working.poll() is None, (tmp_path / "worker.log").read_text()
            time.sleep(0.5)
        assert "1 changed" in said
    finally:
        working.terminate()
        working.wait(30)
    shown = run(*timeline).stdout

    assert "2026-03-02 10:15,police 20PP,Crime recorded (revised)" in shown
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not any(b"seen by the officer" in file.read_bytes() for file in files)
