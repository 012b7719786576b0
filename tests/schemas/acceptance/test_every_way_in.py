"""The rules of acceptance, each once: the same wrong event has the same verdict by every way in.

The ways: a line of JSON, an Avro message, a row of Parquet in the layout of EVENTS, one in the flat layout of
CloudEvents, and the example of a type in a catalogue.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny_domain import EVENTS as TYPES
from tiny_domain import write

from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.events import EVENTS, Batch
from throughline.schemas.acceptance.type_form import SHARED
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.entry import DomainProblemsError
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages
from throughline.schemas.wire.avro.framing import frame_single_object
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.sources.formats.registry import read_events

SENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "urn:test:police",
    "type": "test.tiny.police.file.sent.v2",
    "time": "2026-03-02T10:15:00Z",
    "recordedtime": "2026-03-02T11:00:00Z",
    "sequence": "0001",
    "partitionkey": "20",
    "data": {
        "agency": "police",
        "unit": "20PP",
        "identifiers": {"urn": "1234", "crime_ref": "20/1"},
        "reference": "R1",
        "colour": "red",
        "seen_on": "2026-03-02",
        "items": 2,
        "joint": True,
        "due_at": "2026-03-09T17:00:00Z",
    },
}
DECIDED: dict[str, Any] = SENT | {
    "type": "test.tiny.cps.file.decided.v1",
    "data": {"agency": "cps", "identifiers": {"urn": "1234"}, "decision": "accept", "reasons": ["a", "b"]},
}
LONG = "x" * 5000
ALL, NO_EXAMPLE, ROWS, DATA = "json avro events flat example", "json avro events flat", "json events flat", "json flat"


@dataclass
class Case:
    """What an event says instead of `of` (... leaves out), the verdict, and the ways that can say it.

    `otherwise` has the ways whose verdict names the column rather than the attribute.
    """

    what: str
    change: dict[str, Any]
    verdict: tuple[str, str | None]
    ways: str
    of: dict[str, Any] = field(default_factory=lambda: SENT)
    otherwise: dict[str, tuple[str, str | None]] = field(default_factory=dict)


def said(**data: Any) -> dict[str, Any]:
    """The change of fields of the data."""
    return {"data": data}


def bad(name: str, reason: str = "bad_field") -> tuple[str, str]:
    """A verdict on a field of the data."""
    return reason, f"data.{name}"


CASES = [
    # the attributes
    Case("no id", {"id": ...}, ("missing_attribute", "id"), "json events"),
    Case("an empty id", {"id": ""}, ("bad_attribute", "id"), NO_EXAMPLE,
         otherwise={"events": ("missing_attribute", "id")}),
    Case("an empty source", {"source": ""}, ("bad_attribute", "source"), NO_EXAMPLE,
         otherwise={"events": ("missing_attribute", "source")}),
    Case("another version of CloudEvents", {"specversion": "0.3"}, ("bad_attribute", "specversion"), DATA),
    Case("an attribute with a name that is none", {"My_own": "x"}, ("bad_attribute", None), "json"),
    Case("a number for text", {"sequence": 7}, ("bad_attribute", "sequence"), "json"),
    Case("a number in an attribute that is not kept", {"subject": 7}, ("bad_attribute", "subject"), "json"),
    Case("a fraction in an attribute that is not kept", {"extra": 1.5}, ("bad_attribute", "extra"), "json"),
    Case("text that is too long", {"source": LONG}, ("field_too_long", "source"), NO_EXAMPLE),
    Case("text that is too long, not kept", {"subject": LONG}, ("field_too_long", "subject"), "json"),
    Case("U+0000", {"correlationid": "a\0b"}, ("nul_character", "correlationid"), "json avro events"),
    Case("a type that is none", {"type": "test.tiny.police.dog.walked.v1"}, ("unknown_type", "type"), ROWS),
    Case("a version that is none", {"type": "test.tiny.police.file.sent.v9"}, ("unknown_version", "type"), ROWS),
    Case("no time", {"time": ...}, ("missing_attribute", "time"), NO_EXAMPLE),
    Case("a time that is none", {"time": "yesterday"}, ("bad_time", "time"), DATA),
    Case("the year 1700", {"time": "1700-03-02T10:15:00Z"}, ("time_out_of_range", "time"), NO_EXAMPLE),
    Case("the year 1700, as a day", {"time": ..., "occurredon": "1700-03-02"}, ("time_out_of_range", "occurredon"),
         NO_EXAMPLE),
    Case("a day that is none", {"time": ..., "occurredon": "2026-02-30"}, ("bad_time", "occurredon"),
         "json avro flat"),
    Case("a time and a day", {"occurredon": "2026-03-02"}, ("precision_conflict", "occurredon"), "json avro flat"),
    Case("an interval from a day to a month", {"time": ..., "occurredon": "2026-02-01/2026-03"},
         ("bad_time", "occurredon"), "json avro flat"),
    Case("an interval that ends before it begins", {"time": ..., "occurredon": "2026-03/2026-02"},
         ("bad_time", "occurredon"), "json avro flat"),
    Case("an interval that ends in 2300", {"time": ..., "occurredon": "2026-03/2300-02"},
         ("time_out_of_range", "occurredon"), "json avro flat"),
    Case("a revision that is none", {"revision": "the last"}, ("bad_attribute", "revision"), NO_EXAMPLE),
    Case("a revision of 19 digits", {"revision": "1" * 19}, ("bad_attribute", "revision"), NO_EXAMPLE),
    Case("a month that is none for a revision", {"revision": "2026-13"}, ("bad_attribute", "revision"), NO_EXAMPLE),
    Case("a revision below nought", {"revision": -1}, ("bad_attribute", "revision"), "json"),
    Case("taken back at no revision", {"retracts": True}, ("missing_attribute", "revision"), "json avro events"),
    Case("taken back or not", {"revision": 1, "retracts": "maybe"}, ("bad_attribute", "retracts"), "json"),
    Case("written down in 1700", {"recordedtime": "1700-03-02T10:15:00Z"}, ("time_out_of_range", "recordedtime"),
         NO_EXAMPLE),
    Case("no area", {"partitionkey": ...}, ("missing_attribute", "partitionkey"), ROWS,
         otherwise={"events": ("missing_attribute", "area")}),
    Case("an area that is none", {"partitionkey": "99"}, ("unknown_area", "partitionkey"), NO_EXAMPLE),
    Case("no data", {"data": ...}, ("missing_field", "data"), "json"),
    Case("data that is no object", {"data": [1]}, ("bad_field", "data"), DATA),
    Case("data that its hash is not of", {"contenthash": "0" * 64}, ("content_hash_mismatch", "contenthash"), "json"),
    # who says it
    Case("a foreign agency", said(agency="cps"), bad("agency", "wrong_agency"), ALL),
    Case("an agency that is none", said(agency="navy"), bad("agency", "unknown_agency"), ALL),
    Case("an agency that is no text", said(agency=7), bad("agency"), "json flat example"),
    Case("a unit that is no text", said(unit=7), bad("unit"), "json flat example"),
    Case("a unit that is too long", said(unit=LONG), bad("unit", "field_too_long"), ALL),
    # the identifiers
    Case("none of a kind that is needed", said(identifiers={"crime_ref": "1"}),
         bad("identifiers", "missing_identifier"), ALL),
    Case("one that has not its form", said(identifiers={"urn": "12"}), bad("identifiers.urn", "malformed_identifier"),
         ALL),
    Case("an empty one", said(identifiers={"urn": ""}), bad("identifiers.urn", "malformed_identifier"), ALL),
    Case("U+0000 in one", said(identifiers={"urn": "1\x002"}), bad("identifiers.urn", "nul_character"), ALL),
    Case("U+0000 in one of any form", said(identifiers={"urn": "1234", "crime_ref": "1\x002"}),
         bad("identifiers.crime_ref", "nul_character"), ALL),
    Case("a kind that is none", said(identifiers={"urn": "1234", "passport": "1"}),
         bad("identifiers", "malformed_identifier"), ALL,
         otherwise={"example": ("", "data.identifiers.passport")}),
    Case("too many", said(identifiers={"urn": ["1234"] * 1001}), bad("identifiers"), ALL),
    Case("no object", said(identifiers="1234"), bad("identifiers"), "json flat example"),
    # the fields
    Case("a required one left out", said(reference=...), bad("reference", "missing_field"), "json events flat example"),
    Case("a required one empty", said(reference=""), bad("reference", "missing_field"), ALL),
    Case("U+0000 in one", said(reference="a\0b"), bad("reference", "nul_character"), ALL),
    Case("one that is too long", said(reference=LONG), bad("reference", "field_too_long"), ALL),
    Case("one that is no text", said(reference=["R1"]), bad("reference"), "json flat example"),
    Case("one that the type does not list", said(shade="dark"), ("bad_field", "data"), "json events flat example",
         otherwise={"example": ("", "data.shade")}),
    Case("a shared one that the type does not list", said(decision="accept"), ("bad_field", "data"),
         "json events flat example", otherwise={"example": ("", "data.decision")}),
    Case("a value that is not listed", said(colour="green"), bad("colour"), ALL),
    Case("a whole number that is none", said(items="many"), bad("items"), "json events flat example"),
    Case("a whole number of more than 64 bits", said(items=2**63), bad("items"), "json events flat example"),
    Case("true or false that is neither", said(joint="yes"), bad("joint"), "json events flat example"),
    Case("a time that is none", said(due_at="2026-03-09"), bad("due_at", "bad_time"), "json flat example"),
    Case("the year 1700", said(due_at="1700-03-09T17:00:00Z"), bad("due_at", "time_out_of_range"), ALL),
    Case("a day that is none", said(seen_on="2026-02-30"), bad("seen_on", "bad_time"), "json events flat example"),
    Case("a month for a day", said(seen_on="2026-03"), bad("seen_on"), "json events flat example"),
    Case("a day of 1700", said(seen_on="1700-03-02"), bad("seen_on", "time_out_of_range"), ALL),
    Case("a shared value that is not listed", said(decision="maybe"), bad("decision"), ALL, DECIDED),
    Case("an item that is no text", said(reasons=[1]), bad("reasons"), "json flat example", DECIDED),
    Case("too many items", said(reasons=["x"] * 1001), bad("reasons"), ALL, DECIDED),
]  # fmt: skip


def changed(of: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The event with the change; a change of `data` is one of its fields."""
    data = change.get("data")
    whole = of | change if not isinstance(data, dict) else of | change | {"data": changed(of["data"], data)}
    return {name: value for name, value in whole.items() if value is not ...}


