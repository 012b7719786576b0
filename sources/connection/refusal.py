"""Why a broker does not let us in, found out by asking it: the clients of Kafka say so late, or never.

Each of them takes a refused password, a certificate that has run out or a port without TLS for a broker that is away,
and tries again for ever. So we enter once ourselves: connection, TLS, what is spoken, user; and stop where it fails.
"""

from __future__ import annotations

import socket
import ssl
import struct
from contextlib import suppress

from kafka.net.sasl.abc import SaslMechanism
from kafka.net.sasl.oauth import SaslMechanismOAuth
from kafka.net.sasl.plain import SaslMechanismPlain
from kafka.net.sasl.scram import SaslMechanismScram

from throughline.errors import BrokerRefused, CertificateRefused, CredentialRefused, ProtocolMismatch
from throughline.schemas.wire.broker_address import read_addresses
from throughline.sources.connection.clients import for_kafka_python
from throughline.sources.connection.security import Security

_MOST_BYTES = 1 << 20
_ALERT = 0x15  # the first byte of what a port with TLS says to who speaks in the clear
_VERSIONS, _HANDSHAKE, _AUTHENTICATE = 18, 17, 36
_NO_SUCH_MECHANISM, _NO_SASL_HERE = 33, 34
_MECHANISMS = {"PLAIN": SaslMechanismPlain, "OAUTHBEARER": SaslMechanismOAuth}
# what OpenSSL finds wrong with a certificate: X509_V_ERR_… of x509_vfy.h
_WRONG_NAME, _RUN_OUT, _NOT_YET = (62, 64), 10, 9
# alerts of TLS (RFC 8446, 6.2), as OpenSSL names them
_OF_CERTIFICATES = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "DECRYPT_ERROR")
_OF_VERSIONS = ("PROTOCOL_VERSION", "HANDSHAKE_FAILURE", "INSUFFICIENT_SECURITY")
_UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)


def refusal(bootstrap: str, security: Security, seconds: float = 5.0) -> BrokerRefused | None:
    """Why no broker at `bootstrap` lets us in, of the first that says so; None where one does, or where none answers.

    Raises BrokerUnavailable where nobody answers who gives tokens.
    """
    found: BrokerRefused | None = None
    for host, port in read_addresses(bootstrap):
        try:
            _Entrance(host, port, security, seconds).enter()
            return None
        except BrokerRefused as error:
            found = found or error
        except (OSError, EOFError, ValueError, struct.error):
            continue  # away, going away, or no broker at all
    return found


def check_admitted(bootstrap: str, security: Security) -> None:
    """Raise CredentialRefused, CertificateRefused or ProtocolMismatch where `refusal` finds one."""
    if (found := refusal(bootstrap, security)) is not None:
        raise found


