"""What the leader of a partition answers to a FETCH: committed records as bytes, whatever they are.

A client of Kafka that makes records of them would refuse a batch that it cannot read, and one that unpacks it unasked
could be made to take any memory. aiokafka is here for its connections and its protocol alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.errors import (
    CorruptRecordException,
    KafkaConnectionError,
    KafkaError,
    LeaderNotAvailableError,
    NoError,
    NotLeaderForPartitionError,
    RequestTimedOutError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.structs import TopicPartition

from throughline.errors import BrokerRefused, BrokerUnavailable
from throughline.sources.connection.clients import for_aiokafka
from throughline.sources.connection.security import OPEN, Security

# compressed; a batch that is larger comes all the same
_ANSWER_BYTES = 8 * 1024 * 1024
# what is asked for stands in the log already
_WAIT_MS = 20
_AGAIN_SECONDS = 0.2
# a broker that was started again may not know a topic for a moment
_PASSING = (
    *(KafkaConnectionError, LeaderNotAvailableError, NotLeaderForPartitionError, RequestTimedOutError),
    UnknownTopicOrPartitionError,
)


@dataclass(frozen=True)
class Answer:
    """Batches from the offset that was asked for on, or from before it; `aborted` has producer and first offset of each
    aborted transaction; `stable_end` is the offset up to which all is decided.
    """

    data: bytes
    aborted: Sequence[tuple[int, int]] | None
    stable_end: int


class LogAnswers:
    """Asks for one partition, in the thread that made it. `seconds` is how long a broker may be away."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        partition: int,
        *,
        client_id: str,
        seconds: float,
        security: Security = OPEN,
    ) -> None:
        self._bootstrap = bootstrap
        self._security = security
        self._at = TopicPartition(topic, partition)
        self._client_id = client_id
        self._seconds = seconds
        self._client: AIOKafkaClient | None = None
        self._loop = asyncio.new_event_loop()

    def ask(self, offset: int) -> Answer:
        """What stands from `offset` on. Raises BrokerUnavailable, and BrokerRefused where the log has it not or the
        broker may not give it.
        """
        return self._loop.run_until_complete(self._ask(offset))

    def close(self) -> None:
        try:
            if self._client is not None:
                self._loop.run_until_complete(self._client.close())
        finally:
            self._loop.close()

    async def _ask(self, offset: int) -> Answer:
        until = time.monotonic() + self._seconds
        while True:
            try:
                return await self._ask_leader(offset)
            except KafkaError as error:
                if not (isinstance(error, _PASSING) or error.retriable) or isinstance(error, CorruptRecordException):
                    raise BrokerRefused(
                        f"The broker refuses {self._at.topic}-{self._at.partition} from offset {offset} on: "
                        f"{type(error).__name__}.",
                        reason=type(error).__name__,
                        hint="See the broker's log.",
                    ) from None
                if time.monotonic() > until:
                    raise BrokerUnavailable(
                        f"`{self._bootstrap}` does not answer: {error}.",
                        hint="Look whether the broker runs; the same read may be tried again.",
                    ) from None
                if self._client is not None:
                    with suppress(KafkaError):
                        await self._client.force_metadata_update()
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _ask_leader(self, offset: int) -> Answer:
        client = await self._opened()
        leader = client.cluster.leader_for_partition(self._at)
        if leader is None or leader == -1:
            raise LeaderNotAvailableError(f"no leader of {self._at.topic}-{self._at.partition} is known")
        wanted = [(self._at.topic, [(self._at.partition, offset, _ANSWER_BYTES)])]
        said = await client.send(leader, FetchRequest(_WAIT_MS, 1, _ANSWER_BYTES, READ_COMMITTED, wanted))
        if not said.topics:
            raise RequestTimedOutError("an answer without the partition")
        ((_, (fields,)),) = said.topics
        fault = for_code(fields[1])
        if fault is not NoError:
            raise fault()
        # version 11 has the preferred replica between aborted transactions and data
        aborted = fields[-3] if said.API_VERSION >= 11 else fields[-2]
        return Answer(fields[-1] or b"", aborted, fields[3])

    async def _opened(self) -> AIOKafkaClient:
        if self._client is None:
            client = AIOKafkaClient(
                bootstrap_servers=self._bootstrap.split(","),
                client_id=self._client_id,
                request_timeout_ms=int(self._seconds * 1000),
                retry_backoff_ms=100,
                **for_aiokafka(self._security),
            )
            try:
                await client.bootstrap()
                await client.set_topics([self._at.topic])
            except BaseException:
                await client.close()
                raise
            self._client = client
        return self._client
