"""What a publisher needs of a client of Kafka, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from throughline.schemas.wire.kafka_record import KafkaRecord

DELIVERY_SECONDS = 120.0
# how long a topic may be unknown before its records are refused: one that was just made is not known everywhere
UNKNOWN_TOPIC_SECONDS = 10.0


class Verdict(Enum):
    """What a fault means for the record."""

    AGAIN = "again"
    """The broker was away, or did not acknowledge in time: send it again."""
    APART = "apart"
    """The broker does not take it, or not the batch that it was in: send it again in a smaller one, at last alone."""
    REFUSED = "refused"
    """The broker does not take it, nor others of its topic."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record was not acknowledged; `reason` is in the words of the broker or the client."""

    verdict: Verdict
    reason: str


# The client takes the record for a copy of one that it has sent before, and it may be in no log: see IN_FLIGHT.
UNPLACED = Fault(Verdict.AGAIN, "acknowledged with no place in the log")

Done = Callable[[Fault | None], None]


class Transport(Protocol):
    """A client of Kafka: acks=all, idempotent, one request under way, compressed, the partition by murmur2 of the key.

    It calls a record done that the broker has put somewhere, not one that it was only said to have.
    """

    @property
    def trouble(self) -> str:
        """The latest thing that kept it from reaching a broker; empty while all is well."""

    @property
    def is_broken(self) -> bool:
        """Whether it can do no more and must be replaced by a new one."""

    def send(self, record: KafkaRecord, done: Done) -> bool:
        """Take a record to send, or not (False) while too many are under way.

        `done` is called from `send` or `poll`, with None once the broker has said where it put the record.
        """

    def poll(self, seconds: float) -> None:
        """Wait for at most so long for something to be done."""

    def close(self) -> None:
        """Give up what is under way; nothing is called any more."""


# Codes of the protocol, and of librdkafka (negative).
_APART = {
    10,  # MESSAGE_TOO_LARGE
    18,  # RECORD_LIST_TOO_LARGE
    2,  # CORRUPT_MESSAGE
    32,  # INVALID_TIMESTAMP
    87,  # INVALID_RECORD
}
_REFUSED = {
    3,  # UNKNOWN_TOPIC_OR_PARTITION, after the client has waited for it
    17,  # INVALID_TOPIC
    29,  # TOPIC_AUTHORIZATION_FAILED
    31,  # CLUSTER_AUTHORIZATION_FAILED
    44,  # POLICY_VIOLATION
    -188,  # unknown topic
    -190,  # unknown partition
}


def fault_of(code: int, reason: str) -> Fault:
    if code in _APART:
        return Fault(Verdict.APART, reason)
    return Fault(Verdict.REFUSED if code in _REFUSED else Verdict.AGAIN, reason)