class _Entrance:
    """One attempt at one broker."""

    def __init__(self, host: str, port: int, security: Security, seconds: float) -> None:
        self._host, self._port = host, port
        self._where = f"The broker at {host}:{port}"
        self._security = security
        self._seconds = seconds

    def enter(self) -> None:
        """Raises BrokerRefused, and OSError or EOFError where the broker is away or goes away."""
        with self._connected() as connection:
            try:
                _ask(connection, _VERSIONS, 0, b"")
            except ssl.SSLError as error:  # in TLS 1.3 a client's certificate is judged after the handshake
                raise self._meant(error) from None
            except (ValueError, OSError, EOFError):
                if not self._security.has_tls and self._speaks_tls():
                    raise self._mismatch(
                        f"speaks TLS alone, and `security.protocol` is {self._security.protocol}",
                        "Write `security.protocol: SSL`, or SASL_SSL where it wants a password too.",
                    ) from None
                raise
            self._authenticate(connection)

    def _connected(self) -> socket.socket:
        plain = socket.create_connection((self._host, self._port), timeout=self._seconds)
        tls = self._security.tls()
        if tls is None:
            return plain
        try:
            return tls.wrap_socket(plain, server_hostname=self._host)
        except ssl.SSLCertVerificationError as error:
            raise self._untrusted(error) from None
        except (ssl.SSLError, OSError) as error:
            if self._speaks_plainly():
                raise self._mismatch(
                    f"speaks no TLS, and `security.protocol` is {self._security.protocol}",
                    "Name its port with TLS; or, where the broker is on this machine alone, write PLAINTEXT or "
                    "SASL_PLAINTEXT.",
                ) from None
            raise (self._meant(error) if isinstance(error, ssl.SSLError) else error) from None
        finally:
            if plain.fileno() >= 0:
                plain.close()

    def _authenticate(self, connection: socket.socket) -> None:
        mechanism = self._security.mechanism
        name = (mechanism or "PLAIN").encode()
        answer = _ask(connection, _HANDSHAKE, 1, struct.pack(">h", len(name)) + name)
        (code,) = struct.unpack_from(">h", answer)
        if mechanism is None:
            if code == _NO_SASL_HERE:
                return
            raise self._mismatch(
                f"wants a password or a token ({_names(answer)}), and `security.protocol` is {self._security.protocol}",
                f"Write `security.protocol: {'SASL_SSL' if self._security.has_tls else 'SASL_PLAINTEXT'}`, "
                "`sasl.mechanism` and who you are.",
            )
        if code == _NO_SASL_HERE:
            raise self._mismatch(
                f"takes no passwords at this port, and `security.protocol` is {self._security.protocol}",
                "Name its port with SASL, or write "
                f"`security.protocol: {'SSL' if self._security.has_tls else 'PLAINTEXT'}`.",
            )
        if code == _NO_SUCH_MECHANISM:
            raise self._mismatch(
                f"does not take {mechanism}, but {_names(answer)}", "Write one of these as `sasl.mechanism`."
            )
        self._show_who(connection, mechanism)

    def _show_who(self, connection: socket.socket, mechanism: str) -> None:
        sasl: SaslMechanism = _MECHANISMS.get(mechanism, SaslMechanismScram)(**for_kafka_python(self._security))
        while not sasl.is_done():
            said = sasl.auth_bytes()
            answer = _ask(connection, _AUTHENTICATE, 0, struct.pack(">i", len(said)) + said)
            code, length = struct.unpack_from(">hh", answer)
            at = 4 + max(0, length)
            if code:
                reason = answer[4:at].decode(errors="replace").rstrip(".") or f"error {code}"
                raise self._unknown_user(mechanism, reason)
            (length,) = struct.unpack_from(">i", answer, at)
            try:
                sasl.receive(answer[at + 4 : at + 4 + max(0, length)])
            except Exception as error:  # the broker does not know the password either
                raise self._unknown_user(mechanism, f"its own proof does not fit ({type(error).__name__})") from None

    def _speaks_tls(self) -> bool:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # nothing is said to it: whether there is TLS at all is the question
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with (
                socket.create_connection((self._host, self._port), timeout=self._seconds) as plain,
                context.wrap_socket(plain, server_hostname=self._host),
            ):
                return True
        except ssl.SSLError as error:
            return "ALERT" in (error.reason or "")
        except OSError:
            return False

    def _speaks_plainly(self) -> bool:
        with (
            suppress(OSError, EOFError, ValueError),
            socket.create_connection((self._host, self._port), timeout=self._seconds) as plain,
        ):
            _ask(plain, _VERSIONS, 0, b"")
            return True
        return False

    def _mismatch(self, what: str, hint: str) -> ProtocolMismatch:
        return ProtocolMismatch(f"{self._where} {what}.", reason="protocol", hint=hint)

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> CertificateRefused:
        code = error.verify_code
        if code in _WRONG_NAME:
            what = f"shows a certificate that is not of `{self._host}`"
            hint = "Give --bootstrap the name that stands in the certificate, or have a new one made with this name."
        elif code in (_RUN_OUT, _NOT_YET):
            what = "shows a certificate that " + ("has expired" if code == _RUN_OUT else "is not valid yet")
            hint = "Have whoever runs the broker renew it. Is the clock of this machine right?"
        elif code in _UNKNOWN_AUTHORITY:
            trusted = self._security.authority
            whom = f"`{trusted}` does not know" if trusted else "this machine does not know"
            what = f"shows a certificate of an authority that {whom}"
            hint = "Write `ssl.ca.location` with the authority's certificate, got from whoever runs the broker."
        else:
            what = f"shows a certificate that is not to be trusted: {error.verify_message}"
            hint = "Show this to whoever runs the broker."
        return CertificateRefused(f"{self._where} {what}.", reason=error.verify_message, hint=hint)

    def _meant(self, error: ssl.SSLError) -> Exception:
        """What an alert of the broker says of us; the error itself where it says nothing: the broker may be ending."""
        _, has_alert, alert = (error.reason or "").partition("ALERT_")
        if has_alert and any(word in alert for word in _OF_CERTIFICATES):
            return self._certificate_refused(error)
        if alert in _OF_VERSIONS:
            return self._mismatch(
                f"agrees with us on no TLS ({alert.replace('_', ' ').lower()})",
                "It must speak TLS 1.2 or 1.3. Does it want a certificate of ours (`ssl.certificate.location`)?",
            )
        return error

    def _certificate_refused(self, error: ssl.SSLError) -> CredentialRefused:
        reason = (error.reason or "").lower().rpartition("alert_")[2].replace("_", " ")
        ours = self._security.certificate
        what = f"does not take our certificate `{ours}`" if ours is not None else "wants a certificate of ours"
        return CredentialRefused(
            f"{self._where} {what} ({reason}).",
            reason=reason,
            hint="Write `ssl.certificate.location` and `ssl.key.location`: one of an authority that the broker trusts, "
            "and that has not expired.",
        )

    def _unknown_user(self, mechanism: str, reason: str) -> CredentialRefused:
        return CredentialRefused(
            f"{self._where} does not let {self._security.who} in by {mechanism}: {reason}.",
            reason=reason,
            hint="Check the client and the token endpoint, and that the broker trusts its tokens."
            if self._security.tokens is not None
            else "Check `sasl.username` and the password that the settings name, with whoever runs the broker.",
        )


def _ask(connection: socket.socket, request: int, version: int, body: bytes) -> bytes:
    """What a broker answers to a request, after the correlation id. Raises ValueError for what is no answer."""
    message = struct.pack(">hhih", request, version, 1, -1) + body
    connection.sendall(struct.pack(">i", len(message)) + message)
    head = _exactly(connection, 4)
    (size,) = struct.unpack(">i", head)
    if head[0] == _ALERT or not 4 <= size <= _MOST_BYTES:
        raise ValueError("no answer of a broker")
    answer = _exactly(connection, size)
    if struct.unpack_from(">i", answer) != (1,):
        raise ValueError("no answer of a broker")
    return answer[4:]


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = connection.recv(size - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def _names(answer: bytes) -> str:
    """The mechanisms in the answer to a SASL handshake."""
    (count,) = struct.unpack_from(">i", answer, 2)
    names, at = [], 6
    for _ in range(count):
        (length,) = struct.unpack_from(">h", answer, at)
        names.append(answer[at + 2 : at + 2 + length].decode(errors="replace"))
        at += 2 + length
    return " or ".join(sorted(names)) or "nothing"
