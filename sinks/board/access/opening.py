"""Opening the board: which way of knowing people, and the refusal to stand open without one."""

from __future__ import annotations

from typing import Any

import httpx2
from starlette.applications import Starlette

from throughline.errors import BoardExposed
from throughline.schemas.wire.network import is_loopback
from throughline.sinks.board.access.arrival import Arrivals, LocalArrivals, ProviderArrivals, ProxyArrivals
from throughline.sinks.board.access.gate import Find, Gate, Open
from throughline.sinks.board.access.looks import Looks
from throughline.sinks.board.access.provider import SignIn
from throughline.sinks.board.access.role import claims_needed
from throughline.sinks.board.access.session import Sessions
from throughline.sinks.board.access.settings import AccessSettings, Reasons

# how uvicorn is to be run: it would believe X-Forwarded-For of anybody on this machine, and write the provider's
# answers (codes) and the numbers of cases into its log
SERVER: dict[str, Any] = {"proxy_headers": False, "access_log": False, "server_header": False}


def check_host(host: str, settings: AccessSettings | None) -> None:
    """Raise BoardExposed where the board would be reached from beyond this machine and nothing says who may come in."""
    if settings is None and not is_loopback(host):
        raise BoardExposed(
            f"The board does not listen on `{host}`: others could reach it, and nothing says who may see what.",
            hint="Name an access file with a sign-in service or a trusted proxy: --access FILE "
            "(docs/how-to/access.md), or leave --host out: then only this machine reaches it.",
        )


def guarded(
    app: Starlette,
    *,
    host: str,
    settings: AccessSettings | None,
    looks: Looks,
    store: Open,
    find: Find,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> Gate:
    """The application behind the gate; serve this one, with `SERVER`. Raises BoardExposed as `check_host` does."""
    check_host(host, settings)
    reasons = settings.reasons if settings is not None else Reasons({}, frozenset())
    return Gate(app, arrivals(settings, transport), reasons, looks, store, find)


def arrivals(settings: AccessSettings | None, transport: httpx2.AsyncBaseTransport | None = None) -> Arrivals:
    """The way of knowing people that an access file asks for; without one, they are users of this machine."""
    if settings is None:
        return LocalArrivals()
    if settings.proxy is not None:
        return ProxyArrivals(settings.proxy, settings.address, settings.rules)
    assert settings.provider is not None
    sign_in = SignIn(settings.provider, settings.address, claims_needed(settings.rules), transport=transport)
    sessions = Sessions(settings.provider.session_key, settings.provider.minutes)
    return ProviderArrivals(sign_in, sessions, settings.address, settings.rules)
