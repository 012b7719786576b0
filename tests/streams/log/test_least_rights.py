"""The least rights of a domain: worked out by hand from the topics of england_wales and of a list of principals."""

from __future__ import annotations

from pathlib import Path

import pytest
from typed import run

from throughline.errors import DomainError
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.streams.log.rights import least_rights, read_principals, usual_principals

DOMAIN = load_domain(None)
TOPICS = load_topics(DOMAIN)


def test_an_agency_writes_its_own_topic_and_nothing_else() -> None:
    """Three agencies share the topic of courts; only stewards write theirs. Nobody but workers and
    operators has more."""
    rights = least_rights(TOPICS, usual_principals(DOMAIN, TOPICS), "throughline")

    writes = {(one.principal, one.name) for one in rights if one.operation == "Write" and ".case-events" in one.name}
    assert writes == {
        ("User:police", "police.case-events"),
        ("User:cps", "cps.case-events"),
        ("User:advocate", "advocate.case-events"),
        ("User:hmcts", "court.case-events"),
        ("User:wcu", "court.case-events"),
        ("User:probation", "court.case-events"),
        ("User:steward", "steward.case-events"),
        ("User:opcc", "oversight.case-events"),
    }
    assert {one.name for one in rights if one.principal == "User:police"} == {"police.case-events"}
    assert {one.operation for one in rights if one.principal == "User:police"} == {"Write", "Describe"}


def test_workers_read_cases_and_write_what_is_shared_and_boards_read_it() -> None:
    rights = least_rights(TOPICS, usual_principals(DOMAIN, TOPICS), "throughline")
    shared = {"shared.decision-timeline", "shared.handoffs", "shared.alerts", "shared.quarantine"}

    def names(principal: str, operation: str) -> set[str]:
        return {one.name for one in rights if (one.principal, one.operation) == (principal, operation)}

    assert names("User:worker", "Write") == shared
    assert names("User:worker", "Read") == {one.topic.name for one in TOPICS.case_events} | {"throughline"}
    assert names("User:board", "Read") == shared
    assert names("User:board", "Write") == names("User:operator", "Write") == names("User:operator", "Read") == set()


def test_principals_of_a_file_go_over_the_usual_ones(tmp_path: Path) -> None:
    """A certificate for police, two users for the CPS, nobody for witness care; the others as usual."""
    file = tmp_path / "principals.yaml"
    file.write_text("agencies:\n  police: ['User:CN=police,O=Example']\n  cps: ['User:a', 'User:b']\n  wcu: []\n")
    principals = read_principals(file, DOMAIN, TOPICS)

    writers = {one.principal for one in least_rights(TOPICS, principals, "g") if one.name == "court.case-events"}
    assert writers == {"User:hmcts", "User:probation", "User:worker", "User:operator"}
    assert principals.agencies["police"] == ("User:CN=police,O=Example",)
    assert principals.agencies["cps"] == ("User:a", "User:b")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("agencies: {polise: ['User:x']}", "Did you mean `police`"),
        ("agencies: {police: ['User:*']}", "is not one principal"),
        ("worker: ['CN=worker']", "is not one principal"),
        ("boards: ['User:x']", "Did you mean `board`"),
    ],
)
def test_a_principal_that_is_none_is_refused(text: str, says: str, tmp_path: Path) -> None:
    """A right for `User:*` would be everybody's."""
    file = tmp_path / "principals.yaml"
    file.write_text(text)

    with pytest.raises(DomainError) as raised:
        read_principals(file, DOMAIN, TOPICS)

    assert says in str(raised.value)


def test_the_commands_of_kafka_say_the_same(tmp_path: Path) -> None:
    """Quoted as a shell needs it, and with the prefix of the deployment on topics and group."""
    file = tmp_path / "principals.yaml"
    file.write_text("agencies: {police: ['User:CN=Police systems,O=Example']}\n")
    printed = run(
        *("topics", "acl", "print", "--format", "commands", "--topic-prefix", "f."),
        *("--group", "joiners", "--principals", file),
    ).stdout.splitlines()

    start = 'kafka-acls --bootstrap-server "$BOOTSTRAP" --command-config admin.properties --add --allow-principal'
    assert (
        f"{start} 'User:CN=Police systems,O=Example' --operation Describe --operation Write "
        "--topic f.police.case-events" in printed
    )
    assert f"{start} User:worker --operation Read --group f.joiners" in printed
    assert len(printed) == 33


def test_a_principal_of_stewards_is_nobody_else_s(tmp_path: Path) -> None:
    """A system of police that is known as the steward could write where stewards act."""
    file = tmp_path / "principals.yaml"
    file.write_text("agencies:\n  police: ['User:a']\n  steward: ['User:b', 'User:a']\n")

    with pytest.raises(DomainError, match="`User:a` is stewards' and of `police`"):
        read_principals(file, DOMAIN, TOPICS)
