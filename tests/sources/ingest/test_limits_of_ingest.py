"""What comes too fast, too large, too slowly, packed without end or all at once: told, within bounded memory."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import orjson
import pytest
from posted import BATCH, STRUCTURED, Posted, Running, add_token, crime, fates, running, service, until

from throughline.errors import RequestRefused
from throughline.sources.ingest import connection
from throughline.sources.ingest.body import BodyLimits, read_body
from throughline.sources.ingest.intake import MOST_EVENTS
from throughline.sources.ingest.load import Load, Rates

MEGABYTE = 1_048_576


@pytest.fixture
def posted(tmp_path: Path) -> Iterator[Posted]:
    with service(tmp_path, limits=BodyLimits(most_bytes=100_000)) as made:
        yield made


async def chunks(*parts: bytes, wait: float = 0) -> AsyncIterator[bytes]:
    for part in parts:
        await anyio.sleep(wait)
        yield part


def read(parts: AsyncIterator[bytes], **settings: Any) -> bytes:
    limits = settings.pop("limits", BodyLimits(MEGABYTE, 5))
    given: dict[str, Any] = {"declared": None, "encoding": None, "hold": lambda count: None, **settings}

    async def go() -> bytes:
        return await read_body(parts, limits=limits, **given)

    return anyio.run(go)


@pytest.mark.parametrize("declared", ["100001", "9" * 5000])
def test_a_body_that_says_it_is_too_large_is_not_read(declared: str) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError
        yield b""

    with pytest.raises(RequestRefused, match="more than 100,000 bytes") as refused:
        read(never(), declared=declared, limits=BodyLimits(100_000))
    assert refused.value.status == 413


def test_a_body_that_goes_on_without_end_is_left(posted: Posted) -> None:
    answer = posted.post(b" " * 100_001)

    assert (answer.status_code, answer.json()["type"]) == (413, "urn:throughline:problem:too_large")


def test_what_unpacks_without_end_is_stopped_at_the_limit() -> None:
    """64 megabytes in 64 kilobytes, of which no more than the limit is ever in memory."""
    bomb = gzip.compress(bytes(16 * MEGABYTE)) * 4
    tracemalloc.start()
    try:
        with pytest.raises(RequestRefused, match="more than") as refused:
            read(chunks(bomb), encoding="gzip")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.status == 413
    assert peak < 4 * MEGABYTE


def test_a_body_that_drips_times_out() -> None:
    with pytest.raises(RequestRefused, match=r"within 0\.1 seconds") as refused:
        read(chunks(*[b"x"] * 100, wait=0.02), limits=BodyLimits(MEGABYTE, 0.1))
    assert refused.value.status == 408


def test_a_batch_of_too_many_events_is_refused_whole(posted: Posted) -> None:
    answer = posted.post(b"[" + b"{}," * MOST_EVENTS + b"{}]", BATCH)

    assert (answer.status_code, answer.json()["type"]) == (413, "urn:throughline:problem:too_many_events")


def test_an_event_larger_than_the_domain_allows_costs_itself(tmp_path: Path) -> None:
    with service(tmp_path) as posted:
        large = crime(1, data={"unit": "x" * 300_000})

        assert fates(posted.post([large, crime(2)], BATCH)) == ["too_large", "accepted"]


def test_who_sends_too_fast_waits_and_others_do_not(tmp_path: Path) -> None:
    """Ten events a second, twenty at once: a batch of fifteen and one of ten are five too many."""
    now = SimpleNamespace(seconds=0.0)
    rates = Rates(10, 20, clock=lambda: now.seconds)
    with service(tmp_path, rates=rates) as posted:
        assert posted.post([crime(number) for number in range(15)], BATCH).status_code == 202
        more = [crime(number) for number in range(15, 25)]
        refused = posted.post(more, BATCH)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.json()["type"] == "urn:throughline:problem:too_fast"
        other = posted.add_token(source="feed-7")
        assert posted.post(crime(source="feed-7"), secret=other).status_code == 202

        now.seconds = 1.0
        assert posted.post(more, BATCH).status_code == 202
        assert len(posted.waiting()) == 26


def test_a_rate_counts_nothing_of_what_it_refuses() -> None:
    rates = Rates(1, 10, clock=lambda: 0.0)
    rates.take("a", 8)
    with pytest.raises(RequestRefused) as refused:
        rates.take("a", 5)
    assert refused.value.headers == {"Retry-After": "3"}
    rates.take("a", 2)


def test_too_much_at_once_is_refused_and_room_comes_back() -> None:
    load = Load(most_requests=2, most_bytes=100)
    with load.request() as first, load.request() as second:
        first(60)
        with pytest.raises(RequestRefused) as refused:
            second(50)
        with pytest.raises(RequestRefused), load.request():
            pass
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
    assert (load.requests, load.bytes) == (0, 0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    folder = tmp_path_factory.mktemp("served")
    secret = add_token(folder / "tokens.yaml")
    with running(folder, "--max-requests", 3, "--body-seconds", 1.5) as made:
        yield made, secret


def begin(server: tuple[Running, str], length: int = 1000) -> socket.socket:
    """A connection on which a request has begun, and its body has not."""
    made, secret = server
    line = socket.create_connection((made.host, made.port), timeout=20)
    line.sendall(
        f"POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\nContent-Type: {STRUCTURED}\r\n"
        f"Content-Length: {length}\r\n\r\n".encode()
    )
    return line


def answer_on(line: socket.socket) -> bytes:
    with line, line.makefile("rb") as file:
        return file.readline()


def test_slow_bodies_fill_their_places_and_give_them_up(server: tuple[Running, str]) -> None:
    """Three drip; the fourth is told that it is too many; they time out, and the next is taken."""
    lines = [begin(server) for _ in range(3)]
    threading.Event().wait(0.3)
    assert b" 503 " in answer_on(begin(server))
    assert [b" 408 " in answer_on(line) for line in lines] == [True] * 3

    body = orjson.dumps(crime(1))
    line = begin(server, len(body))
    line.sendall(body)
    assert b" 202 " in answer_on(line)


def test_clients_that_vanish_leave_their_places(server: tuple[Running, str]) -> None:
    for _ in range(8):
        begin(server).close()

    def is_taken() -> bool:
        body = orjson.dumps(crime(2))
        line = begin(server, len(body))
        line.sendall(body)
        return b" 202 " in answer_on(line)

    until(is_taken, 10)


def test_a_head_that_does_not_come_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor the rest of a body whose request has been refused. Both in this process, with a shorter patience."""
    import uvicorn

    from throughline.sources.ingest.opening import SERVER

    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    with service(tmp_path) as posted:
        listening = socket.create_server(("127.0.0.1", 0))
        settings = SERVER | {"lifespan": "off"}
        serving = uvicorn.Server(uvicorn.Config(posted.client.app, **settings))
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            for sent in (b"", b"POST /events HT", b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"):
                with socket.create_connection(listening.getsockname(), timeout=10) as line:
                    line.sendall(sent)
                    said = b""
                    try:
                        while part := line.recv(65536):
                            said += part
                    except ConnectionResetError:
                        pass
                    assert (b" 401 " in said) is sent.endswith(b"{")
        finally:
            serving.should_exit = True
            thread.join(10)
