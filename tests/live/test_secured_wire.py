"""Every client of ours on a broker that wants TLS, a user and rights: who gets in, and what the others are told."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest import mock

import pytest
from certificates import Authority
from secured_broker import SecuredBroker, leaks, password_of
from typed import Done, run
from workers import until, worker

from throughline.broker.ports import free_ports
from throughline.cli.terminal import options
from throughline.errors import BrokerRefused, CredentialRefused
from throughline.live.watching import Watcher
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.sources.connection.settings_file import read_broker_settings
from throughline.sources.publish.publisher import CLIENTS
from throughline.streams.log import event_log
from throughline.streams.log.event_log import CaseLog
from throughline.streams.shared.log import SharedLog

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
PREFIX = "force."
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
NO_USER = {"sasl_username": None, "sasl_password_file": None, "sasl_mechanism": None}


@dataclass
class Force:
    """The broker with the topics of a force, made by its operator, and the rights that its administrator gave."""

    secured: SecuredBroker
    topics: Topics
    folder: Path

    def settings(self, user: str) -> Path:
        return self.secured.settings(self.folder, user)

    def run(self, user: str, *arguments: object, code: int = 0) -> Done:
        """A command as a user."""
        return run(
            *arguments,
            *(
                "--bootstrap",
                self.secured.bootstrap,
                "--broker-settings",
                self.settings(user),
                "--topic-prefix",
                PREFIX,
            ),
            code=code,
        )

    def publish(self, user: str, events: str, folder: Path, *options: object, code: int = 0) -> Done:
        file = folder / "events.jsonl"
        file.write_text(EVENTS[events])
        return self.run(user, "publish", file, "--outbox", folder / "outbox.sqlite", *options, code=code)


@pytest.fixture(scope="module", autouse=True)
def one_domain() -> Iterator[None]:
    """The domain is read once for all commands of this file: most of what each of them would take."""
    with mock.patch.object(options, "load_domain", cache(load_domain)):
        yield


@pytest.fixture(scope="module")
def force(secured_broker: SecuredBroker, tmp_path_factory: pytest.TempPathFactory) -> Force:
    made = Force(secured_broker, load_topics(load_domain(None), prefix=PREFIX), tmp_path_factory.mktemp("force"))
    # who comes by a certificate has another name than who comes by a password
    principals = made.folder / "principals.yaml"
    principals.write_text(
        "agencies: {police: ['User:police', 'User:CN=police']}\nworker: ['User:worker', 'User:CN=worker']\n"
    )
    made.run("admin", "topics", "acl", "apply", "--principals", principals)
    made.run("operator", "topics", "create", "--replication-factor", 1)
    return made


def test_an_agency_publishes_a_worker_joins_and_a_board_reads(force: Force, tmp_path: Path) -> None:
    """Police by one client and the CPS by the other, each with no right but its own: one case, four days in limbo."""
    assert force.run("operator", "topics", "check", "--replication-factor", 1).stdout.startswith("All 9 topics")
    for user, client in zip(("police", "cps"), CLIENTS, strict=True):
        (tmp_path / user).mkdir()
        said = force.publish(user, user, tmp_path / user, "--client", client)
        assert "1 published" in said.stdout

    settings = ("--broker-settings", str(force.settings("worker")))
    with worker(force.secured.bootstrap, PREFIX, tmp_path / "live", *settings, port=free_ports(1)[0]) as working:
        working.wait_for(2)
        until(lambda: working.metric("throughline_published_records_total") > 0)
        assert working.stop() == 0
    board = tmp_path / "board.duckdb"
    force.run("board", "sink", "--once", "--store", board)

    lines = run("timeline", "urn:20PP0012326", "--store", board).stdout
    assert lines.splitlines()[1:] == [
        "1,2026-03-05 09:00,police 20PP,File submitted,,",
        "2,2026-03-09 11:30,cps,Request received by the CPS,,",
    ]
    limbo = run("query", "select from_agency, to_agency, limbo_seconds / 86400 from handoffs", "--store", board).stdout
    assert limbo.splitlines()[-1] == "police,cps,4.104166666666667"
    assert leaks(working.log.read_text()) == []


@pytest.mark.parametrize("client", CLIENTS)
def test_nobody_writes_the_topic_of_another_agency(client: str, force: Force, tmp_path: Path) -> None:
    """The CPS sends what police say, to the topic of police: refused, kept, and told why."""
    said = force.publish("cps", "police", tmp_path, "--client", client, code=70).stderr

    assert "The broker refused event `1`" in said
    assert "`force.police.case-events`" in said
    assert "throughline topics acl" in said
    assert "It stays in the outbox" in said


@pytest.mark.parametrize("way", ["SCRAM-SHA-256", "PLAIN", "OAUTHBEARER", "certificate"])
def test_each_way_in_leads_to_the_log_and_back(way: str, force: Force, tmp_path: Path) -> None:
    """By the mechanism, the token or the certificate alone, both clients publish as police, and the worker reads."""
    bootstrap, settings = way_in(way, force.secured, tmp_path, "police")
    for client in CLIENTS:
        file = tmp_path / f"{client}.jsonl"
        file.write_text(EVENTS["police"].replace('"id":"1"', f'"id":"{way}-{client}"'))
        said = run(
            *("publish", file, "--outbox", tmp_path / "outbox.sqlite", "--client", client),
            *("--topic-prefix", PREFIX, "--bootstrap", bootstrap, "--broker-settings", settings),
        )
        assert "1 published" in said.stdout

    _, settings = way_in(way, force.secured, tmp_path, "worker")
    topic, number = force.topics.of_agency("police"), force.topics.partition_of("20")
    with CaseLog(bootstrap, security=read_broker_settings(settings).security, group="force.throughline") as log:
        assert topic in log.topic_ids([topic])
        fetches = list(log.read(topic, number, 0, log.extent(topic, number).end))
    ids = {dict(headers)["ce_id"].decode() for fetch in fetches for headers in fetch.headers}
    assert {f"{way}-{client}" for client in CLIENTS} <= ids


def way_in(way: str, secured: SecuredBroker, folder: Path, user: str) -> tuple[str, Path]:
    """Address and settings of a way in for a user."""
    if way == "certificate":
        # the key has a password
        issued = secured.authority.issue(user, password="canary-key-4f1c")
        secret = folder / "key.secret"
        secret.touch(0o600)
        secret.write_text("canary-key-4f1c")
        given = {
            "ssl_certificate_location": issued.certificate,
            "ssl_key_location": issued.key,
            "ssl_key_password_file": secret,
        }
        settings = secured.settings(folder, user, security_protocol="SSL", **NO_USER, **given)
        return secured.broker.address("MTLS"), settings
    if way == "OAUTHBEARER":
        token = {
            "sasl.oauthbearer.token.endpoint.url": secured.token_url,
            "sasl.oauthbearer.client.id": user,
            "sasl.oauthbearer.client.secret.file": folder / f"{user}.secret",
        }
        return secured.bootstrap, secured.settings(folder, user, **{**NO_USER, "sasl_mechanism": way}, **token)
    return secured.bootstrap, secured.settings(folder, user, sasl_mechanism=way)


def _inside(secured: SecuredBroker) -> str:
    """Where the test itself may do everything."""
    return secured.broker.bootstrap


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
    _, settings = way_in("OAUTHBEARER", secured, folder, "police")
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
        lambda secured, folder: (_inside(secured), secured.settings(folder)),
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


def test_a_reader_without_rights_is_told_so(force: Force) -> None:
    security = force.secured.security(force.folder, "nobody")

    with CaseLog(force.secured.bootstrap, security=security) as log, pytest.raises(BrokerRefused) as raised:
        log.topic_ids([force.topics.of_agency("police")])

    assert "throughline topics acl check" in raised.value.hint


def test_the_page_does_what_it_says(
    secured_broker: SecuredBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands word for word, rights first; the address and the authority are the only things put in."""
    monkeypatch.chdir(tmp_path)
    text = (HOW_TO / "secure-broker.md").read_text(encoding="utf-8")
    password, publish, rights = re.findall(r"<!-- not run: needs a secured broker -->\n```sh\n(.*?)```", text, re.S)
    for example in HOW_TO.glob("examples/p*[ls]"):
        said = example.read_text().replace("kafka.example.org:9093", secured_broker.bootstrap)
        (tmp_path / example.name).write_text(said)
    shutil.copyfile(secured_broker.authority.certificate, tmp_path / "force-ca.pem")
    for user in ("admin", "operator"):
        secured_broker.settings(tmp_path, user, **{"bootstrap.servers": secured_broker.bootstrap})
    (tmp_path / "events.jsonl").write_text(EVENTS["police"])

    said = [run(*shlex.split(line)[1:]).stdout.splitlines()[-1] for line in rights.splitlines()]
    assert said[2:] == [
        "70 to give, 0 there already.",
        "70 given, 0 there already.",
        "All 70 rights are there, and no other.",
        "9 created, 0 there already.",
    ]
    subprocess.run(password.partition("#")[0], shell=True, check=True)
    (tmp_path / "police.secret").write_text(password_of("police"))
    assert "1 published" in run(*shlex.split(publish)[1:]).stdout


