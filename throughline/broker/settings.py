"""The settings of a broker on this machine: a single node, small, quick to start, that keeps every record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from throughline.broker.ports import HOST
from throughline.errors import UsageError

NODE = 1
DEFAULTS: dict[str, str | int] = {
    "auto.create.topics.enable": "false",  # a topic that nobody made is a mistake
    "message.max.bytes": 1_048_588,
    "min.insync.replicas": 1,
    # a test's events are years old, and Kafka reckons a record's age by its own time
    "log.retention.ms": -1,
    # a group of one gets its partitions at once
    "group.initial.rebalance.delay.ms": 0,
    # one that was killed may register anew only this many milliseconds later, and asks as often as it beats
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 1_000,
    # inner topics: one copy, few partitions
    "default.replication.factor": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    # of a heap of 512 MiB the compacting thread would take 128 MiB
    "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
}
_FIXED = (
    *("process.roles", "node.id", "listeners", "advertised.listeners", "log.dirs", "controller.quorum.voters"),
    "listener.security.protocol.map",
)


@dataclass(frozen=True)
class Listener:
    """A port besides the usual one, by its name and protocol (SSL, SASL_SSL …); its settings go with the broker's."""

    name: str
    protocol: str


def server_properties(
    data: Path,
    ports: tuple[int, int],
    settings: Mapping[str, str | int],
    more: Mapping[Listener, int] = MappingProxyType({}),
) -> str:
    """The text of server.properties: `ports` are the broker's and its controller's, `more` those of further listeners;
    `settings` go over DEFAULTS.
    """
    fixed = [name for name in _FIXED if name in settings]
    if fixed:
        raise UsageError(
            f"A broker on this machine does not take the setting `{fixed[0]}`.",
            hint="It sets its own address, folder and roles; give `folder` and `port`.",
        )
    broker, controller = ports
    listener = ",".join(
        [f"PLAINTEXT://{HOST}:{broker}", *(f"{one.name}://{HOST}:{port}" for one, port in more.items())]
    )
    protocols = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT"} | {one.name: one.protocol for one in more}
    own: dict[str, str | int] = {
        "process.roles": "broker,controller",
        "node.id": NODE,
        "listeners": f"{listener},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": listener,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": ",".join(f"{name}:{one}" for name, one in protocols.items()),
        "controller.quorum.voters": f"{NODE}@{HOST}:{controller}",
        "log.dirs": str(data).replace("\\", "\\\\"),  # in a properties file, a backslash begins an escape
    }
    return "".join(f"{name}={value}\n" for name, value in {**DEFAULTS, **settings, **own}.items())
