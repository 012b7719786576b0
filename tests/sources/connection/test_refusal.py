"""What is no refusal: a broker that is away, that ends while it is asked, or something else at its address."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest
from certificates import Authority

from throughline.schemas.secrets.secret import Secret
from throughline.sources.connection.refusal import refusal
from throughline.sources.connection.security import OPEN, Protocol, Security


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """An address where every connection is told that, whatever it asks, and then closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1024)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


CUT_OFF = (
    b"\x00\x00\x00\x05\x00\x00\x00\x01\x00"  # of a broker that speaks no TLS, with nothing after the correlation id
)
INTERNAL_ERROR = b"\x15\x03\x03\x00\x02\x02\x50"  # an alert of TLS, which says at least that there is TLS
ANSWERS = (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\x00\x00\x40")
TLS: tuple[Protocol, ...] = ("SSL", "SASL_SSL")
CLEAR: tuple[Protocol, ...] = ("PLAINTEXT", "SASL_PLAINTEXT")


@pytest.mark.parametrize(
    ("protocol", "answer"),
    [*product(TLS, (*ANSWERS, INTERNAL_ERROR)), *product(CLEAR, (*ANSWERS, CUT_OFF))],
)
def test_whatever_does_not_answer_as_a_broker_is_taken_for_one_that_is_away(
    protocol: Protocol, answer: bytes, tmp_path: Path
) -> None:
    """It may be starting, ending, or behind something that is: the clients wait for it."""
    authority = Authority(tmp_path, "ca").certificate
    mechanism = "SCRAM-SHA-512" if protocol.startswith("SASL") else None
    security = Security(protocol, authority, mechanism=mechanism, user="police", password=Secret("x"))

    with saying(answer) as address:
        assert refusal(address, security, seconds=1) is None


def test_nobody_there_is_no_refusal() -> None:
    assert refusal("127.0.0.1:1", OPEN) is None
