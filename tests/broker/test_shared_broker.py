"""The broker that tests share: one for all workers, gone when the last has left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from brokers import RunningBroker, local_or_skip
from shared_broker import shared_broker

from throughline.broker.answer import answers

_GIVEN = Path(__file__).parents[1] / "given"
_USER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from shared_broker import shared_broker
with shared_broker(Path(sys.argv[1])) as address:
    print(address, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def user(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that uses the shared broker until its input ends, and the address that it got."""
    with subprocess.Popen(
        [sys.executable, "-c", _USER, str(folder), str(_GIVEN)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    local_or_skip()
    return tmp_path / "shared"


def test_the_session_has_a_broker(broker: RunningBroker, topic_prefix: str) -> None:
    """The fixture names a broker that answers, and a prefix that no other test has."""
    assert answers(broker.bootstrap)
    assert topic_prefix.startswith("t")
    assert topic_prefix.endswith(".")


def test_two_processes_share_one_broker_until_the_last_leaves(folder: Path) -> None:
    """The first may leave, or be killed, before the second; with the last the broker ends and its data go."""
    with user(folder) as (first, address):
        with shared_broker(folder) as same:
            first.send_signal(signal.SIGKILL)
            first.wait()
            assert same == address
            assert answers(same)
        assert not answers(address)

    assert not (folder / "address").exists()
    assert not (folder / "broker" / "data").exists()
    assert (folder / "broker" / "broker.log").exists()


def test_a_keeper_that_was_killed_takes_its_broker_along(folder: Path) -> None:
    """Nothing is left running, and the next who comes gets a new broker."""
    with shared_broker(folder) as address:
        os.kill(int((folder / "keeper.pid").read_text(encoding="utf-8")), signal.SIGKILL)
    until = time.monotonic() + 10
    while answers(address) and time.monotonic() < until:
        time.sleep(0.05)
    assert not answers(address)

    with shared_broker(folder) as anew:
        assert answers(anew)
