"""The other end of a loopback connection: the user of this machine who has the socket, and no other."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from throughline.errors import AccessRefused
from throughline.sinks.board.access import peer
from throughline.sinks.board.access.peer import asked, owner, user_at, user_name

# rows of /proc/net/tcp and tcp6 on a little-endian machine, as proc(5) describes them
OF_1000 = (
    "   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 11 1 0 20 4 0 10 -1"
)
OURS = "   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     7        0 12 1 0 20 4 0 10 -1"
CLOSED = OF_1000.replace(" 01 ", " 06 ", 1).replace(" 1000 ", " 0 ")
MAPPED = OF_1000.replace("0100007F", "0000000000000000FFFF00000100007F")
V6 = OF_1000.replace("0100007F", "00000000000000000000000001000000")
CLIENT, SERVER = ("127.0.0.1", 50000), ("127.0.0.1", 8080)

little = pytest.mark.skipif(sys.byteorder != "little", reason="the rows are those of a little-endian machine")


@little
@pytest.mark.parametrize(
    ("rows", "client", "server", "expected"),
    [
        ([OURS, OF_1000], CLIENT, SERVER, 1000),
        ([MAPPED], CLIENT, SERVER, 1000),
        ([V6], ("::1", 50000), ("::1", 8080), 1000),
        ([OURS], CLIENT, SERVER, None),  # the board's own end is not the client's
        ([CLOSED], CLIENT, SERVER, None),  # a socket that was closed is nobody's, and says 0
        ([OF_1000], ("127.0.0.1", 50001), SERVER, None),
        ([], CLIENT, SERVER, None),
        (["odd"], CLIENT, SERVER, None),
    ],
)
def test_the_table_says_whose_a_socket_is(
    rows: list[str], client: tuple[str, int], server: tuple[str, int], expected: int | None
) -> None:
    assert owner(rows, client, server) == expected


@little
@pytest.mark.parametrize("theirs", ["4242", "65534"])
def test_another_user_of_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch, theirs: str) -> None:
    monkeypatch.setattr(peer, "_rows", lambda tables: [OF_1000.replace(" 1000 ", f" {theirs} ")])

    with pytest.raises(AccessRefused, match="another user of this machine"):
        user_at(CLIENT, SERVER)


@little
def test_a_connection_that_nobody_has_any_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "_rows", lambda tables: [CLOSED])

    with pytest.raises(AccessRefused):
        user_at(CLIENT, SERVER)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="Linux says whose a socket is")
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_real_connection_is_of_the_user_of_this_process(family: socket.AddressFamily) -> None:
    with socket.socket(family) as listening:
        try:
            listening.bind(("127.0.0.1" if family is socket.AF_INET else "::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listening.listen()
        with socket.create_connection(listening.getsockname()[:2]) as client:
            accepted, address = listening.accept()
            with accepted:
                assert user_at(address[:2], accepted.getsockname()[:2]) == user_name(os.geteuid())
                # the one socket that is asked for says what the table of all says
                assert asked(address[:2], accepted.getsockname()[:2]) == os.geteuid()
                assert asked((address[0], 1), accepted.getsockname()[:2]) is None
                rows = peer._rows(peer._TABLES)
                assert rows is not None
                assert owner(rows, client.getsockname()[:2], listening.getsockname()[:2]) == os.geteuid()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="Linux says whose a socket is")
def test_a_socket_that_listens_is_nobodys_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no connection is found, Linux names whoever listens at the client's port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert asked(listening.getsockname(), SERVER) is None
        assert asked(("nowhere", 1), SERVER) is None


@pytest.mark.skipif(not Path("/proc/net/tcp").exists() or os.geteuid() != 0, reason="root makes another's socket")
def test_a_real_connection_of_another_user_is_of_that_user() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        os.seteuid(65534)
        try:
            client = socket.create_connection(listening.getsockname())
        finally:
            os.seteuid(0)
        with client:
            assert asked(client.getsockname(), client.getpeername()) == 65534
            assert owner(peer._rows(peer._TABLES) or [], client.getsockname(), client.getpeername()) == 65534
            with pytest.raises(AccessRefused):
                user_at(client.getsockname(), client.getpeername())


def test_where_there_is_no_table_it_is_the_user_of_the_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "_TABLES", (Path("/nowhere"),))

    assert user_at(CLIENT, SERVER) == user_name(os.geteuid())
