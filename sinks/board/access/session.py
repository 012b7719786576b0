"""The session of somebody whom the provider vouched for: a signed cookie that ends after a fixed time.

The cookie holds the person's name and the claims that bring roles, and no token. Whoever has it can read it, and cannot
change it. Sessions that people ended are remembered by this process until they would have ended by themselves.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from throughline.errors import AccessRefused
from throughline.schemas.secrets.secret import Secret
from throughline.sinks.board.access.role import Claims

_COOKIE_LIMIT = 3_900  # browsers keep 4,096 bytes with the name and the attributes


@dataclass(frozen=True)
class Session:
    """One visit: `id` by chance, `name` and `claims` by the provider, `until` in seconds since 1970."""

    id: str
    name: str
    claims: Claims
    until: float


class Sessions:
    """Makes sessions, reads them back, and ends them."""

    def __init__(self, key: Secret, minutes: int, now: Callable[[], float] = time.time) -> None:
        self._serializer = URLSafeSerializer(
            key.reveal(), salt="throughline session", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self.seconds = minutes * 60
        self._now = now
        self._ended: dict[str, float] = {}

    def begin(self, name: str, claims: Claims) -> str:
        """The cookie of a new session. Raises AccessRefused where the claims do not fit into one."""
        until = self._now() + self.seconds
        held = {"id": secrets.token_urlsafe(16), "name": name, "until": until}
        cookie = self._serializer.dumps({**held, "claims": {key: list(values) for key, values in claims.items()}})
        text = cookie if isinstance(cookie, str) else cookie.decode()
        if len(text) > _COOKIE_LIMIT:
            raise AccessRefused(
                "You are given more cases than a session can hold.",
                code="session_too_large",
                hint="Ask whoever runs the board to list your cases in a file (`cases_file`).",
            )
        return text

    def read(self, cookie: str | None) -> Session | None:
        """The session of a cookie; None where it was not signed by us, has ended, or was ended."""
        if not cookie:
            return None
        try:
            held: dict[str, Any] = self._serializer.loads(cookie)
        except BadData:
            return None
        if held["until"] <= self._now() or held["id"] in self._ended:
            return None
        claims = {key: tuple(values) for key, values in held["claims"].items()}
        return Session(held["id"], held["name"], claims, held["until"])

    def end(self, session: Session) -> None:
        """End a session: its cookie, and every copy of it, is worth nothing from now on."""
        now = self._now()
        self._ended = {one: until for one, until in self._ended.items() if until > now}
        self._ended[session.id] = session.until
