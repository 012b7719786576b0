"""Event files: what is good in any form is the same event, and what is bad ends whole in the rejects."""
# ruff: noqa: DTZ001 — columns hold UTC and labels without a zone

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import fastavro
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from throughline.errors import DataError
from throughline.schemas.acceptance.admission import admit, without_placeholders
from throughline.schemas.acceptance.events import EVENTS, Batch
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.avro.record import avro_record
from throughline.schemas.wire.event_json import event_object, parse_event
from throughline.sources.formats.registry import read_events

DOMAINS = Path(__file__).resolve().parents[3] / "schemas" / "domains"
FUZZ = int(os.environ.get("THROUGHLINE_FUZZ", "300"))


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(DOMAINS / "road_fines")


@pytest.fixture(scope="module")
def england_wales() -> Domain:
    return load_domain(DOMAINS / "england_wales")


def fine(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A CloudEvent of the road-fines domain in its JSON form."""
    event = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "urn:test",
        "type": "police.fine.created",
        "occurredon": "2005-03-23",
        "partitionkey": "IT",
        "data": {"identifiers": {"fine_ref": f"A{number}"}, "amount": "35.0"},
    }
    return {key: value for key, value in (event | changes).items() if value is not None}


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row of EVENTS of the road-fines domain."""
    empty = dict.fromkeys(EVENTS.names)
    return (
        empty
        | {
            "source": "urn:test",
            "id": f"e{number}",
            "type": "police.fine.created",
            "version": 1,
            "area": "IT",
            "agency": "police",
            "occurred_at": datetime(2005, 3, 23),
            "occurred_precision": "day",
            "identifiers": [{"kind": "fine_ref", "value": f"A{number}"}],
            "data": '{"amount":"35.0"}',
            "origin": "f",
            "position": number,
        }
        | changes
    )


def read(path: Path, domain: Domain, batch_rows: int = 200_000) -> Batch:
    batches = list(read_events(path, domain, batch_rows=batch_rows))
    return Batch(
        pa.concat_tables([EVENTS.empty_table(), *(batch.events for batch in batches)]),
        pa.concat_tables([batch.rejects for batch in batches]) if batches else pa.table({"reason": []}),
    )


def reasons(batch: Batch) -> list[str]:
    return batch.rejects["reason"].to_pylist()


def content(batch: Batch) -> list[dict[str, Any]]:
    return batch.events.drop_columns(["origin", "position"]).to_pylist()


def test_forms_give_the_same_event(tmp_path: Path, domain: Domain) -> None:
    """JSON Lines, gzip, EVENTS Parquet and flattened Parquet of one event differ in origin alone."""
    lines = tmp_path / "a.jsonl"
    lines.write_bytes(orjson.dumps(fine()) + b"\n")
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(lines.read_bytes()))
    nested = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist([row()], schema=EVENTS), nested)
    flat = tmp_path / "b.parquet"
    attributes = fine()
    pq.write_table(pa.Table.from_pylist([attributes | {"data": orjson.dumps(attributes["data"]).decode()}]), flat)

    expected = content(read(lines, domain))

    assert len(expected) == 1
    assert [content(read(path, domain)) for path in (packed, nested, flat)] == [expected] * 3


def test_avro_container_gives_the_same_event(tmp_path: Path, domain: Domain) -> None:
    """A record of a container file in our compiled schema is the event that its JSON form is."""
    verdict = parse_event(fine(), domain)
    assert not isinstance(verdict, Reject)
    columns = [name for name in EVENTS.names if name not in {"origin", "position"}]
    stored = SchemaStore(domain).of("police.fine.created")
    assert stored is not None
    record = avro_record(dict(zip(columns, verdict, strict=True)), stored.avro)
    path, lines = tmp_path / "a.avro", tmp_path / "a.jsonl"
    with path.open("wb") as file:
        fastavro.writer(file, stored.avro.schema, [record])
    lines.write_bytes(orjson.dumps(fine()))
    assert content(read(path, domain)) == content(read(lines, domain))


