"""Opening the way in: how it is served, and the refusal to let secrets travel in the open."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from throughline.errors import IngestExposed, UsageError
from throughline.schemas.wire.network import Network, is_loopback

# how uvicorn is to be run: it would believe X-Forwarded-For of anybody on this machine
SERVER: dict[str, Any] = {
    "http": "throughline.sources.ingest.connection:PatientProtocol",
    "ws": "none",
    "proxy_headers": False,
    "access_log": False,
    "server_header": False,
    "log_level": "critical",  # of a request it says what is in it
    "log_config": None,
    "h11_max_incomplete_event_size": 64 * 1024,
    "timeout_keep_alive": 30,
    "timeout_graceful_shutdown": 10,
    "lifespan": "on",
}


def proxies_of(given: Sequence[str]) -> tuple[Network, ...]:
    """The addresses of a proxy. Raises UsageError for what is no address, or every address."""
    found: list[Network] = []
    for text in given:
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            raise UsageError(
                f"`{text}` is neither an address nor a range.", hint="Write 10.0.0.7 or 10.0.0.0/28."
            ) from None
        if network.prefixlen == 0:
            raise UsageError(f"`{text}` is every address.", hint="Name the proxy.")
        found.append(network)
    return tuple(found)


def check_host(host: str, certificate: Path | None, proxies: Sequence[Network]) -> None:
    """Raise IngestExposed where tokens and events would travel beyond this machine in the open."""
    if certificate is None and not proxies and not is_loopback(host):
        raise IngestExposed(
            f"Nothing listens on `{host}`: tokens and events would travel there in the open.",
            hint="Give --tls-cert and --tls-key, or name the proxy that ends TLS: --proxy ADDRESS "
            "(docs/how-to/ingest.md); or leave --host out: then only this machine reaches it.",
        )
