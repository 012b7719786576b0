"""The topics of a domain: who publishes where, what is shared, and how the broker must keep each.

Read from `topics.yaml` of the domain directory. The key of a case event is its area, so that everything that can
be one case stands in one partition number, whatever the topic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from throughline.errors import DomainError, UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import Entry, Problems, read_entry

SharedName = Literal["decision_timeline", "handoffs", "alerts", "quarantine"]
SHARED: tuple[SharedName, ...] = ("decision_timeline", "handoffs", "alerts", "quarantine")

_DAY_MS = 86_400_000
_NAME = re.compile(r"[A-Za-z0-9._-]+").fullmatch
_NAME_LIMIT = 249  # of Kafka


@dataclass(frozen=True)
class Topic:
    """One topic and the settings that the broker must keep it with (names and values as Kafka writes them)."""

    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str]


@dataclass(frozen=True)
class CaseEvents:
    """A topic of case events and the agencies that may write it; None: any, of a domain that lists none.

    What agencies wrote that have another topic now (`earlier`) is still read.
    """

    topic: Topic
    agencies: frozenset[str] | None
    earlier: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Topics:
    """All topics of a domain."""

    case_events: tuple[CaseEvents, ...]
    shared: Mapping[SharedName, Topic]
    partitions: int

    def __iter__(self) -> Iterator[Topic]:
        yield from (one.topic for one in self.case_events)
        yield from self.shared.values()

    def of_agency(self, agency: str) -> str:
        """Name of the topic that an agency publishes its case events to. Raises UsageError where it has none."""
        for one in self.case_events:
            if one.agencies is None or agency in one.agencies:
                return one.topic.name
        raise UsageError(f"`{agency}` has no topic.", hint="Add the agency to a topic in the domain's topics.yaml.")

    def agencies_of(self, topic: str) -> frozenset[str] | None:
        """The agencies of which a topic of case events may hold events; None: any."""
        found = next(one for one in self.case_events if one.topic.name == topic)
        return None if found.agencies is None else found.agencies | found.earlier

    def partition_of(self, area: str) -> int:
        """The partition number of an area: murmur2 of its code, as the clients of Java and Faust count."""
        return murmur2(area.encode()) % self.partitions


def load_topics(domain: Domain, *, prefix: str = "", replication: int | None = None) -> Topics:
    """The topics of a domain. `prefix` stands before each name, so that several deployments can share a broker.

    With `replication` (1 for a single broker) that many copies are kept, and at most one less must be in step.
    Raises DomainError where the domain has no topics.yaml, or one that does not hold together.
    """
    path = domain.path / "topics.yaml"
    if not path.is_file():
        raise DomainError(
            "has no topics.yaml, so it cannot be run on Kafka",
            file=domain.path,
            hint="Write one beside domain.yaml, as the domain england_wales has it.",
        )
    problems = Problems()
    entry = read_entry(path, problems)
    entry.only("partitions", "replication", "min_insync_replicas", "max_message_bytes", "case_events", "shared")
    copies = replication or entry.whole("replication", 3)
    plan = Topic(
        name=prefix,
        partitions=entry.whole("partitions", 12, most=10_000),
        replication=copies,
        settings={
            "min.insync.replicas": str(max(1, min(entry.whole("min_insync_replicas", 2), copies - 1))),
            "max.message.bytes": str(entry.whole("max_message_bytes", 1_048_576)),
            "unclean.leader.election.enable": "false",
        },
    )
    topics = Topics(_case_events(entry, plan, domain), _shared(entry, plan), plan.partitions)
    _check_names(entry, topics)
    if domain.agencies is not None:
        for agency in domain.agencies:
            found = [one for one in topics.case_events if one.agencies is None or agency in one.agencies]
            if len(found) != 1:
                entry.fault("case_events", f"`{agency}` has {len(found)} topics.", "Every agency publishes to one.")
    problems.raise_any()
    return topics


def _case_events(entry: Entry, plan: Topic, domain: Domain) -> tuple[CaseEvents, ...]:
    # the broker's time of writing, so that it is the same for whoever reads the record, and when
    kept = {"cleanup.policy": "delete", "retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}
    stewards, known = domain.stewards.agencies, domain.agencies
    found = []
    for given in entry.entries("case_events"):
        given.only("topic", "agencies", "earlier")
        topic = _topic(plan, given.text("topic"), kept)
        earlier = frozenset(given.texts("earlier") if known is None else given.names("earlier", known))
        if given.map.get("agencies") == "any":
            # of stewards, too, only where it is said
            writers = None if known is None else frozenset(known) - stewards
        elif known is None:
            writers = frozenset(given.texts("agencies", needed=True))
        else:
            writers = frozenset(given.names("agencies", known, needed=True))
        if writers and writers & stewards and not writers <= stewards:
            others = ", ".join(sorted(writers - stewards))
            hint = f"Give them another topic; `earlier: [{others}]` here reads on what they wrote to this one."
            given.fault("agencies", f"{others} may write where stewards act.", hint)
        found.append(CaseEvents(topic, writers, earlier))
    if not found:
        entry.fault("case_events", "is missing or empty.", "List the topics that agencies publish to.")
    return tuple(found)


def _shared(entry: Entry, plan: Topic) -> dict[SharedName, Topic]:
    shared = entry.entry("shared")
    if shared is None:
        entry.fault("shared", "is missing.", f"Name a topic for each of {', '.join(SHARED)}.")
        return {}
    shared.only(*SHARED)
    topics: dict[SharedName, Topic] = {}
    for name in SHARED:
        given = shared.entry(name)
        if given is None:
            shared.fault(name, "is missing.", "Name its topic.")
            continue
        given.only("topic", "deleted_kept_days", "max_message_bytes")
        days = given.whole("deleted_kept_days", 90, most=36_500)
        largest = given.whole("max_message_bytes", int(plan.settings["max.message.bytes"]))
        kept = {
            "cleanup.policy": "compact",
            "delete.retention.ms": str(days * _DAY_MS),
            "max.message.bytes": str(largest),
        }
        topics[name] = _topic(plan, given.text("topic"), kept)
    return topics


def _topic(plan: Topic, name: str, settings: Mapping[str, str]) -> Topic:
    return replace(plan, name=plan.name + name, settings={**plan.settings, **settings})


def _check_names(entry: Entry, topics: Topics) -> None:
    seen: set[str] = set()
    for topic in topics:
        if topic.name in seen:
            entry.fault("case_events", f"`{topic.name}` stands twice.")
        if not _NAME(topic.name) or len(topic.name) > _NAME_LIMIT:
            entry.fault("case_events", f"`{topic.name}` is no name of a topic.", "Use letters, digits, `.`, `_`, `-`.")
        seen.add(topic.name)


def murmur2(key: bytes) -> int:
    """Kafka's hash of a key, made positive: the partition is its remainder by the number of partitions.

    Source: `org.apache.kafka.common.utils.Utils.murmur2` and `toPositive`.
    """
    seed, m, mask = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF
    h = seed ^ len(key)
    whole = len(key) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(key[at : at + 4], "little") * m & mask
        h = (h * m & mask) ^ ((k ^ (k >> 24)) * m & mask)
    if rest := key[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return (h ^ (h >> 15)) & 0x7FFFFFFF
