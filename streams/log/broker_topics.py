"""The topics of a domain on a broker: made where they are missing, compared with what they should be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import (
    InvalidReplicationFactorError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    for_code,
)

from throughline.errors import BrokerRefused
from throughline.schemas.definitions.topics import Topic, Topics
from throughline.schemas.wire.broker_address import broker_unavailable, silence
from throughline.sources.connection.clients import for_kafka_python
from throughline.sources.connection.refusal import check_admitted
from throughline.sources.connection.security import OPEN, Security

_BOOTSTRAP_MS = 10_000
_UNKNOWN_TOPIC = 3
_ALREADY_THERE = 36


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing about a topic that is not as the domain says; `setting` is `topic` where it is missing."""

    topic: str
    setting: str
    expected: str
    found: str

    def __str__(self) -> str:
        if self.setting == "topic":
            return f"`{self.topic}` is missing."
        return f"`{self.topic}`: {self.setting} is {self.found}, expected {self.expected}."


def create_topics(bootstrap: str, topics: Topics, security: Security = OPEN) -> list[str]:
    """Make the topics that are missing; the names of those that were made. One that is there is left as it is.

    Raises BrokerUnavailable, and BrokerRefused where the broker does not make one.
    """
    with broker_admin(bootstrap, security) as admin:
        there = _described(admin, topics)
        missing = [topic for topic in topics if topic.name not in there]
        if not missing:
            return []
        plan = {
            topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": topic.replication,
                "configs": dict(topic.settings),
            }
            for topic in missing
        }
        answer = admin.create_topics(plan, raise_errors=False)
        made = []
        for found in answer["topics"]:
            if found["error_code"] == 0:
                made.append(found["name"])
            elif found["error_code"] != _ALREADY_THERE:
                raise _refused(found)
        admin.wait_for_topics(made)
    return made


def compare_topics(bootstrap: str, topics: Topics, security: Security = OPEN) -> list[Mismatch]:
    """What the broker has otherwise than the domain says: missing topics, partitions, copies and settings.

    Raises BrokerUnavailable, and BrokerRefused where the broker does not say.
    """
    with broker_admin(bootstrap, security) as admin:
        there = _described(admin, topics)
        found = _settings(admin, [topic for topic in topics if topic.name in there])
    return [mismatch for topic in topics for mismatch in _differences(topic, there.get(topic.name), found)]


def _differences(
    topic: Topic, described: dict[str, Any] | None, settings: dict[str, dict[str, str]]
) -> Iterator[Mismatch]:
    if described is None:
        yield Mismatch(topic.name, "topic", "there", "missing")
        return
    partitions = described["partitions"]
    if len(partitions) != topic.partitions:
        yield Mismatch(topic.name, "partitions", str(topic.partitions), str(len(partitions)))
    copies = sorted({len(partition["replica_nodes"]) for partition in partitions})
    if copies != [topic.replication]:
        yield Mismatch(topic.name, "replication", str(topic.replication), " and ".join(map(str, copies)))
    for name, expected in topic.settings.items():
        found = settings[topic.name].get(name, "unknown")
        if found != expected:
            yield Mismatch(topic.name, name, expected, found)


def _described(admin: KafkaAdminClient, topics: Topics) -> dict[str, dict[str, Any]]:
    """What the broker says of each of the topics that it has."""
    there: dict[str, dict[str, Any]] = {}
    for found in admin.describe_topics([topic.name for topic in topics]):
        if found["error_code"] == 0:
            there[found["name"]] = found
        elif found["error_code"] != _UNKNOWN_TOPIC:
            raise _refused(found)
    return there


def _settings(admin: KafkaAdminClient, topics: Iterable[Topic]) -> dict[str, dict[str, str]]:
    """The settings in force, by topic and name."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    if not asked:
        return {}
    answer = admin.describe_configs(asked, config_filter="all")["topic"]
    return {topic: {name: said["value"] for name, said in settings.items()} for topic, settings in answer.items()}


def _refused(found: dict[str, Any]) -> BrokerRefused:
    """The error for a topic that the broker does not show or make."""
    error = for_code(found["error_code"])
    reason = found.get("error_message") or error.description
    return BrokerRefused(
        f"The broker refuses the topic `{found['name']}`: {reason} ({error.__name__})",
        topic=found["name"],
        reason=reason,
        hint="A single broker needs --replication-factor 1."
        if error is InvalidReplicationFactorError
        else "Ask whoever runs the broker for permission to create and describe topics.",
    )


@contextmanager
def broker_admin(bootstrap: str, security: Security) -> Iterator[KafkaAdminClient]:
    """A client for the broker's settings, and its errors as ours."""
    # first, because the client would try for long, and leave its sockets open
    reason = silence(bootstrap, asks=False)
    if reason:
        raise broker_unavailable(bootstrap, reason)
    check_admitted(bootstrap, security)
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap,
            bootstrap_timeout_ms=_BOOTSTRAP_MS,
            client_id="throughline-topics",
            **for_kafka_python(security),
        )
    except (KafkaConnectionError, KafkaTimeoutError, OSError) as error:
        raise broker_unavailable(bootstrap, str(error)) from error
    try:
        yield admin
    except (KafkaConnectionError, KafkaTimeoutError) as error:
        raise broker_unavailable(bootstrap, str(error)) from error
    except KafkaError as error:
        raise BrokerRefused(
            f"The broker at {bootstrap} refuses: {error}",
            reason=str(error),
            hint="Ask whoever runs the broker for permission to create and describe topics.",
        ) from error
    finally:
        admin.close()
