"""What a restricted field says is found in nothing that leaves: canaries in each of them, in each type of event.

They are let through everything that joins, shows, exports, publishes, prints and logs. Stewards see what they must
judge, and so three commands are not asked here: `conflicts show`, `links list` and `quarantine show --raw`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from io import StringIO
from pathlib import Path
from unittest import mock

import duckdb
import pytest
import structlog
from boards import board_of
from canaries import NOTE, Planted, canaries_in, canaries_in_rows, canary_domain, hidden_fields, outside, planted
from posted import BATCH, crime, service
from published import AS_OF, messages, note_all, read_on
from typed import run
from written_log import AREA, Running, WrittenLog

from throughline import notebook
from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, Domain
from throughline.schemas.definitions.topics import Topics, load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import plain_rows, record_of
from throughline.sinks.board.routes import PLACES
from throughline.sinks.questions.question import questions
from throughline.sinks.schema import public_schema
from throughline.sinks.store import open_memory_store, open_store
from throughline.sources.formats.registry import read_events
from throughline.streams.shared.changes import SharedRecord, outgoing
from throughline.streams.shared.state import open_shared, take
from throughline.streams.worker.partition import partition_file
from throughline.streams.worker.process import configure_logs

DAY, FIRST_DAY = "2026-03-31", "2026-03-01"


@dataclass(frozen=True)
class Kept:
    """A store that was filled with planted events, and what was printed and logged on the way."""

    domain: Domain
    folder: Path
    planted: Planted
    said: str

    @property
    def store(self) -> Path:
        return self.folder / "store.duckdb"

    def opened(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.store), read_only=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Kept]:
    """The store of a replay of planted events, by its domain; each is made once."""
    return cache(lambda name: _kept(name, tmp_path_factory.mktemp(name)))


@pytest.fixture(params=sorted(path.name for path in DEFAULT_DOMAIN.parent.iterdir()))
def kept(request: pytest.FixtureRequest, made: Callable[[str], Kept]) -> Kept:
    """That of each domain that is shipped."""
    return made(request.param)


@pytest.fixture
def cases(made: Callable[[str], Kept]) -> Kept:
    """That of England and Wales alone."""
    return made("england_wales")


def _kept(name: str, folder: Path) -> Kept:
    domain = canary_domain(name, folder)
    made = planted(domain)
    (folder / "events.jsonl").write_text("\n".join(made.lines) + "\n", encoding="utf-8")
    with logged() as log:
        done = run("replay", folder / "events.jsonl", "--store", folder / "store.duckdb", "--domain", domain.path)
    return Kept(domain, folder, made, done.stdout + done.stderr + log.getvalue())


_OURS = logging.getLogger("throughline")


class logged:  # noqa: N801 - read as a word
    """All that is logged meanwhile: by the product of every level."""

    def __enter__(self) -> StringIO:
        self.said = StringIO()
        self.handler = logging.StreamHandler(self.said)
        logging.root.addHandler(self.handler)
        _OURS.setLevel(logging.DEBUG)
        return self.said

    def __exit__(self, *_: object) -> None:
        logging.root.removeHandler(self.handler)
        _OURS.setLevel(logging.NOTSET)


def test_every_type_has_a_canary_and_the_tables_keep_them_all(kept: Kept) -> None:
    """What is not there cannot be shown: the tables of the store hold every canary, refused ones too."""
    assert all(NOTE in hidden_fields(kind) for kind in kept.domain.types.values())
    types = {name for name, kind in kept.domain.types.items() if hidden_fields(kind)}
    with kept.opened() as connection:
        assert {name for (name,) in connection.execute("select distinct type from events").fetchall()} == types
        assert canaries_in_rows(connection, "from events") == kept.planted.kept | kept.planted.contested
        assert canaries_in_rows(connection, "select raw from quarantined") == kept.planted.refused


def test_no_public_view_shows_one(kept: Kept) -> None:
    """As they are by SELECT, in a notebook, and in a query of `events`; what is printed and logged has none either."""
    with kept.opened() as connection:
        found = {view: canaries_in_rows(connection, f'from "{view}"') for view in public_schema().views}
        whole = public_schema().views["timeline"].replace("shareable_part(e.data, s.fields)", "e.data")
        connection.execute(whole.partition(";")[0].replace("view timeline", "temp view unfiltered"))
        # what the filter keeps back: without it the view shows them
        assert canaries_in_rows(connection, "from unfiltered")
    found["events"] = canaries_in(run("query", "from events", "--store", kept.store, "--format", "json").stdout)
    with notebook.open(kept.store) as opened:
        found |= {f"notebook {view}": canaries_in(opened[view].df().to_csv()) for view in opened.views}
    assert outside(found | {"replay": canaries_in(kept.said)}) == {}
    assert len(found) == 2 * len(public_schema().views) + 1


def test_no_export_holds_one(cases: Kept) -> None:
    """Parquet and DuckLake: read, and in their bytes."""
    found = {}
    for form in ("parquet", "ducklake"):
        folder = cases.folder / form
        run("export", "--store", cases.store, "--to", folder, "--format", form)
        for file in folder.rglob("*"):
            if file.suffix == ".parquet":
                found[f"{form} {file.name}"] = canaries_in_rows(duckdb.connect(), f"from '{file}'")
            elif file.is_file():
                found[f"{form} {file.name}"] = canaries_in(file.read_bytes())
    assert len(found) > len(public_schema().views)
    assert outside(found) == {}


def test_no_shared_topic_carries_one_and_no_store_behind_it_has_one(kept: Kept) -> None:
    """Key, value and headers of every message, and every table of a store that was filled from them."""
    with open_store(kept.store, write=True) as store:
        note_all(store)
        read_on(store, 1)
        records = outgoing(store, shared_topics(kept.domain), limit=1_000_000, as_of=AS_OF).records
        # what the filter keeps back: without it the messages carry them
        store.connection.execute("update shareable_fields set fields = list_append(fields, $note)", {"note": NOTE})
        note_all(store)
        unfiltered = outgoing(store, shared_topics(kept.domain), limit=1_000_000, as_of=AS_OF).records
        store.connection.execute("update shareable_fields set fields = fields[:-2]")
        # it is no worker's store: others open it after this
        store.connection.execute("delete from log_positions")
        store.connection.execute("delete from outgoing_cases")
    assert {record.topic for record in records} >= {"shared.decision-timeline", "shared.quarantine"}
    assert set().union(*map(carried, records)) == set()
    assert set().union(*map(carried, unfiltered))
    with open_memory_store() as sink:
        open_shared(sink, kept.domain)
        take(sink, shared_topics(kept.domain), messages(records))
        tables = [name for (name,) in sink.connection.execute("select table_name from duckdb_tables()").fetchall()]
        assert canaries_in_rows(sink.connection, "select count(*) from timeline") == set()
        assert sink.connection.execute("select count(*) > 0 from timeline where data <> '{}'").fetchone() is not None
        assert outside({name: canaries_in_rows(sink.connection, f"from {name}") for name in tables}) == {}


def shared_topics(domain: Domain) -> Topics:
    """Those of the domain, or of England and Wales for one that says none: the shared ones are called the same."""
    has_own = (domain.path / "topics.yaml").is_file()
    return load_topics(domain if has_own else replace(domain, path=DEFAULT_DOMAIN), replication=1)


def carried(record: SharedRecord) -> set[str]:
    texts = [record.key, record.value or b"", *(value for _, value in record.headers)]
    return set().union(*map(canaries_in, texts))


def test_no_worker_logs_one_or_publishes_one(cases: Kept, tmp_path: Path) -> None:
    """The worker's own steps, from Avro records to what waits for the shared topics."""
    topics, schemas = load_topics(cases.domain, replication=1), SchemaStore(cases.domain)
    rows = [
        row
        for batch in read_events(cases.folder / "events.jsonl", cases.domain)
        for row in plain_rows(batch.events)
        if row["agency"] == "police" and row["area"] == AREA
    ]
    records = [record_of(row, schemas, topics) for row in rows]
    log = WrittenLog("police.case-events", records)
    with logged() as said, mock.patch("sys.stderr", said):
        configure_logs(as_json=False)
        running = Running(tmp_path / "live", cases.domain, topics, log)
        running.assign()
        running.inbox.put(log.fetch(0, len(records)))
        running.run()
        # a fault of our own, with records at hand: what is logged of it names no value
        broken = Running(tmp_path / "broken", cases.domain, topics, log)
        broken.assign()
        broken.inbox.put(replace(log.fetch(0, len(records)), times=[]))
        broken.run()
        with open_store(partition_file(running.folder, running.number), write=True) as store:
            made = outgoing(store, topics, limit=1_000_000, as_of=AS_OF).records
            kept_there = canaries_in_rows(store.connection, "from events")
    structlog.reset_defaults()
    assert len(made) > 10 < len(kept_there)
    assert "worker_stops" in said.getvalue()
    assert "Traceback" in said.getvalue()
    found = {record.key.decode(): carried(record) for record in made}
    assert outside(found | {"log": canaries_in(said.getvalue())}) == {}


