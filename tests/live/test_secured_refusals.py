"""What a client is told that a broker does not let in: the same in every program, on the real broker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from certificates import Authority
from secured_broker import EVENTS, NO_USER, SecuredBroker, leaks, password_of
from typed import run
from workers import until

from throughline.errors import BrokerUnavailable, CredentialRefused
from throughline.live.watching import Watcher
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.sources.connection.settings_file import read_broker_settings
from throughline.streams.log import event_log
from throughline.streams.log.broker_topics import compare_topics
from throughline.streams.log.event_log import CaseLog
from throughline.streams.shared.log import SharedLog
from throughline.streams.worker.broker_watch import BrokerWatch
from throughline.streams.worker.metrics import WorkerMetrics


@dataclass(frozen=True)
class Fault:
    """Something wrong between a client and the broker, and the sentence and the advice that it must end in."""

    arrange: Callable[[SecuredBroker, Path], tuple[str, Path]]
    says: str
    advises: str


def _expired(secured: SecuredBroker, folder: Path) -> tuple[str, Path]:
    return secured.broker.address("EXPIRED"), secured.settings(folder)


def _wrong_password(secured: SecuredBroker, folder: Path) -> tuple[str, Path]:
    settings = secured.settings(folder)
    (folder / "police.secret").write_text(password_of("nobody"))
    return secured.bootstrap, settings


def _unknown_authority(secured: SecuredBroker, folder: Path) -> tuple[str, Path]:
    return secured.bootstrap, secured.settings(folder, ssl_ca_location=Authority(folder, "another").certificate)


def _expired_certificate(secured: SecuredBroker, folder: Path) -> tuple[str, Path]:
    issued = secured.authority.issue("police-once", days=-1)
    files = {"ssl_certificate_location": issued.certificate, "ssl_key_location": issued.key}
    return secured.broker.address("MTLS"), secured.settings(folder, security_protocol="SSL", **NO_USER, **files)


def _wrong_token_secret(secured: SecuredBroker, folder: Path) -> tuple[str, Path]:
    _, settings = secured.way_in("OAUTHBEARER", folder, "police")
    (folder / "police.secret").write_text(password_of("nobody"))
    return secured.bootstrap, settings


def _plain(secured: SecuredBroker, folder: Path) -> Path:
    return secured.settings(folder, security_protocol="PLAINTEXT", ssl_ca_location=None, **NO_USER)


FAULTS = {
    "wrong password": Fault(
        _wrong_password,
        "does not let user `police` in by SCRAM-SHA-512: Authentication failed",
        "Check `sasl.username` and the password",
    ),
    "expired": Fault(_expired, "shows a certificate that has expired.", "Have whoever runs the broker renew it."),
    "unknown authority": Fault(
        _unknown_authority, "shows a certificate of an authority that", "Write `ssl.ca.location`"
    ),
    "another name": Fault(
        lambda secured, folder: (secured.bootstrap.replace("127.0.0.1", "localhost"), secured.settings(folder)),
        "shows a certificate that is not of `localhost`.",
        "Give --bootstrap the name that stands in the certificate",
    ),
    "plaintext to TLS": Fault(
        lambda secured, folder: (secured.bootstrap, _plain(secured, folder)),
        "speaks TLS alone, and `security.protocol` is PLAINTEXT.",
        "Write `security.protocol: SSL`, or SASL_SSL",
    ),
    "TLS to plaintext": Fault(
        lambda secured, folder: (secured.inside, secured.settings(folder)),
        "speaks no TLS, and `security.protocol` is SASL_SSL.",
        "Name its port with TLS",
    ),
    "certificate of ours expired": Fault(_expired_certificate, "does not take our certificate", "that has not expired"),
    "wrong client secret": Fault(
        _wrong_token_secret,
        "gives client `police` no token: invalid_client (401).",
        "Check `sasl.oauthbearer.client.id`",
    ),
}
PROGRAMS = (
    ("publish", "events.jsonl", "--client", "confluent"),
    ("publish", "events.jsonl", "--client", "kafka-python"),
    ("topics", "check"),
    ("worker", "--health-port", "0"),
)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_ends_in_a_sentence(
    fault: str, secured_broker: SecuredBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every program: what, where and what to do next; exit code 70; never a password, and never a trace."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events.jsonl").write_text(EVENTS["police"])
    bootstrap, settings = FAULTS[fault].arrange(secured_broker, tmp_path)
    where = secured_broker.token_url if fault == "wrong client secret" else bootstrap

    for program in PROGRAMS:
        said = run(*program, "--bootstrap", bootstrap, "--broker-settings", settings, code=70).stderr

        what, _, hint = said[said.index("throughline: ") :].partition("\n\n")
        assert where in what, program
        assert FAULTS[fault].says in what, program
        assert FAULTS[fault].advises in hint, program
        assert "Traceback" not in said, program
        assert leaks(said) == [], program
        assert ("stays in the outbox" in hint) is (program[0] == "publish")


@pytest.mark.parametrize("way", ["PLAIN", "OAUTHBEARER"])
def test_no_log_of_a_client_has_the_secret(
    way: str,
    secured_broker: SecuredBroker,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not where all is logged that they have to say. A token begins as every JSON does."""
    bootstrap, settings = secured_broker.way_in(way, tmp_path, "admin")
    security = read_broker_settings(settings).security
    monkeypatch.setattr(event_log, "_SECONDS", 1.0)
    for name in ("kafka", "aiokafka"):
        caplog.set_level(logging.DEBUG, logger=name)

    compare_topics(bootstrap, load_topics(load_domain(None), prefix="none."), security)
    with CaseLog(bootstrap, security=security) as log, pytest.raises(BrokerUnavailable):
        next(log.read("none", 0, 0, 1))

    assert {record.name.partition(".")[0] for record in caplog.records} >= {"kafka", "aiokafka"}
    assert leaks(caplog.text) == []
    assert "eyJ" not in caplog.text


def test_a_worker_whose_password_is_changed_says_so(secured_broker: SecuredBroker, tmp_path: Path) -> None:
    """Where its state is asked for, as long as that lasts: its client would try again for ever, and call it running."""
    security = secured_broker.security(tmp_path, "nobody")
    metrics = WorkerMetrics()
    metrics.state("running")
    watch = BrokerWatch(secured_broker.bootstrap, metrics, security, every=0.05, enter=0.2)
    try:
        secured_broker.set_password("nobody", "another")
        until(lambda: "does not let user `nobody` in" in metrics.waits_for)
        assert (metrics.now_state, metrics.is_ready()) == ("waiting", False)

        secured_broker.set_password("nobody", password_of("nobody"))
        until(lambda: not metrics.waits_for)
        assert metrics.now_state == "running"
    finally:
        watch.close()


def test_a_password_that_is_changed_stops_whoever_reads(
    secured_broker: SecuredBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client says that the broker is away; we say what it is, and do not wait for what no waiting mends."""
    monkeypatch.setattr(event_log, "_SECONDS", 1.0)
    bootstrap, settings = _wrong_password(secured_broker, tmp_path)
    security = read_broker_settings(settings).security

    with CaseLog(bootstrap, security=security) as log, pytest.raises(CredentialRefused, match="user `police`"):
        log.extent("police.case-events", 0)
    with pytest.raises(CredentialRefused, match="user `police`"):
        Watcher(bootstrap, load_topics(load_domain(None)), security=security)
    with pytest.raises(CredentialRefused, match="user `police`"):
        SharedLog(bootstrap, ["shared.handoffs"], [], security)
