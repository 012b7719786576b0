"""Certificates of an authority of the test's own, as PEM files: good ones, expired ones, ones of another authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key: two files, and `both` in one, as Kafka's PEM key stores want it."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """An authority; `certificate` is its own, a PEM file in `folder`."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        signed = (
            _begun(self._name, self._name, self._key, 3650)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, SHA256())
        )
        self.certificate = folder / f"{name}.pem"
        self.certificate.write_bytes(signed.public_bytes(Encoding.PEM))

    def issue(self, name: str, *, days: int = 10, host: str | None = None, password: str | None = None) -> Issued:
        """A certificate of CN=`name`, good for so many days more: one that has expired where that is negative.

        For a server, `host` is the address that it is for. `password` protects the key.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        made = _begun(_name(name), self._name, key, days)
        if host is not None:
            made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(host))]), critical=False)
        certificate = made.sign(self._key, SHA256()).public_bytes(Encoding.PEM)
        keeps = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, keeps)
        issued = Issued(*(self._folder / f"{name}{ending}" for ending in (".crt", ".key", ".both")))
        for file, text in (
            (issued.certificate, certificate),
            (issued.key, secret),
            (issued.both, secret + certificate),
        ):
            file.touch(0o600)
            file.write_bytes(text)
        return issued


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=30))
        .not_valid_after(NOW + timedelta(days=days))
    )