def test_lines_and_rows_keep_their_number(tmp_path: Path, domain: Domain) -> None:
    """A bad line in the middle is one reject with its line; its neighbours are events, in whatever
    batches.
    """
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([orjson.dumps(fine(1)), b"{", b"", orjson.dumps(fine(4))]))
    for batch_rows in (1, 2, 100):
        batch = read(path, domain, batch_rows)
        assert batch.events["position"].to_pylist() == [1, 4]
        assert batch.rejects["position"].to_pylist() == [2]
        assert batch.rejects["raw"].to_pylist() == [b"{"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "police.fine.eaten"}, "unknown_type"),
        ({"version": 9}, "unknown_version"),
        ({"area": "XX"}, "unknown_area"),
        ({"agency": "nobody"}, "unknown_agency"),
        ({"agency": "judge"}, "wrong_agency"),
        ({"id": ""}, "missing_attribute"),
        ({"source": None}, "missing_attribute"),
        ({"occurred_at": None}, "missing_attribute"),
        ({"occurred_at": datetime(1, 1, 1)}, "time_out_of_range"),
        ({"occurred_at": datetime(9999, 12, 31)}, "time_out_of_range"),
        ({"occurred_at": datetime(2005, 3, 23, 4)}, "bad_time"),
        ({"occurred_at": datetime(2005, 3, 23), "occurred_precision": "month"}, "bad_time"),
        ({"occurred_precision": "year"}, "bad_attribute"),
        ({"identifiers": []}, "missing_identifier"),
        ({"identifiers": None}, "missing_identifier"),
        ({"identifiers": [{"kind": "fine_ref", "value": "???"}]}, "malformed_identifier"),
        ({"identifiers": [{"kind": "shoe_size", "value": "44"}]}, "malformed_identifier"),
        ({"identifiers": [{"kind": "fine_ref", "value": None}]}, "malformed_identifier"),
        ({"decision": "guilty"}, "bad_field"),
        ({"data": "{"}, "bad_field"),
        ({"data": "[]"}, "bad_field"),
        ({"data": '{"amount":35}'}, "bad_field"),
        ({"data": '{"shoe":"44"}'}, "bad_field"),
        ({"data": '{"amount":"\\u0000"}'}, "nul_character"),
        ({"unit": "x" * 5000}, "field_too_long"),
        ({"unit": "a\x00b"}, "nul_character"),
    ],
)
def test_bad_row_is_rejected_for_its_reason(domain: Domain, changes: dict[str, Any], reason: str) -> None:
    """A bad row of a table has the reason that a JSON event has, and does not touch its neighbours."""
    table = pa.Table.from_pylist([row(1), row(2, **changes), row(3)], schema=EVENTS)
    batch = admit(table, domain)
    assert reasons(batch) == [reason]
    assert batch.rejects["position"].to_pylist() == [2]
    assert batch.events["id"].to_pylist() == ["e1", "e3"]


def test_identifiers_take_their_normal_form(domain: Domain) -> None:
    """Lower case and spaces go, repeats too."""
    pairs = [{"kind": "fine_ref", "value": value} for value in (" a 1", "A1", "B2")]
    batch = admit(pa.Table.from_pylist([row(1, identifiers=pairs)], schema=EVENTS), domain)
    assert [one["value"] for one in batch.events["identifiers"][0].as_py()] == ["A1", "B2"]


def test_placeholder_is_taken_off_and_named(domain: Domain) -> None:
    """UNKNOWN is no number: it links nothing, and `data` says of which kind it was; a second time changes
    nothing.
    """
    pairs = [{"kind": "fine_ref", "value": "unknown"}, {"kind": "fine_ref", "value": "A1"}]
    batch = admit(pa.Table.from_pylist([row(1, identifiers=pairs)], schema=EVENTS), domain)
    assert batch.events["identifiers"].to_pylist() == [[{"kind": "fine_ref", "value": "A1"}]]
    assert batch.events["data"].to_pylist() == ['{"amount":"35.0","placeholder_identifiers":["fine_ref"]}']
    assert admit(batch.events, domain).events.equals(batch.events)


