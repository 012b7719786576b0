"""Signing in by OpenID Connect: the authorization code flow with PKCE, by Authlib.

The order and the checks are those of OpenID Connect Core 1.0, 3.1, and RFC 9700: state, nonce and verifier are made for
each sign-in, are worth one answer, and are bound to the browser that began.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth
from authlib.integrations.starlette_client.apps import StarletteOAuth2App
from joserfc.errors import JoseError

from throughline.errors import AccessRefused
from throughline.sinks.board.access.role import Claims
from throughline.sinks.board.access.settings import Provider

# at DEBUG it writes verifiers into the log
logging.getLogger("authlib").setLevel(logging.WARNING)

log = logging.getLogger(__name__)

CALLBACK = "/access/callback"

# keys of which the provider holds the private half alone: with HS256 whoever knows our secret could sign, and `none`
# is no signature
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_LEEWAY_SECONDS = 60
_SIGN_IN_SECONDS = 600
_SIGN_INS_AT_ONCE = 10_000
_METADATA_SECONDS = 3_600
_TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Begun:
    """A sign-in that was begun: where to send the browser, and what its cookie is to hold."""

    url: str
    browser: str


@dataclass(frozen=True)
class Arrived:
    """Somebody whom the provider vouches for, the claims that bring roles, and the page that was wanted."""

    name: str
    claims: Claims
    wanted: str


@dataclass(frozen=True)
class _Pending:
    nonce: str
    verifier: str
    browser: str
    wanted: str
    until: float


class SignIn:
    """The provider as this board knows it. `claims` are those to keep; `transport` is httpx2's, for another network."""

    def __init__(
        self,
        provider: Provider,
        address: str,
        claims: frozenset[str],
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._address = address
        self._claims = claims
        self._transport = transport
        self._now = now
        self._pending: dict[str, _Pending] = {}
        self._client: StarletteOAuth2App | None = None
        self._read_at = 0.0

    async def begin(self, wanted: str) -> Begun:
        """Begin to sign somebody in who wants the page `wanted`. Raises AccessRefused where no provider answers."""
        client = await self._known()
        try:
            made = await client.create_authorization_url(self._address + CALLBACK)
        except RuntimeError as error:
            raise _unusable(error) from error
        now, browser = self._now(), secrets.token_urlsafe(24)
        self._pending = {state: one for state, one in self._pending.items() if one.until > now}
        while len(self._pending) >= _SIGN_INS_AT_ONCE:
            del self._pending[next(iter(self._pending))]
        self._pending[made["state"]] = _Pending(
            made["nonce"], made["code_verifier"], browser, wanted, now + _SIGN_IN_SECONDS
        )
        return Begun(made["url"], browser)

    async def end(self, answer: Mapping[str, str], browser: str | None) -> Arrived:
        """Take the provider's answer, once. Raises AccessRefused for everything that is not whole and ours."""
        pending = self._pending.pop(answer.get("state", ""), None)
        if pending is None or pending.until <= self._now():
            raise _refused("This sign-in has ended, or was used before.", "state")
        if browser is None or not secrets.compare_digest(browser, pending.browser):
            raise _refused("This sign-in was begun in another browser.", "browser")
        if "error" in answer or not answer.get("code"):
            log.warning("the provider refused a sign-in")
            raise _refused("The sign-in service did not let you in.", "provider_refused")
        # RFC 9207: the answer of another provider, passed on to us
        if answer.get("iss", self._provider.issuer) != self._provider.issuer:
            raise _refused("The answer came from another sign-in service.", "issuer")
        client = await self._known()
        try:
            token = await client.fetch_access_token(
                self._address + CALLBACK, code=answer["code"], code_verifier=pending.verifier
            )
            said = await client.parse_id_token(
                token, nonce=pending.nonce, claims_options=self._options(), leeway=_LEEWAY_SECONDS
            )
        except (JoseError, OAuthError) as error:
            # the name of the fault alone: its text may hold a part of the token
            log.warning("a token of the provider was refused: %s", type(error).__name__)
            raise _refused("What the sign-in service said of you cannot be trusted.", "token") from error
        except (httpx2.HTTPError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise _unusable(error) from error
        name = (said or {}).get(self._provider.person_claim)
        if not isinstance(name, str) or not name:
            raise _refused("The sign-in service did not say who you are.", "person")
        return Arrived(name, {claim: _texts(said, claim) for claim in sorted(self._claims)}, pending.wanted)

    async def sign_out_url(self) -> str | None:
        """Where the provider ends its own session; None where it cannot be asked to, or does not answer."""
        try:
            metadata = await (await self._known()).load_server_metadata()
        except AccessRefused:
            return None
        at = metadata.get("end_session_endpoint")
        if not isinstance(at, str):
            return None
        back = {"client_id": self._provider.client_id, "post_logout_redirect_uri": self._address + "/access/signed-out"}
        return f"{at}{'&' if '?' in at else '?'}{urlencode(back)}"

    async def _known(self) -> StarletteOAuth2App:
        """The client with what the provider says of itself, read again each hour: keys that were withdrawn go."""
        if self._client is not None and self._now() - self._read_at < _METADATA_SECONDS:
            return self._client
        client = self._new_client()
        try:
            metadata = await client.load_server_metadata()
        except (httpx2.HTTPError, ValueError, TypeError) as error:
            raise _unusable(error) from error
        if metadata.get("issuer") != self._provider.issuer:
            log.error("the provider calls itself by another name than `issuer` in the access file")
            raise _unusable(ValueError("issuer"))
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [one for one in _ALGORITHMS if one in offered] or ["RS256"]
        # keys are read from their own address, not from what the metadata may carry along
        metadata.pop("jwks", None)
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" not in methods:
            client.client_kwargs["token_endpoint_auth_method"] = "client_secret_post"
        self._client, self._read_at = client, self._now()
        return client

    def _new_client(self) -> StarletteOAuth2App:
        settings: dict[str, Any] = {
            "scope": " ".join(self._provider.scopes),
            "code_challenge_method": "S256",
            "timeout": _TIMEOUT_SECONDS,
        }
        if self._transport is not None:
            settings["transport"] = self._transport
        client: StarletteOAuth2App = OAuth().register(
            "provider",
            client_id=self._provider.client_id,
            client_secret=self._provider.client_secret.reveal(),
            server_metadata_url=self._provider.issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs=settings,
        )
        return client

    def _options(self) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "value": self._provider.issuer},
            "aud": {"essential": True, "value": self._provider.client_id},
        }


def _texts(said: Mapping[str, Any], claim: str) -> tuple[str, ...]:
    """The texts of a claim: `groups`, or `realm_access.roles` for one within another."""
    value: Any = said.get(claim)
    if value is None and "." in claim:
        value = said
        for part in claim.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    values = value if isinstance(value, list) else [value]
    return tuple(one for one in values if isinstance(one, str) and one)


def _refused(what: str, code: str) -> AccessRefused:
    return AccessRefused(
        what,
        code=code,
        hint="Begin again from the first page. If it happens again, tell whoever runs the board.",
    )


def _unusable(error: Exception) -> AccessRefused:
    log.error("the provider cannot be used: %s", type(error).__name__)
    return AccessRefused(
        "The sign-in service does not answer as it should, so nobody can be let in.",
        code="provider",
        status=503,
        hint="Try again in some minutes. If it lasts, tell whoever runs the board.",
    )
