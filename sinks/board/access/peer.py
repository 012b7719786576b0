"""Which user of this machine is at the other end of a loopback connection: as Linux's table of sockets says."""

from __future__ import annotations

import ipaddress
import os
import pwd
import socket
import struct
import sys
from pathlib import Path

from throughline.errors import AccessRefused

Address = tuple[str, int]

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED = "01"
# linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h
_SOCK_DIAG, _BY_FAMILY, _ANY_STATE = 4, 20, 0xFFFFFFFF
_ANY_INTERFACE = struct.pack("=I", 0) + b"\xff" * 8
_PATIENCE = 1.0


def user_at(client: Address | None, server: Address | None) -> str:
    """Name of the user who connected from `client` to us at `server`.

    Where the system has no such table, it is the user who runs the board. Raises AccessRefused for another user of this
    machine, who might not be allowed to read the store's file; root is allowed to read everything.
    """
    ours = os.geteuid()
    if client is not None and server is not None and (found := asked(client, server)) in (ours, 0):
        return user_name(found)
    # who is refused is refused by the table
    rows = None if client is None or server is None else _rows(_TABLES)
    if rows is None or client is None or server is None or not (_is_address(client[0]) and _is_address(server[0])):
        return user_name(ours)
    theirs = owner(rows, client, server)
    if theirs in (ours, 0):
        return user_name(theirs)
    raise AccessRefused(
        "This board was started by another user of this machine, for that user alone.",
        code="other_user",
        hint="Start one of your own (`throughline board`), or ask for one with sign-in (docs/how-to/access.md).",
    )


def owner(rows: list[str], client: Address, server: Address) -> int | None:
    """User id of the socket at the client's end of an open connection, by the rows of the table; None: none."""
    # the last column that matters is the eighth; a connection that is being closed belongs to nobody, which reads as 0
    wanted = {(_hexadecimal(client, mapped), _hexadecimal(server, mapped)) for mapped in (False, True)}
    for row in rows:
        # thousands of connections that are over still stand there
        if not any(one in row for one, _ in wanted):
            continue
        words = row.split()
        if len(words) > 7 and words[3] == _ESTABLISHED and (words[1], words[2]) in wanted:
            return int(words[7])
    return None


def asked(client: Address, server: Address) -> int | None:
    """As `owner`, asked of Linux for this one socket (sock_diag(7)): to read the whole table takes a hundred times as
    long. None where it has no such socket, or does not say."""
    if sys.platform != "linux" or not (_is_address(client[0]) and _is_address(server[0])):
        return None
    ends = [ipaddress.ip_address(end[0]) for end in (client, server)]
    family = socket.AF_INET if ends[0].version == 4 else socket.AF_INET6
    addresses = b"".join(end.packed.ljust(16, b"\0") for end in ends)
    wanted = struct.pack("!HH", client[1], server[1]) + addresses
    request = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, _ANY_STATE) + wanted + _ANY_INTERFACE
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as kernel:
            kernel.settimeout(_PATIENCE)
            kernel.send(struct.pack("=IHHII", 16 + len(request), _BY_FAMILY, 1, 0, 0) + request)
            answer = kernel.recv(8192)
    except OSError:
        return None
    # a header, then: family, state, two bytes, the two ends, 12 bytes of interface and cookie, 12 of timers, the user
    is_it = len(answer) >= 16 + 68 and struct.unpack_from("=H", answer, 4)[0] == _BY_FAMILY
    if not is_it or answer[16] != family or answer[17] != int(_ESTABLISHED) or answer[20 : 20 + len(wanted)] != wanted:
        return None
    return int(struct.unpack_from("=I", answer, 16 + 64)[0])


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _rows(tables: tuple[Path, ...]) -> list[str] | None:
    rows: list[str] = []
    for table in tables:
        try:
            rows += table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
    return rows or None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _hexadecimal(address: Address, mapped: bool) -> str:
    """An address as the table writes it: words of four bytes in the order of the machine, and the port."""
    parsed = ipaddress.ip_address(address[0])
    if mapped and parsed.version == 4:
        parsed = ipaddress.ip_address(f"::ffff:{parsed}")
    packed = parsed.packed
    words = [packed[at : at + 4] for at in range(0, len(packed), 4)]
    if sys.byteorder == "little":
        words = [word[::-1] for word in words]
    return f"{b''.join(words).hex().upper()}:{address[1]:04X}"
