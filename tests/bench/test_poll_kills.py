"""Polls and watches that are killed between any two steps: a few times here, two hundred by `python -m bench.poll` and
`python -m bench.watch`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def test_each_committed_row_is_one_event_that_arrives() -> None:
    command = [sys.executable, "-m", "bench.poll", "--kills", "4"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=200, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.rpartition(": ")[2] for line in done.stdout.splitlines()] == ["none lost, none twice"] * 3


def test_each_event_of_a_watched_folder_arrives_once() -> None:
    command = [sys.executable, "-m", "bench.watch", "--kills", "4"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=200, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("watch: 4 kills in")
    assert done.stdout.endswith(": none lost, none twice\n")
