"""Which user of this machine is at the other end of a loopback connection: as Linux's table of sockets says."""

from __future__ import annotations

import ipaddress
import os
import pwd
import sys
from pathlib import Path

from throughline.errors import AccessRefused

Address = tuple[str, int]

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED = "01"


def user_at(client: Address | None, server: Address | None) -> str:
    """Name of the user who connected from `client` to us at `server`.

    Where the system has no such table, it is the user who runs the board. Raises AccessRefused for another user of this
    machine, who might not be allowed to read the store's file; root is allowed to read everything.
    """
    ours = os.geteuid()
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
