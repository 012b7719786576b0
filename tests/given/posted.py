"""The service that takes events over HTTP, without a broker: in this process, or as a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from starlette.testclient import TestClient

from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.sources.ingest.app import Service, create_app
from throughline.sources.ingest.intake import Intake
from throughline.sources.ingest.load import Rates
from throughline.sources.ingest.receipts import Receipts, receipts_path
from throughline.sources.ingest.token import Tokens, make_token, read_tokens, write_tokens
from throughline.sources.publish.outbox import Outbox

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
RMS = "urn:example:police:20:rms"
CMS = "urn:example:cps:20:cms"
# the command without the others, which takes a third of the time to start
START = (
    "import logging; logging.basicConfig(level=logging.WARNING); "
    "from throughline.cli.agencies.ingest import ingest; ingest()"
)


@cache
def domain() -> Domain:
    return load_domain()


@cache
def schemas() -> SchemaStore:
    return SchemaStore(domain())


@cache
def topics() -> Topics:
    return load_topics(domain(), replication=1)


def crime(number: object = 1, **attributes: Any) -> dict[str, Any]:
    """An event of police that is accepted."""
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": RMS,
        "type": "police.crime.recorded",
        "time": "2026-03-02T10:15:00Z",
        "partitionkey": "20",
        "data": {"unit": "20PP", "identifiers": {"crime_ref": f"20/{number}/26"}, "offence_group": "stalking"},
    } | attributes


def add_token(path: Path, agency: str = "police", source: str = RMS, areas: Sequence[str] = ("20",)) -> str:
    """A token of the file at `path`; its secret."""
    today = datetime.now(UTC).date()
    token, secret = make_token(domain(), agency=agency, source=source, areas=areas, days=30, today=today)
    write_tokens(path, [*read_tokens(path), token])
    return secret


@dataclass
class Posted:
    """The service in `folder`, with a client of it and a token of police, area 20."""

    folder: Path
    client: TestClient
    outbox: Outbox
    service: Service
    secret: str
    said: list[str] = field(default_factory=list)

    def post(self, events: Any, media: str = STRUCTURED, *, secret: str | None = None, **headers: str) -> Any:
        """Post events as JSON, or bytes as they are."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            "/events",
            content=events if isinstance(events, bytes) else orjson.dumps(events),
            headers={"Authorization": f"Bearer {secret or self.secret}", "Content-Type": media} | named,
        )

    def get(self, path: str, secret: str | None = None) -> Any:
        return self.client.get(path, headers={"Authorization": f"Bearer {secret or self.secret}"})

    def add_token(self, **given: Any) -> str:
        return add_token(self.folder / "tokens.yaml", **given)

    def waiting(self) -> list[str]:
        """The ids of the events that wait in the outbox."""
        return ids_in(self.outbox)


def ids_in(outbox: Outbox) -> list[str]:
    return [dict(one.record.headers)["ce_id"].decode() for one in outbox.unsent(limit=1_000_000)]


@contextmanager
def service(folder: Path, **settings: Any) -> Iterator[Posted]:
    """The service in this process; `settings` are of Service."""
    secret = add_token(folder / "tokens.yaml")
    path = folder / "outbox.sqlite"
    rates = settings.pop("rates", Rates(1e6, 1e6))
    with Outbox(path) as outbox, Receipts(receipts_path(path)) as receipts:
        made = Service(
            Intake(
                domain(),
                schemas(),
                topics(),
                outbox,
                receipts,
                count=lambda source, n: rates.take(source, max(0, n - 1)),
            ),
            Tokens(folder / "tokens.yaml"),
            rates,
            "Test",
            [form.wire_type for form in domain().rules.forms],
            **settings,
        )
        with TestClient(create_app(made), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            yield Posted(folder, client, outbox, made, secret)


@dataclass
class Running:
    """The command in a process of its own, at HOST:PORT."""

    process: subprocess.Popen[str]
    host: str
    port: int
    scheme: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


@contextmanager
def running(
    folder: Path, *arguments: object, stop: Callable[[subprocess.Popen[str]], None] | None = None
) -> Iterator[Running]:
    """`throughline ingest` over the files of `folder`; at the end it is told to stop, and ends with 0."""
    command = [
        *(sys.executable, "-c", START, "--port", "0", "--tokens", folder / "tokens.yaml"),
        *("--outbox", folder / "outbox.sqlite", *arguments),
    ]
    with (folder / "ingest.log").open("a") as log:
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=log, text=True)
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"(https?)://(\S+):(\d+)/events", line)
            assert found is not None, line + (folder / "ingest.log").read_text()
            yield Running(process, found[2].strip("[]"), int(found[3]), found[1])
        finally:
            process.terminate() if stop is None else stop(process)
            ended = process.wait(30)
    assert stop is not None or ended == 0, (folder / "ingest.log").read_text()


def until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def fates(answer: Any) -> list[str]:
    """Of each record what became of it: its fate or, where it was refused, the reason."""
    said: Mapping[str, Any] = answer.json()
    if "fates" in said:
        return [one.get("reason") or one["fate"] for one in said["fates"]]
    return [one["reason"] for one in said["errors"]]
