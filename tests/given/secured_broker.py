"""A real broker as a force runs one: TLS, users, certificates, tokens, and rights that it checks. One for all tests.

Its ports: `SASL_SSL` (SCRAM, PLAIN, OAUTHBEARER), `MTLS` (a certificate of ours is asked for), `EXPIRED` (its own has
run out) and PLAINTEXT on loopback, which may do everything and is there for the tests themselves.
"""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from brokers import local_or_skip
from certificates import Authority
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from joserfc import jwt
from joserfc.jwk import RSAKey

from throughline.broker.local_broker import QUICK_START, LocalBroker
from throughline.broker.ports import HOST
from throughline.broker.settings import Listener
from throughline.sources.connection.security import Security
from throughline.sources.connection.settings_file import read_broker_settings

USERS = ("police", "cps", "advocate", "hmcts", "steward", "worker", "board", "operator", "admin", "nobody")
ISSUER, AUDIENCE = "https://login.example.org", "kafka"
_KAFKA = "org.apache.kafka.common.security"


EVENTS = {
    "police": (
        '{"specversion":"1.0","id":"1","source":"urn:example:police:rms","type":"police.file.submitted","time":"2026-03-05'
        'T09:00:00Z","partitionkey":"20","data":{"unit":"20PP","identifiers":{"urn":"20PP0012326"},"decision":"green",'
        '"submission_no":1,"file_type":"pcd"}}\n'
    ),
    "cps": (
        '{"specversion":"1.0","id":"1","source":"urn:example:cps:cms","type":"cps.pcd.received","time":"2026-03-09T11:30'
        ':00Z","partitionkey":"20","data":{"identifiers":{"urn":"20PP0012326"},"decision":"green","submission_no":1}}\n'
    ),
}
"""A file of events of each of two agencies: one case, four days and two and a half hours in limbo."""
NO_USER = {"sasl_username": None, "sasl_password_file": None, "sasl_mechanism": None}


def password_of(user: str) -> str:
    """A canary: it is to be found nowhere but in its file."""
    return f"canary-{user}-4f1c"


