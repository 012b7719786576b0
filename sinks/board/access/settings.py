"""The access file: who vouches for people, which role they have, and how long a visit lasts.

Read once, when the board starts. Secrets stand in files of their own or in the environment, never in this one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from throughline.schemas.definitions.entry import AccessProblemsError, Entry, Problems, read_entry
from throughline.schemas.secrets.secret import Secret, read_secret, secret_keys
from throughline.schemas.wire.network import Network, is_loopback
from throughline.sinks.board.access.role import Rule, read_roles, read_rules, shipped_roles

# the one claim of somebody whom a proxy vouches for
ROLES_CLAIM = "roles"

_HEADER = re.compile(r"[A-Za-z0-9-]+").fullmatch
_KEY_LEAST = 32
_LONGEST_MINUTES = 12 * 60


@dataclass(frozen=True)
class Provider:
    """An OpenID Connect provider, and the client that we are to it. `person_claim` holds a person's name."""

    issuer: str
    client_id: str
    client_secret: Secret
    scopes: tuple[str, ...]
    person_claim: str
    session_key: Secret
    minutes: int


@dataclass(frozen=True)
class Proxy:
    """A proxy that signs people in: at one of `networks`, it names a person and the roles in headers of its own.

    Where it also sends a secret, `secret_header` is its header.
    """

    networks: tuple[Network, ...]
    user_header: str
    roles_header: str
    secret_header: str | None
    secret: Secret


@dataclass(frozen=True)
class Reasons:
    """The reasons for looking at a case (`listed`: id to wording), and the roles that are asked for one."""

    listed: Mapping[str, str]
    asked_of: frozenset[str]


@dataclass(frozen=True)
class AccessSettings:
    """An access file. `address` is what people type to reach the board; one of `provider` and `proxy` is set."""

    address: str
    provider: Provider | None
    proxy: Proxy | None
    rules: tuple[Rule, ...]
    reasons: Reasons


def read_access(path: Path, agencies: frozenset[str] | None = None) -> AccessSettings:
    """Read an access file; with `agencies` (those of the domain), an agency must be one of them.

    Raises AccessError, with every problem by file, line and field.
    """
    problems = Problems()
    entry = read_entry(path, problems)
    # a file that is no YAML has said so; that it lacks this and that would be no news
    problems.raise_any(AccessProblemsError)
    entry.only("address", "provider", "proxy", "rights", "roles", "reasons")
    roles = shipped_roles() | read_roles(entry.under("rights"))
    provider, proxy = entry.entry("provider"), entry.entry("proxy")
    if (provider is None) == (proxy is None):
        entry.fault("provider", "write either `provider` or `proxy`.", "One of them says who people are.")
    if proxy is not None:
        _check_rules_of_proxy(entry)
    settings = AccessSettings(
        address=_address(entry, "address"),
        provider=None if provider is None else _provider(provider),
        proxy=None if proxy is None else _proxy(proxy),
        rules=read_rules(entry, "roles", roles, agencies),
        reasons=_reasons(entry.under("reasons"), frozenset(roles)),
    )
    problems.raise_any(AccessProblemsError)
    return settings


def _address(entry: Entry, key: str) -> str:
    """An address without a path; https, unless it is of this machine."""
    given = entry.text(key).rstrip("/")
    if not given:
        return ""
    try:
        parts = urlsplit(given)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in ("https", "http") or parts.path or parts.query or parts.username:
        entry.fault(key, f"`{given}` is not an address.", "Write it as https://board.example.org.")
    elif parts.scheme == "http" and not is_loopback(host):
        entry.fault(key, f"`{given}` is not encrypted.", "Use https: passwords and cases would be read on the way.")
    return given.lower()


def _provider(entry: Entry) -> Provider:
    entry.only(
        "issuer", "client_id", "scopes", "person_claim", "minutes", *secret_keys("client_secret"),
        *secret_keys("session_key"), "client_secret", "session_key",
    )  # fmt: skip
    issuer = entry.text("issuer")
    parts = urlsplit(issuer)
    if issuer and (not parts.hostname or not (parts.scheme == "https" or is_loopback(parts.hostname))):
        entry.fault("issuer", f"`{issuer}` is not an https address.", "Write the issuer as the provider states it.")
    scopes = entry.texts("scopes") or ("openid",)
    if "openid" not in scopes:
        entry.fault("scopes", "lacks `openid`, without which no provider says who somebody is.", "Add it.")
    return Provider(
        issuer=issuer,
        client_id=entry.text("client_id"),
        client_secret=read_secret(entry, "client_secret"),
        scopes=scopes,
        person_claim=entry.text("person_claim", needed=False) or "sub",
        session_key=read_secret(entry, "session_key", least=_KEY_LEAST),
        minutes=entry.whole("minutes", 60, most=_LONGEST_MINUTES),
    )


def _proxy(entry: Entry) -> Proxy:
    entry.only("addresses", "user_header", "roles_header", "secret_header", *secret_keys("secret"), "secret")
    networks: list[Network] = []
    for given in entry.texts("addresses", needed=True):
        try:
            network = ipaddress.ip_network(given)
        except ValueError:
            entry.fault("addresses", f"`{given}` is neither an address nor a range.", "Write 10.0.0.7 or 10.0.0.0/28.")
            continue
        if network.prefixlen == 0:
            entry.fault("addresses", f"`{given}` is every address.", "Name the proxy: anybody could be anyone.")
        networks.append(network)
    secret_header = _header(entry, "secret_header", needed=False) or None
    has_secret = any(key in entry.map for key in (*secret_keys("secret"), "secret"))
    if secret_header is None and has_secret:
        entry.fault("secret_header", "is missing.", "Name the header in which the proxy sends the secret.")
    return Proxy(
        networks=tuple(networks),
        user_header=_header(entry, "user_header"),
        roles_header=_header(entry, "roles_header"),
        secret_header=secret_header,
        secret=read_secret(entry, "secret", least=_KEY_LEAST) if secret_header or has_secret else Secret(""),
    )


def _check_rules_of_proxy(entry: Entry) -> None:
    """A proxy says nothing of a person but the roles."""
    for rule in entry.entries("roles"):
        if rule.map.get("claim") != ROLES_CLAIM:
            rule.fault("claim", f"a proxy gives no claim but `{ROLES_CLAIM}`.", f"Write `claim: {ROLES_CLAIM}`.")
        if "cases_claim" in rule.map:
            rule.fault("cases_claim", "a proxy gives no claim of cases.", "Use `cases_file`.")


def _header(entry: Entry, key: str, *, needed: bool = True) -> str:
    given = entry.text(key, needed=needed)
    if given and not _HEADER(given):
        entry.fault(key, f"`{given}` is no name of a header.", "Use letters, digits and `-`.")
    return given.lower()


def _reasons(entry: Entry, roles: frozenset[str]) -> Reasons:
    entry.only("asked_of", "listed")
    listed = entry.under("listed")
    asked_of = frozenset(entry.names("asked_of", roles))
    reasons = {key: listed.text(key) for key in listed.map}
    if asked_of and not reasons:
        entry.fault("listed", "is missing or empty.", "List the reasons that people may give, `id: wording`.")
    return Reasons(reasons, asked_of)