def test_no_answer_over_http_repeats_one(tmp_path: Path) -> None:
    """Of an event that is refused for a field: neither its name nor what it says."""
    with logged() as log, service(tmp_path) as posted:
        strange = crime(1)
        strange["data"] |= {"field o-ca000001": "o-ca000002"}
        answers = [posted.post(strange), posted.post([crime(2), strange], BATCH), posted.post(b'{"o-ca000003')]
    said = "".join(answer.text for answer in answers)
    assert "bad_field" in said
    assert canaries_in(said + log.getvalue()) == set()


def test_no_command_prints_or_writes_one(cases: Kept, tmp_path: Path) -> None:
    """Of boards and stewards: questions, measures, papers, pages and letters."""
    with cases.opened() as connection:
        names = [
            name for (name,) in connection.execute("select case_id from cases order by events desc limit 2").fetchall()
        ]
        reasons = [name for (name,) in connection.execute("select distinct reason from quarantine").fetchall()]
        ids = [name for (name,) in connection.execute("select any_value(quarantine_id) from quarantine").fetchall()]
        sources = [name for (name,) in connection.execute("select distinct source from sources").fetchall()]
    alone = [one.name for one in questions().values() if not (one.needs or any(p.is_required for p in one.parameters))]
    desk = ("--events", tmp_path / "steward.jsonl", "--area", AREA)
    plain: list[tuple[object, ...]] = [
        *(("query", "--named", name) for name in alone),
        *(("timeline", name) for name in names),
        *(("handoffs",), ("delays",), ("figure", "list"), ("lineage", "--out", tmp_path / "lineage")),
        *(("quality", "history"), ("conflicts", "list"), ("quarantine", "list")),
        *(("quarantine", "list", "--reason", reason) for reason in reasons),
        *(("quarantine", "show", id) for id in ids),
    ]
    of_domain: list[tuple[object, ...]] = [
        *(("since", FIRST_DAY), ("since", FIRST_DAY, "--cases", "new")),
        *(("quality", "run", *desk, "--as-of", DAY), ("quality", "scores")),
        *(("quality", "receipts", "--source", source) for source in sources),
        *(("measure", name, "--cases") for name in ("decisions_told", "held", "standards_kept")),
        ("quality", "page", "--out", tmp_path / "page.html", "--as-of", DAY),
        ("quality", "letter", "police", "--month", "2026-03", "--out", tmp_path),
        ("board", "pack", "--out", tmp_path, "--for-case-workers"),
    ]
    asked = [*plain, *((*arguments, "--domain", cases.domain.path) for arguments in of_domain)]
    found = {}
    with logged() as log:
        for arguments in asked:
            done = run(*arguments, "--store", cases.store)
            found[" ".join(map(str, arguments))] = canaries_in(done.stdout + done.stderr)
        conform = run("source", "conform", cases.folder / "events.jsonl", "--domain", cases.domain.path, code=1)
    found |= {"conform": canaries_in(conform.stdout + conform.stderr), "log": canaries_in(log.getvalue())}
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {file.suffix for file in written} == {"", ".html", ".jsonl", ".pdf", ".xlsx"}
    assert outside(found | {file.name: canaries_in(file.read_bytes()) for file in written}) == {}


def test_no_page_of_the_board_shows_one(cases: Kept) -> None:
    """Every address of the table of pages, of the case with all these events too."""
    with cases.opened() as connection:
        case = str(connection.execute("select case_id from cases order by events desc limit 1").fetchall()[0][0])
    values = {"{case:path}": case, "{measure}": "decisions_told", "{form}": "xlsx", "{section}": "new"}
    found, answers = {}, {}
    with logged() as log, board_of([cases.store], cases.domain) as client:
        for place in PLACES:
            address = place.path
            for name, value in values.items():
                address = address.replace(name, value)
            answer = client.get(address, params={"since": FIRST_DAY} if place.name == "changed" else {})
            answers[address] = answer.status_code
            found[address] = canaries_in(answer.content)
    assert answers == dict.fromkeys(found, 200)
    assert len(found) == len(PLACES)
    assert outside(found | {"log": canaries_in(log.getvalue())}) == {}