@dataclass
class SecuredBroker:
    """The broker, who signed its certificate, and who gives tokens; `folder` has the certificates."""

    broker: LocalBroker
    authority: Authority
    folder: Path
    token_url: str

    @property
    def bootstrap(self) -> str:
        """Where users with passwords or tokens come in."""
        return self.broker.address("SASL_SSL")

    @property
    def inside(self) -> str:
        """Where the tests themselves may do everything, in the clear."""
        return self.broker.bootstrap

    def settings(self, folder: Path, user: str = "police", **given: str | Path | None) -> Path:
        """A settings file in `folder` of a user with a password; keys of `given` (`_` for `.`) go over it, None takes
        one out.
        """
        secret = folder / f"{user}.secret"
        secret.touch(0o600)
        secret.write_text(password_of(user) + "\n")
        said: dict[str, str | Path | None] = {
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": self.authority.certificate,
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password.file": secret,
        }
        said |= {name.replace("_", "."): value for name, value in given.items()}
        path = folder / f"{user}.properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in said.items() if value is not None))
        return path

    def set_password(self, user: str, password: str) -> None:
        """Change what lets a user in by SCRAM-SHA-512."""
        form = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        changed = UserScramCredentialUpsertion(user, form, password.encode())
        admin = AdminClient({"bootstrap.servers": self.inside})
        admin.alter_user_scram_credentials([changed])[user].result(30)

    def take_rights(self, user: str) -> None:
        """Take every right from a user."""
        every = AclBindingFilter(
            ResourceType.ANY,
            None,
            ResourcePatternType.ANY,
            f"User:{user}",
            None,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        admin = AdminClient({"bootstrap.servers": self.inside})
        for future in admin.delete_acls([every]).values():
            future.result(30)

    def way_in(self, way: str, folder: Path, user: str) -> tuple[str, Path]:
        """Address and settings of a way in for a user."""
        if way == "certificate":
            # the key has a password
            issued = self.authority.issue(user, password="canary-key-4f1c")
            secret = folder / "key.secret"
            secret.touch(0o600)
            secret.write_text("canary-key-4f1c")
            given = {
                "ssl_certificate_location": issued.certificate,
                "ssl_key_location": issued.key,
                "ssl_key_password_file": secret,
            }
            settings = self.settings(folder, user, security_protocol="SSL", **NO_USER, **given)
            return self.broker.address("MTLS"), settings
        if way == "OAUTHBEARER":
            token = {
                "sasl.oauthbearer.token.endpoint.url": self.token_url,
                "sasl.oauthbearer.client.id": user,
                "sasl.oauthbearer.client.secret.file": folder / f"{user}.secret",
            }
            return self.bootstrap, self.settings(folder, user, **{**NO_USER, "sasl_mechanism": way}, **token)
        return self.bootstrap, self.settings(folder, user, sasl_mechanism=way)

    def security(self, folder: Path, user: str = "police", **given: str | Path | None) -> Security:
        return read_broker_settings(self.settings(folder, user, **given)).security


@pytest.fixture(scope="session")
def secured_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    local_or_skip()
    folder = tmp_path_factory.mktemp("secured")
    authority = Authority(folder, "authority")
    key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"}, private=True)
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    allowed = "-Dorg.apache.kafka.sasl.oauthbearer.allowed"
    with (
        token_endpoint(key) as token_url,
        LocalBroker(
            folder / "broker",
            settings=_broker_settings(authority, keys),
            java_options=[*QUICK_START, f"{allowed}.urls={keys.as_uri()}", f"{allowed}.files={keys}"],
            listeners=[Listener("SASL_SSL", "SASL_SSL"), Listener("MTLS", "SSL"), Listener("EXPIRED", "SSL")],
            users=[
                f"{mechanism}=[name={user},password={password_of(user)}]"
                for user in USERS
                for mechanism in ("SCRAM-SHA-512", "SCRAM-SHA-256")
            ],
        ) as broker,
    ):
        yield SecuredBroker(broker, authority, folder, token_url)


def _broker_settings(authority: Authority, keys: Path) -> dict[str, str | int]:
    said: dict[str, str | int] = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:admin",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,SCRAM-SHA-256,PLAIN,OAUTHBEARER",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.certificate),
        "ssl.keystore.type": "PEM",
        "listener.name.mtls.ssl.client.auth": "required",
        "connection.failed.authentication.delay.ms": 0,
        "sasl.oauthbearer.jwks.endpoint.url": keys.as_uri(),
        "sasl.oauthbearer.expected.audience": AUDIENCE,
        "sasl.oauthbearer.expected.issuer": ISSUER,
    }
    for name, days in (("sasl_ssl", 10), ("mtls", 10), ("expired", -2)):
        issued = authority.issue(f"broker-{name}", days=days, host=HOST)
        said[f"listener.name.{name}.ssl.keystore.location"] = str(issued.both)
    plain = " ".join(f'user_{user}="{password_of(user)}"' for user in USERS)
    tokens = f"{_KAFKA}.oauthbearer"
    said |= {
        f"listener.name.sasl_ssl.{name}": value
        for name, value in {
            "scram-sha-512.sasl.jaas.config": f"{_KAFKA}.scram.ScramLoginModule required;",
            "scram-sha-256.sasl.jaas.config": f"{_KAFKA}.scram.ScramLoginModule required;",
            "plain.sasl.jaas.config": f"{_KAFKA}.plain.PlainLoginModule required {plain};",
            "oauthbearer.sasl.jaas.config": f"{tokens}.OAuthBearerLoginModule required;",
            "oauthbearer.sasl.server.callback.handler.class": f"{tokens}.OAuthBearerValidatorCallbackHandler",
        }.items()
    }
    return said


@contextmanager
def token_endpoint(key: RSAKey) -> Iterator[str]:
    """A token endpoint on loopback (RFC 6749, 4.4): to a client of USERS with its password it gives a signed token."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            client = next((user for user in USERS if self.headers["Authorization"] == _basic(user)), None)
            if client is None or form.get("grant_type") != ["client_credentials"]:
                self._say(401, {"error": "invalid_client"})
                return
            now = int(time.time())
            claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": client, "iat": now, "exp": now + 300}
            token = jwt.encode({"alg": "RS256", "kid": "first"}, claims, key)
            self._say(200, {"access_token": token, "token_type": "Bearer", "expires_in": 300})

        def _say(self, status: int, content: dict[str, object]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = HTTPServer((HOST, 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{HOST}:{server.server_port}/token"
    finally:
        server.shutdown()
        server.server_close()


def _basic(user: str) -> str:
    return f"Basic {b64encode(f'{user}:{password_of(user)}'.encode()).decode()}"


def leaks(text: str) -> list[str]:
    """The passwords that stand in a text."""
    return [user for user in USERS if password_of(user) in text]


__all__ = ["EVENTS", "NO_USER", "USERS", "SecuredBroker", "leaks", "password_of", "secured_broker"]
