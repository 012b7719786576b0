"""A broker's settings file: what it means for each client, every fault by its line, and no secret ever shown."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import Authority
from typed import run

from throughline.errors import BrokerSettingsError
from throughline.sources.connection.clients import for_aiokafka, for_confluent, for_kafka_python
from throughline.sources.connection.security import OPEN
from throughline.sources.connection.settings_file import BrokerSettingsProblemsError, read_broker_settings

CANARY = "canary-7d20"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """A settings file of that text, beside a private file `secret` and an authority `ca.pem`."""
    Authority(tmp_path, "ca")
    (tmp_path / "secret").touch(0o600)
    (tmp_path / "secret").write_text(f"{CANARY}\n")

    def made(text: str, name: str = "broker.properties") -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return made


SCRAM = """# of police
bootstrap.servers=kafka.example:9093
security.protocol=SASL_SSL
ssl.ca.location=ca.pem
sasl.username=police
sasl.password.file=secret
"""


@pytest.mark.parametrize(
    ("name", "text"), [("a.properties", SCRAM), ("b.yaml", SCRAM.replace("=", ": ")), ("c", SCRAM.replace("=", " : "))]
)
def test_each_client_gets_the_same_by_its_own_names(
    name: str, text: str, write: Callable[..., Path], tmp_path: Path
) -> None:
    """SCRAM-SHA-512 where no mechanism is named; paths are beside the file; white space is no part of a secret."""
    settings = read_broker_settings(write(text, name))

    assert settings.bootstrap == "kafka.example:9093"
    assert for_confluent(settings.security) == {
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(tmp_path / "ca.pem"),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "police",
        "sasl.password": CANARY,
    }
    for translated in (for_kafka_python(settings.security), for_aiokafka(settings.security)):
        context = translated.pop("ssl_context")
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        assert translated == {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": "police",
            "sasl_plain_password": CANARY,
        }


def test_without_settings_it_is_in_the_clear() -> None:
    assert for_confluent(OPEN) == {"security.protocol": "PLAINTEXT"}
    assert for_kafka_python(OPEN) == for_aiokafka(OPEN) == {"security_protocol": "PLAINTEXT"}


def test_a_secret_may_stand_in_the_environment(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_PASSWORD", CANARY)

    settings = read_broker_settings(write(SCRAM.replace("password.file=secret", "password.env=OUR_PASSWORD")))

    assert settings.security.password.reveal() == CANARY
    assert CANARY not in repr(settings)


FAULTS = {
    "sasl.mechanism=SCRAM-SHA-1": "`SCRAM-SHA-1` is not one that is known here",
    "sasl.pasword=x": "is not a key here. Did you mean `sasl.password.file`?",
    "sasl.jaas.config=x": "is not a key here. Write `sasl.username` and `sasl.password.file`.",
    "ssl.truststore.location=x": "Write `ssl.ca.location`, a PEM file",
    "ssl.certificate.location=ca.pem": "`ssl.certificate.location` and `ssl.key.location` go together.",
    "ssl.endpoint.identification.algorithm=none": "the name in the broker's certificate is always checked",
    "sasl.oauthbearer.scope=x": "has no effect: `sasl.mechanism` is not OAUTHBEARER.",
    f"sasl.password={CANARY}": "stands in the file itself.",
    "sasl.password.env=NOT_SET": "needs `sasl.password.file` or `sasl.password.env`, and not both.",
    "sasl.username=cps": "stands twice.",
    CANARY: "is no setting. Write KEY=VALUE.",
}


@pytest.mark.parametrize("line", FAULTS)
def test_each_fault_is_named_with_its_line(line: str, write: Callable[..., Path]) -> None:
    """And never with what a line says where that may be a secret."""
    with pytest.raises(BrokerSettingsProblemsError) as raised:
        read_broker_settings(write(f"{SCRAM}{line}\n"))

    assert FAULTS[line] in "\n".join(map(str, raised.value.problems))
    assert ":7" in str(raised.value) or "needs `" in str(raised.value) or "go together" in str(raised.value)
    assert CANARY not in str(raised.value)


def test_what_has_no_effect_is_a_fault(write: Callable[..., Path]) -> None:
    """Whoever names a user without SASL, or an authority without TLS, believes to be protected."""
    with pytest.raises(BrokerSettingsProblemsError) as raised:
        read_broker_settings(write(SCRAM.replace("SASL_SSL", "PLAINTEXT")))

    assert [problem.key for problem in raised.value.problems] == [
        "ssl.ca.location",
        "sasl.username",
        "sasl.password.file",
    ]


def test_tokens_are_asked_for_by_https_alone(write: Callable[..., Path]) -> None:
    text = f"{SCRAM.split('sasl.')[0]}sasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.client.id=police\n"
    text += "sasl.oauthbearer.client.secret.file=secret\nsasl.oauthbearer.token.endpoint.url={}\n"

    with pytest.raises(BrokerSettingsProblemsError, match="is not https"):
        read_broker_settings(write(text.format("http://login.example/token")))
    found = for_confluent(read_broker_settings(write(text.format("https://login.example/token"))).security)

    assert found["sasl.oauthbearer.method"] == "oidc"
    assert found["sasl.oauthbearer.client.secret"] == CANARY


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604])
def test_a_secret_that_others_may_read_is_refused(mode: int, write: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "secret").chmod(mode)

    with pytest.raises(BrokerSettingsError, match=f"`secret` is not private: .*its mode is {mode:04o}") as raised:
        read_broker_settings(write(SCRAM))

    assert "chmod 600 secret" in raised.value.hint


def test_a_key_that_others_may_read_is_refused(write: Callable[..., Path], tmp_path: Path) -> None:
    issued = Authority(tmp_path, "another").issue("police")
    text = SCRAM + f"ssl.certificate.location={issued.certificate}\nssl.key.location={issued.key}\n"
    read_broker_settings(write(text))
    issued.key.chmod(0o644)

    with pytest.raises(BrokerSettingsError, match="is not private"):
        read_broker_settings(write(text))


def test_a_key_of_another_certificate_is_named(write: Callable[..., Path], tmp_path: Path) -> None:
    """Before any broker is asked, and with the password of the key not shown."""
    authority = Authority(tmp_path, "another")
    police, cps = authority.issue("police", password=CANARY), authority.issue("cps", password=CANARY)
    text = f"{SCRAM}ssl.key.password.file=secret\nssl.certificate.location={police.certificate}\nssl.key.location="
    read_broker_settings(write(f"{text}{police.key}\n"))

    with pytest.raises(BrokerSettingsError, match="cannot be used for TLS") as raised:
        read_broker_settings(write(f"{text}{cps.key}\n"))

    assert CANARY not in str(raised.value)


def test_the_command_says_what_is_wrong_with_the_file_and_shows_no_secret(
    write: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    """By the option or by the variable; exit code 1. Without an address anywhere it was called wrongly."""
    caplog.set_level(logging.DEBUG)
    file = write(f"{SCRAM}sasl.password={CANARY}\n")
    said = run("topics", "check", "--broker-settings", file, code=1).stderr
    assert said == run("topics", "check", code=1, THROUGHLINE_BROKER_SETTINGS=str(file)).stderr
    assert f"{file}:7: `sasl.password`: stands in the file itself." in said
    assert CANARY not in said + caplog.text

    nowhere = write(SCRAM.replace("bootstrap.servers=kafka.example:9093\n", ""))
    assert "Missing option '--bootstrap'" in run("topics", "check", "--broker-settings", nowhere, code=2).stderr
