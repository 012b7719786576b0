"""Where a service of ours listens, and how its address is told."""

from __future__ import annotations

import socket

from throughline.errors import InfrastructureError, UsageError


def listening_at(host: str, port: int, *, what: str) -> socket.socket:
    """A socket that listens; `what` is the service in a sentence. Raises UsageError where the address is not of this
    machine, InfrastructureError where it is taken."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise UsageError(f"`{host}` is no address of this machine: {error}.", hint="Leave --host out.") from None
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise InfrastructureError(
            f"{what} cannot listen at {host}, port {port}: {error.strerror}.",
            hint="Give another --port; 0 is a free one.",
        ) from None
    listening.setblocking(False)
    return listening


def address_of(listening: socket.socket) -> str:
    """Host and port as they stand in a URL."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
