"""What the tests of the committing thread ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_log import Running, WrittenLog

from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import plain_rows, record_of
from throughline.sources.formats.registry import read_events

LINE = (
    '{"specversion":"1.0","id":"%d","source":"urn:example:police:rms","type":"police.crime.recorded",'
    '"time":"2026-03-02T10:15:00Z","partitionkey":"20","data":{"unit":"20PP","identifiers":{"crime_ref":"20/%d/26"},'
    '"offence_group":"stalking"}}'
)


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(None)


@pytest.fixture(scope="module")
def topics(domain: Domain) -> Topics:
    return load_topics(domain, replication=1)


@pytest.fixture
def log(tmp_path: Path, domain: Domain, topics: Topics) -> WrittenLog:
    file = tmp_path / "crimes.jsonl"
    file.write_text("\n".join(LINE % (n, n) for n in range(40)) + "\n")
    schemas = SchemaStore(domain)
    rows = [row for batch in read_events(file, domain) for row in plain_rows(batch.events)]
    return WrittenLog("police.case-events", [record_of(row, schemas, topics) for row in rows])


@pytest.fixture
def running(tmp_path: Path, domain: Domain, topics: Topics, log: WrittenLog) -> Running:
    return Running(tmp_path / "live", domain, topics, log)