@dataclass(frozen=True)
class Here:
    """What reads: the tiny domain and its schemas; `folder` is for files."""

    domain: Domain
    store: SchemaStore
    folder: Path


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Here:
    domain = load_domain(write(tmp_path_factory.mktemp("tiny")))
    return Here(domain, SchemaStore(domain), tmp_path_factory.mktemp("read"))


def by_json(event: dict[str, Any], here: Here) -> Batch:
    return events_from_json_lines([json.dumps(event).encode()], here.domain, "f", 1)


def by_avro(event: dict[str, Any], here: Here) -> Batch:
    name, _, version = event["type"].removeprefix("test.tiny.").rpartition(".v")
    stored = here.store.of(name, int(version))
    assert stored is not None
    data = event["data"]
    record = {
        "id": event["id"],
        "source": event["source"],
        "occurred_at": micros(event.get("time")),
        "occurred_on": event.get("occurredon"),
        "recorded_at": micros(event["recordedtime"]),
        "sequence": event["sequence"],
        "area": event["partitionkey"],
        "correlation": event.get("correlationid"),
        "causation": event.get("causationid"),
        "revision": event.get("revision"),
        "retracts": event.get("retracts"),
        "agency": data["agency"],
        "unit": data.get("unit"),
        "identifiers": [{"kind": kind, "value": value} for kind, value in pairs(data)],
    }
    for one in stored.avro.fields:
        value = data.get(one.form.name)
        if one.form.kind == "enum":
            value = value if value is None or value in one.symbols else "UNKNOWN"
        elif one.form.kind == "timestamp":
            value = micros(value)
        elif one.form.kind == "date" and value is not None:
            value = date.fromisoformat(value).toordinal() - date(1970, 1, 1).toordinal()
        record[one.name] = value
    body = stored.bodies.encode_record(record)
    return decode_messages([frame_single_object(stored.avro.fingerprint, body)], here.store, "t-0", [1])


