"""Ports of loopback that are free, and stay so while a broker is away from them."""

from __future__ import annotations

import random
import socket

from throughline.errors import BrokerError

HOST = "127.0.0.1"
# Below the range from which systems take ports for outgoing connections (Linux from 32768, macOS from 49152). Within
# that range, a client that keeps asking for a broker that is down can be given the broker's port as its own and so
# connect to itself; the broker then never gets its port back.
_LEAST, _MOST = 20_000, 32_000
_TRIES = 200
_chance = random.SystemRandom()  # a seeded one would give each test process the same ports


def free_ports(count: int) -> list[int]:
    """`count` different ports on 127.0.0.1 that nothing listens on now."""
    found: list[int] = []
    for port in _chance.sample(range(_LEAST, _MOST), _TRIES):
        if _is_free(port):
            found.append(port)
            if len(found) == count:
                return found
    raise BrokerError(
        f"No {count} free ports between {_LEAST} and {_MOST} on {HOST} in {_TRIES} tries.",
        hint="Find out what is listening there, for example with `ss -ltn`.",
    )


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
    return True
