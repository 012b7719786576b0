"""Somebody whom a trusted proxy vouches for: its headers count when it sends them, and from nobody else."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from throughline.errors import AccessRefused
from throughline.schemas.wire.network import is_within
from throughline.sinks.board.access.origin import one_header
from throughline.sinks.board.access.role import Claims
from throughline.sinks.board.access.settings import ROLES_CLAIM, Proxy

_NAME_LIMIT = 256
_TELL = "If it happens again, tell whoever runs the board."


def vouched_for(proxy: Proxy, peer: str | None, headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, Claims]:
    """Name and claims of the person whom the proxy names; `peer` is the address at the other end of the connection.

    Raises AccessRefused where the other end is not the proxy, or does not say who it is, or says it twice.
    """
    if not is_within(proxy.networks, peer):
        raise _refused("The board is reached by its address only.", "not_the_proxy", "Use the address you were given.")
    headers = list(headers)
    try:
        if proxy.secret_header is not None:
            sent = one_header(headers, proxy.secret_header) or ""
            if not secrets.compare_digest(sent.encode(), proxy.secret.reveal().encode()):
                raise _refused("The proxy did not show its secret.", "proxy_secret", _TELL)
        name = one_header(headers, proxy.user_header)
        roles = one_header(headers, proxy.roles_header)
    except ValueError:
        raise _refused("The proxy said twice who you are.", "header_twice", _TELL) from None
    if not name:
        raise _refused("The proxy did not say who you are.", "header_missing", "Sign in first. " + _TELL)
    if len(name) > _NAME_LIMIT or not name.isprintable():
        raise _refused("The proxy gave no name that can be kept.", "header_odd", _TELL)
    return name, {ROLES_CLAIM: tuple(role.strip() for role in (roles or "").split(",") if role.strip())}


def _refused(what: str, code: str, hint: str) -> AccessRefused:
    return AccessRefused(what, code=code, hint=hint)
