"""Who is at the other end of a connection: this machine itself, or an address of a range that was named."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own and nobody else's: localhost, 127.0.0.0/8, ::1.

    `127.0.0.1.example.org` is a name of somebody else's, and `0.0.0.0` and `::` are every address of this machine.
    """
    if host.lower().removesuffix(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_within(networks: Iterable[Network], peer: str | None) -> bool:
    """Whether an address is of one of the ranges; an IPv4 address may be written as IPv6 (::ffff:10.0.0.7)."""
    try:
        address = ipaddress.ip_address(peer or "")
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
