"""Tokens: who may post, for which source, agency and areas. The file keeps hashes; a secret is shown once.

    tokens:
      - {id: 4f1c2a9e, agency: police, source: "urn:example:police:20:rms", areas: ["20"],
         hash: "sha256:…", issued: 2026-03-02, expires: 2027-03-02}

`areas` may be missing: then it is every area. `expires` is the first day (UTC) on which a token counts no more, and
`revoked` the day on which it was taken back. A secret has 256 bits of chance, so that a plain SHA-256 of it is enough.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from throughline.errors import AccessError, RequestRefused, UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import AccessProblemsError, Entry, Problems, nearest, read_entry
from throughline.schemas.secrets.secret import why_not_private

_PREFIX = "tl"
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([\x21-\x7e]{1,200})").fullmatch
_SECRET = re.compile(rf"{_PREFIX}_([0-9a-f]{{8}})_[A-Za-z0-9_-]{{20,100}}").fullmatch
_HASH = re.compile(r"sha256:([0-9a-f]{64})").fullmatch
_NOBODY = b"\0" * 32


class _Dumper(yaml.SafeDumper):
    """Writes a value out each time that it stands there."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@dataclass(frozen=True)
class Token:
    """What a token stands for. `areas` None: every area. Days are of UTC."""

    id: str
    agency: str
    source: str
    areas: frozenset[str] | None
    hash: bytes
    issued: date
    expires: date
    revoked: date | None = None

    def why_not(self, today: date) -> str:
        """Why it counts no more; empty where it counts."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if today >= self.expires else ""


def make_token(
    domain: Domain, *, agency: str, source: str, areas: Sequence[str], days: int, today: date
) -> tuple[Token, str]:
    """A new token and its secret. Raises UsageError for what the domain does not have, or another agency's source."""
    if domain.agencies is not None and agency not in domain.agencies:
        raise UsageError(f"`{agency}` is no agency of {domain.title}.", hint=nearest(agency, domain.agencies))
    for area in areas:
        if domain.areas is not None and area not in domain.areas:
            raise UsageError(f"`{area}` is no area of {domain.title}.", hint=nearest(area, domain.areas))
    fault = domain.rules.source_fault(source, agency)
    if fault is not None:
        raise UsageError(f"`{source}` cannot be used by `{agency}`: {fault.detail}.", hint="Give the agency's own.")
    name = secrets.token_hex(4)
    secret = f"{_PREFIX}_{name}_{secrets.token_urlsafe(32)}"
    expires = today + timedelta(days=days)
    return Token(name, agency, source, frozenset(areas) or None, _hashed(secret), today, expires), secret


def read_tokens(path: Path) -> list[Token]:
    """The tokens of a file, none where it is not there. Raises AccessError, with every problem by line and key, and
    where others than its owner can open it."""
    try:
        path.stat()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise AccessError(f"cannot be read: {error.strerror}.", file=path) from None
    if why := why_not_private(path):
        raise AccessError(f"is not private: {why}.", file=path, hint=f"Run `chmod 600 {path}`.")
    problems = Problems()
    entry = read_entry(path, problems)
    entry.only("tokens")
    found = [_token(one) for one in entry.entries("tokens")]
    names = [token.id for token in found]
    for name in sorted({name for name in names if names.count(name) > 1}):
        entry.fault("tokens", f"`{name}` stands twice.")
    problems.raise_any(AccessProblemsError)
    return found


def write_tokens(path: Path, tokens: Sequence[Token]) -> None:
    """Write the file anew, for its owner alone. Raises AccessError."""
    rows: list[dict[str, Any]] = []
    for token in tokens:
        row: dict[str, Any] = {"id": token.id, "agency": token.agency, "source": token.source}
        if token.areas is not None:
            row["areas"] = sorted(token.areas)
        row |= {"hash": f"sha256:{token.hash.hex()}", "issued": token.issued, "expires": token.expires}
        rows.append(row if token.revoked is None else row | {"revoked": token.revoked})
    text = "# Written by `throughline ingest token`. Hashes only: a secret is shown once, when it is made.\n"
    text += yaml.dump({"tokens": rows}, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    new = path.with_name(f"{path.name}.new")
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise AccessError(f"cannot be written: {error.strerror}.", file=path, hint="Check its folder.") from None


def revoke(tokens: Sequence[Token], name: str, today: date) -> list[Token]:
    """The tokens with one taken back. Raises UsageError where there is none of that id."""
    if name not in [token.id for token in tokens]:
        raise UsageError(f"There is no token `{name}`.", hint="`throughline ingest token list` shows them.")
    return [replace(token, revoked=token.revoked or today) if token.id == name else token for token in tokens]


class Tokens:
    """The tokens of a file, read again when it changes: one that is revoked counts no more from the next request on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[int, int, int] | None = None
        self._by_id: dict[str, Token] = {}
        self._refresh()

    def of(self, authorization: str | None) -> Token:
        """The token of a request by its header Authorization. Raises RequestRefused (401), AccessError where the file
        cannot be used any more."""
        self._refresh()
        bearer = _BEARER(authorization or "")
        secret = _SECRET(bearer[1]) if bearer else None
        token = self._by_id.get(secret[1]) if secret else None
        # as long for a token that is not there
        fits = hmac.compare_digest(_hashed(secret[0] if secret else ""), token.hash if token else _NOBODY)
        if token is None or not fits:
            raise _not_known("No token was sent." if authorization is None else "The token is not known.")
        why = token.why_not(datetime.now(UTC).date())
        if why:
            raise _not_known(f"The token `{token.id}` is {why}.")
        return token

    def _refresh(self) -> None:
        try:
            status = self.path.stat()
        except OSError:
            is_now = None
        else:
            is_now = (status.st_mtime_ns, status.st_ino, status.st_mode)
        if is_now != self._read or is_now is None:
            self._by_id = {}  # until it can be read again, nobody is let in
            self._by_id = {token.id: token for token in read_tokens(self.path)}
            self._read = is_now


def _token(entry: Entry) -> Token:
    entry.only("id", "agency", "source", "areas", "hash", "issued", "expires", "revoked")
    hashed = _HASH(entry.text("hash"))
    if not hashed:
        entry.fault("hash", "is no hash.", "Make a token with `throughline ingest token add`.")
    days = {name: entry.day(name) for name in ("issued", "expires")}
    for name, day in days.items():
        if day is None:
            entry.fault(name, "is missing.", f"Write `{name}: YYYY-MM-DD`.")
    return Token(
        id=entry.text("id"),
        agency=entry.text("agency"),
        source=entry.text("source"),
        areas=frozenset(entry.texts("areas", needed=True)) if "areas" in entry.map else None,
        hash=bytes.fromhex(hashed[1]) if hashed else _NOBODY,
        issued=days["issued"] or date.min,
        expires=days["expires"] or date.min,
        revoked=entry.day("revoked"),
    )


def _hashed(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _not_known(what: str) -> RequestRefused:
    return RequestRefused(
        what,
        code="not_known",
        status=401,
        hint="Send the header `Authorization: Bearer …` with a token of `throughline ingest token add`.",
        headers={"WWW-Authenticate": 'Bearer realm="throughline"'},
    )
