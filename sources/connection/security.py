"""How a broker is to be reached, as one value: in the clear or by TLS, and as whom."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from throughline.errors import BrokerSettingsError
from throughline.schemas.secrets.secret import Secret

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
MECHANISMS: tuple[Mechanism, ...] = get_args(Mechanism)


@dataclass(frozen=True)
class Tokens:
    """Who gives tokens to a client that shows its credentials (RFC 6749, 4.4); `authority` is a PEM file, or None for
    the authorities of this machine.
    """

    url: str
    client: str
    secret: Secret
    scope: str = ""
    extensions: tuple[tuple[str, str], ...] = ()
    authority: Path | None = None


@dataclass(frozen=True)
class Security:
    """What a client needs to be let in. Without anything: in the clear, as nobody.

    `authority` holds the certificates that the broker's must come from, `certificate` ours and `key` its key, all PEM;
    without an authority, those of this machine are trusted. Secrets are revealed to the clients alone.
    """

    protocol: Protocol = "PLAINTEXT"
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: Secret | None = None
    mechanism: Mechanism | None = None
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    tokens: Tokens | None = None

    @property
    def has_tls(self) -> bool:
        return self.protocol in ("SSL", "SASL_SSL")

    @property
    def who(self) -> str:
        """As whom, for a sentence: a user, a client of the token endpoint, a certificate, or nobody."""
        if self.mechanism == "OAUTHBEARER" and self.tokens is not None:
            return f"client `{self.tokens.client}`"
        if self.mechanism is not None:
            return f"user `{self.user}`"
        return f"certificate `{self.certificate}`" if self.certificate is not None else "nobody"

    def tls(self) -> ssl.SSLContext | None:
        """TLS of version 1.2 or later that checks the broker's certificate and name; None where it is not wanted.

        Raises BrokerSettingsError where a file of certificates or keys cannot be used.
        """
        return tls_context(self.authority, self.certificate, self.key, self.key_password) if self.has_tls else None


OPEN = Security()
"""No TLS, no password: a broker on this machine."""


def tls_context(
    authority: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    key_password: Secret | None = None,
) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise _unusable(authority, error, "Name a PEM file with the certificates of the authority.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        # without a password of ours OpenSSL would ask at the terminal
        password = "" if key_password is None else key_password.reveal()
        try:
            context.load_cert_chain(certificate, key, password)
        except (OSError, ssl.SSLError, ValueError) as error:
            raise _unusable(
                certificate,
                error,
                f"`{key or certificate}` must be the key of `{certificate}`, both PEM; where it has a password, "
                "`ssl.key.password.file` must hold it.",
            ) from None
    return context


def _unusable(file: Path | None, error: Exception, hint: str) -> BrokerSettingsError:
    why = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else _said(error)
    return BrokerSettingsError(f"cannot be used for TLS: {why}", file=file, hint=hint)


def _said(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason).replace("_", " ").lower() if reason else "it is not PEM"