def by_events(event: dict[str, Any], here: Here) -> Batch:
    name, _, version = event["type"].removeprefix("test.tiny.").rpartition(".v")
    data = event["data"]
    row: dict[str, Any] = dict.fromkeys(EVENTS.names) | {
        "source": event["source"],
        "id": event.get("id"),
        "type": name,
        "version": int(version),
        "area": event.get("partitionkey"),
        "agency": data["agency"],
        "unit": data.get("unit"),
        "occurred_at": micros(event.get("time") or with_time(event.get("occurredon"))),
        "occurred_precision": "day" if "occurredon" in event else "instant",
        "recorded_at": micros(event["recordedtime"]),
        "sequence": event["sequence"],
        "correlation": event.get("correlationid"),
        "revision": event.get("revision"),
        "retracts": event.get("retracts"),
        "identifiers": [{"kind": kind, "value": value} for kind, value in pairs(data)],
    }
    rest = {key: value for key, value in data.items() if key not in {*SHARED, "agency", "unit", "identifiers"}}
    row["data"] = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    for key in data.keys() & SHARED.keys():
        value = data[key]
        row[SHARED[key]] = "; ".join(value) if key == "reasons" else micros(value) if key == "due_at" else value
    columns = [
        pa.array([row[one.name]], pa.int64()).cast(one.type)
        if pa.types.is_timestamp(one.type)
        else pa.array([row[one.name]], one.type)
        for one in EVENTS
    ]
    pq.write_table(pa.table(columns, schema=EVENTS), here.folder / "events.parquet")
    return next(read_events(here.folder / "events.parquet", here.domain))


