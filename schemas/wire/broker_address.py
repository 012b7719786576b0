"""Where a broker of Kafka is, as HOST:PORT or several of them with commas, and whether something listens there."""

from __future__ import annotations

import socket
import struct

from throughline.errors import BrokerUnavailable, UsageError

# ApiVersions, version 0, without a name of the client: size, key, version, correlation id, no text
_WHICH_REQUESTS = struct.pack(">ihhih", 10, 18, 0, 1, -1)


def read_addresses(bootstrap: str) -> list[tuple[str, int]]:
    """The hosts and ports of `bootstrap`. Raises UsageError where one is no HOST:PORT."""
    addresses = []
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65_536:
            raise UsageError(
                f"`{address}` is not the address of a broker.", hint="Write HOST:PORT, such as 127.0.0.1:9092."
            )
        addresses.append((host.strip("[]"), int(port)))
    return addresses


def silence(bootstrap: str, seconds: float = 5.0, *, asks: bool = True) -> str:
    """Why no broker answers at `bootstrap`, each address waited for so long; empty where one does.

    A broker answers the question which requests it knows. One that wants TLS answers too, by an alert or the end.
    Without `asks` it is enough that something listens.
    """
    reasons = []
    for address in read_addresses(bootstrap):
        try:
            with socket.create_connection(address, timeout=seconds) as connection:
                if asks:
                    connection.sendall(_WHICH_REQUESTS)
                    try:
                        connection.recv(1)
                    except TimeoutError:
                        reasons.append("something takes the connection, and does not answer as a broker would")
                        continue
            return ""
        except OSError as error:
            reasons.append(error.strerror or str(error))
    return "; ".join(dict.fromkeys(reasons))


def broker_unavailable(bootstrap: str, reason: str) -> BrokerUnavailable:
    return BrokerUnavailable(
        f"No broker answers at {bootstrap}: {reason}.",
        hint="Check that it is running and can be reached from here. --bootstrap or KAFKA_BOOTSTRAP says where it is.",
    )
