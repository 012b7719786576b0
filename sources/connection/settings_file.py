"""The settings file of a broker: how to reach it, by Kafka's own names, as YAML or as properties."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from throughline.errors import BrokerSettingsError, DomainError
from throughline.schemas.definitions.entry import Entry, Problems, ProblemsError, nearest
from throughline.schemas.definitions.yaml_lines import YamlMap, read_yaml
from throughline.schemas.secrets.secret import Secret, read_secret, secret_keys, why_not_private
from throughline.sources.connection.security import MECHANISMS, OPEN, PROTOCOLS, Security, Tokens

_Word = TypeVar("_Word", bound=str)

_TOKEN = "sasl.oauthbearer."
SETTINGS: dict[str, str] = {
    "bootstrap.servers": "Where the brokers are, as HOST:PORT with commas between them. `--bootstrap` goes over it.",
    "security.protocol": f"{', '.join(f'`{one}`' for one in PROTOCOLS)}: without TLS, with TLS, and either with SASL. "
    "`PLAINTEXT` where it is left out.",
    "ssl.ca.location": "PEM file with the certificates of the authority that the broker's comes from. Without it, the "
    "authorities of this machine are trusted.",
    "ssl.certificate.location": "PEM file with our own certificate, where the broker asks for one (mTLS), and those "
    "between it and the authority.",
    "ssl.key.location": "PEM file with the key of that certificate, readable by its owner alone.",
    "ssl.key.password.file": "File with the password of the key. Or `ssl.key.password.env`, a variable.",
    "sasl.mechanism": f"{', '.join(f'`{one}`' for one in MECHANISMS)}. The first where it is left out. Without TLS, "
    "passwords of `PLAIN` and tokens can be read on the way.",
    "sasl.username": "The user, with SCRAM and PLAIN.",
    "sasl.password.file": "File with the password. Or `sasl.password.env`, a variable.",
    f"{_TOKEN}token.endpoint.url": "Who gives tokens for client credentials (OAuth 2.0), by https.",
    f"{_TOKEN}client.id": "Our client there.",
    f"{_TOKEN}client.secret.file": f"File with its secret. Or `{_TOKEN}client.secret.env`, a variable.",
    f"{_TOKEN}scope": "What the token is for, if the endpoint wants to know.",
    f"{_TOKEN}extensions": "What the broker wants to know besides, as `NAME=VALUE` with commas between them.",
    "https.ca.location": "PEM file with the authority of the token endpoint. Without it, those of this machine.",
}
"""Every key, by Kafka's name (that of librdkafka where files are PEM), and what it says."""

# keys of Java's clients that a file may have brought along, and what stands here instead
_ELSEWHERE = {
    "sasl.jaas.config": "Write `sasl.username` and `sasl.password.file`.",
    "sasl.mechanisms": "Write `sasl.mechanism`.",
    "ssl.truststore.location": "Write `ssl.ca.location`, a PEM file: `keytool -exportcert -rfc` makes one.",
    "ssl.keystore.location": "Write `ssl.certificate.location` and `ssl.key.location`, PEM files. `openssl pkcs12` "
    "makes them of a PKCS#12 key store.",
    "ssl.endpoint.identification.algorithm": "Leave it out: the name in the broker's certificate is always checked.",
    "enable.ssl.certificate.verification": "Leave it out: the broker's certificate is always checked.",
}
_SECRETS = ("ssl.key.password", "sasl.password", f"{_TOKEN}client.secret")


class BrokerSettingsProblemsError(ProblemsError, BrokerSettingsError):
    """Every problem of a settings file, in `problems` by line; file, line and field are those of the first."""

    remedy = "Correct them in the settings file and run it again."


@dataclass(frozen=True)
class BrokerSettings:
    """What the file says; `bootstrap` is empty where it does not say where the brokers are."""

    bootstrap: str
    security: Security


UNSAID = BrokerSettings("", OPEN)


def read_broker_settings(path: Path) -> BrokerSettings:
    """The settings in a file: YAML where its name ends so, else properties (`key=value`). Paths are beside the file.

    Raises BrokerSettingsError with every problem: a key that is none, what does not go together, a secret in the file
    itself, and one in a file that others may read. A secret is never among what is said.
    """
    problems = Problems()
    if path.suffix in (".yaml", ".yml"):
        try:
            read = read_yaml(path, as_words=True)
        except DomainError as error:
            raise BrokerSettingsError(error.what, file=path, line=error.line, hint=error.hint) from None
        for line, problem in read.faults:
            problems.add(path, line, "", problem)
        content = read.content
        if not isinstance(content, YamlMap):
            raise BrokerSettingsError("holds no settings.", file=path, hint="Write a line for each, as `KEY: VALUE`.")
    else:
        content = _properties(path, problems)
    entry = Entry(content, path, "", problems)
    _check_keys(entry)
    settings = BrokerSettings(entry.text("bootstrap.servers", needed=False), _security(entry))
    problems.raise_any(BrokerSettingsProblemsError)
    settings.security.tls()
    return settings