def by_flat(event: dict[str, Any], here: Here) -> Batch:
    row = {name: json.dumps(value) if name == "data" else value for name, value in event.items()}
    for name in ("time", "occurredon", "id"):
        row.setdefault(name, None)
    pq.write_table(
        pa.table({name: pa.array([value], pa.string()) for name, value in row.items()}), here.folder / "flat.parquet"
    )
    return next(read_events(here.folder / "flat.parquet", here.domain))


WAYS: dict[str, Callable[[dict[str, Any], Here], Batch]] = {
    "json": by_json,
    "avro": by_avro,
    "events": by_events,
    "flat": by_flat,
}


def micros(text: str | None) -> int | None:
    """Microseconds since 1970 of a time in UTC."""
    return None if text is None else int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def with_time(day: str | None) -> str | None:
    return None if day is None else f"{day}T00:00:00Z"


def pairs(data: dict[str, Any]) -> list[tuple[str, str]]:
    """The identifiers one by one."""
    return [
        (kind, value)
        for kind, given in data["identifiers"].items()
        for value in (given if isinstance(given, list) else [given])
    ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("of", [SENT, DECIDED], ids=["sent", "decided"])
def test_the_event_without_a_change_is_accepted(here: Here, way: str, of: dict[str, Any]) -> None:
    """By every way, with the same row."""
    batch = WAYS[way](of, here)
    assert batch.rejects.to_pylist() == []
    skipped = {"origin", "position"}
    expected, found = by_json(of, here).events.to_pylist()[0], batch.events.to_pylist()[0]
    assert {k: v for k, v in found.items() if k not in skipped} == {
        k: v for k, v in expected.items() if k not in skipped
    }


@pytest.mark.parametrize("way", WAYS)
def test_identifiers_stand_in_order_and_each_once(here: Here, way: str) -> None:
    event = changed(SENT, said(identifiers={"urn": ["5678", "1234", "1234"], "crime_ref": "20/1"}))

    expected = [("crime_ref", "20/1"), ("urn", "1234"), ("urn", "5678")]
    (row,) = WAYS[way](event, here).events["identifiers"].to_pylist()
    assert [(one["kind"], one["value"]) for one in row] == expected


def test_an_attribute_that_is_null_is_none(here: Here) -> None:
    assert by_json(SENT | {"subject": None, "extra": None}, here).rejects.num_rows == 0


def test_what_was_accepted_is_accepted_again(here: Here) -> None:
    """Also if the one number that was needed is a placeholder, which was taken off."""
    event = changed(SENT, said(identifiers={"urn": "unknown"}))
    once = by_json(event, here).events
    assert once["identifiers"].to_pylist() == [[]]
    assert admit(once, here.domain.rules).events.equals(once)


REVISIONS = {
    "7": "000000000000000007",
    "000000000000000000000012": "000000000000000012",
    "2026-03": "2026-03",
    "2026-03-02": "2026-03-02",
    "2026-03-02T11:15:00+01:00": "2026-03-02T10:15:00.000000Z",
    "2026-03-02t10:15:00.5z": "2026-03-02T10:15:00.500000Z",
}


@pytest.mark.parametrize("stated", REVISIONS)
@pytest.mark.parametrize("way", WAYS)
def test_a_revision_has_one_form_by_every_way_in(here: Here, way: str, stated: str) -> None:
    """So that two of them can be compared as text."""
    batch = WAYS[way](SENT | {"revision": stated}, here)
    assert batch.rejects.to_pylist() == []
    assert batch.events["revision"].to_pylist() == [REVISIONS[stated]]
    assert admit(batch.events, here.domain.rules).events.equals(batch.events)


@pytest.mark.parametrize("stated", ["2026-03-02/2026-03-05", "2026-03/2027-02"])
def test_an_interval_is_said_by_every_way_in(here: Here, stated: str) -> None:
    """Days or months, both counted; a table has how many of them as the precision."""
    event = changed(SENT, {"time": ..., "occurredon": stated})
    found = [WAYS[way](event, here).events.drop(["origin", "position"]) for way in ("json", "avro", "flat")]
    assert found[0]["occurred_precision"].to_pylist() == ["4 days" if len(stated) > 15 else "12 months"]
    assert all(one.equals(found[0]) for one in found)
    again = admit(by_json(event, here).events, here.domain.rules)
    assert again.events.equals(by_json(event, here).events)


@pytest.mark.parametrize(("revision", "retracts"), [(7, True), ("7", "true"), (7, False), (7, "false")])
def test_a_number_and_a_word_say_the_same_as_text(here: Here, revision: Any, retracts: Any) -> None:
    """As JSON and the headers of Kafka have them."""
    (row,) = by_json(SENT | {"revision": revision, "retracts": retracts}, here).events.to_pylist()
    assert (row["revision"], row["retracts"]) == ("000000000000000007", True if retracts in (True, "true") else None)


def test_an_older_version_is_judged_by_the_names_of_its_fields(here: Here) -> None:
    """A shared field that had another name fills the same column, whatever the way in."""
    event = SENT | {"type": "test.tiny.police.file.sent.v1", "data": {"identifiers": {"urn": "1234"}, "ref": "R1"}}
    (row,) = (once := by_json(event, here).events).to_pylist()
    assert (row["version"], row["reference"]) == (1, "R1")
    assert admit(once, here.domain.rules).events.equals(once)
    wrong = once.set_column(once.schema.get_field_index("reference"), "reference", pa.array([LONG]))
    assert admit(wrong, here.domain.rules).rejects["field"].to_pylist() == ["data.ref"]


def test_a_reject_has_what_came_or_else_the_event_as_json(here: Here) -> None:
    good = by_json(SENT, here).events
    wrong = good.set_column(good.schema.get_field_index("area"), "area", pa.array(["99"]))

    kept = admit(wrong, here.domain.rules, pa.chunked_array([[b"as it came"]], pa.binary())).rejects
    assert kept["raw"].to_pylist() == [b"as it came"]

    said = orjson.loads(admit(wrong, here.domain.rules).rejects["raw"][0].as_py())
    assert (said["id"], said["partitionkey"], said["data"]["colour"]) == ("e1", "99", "red")


@pytest.mark.parametrize(
    ("precision", "at", "verdict"),
    [
        ("day", "2026-03-02T00:00:00", []),
        ("day", "2026-03-02T00:00:01", ["bad_time"]),
        ("month", "2026-03-01T00:00:00", []),
        ("month", "2026-03-02T00:00:00", ["bad_time"]),
        ("week", "2026-03-02T00:00:00", ["bad_attribute"]),
    ],
)
def test_a_day_or_month_is_given_by_its_first_moment(here: Here, precision: str, at: str, verdict: list[str]) -> None:
    events = by_json(SENT, here).events
    moment = pa.array([datetime.fromisoformat(at)], pa.timestamp("us"))
    for name, column in (("occurred_at", moment), ("occurred_precision", pa.array([precision]))):
        events = events.set_column(events.schema.get_field_index(name), name, column)

    assert admit(events, here.domain.rules).rejects["reason"].to_pylist() == verdict


@pytest.mark.parametrize(
    ("data", "verdict"), [("{", [("bad_field", "data")]), ("[1]", [("bad_field", "data")]), ("{}", []), (None, [])]
)
def test_the_rest_of_an_event_is_an_object_of_json(
    here: Here, data: str | None, verdict: list[tuple[str, str]]
) -> None:
    """Nothing stands for an empty one."""
    events = by_json(DECIDED, here).events
    events = events.set_column(events.schema.get_field_index("data"), "data", pa.array([data], pa.string()))

    rejects = admit(events, here.domain.rules).rejects.to_pylist()
    assert [(row["reason"], row["field"]) for row in rejects] == verdict


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.what} ({case.verdict[1]})")
def test_a_wrong_event_has_one_verdict_by_every_way_in(here: Here, case: Case) -> None:
    """Refused, for the same reason, which names the same field."""
    event = changed(case.of, case.change)
    for way in case.ways.split():
        expected = case.otherwise.get(way, case.verdict)
        if way == "example":
            assert example_faults(event, here.folder) == [(expected[1] or "").removeprefix("data.")]
            continue
        batch = WAYS[way](event, here)
        assert batch.events.num_rows == 0, way
        assert batch.rejects.select(["reason", "field"]).to_pylist() == [
            {"reason": expected[0], "field": expected[1]}
        ], way


