"""Every client of ours on a broker that wants TLS, a user and rights: who gets in, and what the others are told."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from secured_broker import EVENTS, SecuredBroker, leaks, password_of
from typed import Done, run
from workers import until, worker

from throughline.broker.ports import free_ports
from throughline.errors import BrokerRefused
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.sources.connection.settings_file import read_broker_settings
from throughline.sources.publish.publisher import CLIENTS
from throughline.streams.log.event_log import CaseLog

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
PREFIX = "force."


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
    assert force.run("operator", "topics", "check", "--replication-factor", 1).stdout.startswith("All 10 topics")
    for user, client in zip(("police", "cps"), CLIENTS, strict=True):
        (tmp_path / user).mkdir()
        said = force.publish(user, user, tmp_path / user, "--client", client)
        assert "1 published" in said.stdout

    settings = ("--broker-settings", str(force.settings("worker")))
    with worker(force.secured.bootstrap, PREFIX, tmp_path / "live", *settings, port=free_ports(1)[0]) as working:
        working.wait_for(2)
        until(lambda: working.metric("throughline_published_records_total") > 0)
        # whose rights are taken away ends, and says what to do
        force.secured.take_rights("worker")
        try:
            assert working.process.wait(60) == 70
        finally:
            force.run("admin", "topics", "acl", "apply", "--principals", force.folder / "principals.yaml")
        # whichever of its clients hears of it first
        (last,) = [line for line in working.log.read_text().splitlines() if "[critical" in line and "hint=" in line]
        assert "The broker refuses: " in last or "does not let user `worker` read force." in last
        assert "`throughline topics acl check` names the rights that are missing" in last
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
    bootstrap, settings = force.secured.way_in(way, tmp_path, "police")
    for client in CLIENTS:
        file = tmp_path / f"{client}.jsonl"
        file.write_text(EVENTS["police"].replace('"id":"1"', f'"id":"{way}-{client}"'))
        said = run(
            *("publish", file, "--outbox", tmp_path / "outbox.sqlite", "--client", client),
            *("--topic-prefix", PREFIX, "--bootstrap", bootstrap, "--broker-settings", settings),
        )
        assert "1 published" in said.stdout

    _, settings = force.secured.way_in(way, tmp_path, "worker")
    topic, number = force.topics.of_agency("police"), force.topics.partition_of("20")
    with CaseLog(bootstrap, security=read_broker_settings(settings).security, group="force.throughline") as log:
        assert topic in log.topic_ids([topic])
        fetches = list(log.read(topic, number, 0, log.extent(topic, number).end))
    ids = {dict(headers)["ce_id"].decode() for fetch in fetches for headers in fetch.headers}
    assert {f"{way}-{client}" for client in CLIENTS} <= ids


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
        example_here = example.read_text().replace("kafka.example.org:9093", secured_broker.bootstrap)
        (tmp_path / example.name).write_text(example_here)
    shutil.copyfile(secured_broker.authority.certificate, tmp_path / "force-ca.pem")
    for user in ("admin", "operator"):
        secured_broker.settings(tmp_path, user, **{"bootstrap.servers": secured_broker.bootstrap})
    (tmp_path / "events.jsonl").write_text(EVENTS["police"])

    said = [run(*shlex.split(line)[1:]).stdout.splitlines()[-1] for line in rights.splitlines()]
    assert said[2:] == [
        "75 to give, 0 there already.",
        "75 given, 0 there already.",
        "All 75 rights are there, and no other.",
        "10 created, 0 there already.",
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
    assert would[-1] == "75 to give, 0 there already."
    assert run("topics", "acl", "check", *as_admin, code=1).stdout.startswith("missing: User:advocate may Describe")
    assert run("topics", "acl", "apply", *as_admin).stdout.endswith("75 given, 0 there already.\n")
    assert run("topics", "acl", "apply", *as_admin).stdout == "0 given, 75 there already.\n"
    assert run("topics", "acl", "check", *as_admin).stdout == "All 75 rights are there, and no other.\n"

    too_many = tmp_path / "too-many.yaml"
    too_many.write_text("agencies: {cps: ['User:cps', 'User:contractor']}\n")
    run("topics", "acl", "apply", *as_admin, "--principals", too_many)

    assert run("topics", "acl", "check", *as_admin, code=1).stdout.splitlines()[:2] == [
        "too much: User:contractor may Describe topic rights.cps.case-events",
        "too much: User:contractor may Write topic rights.cps.case-events",
    ]
    as_police = (*here, "--broker-settings", secured_broker.settings(tmp_path, "police"))
    assert "does not show its rights" in run("topics", "acl", "check", *as_police, code=70).stderr
