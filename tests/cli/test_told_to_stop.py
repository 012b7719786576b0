"""Ctrl-C and SIGTERM end a command with one line and the exit code that a shell knows."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_told_to_stop_says_one_line(number: int, tmp_path: Path) -> None:
    """Here while it waits for events on standard input, with a store open; the next writer finds that closed."""
    store = tmp_path / "cases.duckdb"
    command = [sys.executable, "-m", "throughline", "replay", "-", "--store", str(store)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as replaying:
        lock = store.with_name("cases.duckdb.lock")
        while not (store.exists() and lock.exists() and lock.stat().st_size):
            assert replaying.poll() is None, replaying.communicate()
            time.sleep(0.05)
        replaying.send_signal(number)
        replaying.wait(60)
        assert replaying.stderr is not None
        said = replaying.stderr.read()

    assert (replaying.returncode, said) == (128 + number, "throughline: stopped; what was committed is kept.\n")
    assert lock.read_bytes() == b""
