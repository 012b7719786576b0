"""`throughline publish` where no broker answers: it says so while somebody still looks, and keeps the events."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

EVENTS = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples" / "events.jsonl"
THROUGHLINE = Path(sys.executable).with_name("throughline")
# five, and as many for a loaded machine
SECONDS = 5 + 5


@pytest.fixture(params=["nothing listens", "nothing is said"])
def silent(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address where nothing listens, and one that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        if request.param == "nothing listens":
            server.close()
        yield address


def test_publish_says_soon_that_no_broker_answers(silent: str, tmp_path: Path) -> None:
    """Long before it gives up waiting, on standard error, with what to do; the events are in the outbox."""
    outbox = tmp_path / "outbox.sqlite"
    with subprocess.Popen(
        [THROUGHLINE, "publish", EVENTS, "--bootstrap", silent, "--wait", "60", "--outbox", outbox],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as publishing:
        assert publishing.stderr is not None
        try:
            while not outbox.exists():  # Python is still starting
                time.sleep(0.05)
            started = time.monotonic()
            said = publishing.stderr.readline()
            seconds = time.monotonic() - started
        finally:
            publishing.terminate()
        hint = publishing.stderr.read()

    assert f"No broker answers at {silent}" in said
    assert "Ctrl-C" in hint
    assert seconds < SECONDS