def plain(value: Any) -> Any:
    """The catalogue's read-only values as dicts and lists."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def one_by_one(rows: list[dict[str, Any]], domain: Domain) -> list[Any]:
    """What `parse_event` says of each row: its columns, or the reason."""
    found: list[Any] = []
    for given in rows:
        micros = dict(given)
        for name in ("occurred_at", "recorded_at", "due_at", "effect_at"):
            if micros[name] is not None:
                micros[name] = int((micros[name] - datetime(1970, 1, 1)).total_seconds()) * 1_000_000
        micros["identifiers"] = [(one["kind"], one["value"]) for one in given["identifiers"]]
        verdict = parse_event(event_object(micros, domain.type_prefix), domain)
        found.append(
            verdict.reason if isinstance(verdict, Reject) else (verdict[1], verdict[11], verdict[-1], verdict[12])
        )
    return found


def some_value(draw: random.Random, values: tuple[str, ...]) -> Any:
    return draw.choice(
        [
            *values[:3],
            "",
            "x",
            "Ünï ☃",
            'quo"te',
            "back\\slash",
            "tab\t",
            "2026-01-01",
            "2026-02-31",
            7,
            True,
            None,
        ]
    )


def hostile_row(draw: random.Random, domain: Domain, number: int) -> dict[str, Any]:
    """A row of any type of the domain, mostly right, here and there wrong."""
    event_type = draw.choice(list(domain.types.values()))
    kinds = [kind.kind for kind in domain.identifiers]
    pairs = [
        {
            "kind": draw.choice([*event_type.requires, draw.choice(kinds)]),
            "value": draw.choice(["A1", "a 1", "20/1/26", "UNKNOWN", "é"]),
        }
        for _ in range(draw.randint(0, 3))
    ]
    example = plain(event_type.example)
    for key in ("identifiers", "agency", "unit"):
        example.pop(key, None)
    if draw.random() < 0.4 and event_type.fields:
        field = draw.choice(list(event_type.fields.values()))
        example[field.name] = some_value(draw, tuple(field.values or ()))
    shared: dict[str, Any] = {}
    for name in ("decision", "reference", "answers", "about", "holder", "channel", "victim", "officer"):
        value = example.pop(name, None)
        if value is not None:
            shared[name] = str(value)
    for name in ("due_at", "effect_at"):
        if example.pop(name, None) is not None:
            shared[name] = datetime(2026, 1, 1, 12)
    if isinstance(enhanced := example.pop("enhanced", None), bool):
        shared["enhanced"] = enhanced
    given = example.pop("reasons", None)
    if given:
        shared["reason"] = "; ".join(map(str, given)) if isinstance(given, list) else str(given)
    text = orjson.dumps(example, option=orjson.OPT_SORT_KEYS if draw.random() < 0.9 else 0).decode()
    agency = event_type.type.split(".")[0]
    return row(
        number,
        type=event_type.type,
        area=draw.choice(["20", "48", "20", "99"]),
        agency=agency if domain.agencies is None or agency in domain.agencies else next(iter(domain.agencies)),
        unit=draw.choice([None, "20PP", "", "x" * 4097]) if draw.random() < 0.2 else "20PP",
        correlation="c",
        causation="d",
        identifiers=pairs or [{"kind": kind, "value": "A1"} for kind in event_type.requires[:1]],
        data=text.replace(",", ", ") if draw.random() < 0.05 else text,
        occurred_at=draw.choice([datetime(2026, 3, 2), datetime(1800, 1, 1)])
        if draw.random() < 0.1
        else datetime(2026, 3, 2),
        **shared,
    )


def test_table_is_judged_as_single_events_are(england_wales: Domain) -> None:
    """Whatever the rows, `admit` accepts those that `parse_event` accepts, the same way, and has its reasons
    for the rest.
    """
    draw = random.Random(20260302)
    rows = [hostile_row(draw, england_wales, number) for number in range(FUZZ)]
    expected = one_by_one(rows, england_wales)

    batch = admit(pa.Table.from_pylist(rows, schema=EVENTS), england_wales)

    plain = [verdict for verdict in expected if not isinstance(verdict, str)]
    assert reasons(batch) == [verdict for verdict in expected if isinstance(verdict, str)]
    assert batch.events["id"].to_pylist() == [verdict[0] for verdict in plain]
    assert batch.events["decision"].to_pylist() == [verdict[3] for verdict in plain]
    made = pa.Table.from_pylist(
        [
            row()
            | {
                "id": v[0],
                "identifiers": [dict(zip(("kind", "value"), pair, strict=True)) for pair in v[1]],
                "data": v[2],
            }
            for v in plain
        ],
        schema=EVENTS,
    )
    made = without_placeholders(made, england_wales)
    assert batch.events["identifiers"].to_pylist() == made["identifiers"].to_pylist()
    assert batch.events["data"].to_pylist() == made["data"].to_pylist()
    assert plain
    assert len(plain) < len(expected)


def test_catalogue_examples_are_seen_to_be_good(england_wales: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick way decides good events by itself: few of the catalogue's own examples need the long way."""
    rows = [
        parse_event(
            {
                "specversion": "1.0",
                "id": name,
                "source": "urn:x",
                "type": name,
                "time": "2026-03-02T10:15:00Z",
                "partitionkey": "20",
                "data": plain(t.example),
            },
            england_wales,
        )
        for name, t in england_wales.types.items()
    ]
    good = [verdict for verdict in rows if not isinstance(verdict, Reject)]
    columns = [name for name in EVENTS.names if name not in {"origin", "position"}]
    epoch = datetime(1970, 1, 1)
    records = []
    for number, verdict in enumerate(good):
        record = dict(zip(columns, verdict, strict=True)) | {"origin": "f", "position": number}
        record["identifiers"] = [{"kind": kind, "value": value} for kind, value in record["identifiers"]]
        for name in ("occurred_at", "recorded_at", "due_at", "effect_at"):
            if record[name] is not None:
                record[name] = epoch + timedelta(microseconds=record[name])
        records.append(record)
    calls: list[Any] = []
    monkeypatch.setattr(
        "throughline.schemas.acceptance.admission.parse_event",
        lambda event, domain: calls.append(event) or parse_event(event, domain),
    )
    table = pa.Table.from_pylist(records, schema=EVENTS)
    batch = admit(table, england_wales)
    assert batch.events.num_rows == len(good) > 50
    # its row is JSON inside a text, which has to be read to be judged
    assert [event["id"] for event in calls] == ["steward.figure.published"]
    assert batch.events.equals(without_placeholders(table, england_wales))


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("a.jsonl.gz", b"\x1f\x8b\x08garbage", "gzip"),
        ("a.parquet", b"PAR1", "Parquet"),
        ("a.parquet", b"", "Parquet"),
        ("a.docx", b"", "ending"),
        ("a.csv", b"", "mapping"),
    ],
)
def test_file_that_is_not_what_its_name_says(
    tmp_path: Path, domain: Domain, name: str, text: bytes, match: str
) -> None:
    """A file that cannot be read at all is an error that names it."""
    path = tmp_path / name
    path.write_bytes(text)
    with pytest.raises(DataError, match=match) as error:
        list(read_events(path, domain))
    assert error.value.file == str(path)