@pytest.mark.parametrize("times", [1, 50])
def test_in_company_each_event_is_judged_as_it_is_alone(here: Here, times: int) -> None:
    """Of few and of many in one batch, good ones among the bad."""
    wrong = [changed(case.of, case.change) for case in CASES if "json" in case.ways]
    events = [event for one in wrong for event in (one, SENT, DECIDED)] * times
    alone = [by_json(event, here) for event in (*wrong, SENT, DECIDED)]
    refused = [[(row["reason"], row["field"]) for row in batch.rejects.to_pylist()] for batch in alone]

    together = events_from_json_lines([json.dumps(event).encode() for event in events], here.domain, "f", 1)

    verdicts = {row["position"]: [(row["reason"], row["field"])] for row in together.rejects.to_pylist()}
    expected = [verdict for one in refused[: len(wrong)] for verdict in (one, *refused[len(wrong) :])] * times
    assert [verdicts.get(position, []) for position in range(1, len(events) + 1)] == expected
    good = together.events.drop_columns(["position"]).to_pylist()
    assert good == [batch.events.drop_columns(["position"]).to_pylist()[0] for batch in alone[-2:]] * (len(good) // 2)


def example_faults(event: dict[str, Any], folder: Path) -> list[str]:
    """The keys of the faults of a catalogue whose example has the event's data."""
    name = event["type"].removeprefix("test.tiny.").rpartition(".v")[0]
    ours = TYPES[TYPES.index("  example:", TYPES.index(f"type: {name}")) :].split("\n  history")[0].rstrip("\n")
    written = write(folder, events=(ours, f"  example: {orjson.dumps(event['data']).decode()}"))
    with pytest.raises(DomainProblemsError) as caught:
        load_domain(written)
    return [problem.key.removeprefix(f"{name}.example.") for problem in caught.value.problems]