def _properties(path: Path, problems: Problems) -> YamlMap:
    """Lines of `key=value` or `key: value`; `#` and `!` begin a comment."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BrokerSettingsError(
            f"cannot be read: {why}", file=path, hint="Check --broker-settings or THROUGHLINE_BROKER_SETTINGS."
        ) from None
    content = YamlMap()
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text[0] in "#!":
            continue
        at = min((place for place in (text.find("="), text.find(":")) if place >= 0), default=-1)
        if at < 0:
            problems.add(
                path, number, "", "is no setting.", "Write KEY=VALUE."
            )  # not what stands there: it may be secret
            continue
        key = text[:at].strip()
        if key in content:
            problems.add(path, number, key, "stands twice.")
        content[key] = text[at + 1 :].strip()
        content.lines[key] = number
    return content


def _check_keys(entry: Entry) -> None:
    known = [*SETTINGS, *(key for name in _SECRETS for key in secret_keys(name)), *_SECRETS]
    for key in entry.map:
        if key in _ELSEWHERE:
            entry.fault(key, "is not a key here.", _ELSEWHERE[key])
        elif key not in known:
            entry.fault(key, "is not a key here.", nearest(key, SETTINGS))


def _security(entry: Entry) -> Security:
    protocol = _one_of(entry, "security.protocol", PROTOCOLS, OPEN.protocol)
    has_tls, has_sasl = protocol in ("SSL", "SASL_SSL"), protocol.startswith("SASL_")
    _only_with(entry, has_tls, "ssl.", "`security.protocol` is not SSL or SASL_SSL")
    _only_with(entry, has_sasl, "sasl.", "`security.protocol` is not SASL_PLAINTEXT or SASL_SSL")
    mechanism = _one_of(entry, "sasl.mechanism", MECHANISMS, MECHANISMS[0]) if has_sasl else None
    has_tokens, has_password = mechanism == "OAUTHBEARER", mechanism is not None and mechanism != "OAUTHBEARER"
    if mechanism is not None:
        _only_with(entry, has_tokens, _TOKEN, "`sasl.mechanism` is not OAUTHBEARER")
    return Security(
        protocol=protocol,
        **(_tls_files(entry) if has_tls else {}),
        mechanism=mechanism,
        user=entry.text("sasl.username") if has_password else "",
        password=read_secret(entry, "sasl.password") if has_password else Secret(""),
        tokens=_tokens(entry) if has_tokens else None,
    )


def _tls_files(entry: Entry) -> dict[str, Any]:
    certificate, key = _file(entry, "ssl.certificate.location"), _file(entry, "ssl.key.location")
    if (certificate is None) != (key is None):
        entry.fault(None, "`ssl.certificate.location` and `ssl.key.location` go together.", "Write both, or neither.")
    if key is not None and (why := why_not_private(key)):
        entry.fault("ssl.key.location", f"`{key}` is not private: {why}.", f"Run `chmod 600 {key}`.")
    has_password = any(name in entry.map for name in ("ssl.key.password", *secret_keys("ssl.key.password")))
    return {
        "authority": _file(entry, "ssl.ca.location"),
        "certificate": certificate,
        "key": key,
        "key_password": read_secret(entry, "ssl.key.password") if has_password else None,
    }


def _tokens(entry: Entry) -> Tokens:
    url = entry.text(f"{_TOKEN}token.endpoint.url")
    parts = urlsplit(url)
    if url and not (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"))
    ):
        entry.fault(f"{_TOKEN}token.endpoint.url", "is not https.", "A secret is sent there: write https://….")
    extensions = []
    for one in filter(None, entry.text(f"{_TOKEN}extensions", needed=False).split(",")):
        name, has_value, value = one.strip().partition("=")
        if not has_value:
            entry.fault(f"{_TOKEN}extensions", f"`{one}` is not NAME=VALUE.")
        extensions.append((name, value))
    return Tokens(
        url,
        entry.text(f"{_TOKEN}client.id"),
        read_secret(entry, f"{_TOKEN}client.secret"),
        entry.text(f"{_TOKEN}scope", needed=False),
        tuple(extensions),
        _file(entry, "https.ca.location"),
    )


def _only_with(entry: Entry, is_so: bool, prefix: str, why_not: str) -> None:
    """Keys that would be without effect are faults: who writes them believes to be protected."""
    if not is_so:
        for key in entry.map:
            if key.startswith(prefix):
                entry.fault(key, f"has no effect: {why_not}.", "Set it, or leave this out.")


def _one_of(entry: Entry, key: str, known: tuple[_Word, ...], usual: _Word) -> _Word:
    """One of the known words, in any case; `usual` where the key is missing."""
    word = entry.text(key, needed=False)
    if not word:
        return usual
    found = next((one for one in known if one == word.upper()), None)
    if found is None:
        entry.fault(key, f"`{word}` is not one that is known here.", f"Known: {', '.join(known)}.")
    return found or usual


def _file(entry: Entry, key: str) -> Path | None:
    """The file that a key names, beside the settings file; None where it names none."""
    name = entry.text(key, needed=False)
    if not name:
        return None
    path = entry.file.parent / name
    if not path.is_file():
        entry.fault(key, f"there is no file `{path}`.", "Check the path: it is beside the settings file.")
    return path
