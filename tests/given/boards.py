"""Boards to ask: in this process, or served at an address of this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import uvicorn
from starlette.testclient import TestClient

from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.board.app import create_app
from throughline.sinks.board.frame.settings import PAGE_LIMITS, Settings
from throughline.sinks.board.reading.present import Present

NOW = datetime.fromisoformat("2026-07-01T02:03")
"""Three minutes after the demo's last events were received."""
PAGE_SECONDS = PAGE_LIMITS.seconds


@contextmanager
def board_of(stores: Sequence[Path], domain: Domain | None = None) -> Iterator[TestClient]:
    """A board over the stores, at whose clock it is NOW, as a client asks it."""
    present = Present(stores, PAGE_LIMITS)
    limits = replace(PAGE_LIMITS, seconds=PAGE_SECONDS)
    app = create_app(present, Settings(domain or load_domain(), limits=limits, now=lambda: NOW))
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="session")
def demo_board(demo: Path) -> Iterator[TestClient]:
    """The board of the demo."""
    with board_of([demo]) as client:
        yield client


@contextmanager
def serving(stores: Sequence[Path]) -> Iterator[str]:
    """The address of a board over the stores, served by uvicorn in a thread."""
    app = create_app(Present(stores, PAGE_LIMITS), Settings(load_domain(), now=lambda: NOW))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture(scope="session")
def demo_address(demo: Path) -> Iterator[str]:
    """The address of the board of the demo."""
    with serving([demo]) as address:
        yield address
