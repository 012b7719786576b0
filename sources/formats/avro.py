"""Avro container files of events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from throughline.schemas.acceptance.admission import without_placeholders
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages
from throughline.schemas.wire.avro.container import read_container
from throughline.schemas.wire.avro.framing import read_frame
from throughline.sources.formats.registry import EventFormat

# A domain's schemas take longer to compile than a small file to read: once per domain object.
_STORES: dict[int, tuple[Domain, SchemaStore]] = {}


def read_avro(path: Path, domain: Domain, batch_rows: int) -> Iterator[Batch]:
    """The events of a file, in batches as its blocks are."""
    for batch in read_container(path, _schemas(domain)):
        yield Batch(without_placeholders(batch.events, domain), batch.rejects)


def judge_again(records: Sequence[tuple[int, bytes]], domain: Domain, origin: str) -> Batch:
    """The events of records that were kept, as (position, bytes framed with the fingerprint of their schema)."""
    positions = [position for position, _ in records]
    batch = decode_messages([raw for _, raw in records], _schemas(domain), origin, positions)
    return Batch(without_placeholders(batch.events, domain), batch.rejects)


def _schemas(domain: Domain) -> SchemaStore:
    made = _STORES.get(id(domain))
    if made is None or made[0] is not domain:
        made = _STORES[id(domain)] = (domain, SchemaStore(domain))
    return made[1]


FORMATS = (EventFormat((".avro",), read_avro, judge_again, lambda raw: read_frame(raw) is not None),)
