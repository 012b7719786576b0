"""An OpenID Connect provider in the process: it keeps codes, checks verifiers, and signs real tokens.

It follows OpenID Connect Core 1.0 and RFC 7636 as a provider has to, and can be made to fail in one way at a time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

ISSUER = "https://login.example.org"
CLIENT = "throughline-board"
CLIENT_SECRET = "client secret of the test"


@cache
def key(kid: str) -> RSAKey:
    """A key of its own for each key id; making one costs a tenth of a second."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}, private=True)


@dataclass
class IdentityProvider:
    """A provider whose next token says what is set here; `says` are the claims of whoever signs in at its page."""

    issuer: str = ISSUER
    published: list[str] = field(default_factory=lambda: ["first"])
    signs_with: str = "first"
    says_key: str | None = None
    algorithm: str = "RS256"
    algorithms: list[str] = field(default_factory=lambda: ["RS256", "none"])
    said: dict[str, Any] = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    tampered: bool = False
    is_down: bool = False
    calls: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _claims: dict[str, dict[str, Any]] = field(default_factory=dict)

    def approve(self, url: str, name: str, **claims: Any) -> dict[str, str]:
        """What the browser brings back after somebody signed in at `url`: a code and the state."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{self.issuer}/authorize?")
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        self._claims[code] = {"sub": name, **claims}
        return {"code": code, "state": asked["state"]}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
                Route("/authorize", self._authorize, methods=["GET", "POST"]),
                Route("/end", self._end),
            ]
        )

    async def _metadata(self, request: Request) -> Response:
        self.calls.append("metadata")
        if self.is_down:
            return Response("down", 502)
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "end_session_endpoint": f"{self.issuer}/end",
                "id_token_signing_alg_values_supported": self.algorithms,
            }
        )

    async def _authorize(self, request: Request) -> Response:
        """A page at which whoever sits at the browser says who they are; it sends them back with a code."""
        if request.method == "GET":
            return HTMLResponse('<form method="post"><input name="name"><button>Sign in</button></form>')
        asked = str(request.query_params)
        given = self.approve(f"{self.issuer}/authorize?{asked}", str((await request.form())["name"]), **self.says)
        return RedirectResponse(f"{request.query_params['redirect_uri']}?{urlencode(given)}", 303)

    async def _end(self, request: Request) -> Response:
        self.calls.append("end")
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], 303)

    async def _keys(self, request: Request) -> Response:
        self.calls.append("keys")
        return JSONResponse({"keys": [key(kid).as_dict(private=False) for kid in self.published]})

    async def _token(self, request: Request) -> Response:
        self.calls.append("token")
        if self.is_down:
            return Response("down", 502)
        form = await request.form()
        asked = self._codes.pop(str(form["code"]), None)
        basic = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form["code_verifier"]).encode()).digest())
        if (
            asked is None
            or request.headers["authorization"] != f"Basic {basic}"
            or form["redirect_uri"] != asked["redirect_uri"]
            or challenge.decode().rstrip("=") != asked["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        token = self._signed(self._claims[str(form["code"])] | {"nonce": asked["nonce"]})
        return JSONResponse({"access_token": "opaque", "token_type": "Bearer", "id_token": token})

    def _signed(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        whole = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, **claims, **self.said}
        whole = {name: value for name, value in whole.items() if name not in self.left_out}
        header = {"alg": self.algorithm, "kid": self.says_key or self.signs_with}
        if self.algorithm == "none":
            return f"{_part(header)}.{_part(whole)}."
        if self.algorithm == "HS256":
            # signed with the public key as if it were a shared secret: the classic confusion
            import hmac

            text = f"{_part(header)}.{_part(whole)}"
            public = key(self.signs_with).as_pem(private=False)
            signature = hmac.new(public, text.encode(), hashlib.sha256).digest()
            return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
        token = jwt.encode(header, whole, key(self.signs_with))
        if self.tampered:
            head, _, signature = token.split(".")
            return f"{head}.{_part(whole | {'sub': 'somebody-else'})}.{signature}"
        return token


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
