"""Tokens by client credentials: asked for at their endpoint, kept while they are good, asked for anew in time."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from aiokafka.abc import AbstractTokenProvider as AiokafkaProvider
from kafka.net.sasl.oauth import AbstractTokenProvider as KafkaPythonProvider

from throughline.errors import BrokerUnavailable, CredentialRefused
from throughline.sources.connection.security import Tokens, tls_context

_SECONDS = 10.0
_MOST_BYTES = 1 << 20
# a token is not used for the last fifth of its time
_USED_SHARE = 0.8
_USUAL_SECONDS = 300.0


class TokenSource:
    """The present token of a client; safe for threads. `clock` gives seconds of a steady clock."""

    def __init__(self, tokens: Tokens, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = tokens
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def token(self) -> str:
        """Raises CredentialRefused where the endpoint gives none, and BrokerUnavailable where it does not answer."""
        with self._lock:
            if self._clock() >= self._until:
                self._token, seconds = ask_for_token(self._tokens)
                self._until = self._clock() + seconds * _USED_SHARE
            return self._token

    def extensions(self) -> dict[str, str]:
        return dict(self._tokens.extensions)


def ask_for_token(tokens: Tokens) -> tuple[str, float]:
    """A new token, and for how many seconds it is good. RFC 6749, 4.4.2 and, for the header, 2.3.1. Raises as above."""
    shown = f"{quote(tokens.client, safe='')}:{quote(tokens.secret.reveal(), safe='')}"
    request = Request(
        tokens.url,
        urlencode({"grant_type": "client_credentials"} | ({"scope": tokens.scope} if tokens.scope else {})).encode(),
        {"Authorization": f"Basic {base64.b64encode(shown.encode()).decode()}", "Accept": "application/json"},
    )
    opener = build_opener(HTTPSHandler(context=tls_context(tokens.authority)), _NoRedirect)
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            said = json.loads(answer.read(_MOST_BYTES))
        return str(said["access_token"]), float(said.get("expires_in", _USUAL_SECONDS))
    except HTTPError as error:
        with error:
            if error.code >= 500:
                raise _silent(tokens, f"it answers {error.code}") from None
            raise CredentialRefused(
                f"{tokens.url} gives client `{tokens.client}` no token: {_word(error)}.",
                reason=_word(error),
                hint="Check `sasl.oauthbearer.client.id`, its secret and the scope with whoever runs the endpoint.",
            ) from None
    except (KeyError, TypeError, ValueError):
        raise CredentialRefused(
            f"{tokens.url} answers with something that is no token.",
            reason="no token",
            hint="Check `sasl.oauthbearer.token.endpoint.url`: it is the token endpoint of the identity provider.",
        ) from None
    except (URLError, OSError) as error:
        raise _silent(tokens, str(getattr(error, "reason", error))) from None


class _NoRedirect(HTTPRedirectHandler):
    """The secret goes where the settings say, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _silent(tokens: Tokens, why: str) -> BrokerUnavailable:
    return BrokerUnavailable(
        f"No token can be had from {tokens.url}: {why}.",
        hint="Check `sasl.oauthbearer.token.endpoint.url` and `https.ca.location`. Can it be reached from here?",
    )


def _word(error: HTTPError) -> str:
    """The code and the one word of RFC 6749, 5.2, and nothing else of what was answered."""
    try:
        said = json.loads(error.read(_MOST_BYTES)).get("error")
    except (ValueError, AttributeError, OSError):
        said = None
    is_word = isinstance(said, str) and said.isascii() and said.replace("_", "").isalnum() and len(said) < 60
    return f"{said} ({error.code})" if is_word else f"it answers {error.code}"


class ForAiokafka(AiokafkaProvider):  # type: ignore[misc]
    """Tokens for aiokafka, which must not be held up."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    async def token(self) -> str:
        return await asyncio.to_thread(self._source.token)

    def extensions(self) -> dict[str, str]:
        return self._source.extensions()


class ForKafkaPython(KafkaPythonProvider):  # type: ignore[misc]
    """Tokens for kafka-python."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    def token(self) -> str:
        return self._source.token()

    def extensions(self) -> dict[str, str]:
        return self._source.extensions()
