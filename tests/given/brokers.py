"""What a test needs of a broker: one that all tests share, and names of its own within it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from shared_broker import shared_broker

from throughline.broker.answer import answers
from throughline.broker.jars import broker_jars
from throughline.broker.java import find_java
from throughline.errors import BrokerError


@dataclass(frozen=True)
class RunningBroker:
    """A running broker: `bootstrap` is its HOST:PORT."""

    bootstrap: str


def local_or_skip() -> None:
    """Skip the test where no broker can be started on this machine; in CI, fail."""
    try:
        find_java()
        broker_jars()
    except BrokerError as error:
        _skip_or_fail(f"no broker on this machine: {error}")


def _skip_or_fail(what: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """The broker of KAFKA_BOOTSTRAP, else one on this machine that all workers of the run share.

    It makes no topic by itself and is not emptied between tests: begin every name with `topic_prefix`. A test that
    kills or stops a broker makes its own LocalBroker.
    """
    given = os.environ.get("KAFKA_BOOTSTRAP")
    if given:
        if not answers(given, seconds=10):
            pytest.fail(f"KAFKA_BOOTSTRAP is {given}, and no broker answers there.", pytrace=False)
        yield RunningBroker(given)
        return
    local_or_skip()
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent  # each worker has a folder in that of the run
    with ExitStack() as stack:
        try:
            address = stack.enter_context(shared_broker(folder / "shared-broker"))
        except BrokerError as error:
            pytest.fail(str(error), pytrace=False)
        yield RunningBroker(address)


@pytest.fixture
def topic_prefix() -> str:
    """What the names of this test's topics and groups begin with, as `t3f9a0c.`: no other test has it."""
    return f"t{os.urandom(3).hex()}."
