"""Who needs which right on the broker: the least that the domain's topics allow, for agencies, workers and boards.

An agency writes the topic of its case events and no other. Stewards' principals are nobody else's. Workers read case
events and write what is shared. Boards read what is shared. Operators make and compare topics. Nobody else may do
anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import Entry, Problems
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.definitions.yaml_lines import YamlMap, read_yaml

Operation = Literal["Read", "Write", "Describe", "Create", "DescribeConfigs"]
Resource = Literal["topic", "group"]
ROLES = ("worker", "board", "operator")


@dataclass(frozen=True, order=True)
class Right:
    """One principal (`User:…`) may do one thing with one topic or group, by its whole name, from any host."""

    principal: str
    resource: Resource
    name: str
    operation: Operation

    def __str__(self) -> str:
        return f"{self.principal} may {self.operation} {self.resource} {self.name}"


@dataclass(frozen=True)
class Principals:
    """By whom the broker knows each agency, and those who run a worker, a board's sink, and the topics."""

    agencies: Mapping[str, Sequence[str]]
    worker: Sequence[str]
    board: Sequence[str]
    operator: Sequence[str]


def usual_principals(domain: Domain, topics: Topics) -> Principals:
    """`User:` and the agency, as SCRAM names it; `User:worker`, `User:board` and `User:operator`."""
    named = {agency for one in topics.case_events for agency in one.agencies or ()}
    agencies = sorted(named | set(domain.agencies or ()))
    return Principals({agency: [f"User:{agency}"] for agency in agencies}, *([f"User:{role}"] for role in ROLES))


def read_principals(path: Path, domain: Domain, topics: Topics) -> Principals:
    """The principals in a YAML file, `agencies:` by agency and one entry for each role; what it leaves out is as usual,
    and an empty list is nobody. Raises DomainError with every problem.
    """
    usual = usual_principals(domain, topics)
    read = read_yaml(path)
    problems = Problems()
    for line, fault in read.faults:
        problems.add(path, line, "", fault)
    content = read.content if isinstance(read.content, YamlMap) else YamlMap()
    entry = Entry(content, path, "", problems)
    entry.only("agencies", *ROLES)
    agencies = dict(usual.agencies)
    given = entry.entry("agencies")
    if given is not None:
        if domain.agencies is not None or all(one.agencies is not None for one in topics.case_events):
            given.only(*usual.agencies)
        agencies |= {agency: _principals(given, agency) for agency in given.map}
    stewards = {one for agency in domain.stewards.agencies for one in agencies.get(agency, ())}
    for agency, known_as in agencies.items():
        if agency not in domain.stewards.agencies and (both := sorted(stewards.intersection(known_as))):
            hint = "Give stewards principals of their own: whoever has one may write where they act."
            entry.fault("agencies", f"`{both[0]}` is stewards' and of `{agency}`.", hint)
    roles = {role: _principals(entry, role) if role in content else getattr(usual, role) for role in ROLES}
    problems.raise_any()
    return Principals(agencies, **roles)


def _principals(entry: Entry, key: str) -> Sequence[str]:
    found = entry.words(key)
    for one in found:
        if not one.startswith("User:") or one == "User:*":
            entry.fault(key, f"`{one}` is not one principal.", "Write `User:` and its name, such as `User:CN=police`.")
    return found


def least_rights(topics: Topics, principals: Principals, group: str) -> list[Right]:
    """Every right that is needed, each once, in order. `group` is the workers' consumer group, with its prefix.

    A producer that is idempotent needs Write alone since Kafka 2.8 (KIP-679).
    """
    return sorted(set(_rights(topics, principals, group)))


def _rights(topics: Topics, principals: Principals, group: str) -> Iterator[Right]:
    shared = [topic.name for topic in topics.shared.values()]
    cases = [one.topic.name for one in topics.case_events]
    for one in topics.case_events:
        for agency, known_as in principals.agencies.items():
            if one.agencies is None or agency in one.agencies:
                yield from _on(known_as, one.topic.name, "Write", "Describe")
    for name in cases:
        yield from _on(principals.worker, name, "Read", "Describe")
    for principal in principals.worker:
        yield Right(principal, "group", group, "Read")
    for name in shared:
        yield from _on(principals.worker, name, "Write", "Describe")
        yield from _on(principals.board, name, "Read", "Describe")
    for name in [*cases, *shared]:
        yield from _on(principals.operator, name, "Create", "Describe", "DescribeConfigs")


def _on(principals: Sequence[str], topic: str, *operations: Operation) -> Iterator[Right]:
    for principal in principals:
        for operation in operations:
            yield Right(principal, "topic", topic, operation)