def test_rights_are_given_once_and_what_is_too_much_is_named(secured_broker: SecuredBroker, tmp_path: Path) -> None:
    """Applying again changes nothing; a right that somebody gave besides is named, by whatever pattern, exit code 1."""
    here = ("--bootstrap", secured_broker.bootstrap, "--topic-prefix", "rights.")
    as_admin = (*here, "--broker-settings", secured_broker.settings(tmp_path, "admin"))

    would = run("topics", "acl", "apply", "--dry-run", *as_admin).stdout.splitlines()
    assert "would give: User:police may Write topic rights.police.case-events" in would
    assert would[-1] == "70 to give, 0 there already."
    assert run("topics", "acl", "check", *as_admin, code=1).stdout.startswith("missing: User:advocate may Describe")
    assert run("topics", "acl", "apply", *as_admin).stdout.endswith("70 given, 0 there already.\n")
    assert run("topics", "acl", "apply", *as_admin).stdout == "0 given, 70 there already.\n"
    assert run("topics", "acl", "check", *as_admin).stdout == "All 70 rights are there, and no other.\n"

    too_many = tmp_path / "too-many.yaml"
    too_many.write_text("agencies: {cps: ['User:cps', 'User:contractor']}\n")
    run("topics", "acl", "apply", *as_admin, "--principals", too_many)

    assert run("topics", "acl", "check", *as_admin, code=1).stdout.splitlines()[:2] == [
        "too much: User:contractor may Describe topic rights.cps.case-events",
        "too much: User:contractor may Write topic rights.cps.case-events",
    ]
    as_police = (*here, "--broker-settings", secured_broker.settings(tmp_path, "police"))
    assert "does not show its rights" in run("topics", "acl", "check", *as_police, code=70).stderr