def test_directory_and_missing_file(tmp_path: Path, domain: Domain) -> None:
    """Neither is an event file."""
    for path in (tmp_path, tmp_path / "none.jsonl", tmp_path / "none.parquet"):
        with pytest.raises(DataError):
            list(read_events(path, domain))


def test_empty_file_has_no_events(tmp_path: Path, domain: Domain) -> None:
    """Nothing in, nothing out, no error."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"")
    assert list(read_events(path, domain)) == []


def test_hostile_lines_all_end_somewhere(tmp_path: Path, domain: Domain) -> None:
    """Any bytes in a line: each line that is not blank is one event or one reject."""
    draw = random.Random(7)
    lines = []
    for number in range(FUZZ):
        line = bytearray(orjson.dumps(fine(number)))
        for _ in range(draw.randint(0, 3)):
            line[draw.randrange(len(line))] = draw.choice([0, 255, 34, 92, 123, 125, 48, 200])
        lines.append(bytes(line))
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(lines))
    batch = read(path, domain, 64)
    assert batch.events.num_rows + batch.rejects.num_rows == FUZZ


def test_parquet_with_other_columns_is_refused(tmp_path: Path, domain: Domain) -> None:
    """A table that is no table of events says so and names the mapping; a column too many is named."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"shoe": ["44"]}), path)
    with pytest.raises(DataError, match="mapping"):
        list(read_events(path, domain))
    pq.write_table(pa.Table.from_pylist([row()], schema=EVENTS).append_column("shoe", pa.array(["44"])), path)
    with pytest.raises(DataError, match="shoe"):
        list(read_events(path, domain))


def test_parquet_types_near_enough(tmp_path: Path, domain: Domain) -> None:
    """Times in nanoseconds or with a zone, large strings and a bigger version are taken as what they say."""
    table = pa.Table.from_pylist([row()], schema=EVENTS).drop_columns(["origin", "position", "due_at"])
    table = table.set_column(7, "occurred_at", table["occurred_at"].cast(pa.timestamp("ns", "UTC")))
    table = table.set_column(3, "version", table["version"].cast(pa.int64()))
    table = table.set_column(0, "source", table["source"].cast(pa.large_string()))
    path = tmp_path / "a.parquet"
    pq.write_table(table, path)
    batch = read(path, domain)
    assert batch.events["occurred_at"].to_pylist() == [datetime(2005, 3, 23)]
    assert batch.events["origin"].to_pylist() == [str(path)]
