"""How a JSON event is accepted, or refused with its reason."""

from __future__ import annotations

import random
from hashlib import sha256
from typing import Any

import orjson
import pytest
from catalogue_events import FUZZ, SMALL, event, examples
from listed_stewards import with_stewards

from bench.hostile.values import damaged
from throughline.schemas.acceptance.events import EVENTS, REJECTS
from throughline.schemas.acceptance.judge import row_or_reject
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import ROW_COLUMNS
from throughline.schemas.acceptance.statement import event_object
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.wire.json_lines import events_from_json_lines

DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(SMALL)


def row_of(given: Any, domain: Domain) -> dict[str, Any]:
    row = row_or_reject(given, domain.rules)
    assert not isinstance(row, Reject), row
    return dict(zip(ROW_COLUMNS, row, strict=True))


def reason(given: Any, domain: Domain) -> tuple[str, str | None]:
    verdict = row_or_reject(given, domain.rules)
    assert isinstance(verdict, Reject), verdict
    return verdict.reason, verdict.field


def test_every_column_has_its_attribute(domain: Domain) -> None:
    """Attributes, shared fields and the rest reach their columns; times are microseconds UTC."""
    row = row_of(event(), domain)
    assert row["type"] == "police.suspect.decided"
    assert (row["version"], row["area"], row["agency"], row["unit"]) == (1, "20", "police", "20PP")
    assert row["occurred_at"] == 1_772_446_500_000_000
    assert row["occurred_precision"] == "instant"
    assert row["identifiers"] == [("crime_ref", "20/1/26"), ("urn", "20PP0000126")]
    assert (row["decision"], row["reason"]) == ("refer", "evidence; public_interest")
    assert (row["sequence"], row["correlation"], row["causation"]) == ("000123", "c1", "e0")
    assert row["data"] == "{}"


def test_a_bare_catalogue_name_is_version_one(domain: Domain) -> None:
    """Prefix and version may be left out."""
    assert row_of(event(type="police.suspect.decided"), domain)["version"] == 1


def test_name_that_stands_twice_is_told_where_the_catalogue_could_have_it(domain: Domain) -> None:
    """Of a charge and no further action in one event nobody knows which was decided. Other names may be content."""
    lines = [
        orjson.dumps(event()).replace(b'"decision":', b'"decision":"charge","decision":'),
        orjson.dumps(event(id="e2")).replace(b'"decision":', b'"J Doe":1,"J Doe":2,"decision":'),
        orjson.dumps(event(id='"id":"', sequence="\\u0022")),
    ]
    batch = events_from_json_lines(lines, domain, "a", 1)
    told = batch.rejects.select(["position", "reason", "field"]).to_pylist()
    assert [tuple(row.values()) for row in told] == [(1, "repeated_name", "decision"), (2, "repeated_name", None)]
    assert batch.events["id"].to_pylist() == ['"id":"']


@pytest.mark.parametrize(
    ("written", "precision", "label"),
    [("2026-03-02", "day", 1_772_409_600), ("2026-03", "month", 1_772_323_200)],
)
def test_a_date_stays_a_date(domain: Domain, written: str, precision: str, label: int) -> None:
    """`occurredon` gives the label of a day or month and its precision."""
    row = row_of(event(time=..., occurredon=written), domain)
    assert (row["occurred_at"], row["occurred_precision"]) == (label * 1_000_000, precision)


def test_identifiers_take_their_normal_form_once(domain: Domain) -> None:
    """Case and spaces do not make two identifiers; order does not matter."""
    data = {"identifiers": {"urn": ["20pp 0000126", "20PP0000126"], "crime_ref": "a/1"}}
    assert row_of(event(data=data), domain)["identifiers"] == [("crime_ref", "A/1"), ("urn", "20PP0000126")]


def test_the_same_instant_is_the_same_event(domain: Domain) -> None:
    """An offset or another spelling of the same time gives the same row."""
    one, other = event(time="2026-03-02T10:15:00Z"), event(time="2026-03-02t11:15:00.000+01:00")
    assert row_or_reject(one, domain.rules) == row_or_reject(other, domain.rules)


REFUSED: list[tuple[dict[str, Any], str, str | None]] = [
    ({"id": ...}, "missing_attribute", "id"),
    ({"id": ""}, "bad_attribute", "id"),
    ({"id": 7}, "bad_attribute", "id"),
    ({"specversion": "0.3"}, "bad_attribute", "specversion"),
    ({"specversion": ...}, "missing_attribute", "specversion"),
    ({"Extension": "x"}, "bad_attribute", None),
    ({"my_extension": "x"}, "bad_attribute", None),
    ({"extension": {"a": 1}}, "bad_attribute", "extension"),
    ({"sequence": 7}, "bad_attribute", "sequence"),
    ({"type": "test.small.police.dog.walked.v1"}, "unknown_type", "type"),
    ({"type": "test.small.police.suspect.decided.v9"}, "unknown_version", "type"),
    ({"time": ...}, "missing_attribute", "time"),
    ({"time": "yesterday"}, "bad_time", "time"),
    ({"time": "2026-03-02T10:15:00"}, "bad_time", "time"),
    ({"time": "2026-02-30T10:15:00Z"}, "bad_time", "time"),
    ({"time": "2026-03-02T24:15:00Z"}, "bad_time", "time"),
    ({"time": "2026-W01-1T10:15:00Z"}, "bad_time", "time"),
    ({"time": "0000-03-02T10:15:00Z"}, "time_out_of_range", "time"),
    ({"time": "9999-12-31T23:59:59Z"}, "time_out_of_range", "time"),
    ({"time": "9999-12-31T23:59:59-14:00"}, "time_out_of_range", "time"),
    ({"time": "1899-12-31T23:59:59Z"}, "time_out_of_range", "time"),
    ({"time": ..., "occurredon": "2026-02-30"}, "bad_time", "occurredon"),
    ({"time": ..., "occurredon": "2026"}, "bad_time", "occurredon"),
    ({"time": ..., "occurredon": "0000-01-01"}, "time_out_of_range", "occurredon"),
    ({"occurredon": "2026-03-02"}, "precision_conflict", "occurredon"),
    ({"recordedtime": "soon"}, "bad_time", "recordedtime"),
    ({"partitionkey": ...}, "missing_attribute", "partitionkey"),
    ({"partitionkey": "99"}, "unknown_area", "partitionkey"),
    ({"data": ...}, "missing_field", "data"),
    ({"contenthash": "0" * 64}, "content_hash_mismatch", "contenthash"),
    ({"source": "x" * 5000}, "field_too_long", "source"),
    ({"source": "a\0b"}, "nul_character", "source"),
]


@pytest.mark.parametrize(("change", "code", "field"), REFUSED)
def test_attributes_are_refused_with_a_reason(
    domain: Domain, change: dict[str, Any], code: str, field: str | None
) -> None:
    """Each fault of an attribute has its own code and names the attribute."""
    change = dict(change)
    if change.get("data") is ...:
        change.pop("data")
        given = {name: value for name, value in event().items() if name != "data"}
    else:
        given = event(**change)
    assert reason(given, domain) == (code, field)


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ({"decision": None}, "missing_field", "data.decision"),
        ({"decision": ""}, "missing_field", "data.decision"),
        ({"decision": "maybe"}, "bad_field", "data.decision"),
        ({"decision": 1}, "bad_field", "data.decision"),
        ({"decision": ["refer"]}, "bad_field", "data.decision"),
        ({"reasons": [1]}, "bad_field", "data.reasons"),
        ({"reasons": ["x"] * 2000}, "bad_field", "data.reasons"),
        ({"effect_at": 12}, "bad_time", "data.effect_at"),
        ({"effect_at": "2026-03-05"}, "bad_time", "data.effect_at"),
        ({"effect_at": "9999-01-01T00:00:00Z"}, "time_out_of_range", "data.effect_at"),
        ({"unit": 20}, "bad_field", "data.unit"),
        ({"surprise": 1}, "bad_field", "data"),
        ({"agency": "cps"}, "wrong_agency", "data.agency"),
        ({"agency": "coastguard"}, "unknown_agency", "data.agency"),
        ({"identifiers": "20/1/26"}, "bad_field", "data.identifiers"),
        ({"identifiers": {"passport": "1"}}, "malformed_identifier", "data.identifiers"),
        ({"identifiers": {"urn": 7}}, "malformed_identifier", "data.identifiers.urn"),
        ({"identifiers": {"urn": " "}}, "malformed_identifier", "data.identifiers.urn"),
        ({"identifiers": {"urn": [""]}}, "malformed_identifier", "data.identifiers.urn"),
        ({"identifiers": {"urn": "a\0"}}, "nul_character", "data.identifiers.urn"),
        ({"unit": "x" * 5000}, "field_too_long", "data.unit"),
    ],
)
def test_data_is_refused_with_a_reason(domain: Domain, data: dict[str, Any], code: str, field: str) -> None:
    """Each fault of the data has its own code and names the field; a line says the same as a dict."""
    given = event(data=data)
    assert reason(given, domain) == (code, field)
    batch = events_from_json_lines([orjson.dumps(given)], domain, "f", 1)
    assert batch.rejects.select(["reason", "field"]).to_pylist() == [{"reason": code, "field": field}]


def test_an_event_without_a_required_identifier_is_refused() -> None:
    """The catalogue says of which kinds one must be there."""
    domain = load_domain(None)
    given = next(one for one in examples(domain) if domain.types[bare(one, domain)].requires)
    given["data"] = given["data"] | {"identifiers": {}}
    assert reason(given, domain) == ("missing_identifier", "data.identifiers")


def bare(given: dict[str, Any], domain: Domain) -> str:
    return str(given["type"]).removeprefix(f"{domain.type_prefix}.").rpartition(".v")[0]


@pytest.mark.parametrize("given", [None, 1, "text", [], [event()], True])
def test_what_is_no_object_is_refused(domain: Domain, given: Any) -> None:
    """Any other JSON value is `not_an_object`."""
    assert reason(given, domain)[0] == "not_an_object"


def test_a_content_hash_that_fits_is_accepted(domain: Domain) -> None:
    """It is the SHA-256 of the data's canonical JSON."""
    given = event()
    stated = sha256(orjson.dumps(given["data"], option=orjson.OPT_SORT_KEYS)).hexdigest()
    assert row_of(given | {"contenthash": stated}, domain)["id"] == "e1"


def test_every_example_of_the_catalogue_is_accepted() -> None:
    """And comes back from its row as an event that gives the same row."""
    domain = with_stewards(load_domain(None))
    for given in examples(domain):
        row = row_of(given, domain)
        again = event_object(row, domain.type_prefix)
        assert row_of(again, domain) == row


def test_lines_and_single_events_agree(domain: Domain) -> None:
    """The quick way gives the rows of the careful one, in the tables' schemas, with line numbers."""
    kinds = [
        event(),
        event(time=..., occurredon="2026-03"),
        event("police.call.made", data={"answers": "P1"}),
        event("police.victim.assessed", data={"enhanced": True}),
        event(time="2026-03-02T10:15:00+01:00"),
    ]
    given = [one | {"id": f"e{i}"} for i, one in enumerate(kinds * 3)]
    batch = events_from_json_lines([orjson.dumps(one) for one in given], domain, "file.jsonl", 11)
    assert batch.events.schema == EVENTS
    assert batch.rejects.schema == REJECTS
    rows = {one["id"]: one for one in batch.events.to_pylist()}
    for number, one in enumerate(given, 11):
        expected = row_of(one, domain)
        found = rows[one["id"]]
        assert (found["origin"], found["position"]) == ("file.jsonl", number)
        assert found["identifiers"] == [{"kind": k, "value": v} for k, v in expected["identifiers"]]
        for name in ("source", "type", "unit", "decision", "reason", "answers", "enhanced", "data"):
            assert found[name] == expected[name]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"\xff\xfe{}", "not_utf8"),
        (b"{", "not_json"),
        (b"NaN", "not_json"),
        (b'{"id": NaN}', "not_json"),
        (b'{"id": "\\ud800"}', "not_json"),
        (b'{"id": 1e999}', "not_json"),
        (DEEP, "not_json"),
        (b"[" * 200_000, "not_json"),
        (b'{"id":"a","id":"a"}', "repeated_name"),
        (b'{"id":"a","\\u0069d":"b"}', "repeated_name"),
        (b'{"id":"a","data":{"decision":"charge","reasons":[{"x":1}, {"x":1, "x" : 2}]}}', "repeated_name"),
        (b'{"a\\"": 1, "b": "\\u0022\\u0022", "a\\"" : 1}', "repeated_name"),
        (b"[1]", "not_an_object"),
        (b'{"specversion":"1.0","id":' + b"9" * 400 + b"}", "not_json"),
        (b'{"pad":"' + b"x" * 300_000 + b'"}', "too_large"),
        (
            b'{"specversion":"1.0","id":"a","source":"b","type":"c","data":' + b"[" * 900 + b"]" * 900 + b"}",
            "unknown_type",
        ),
    ],
)
def test_a_bad_line_stops_nobody(domain: Domain, line: bytes, code: str) -> None:
    """It stands in the rejects, whole and with its number; its neighbours are accepted."""
    good = orjson.dumps(event())
    batch = events_from_json_lines([good, line, b"", b"  ", good], domain, "f", 1)
    assert batch.events["position"].to_pylist() == [1, 5]
    (refused,) = batch.rejects.to_pylist()
    assert (refused["reason"], refused["position"], refused["raw"]) == (code, 2, line)


def test_a_deep_value_with_a_content_hash_is_refused(domain: Domain) -> None:
    """The canonical form has a depth that ends before the reader's."""
    deep = b"[" * 600 + b"]" * 600
    line = orjson.dumps(event(contenthash="0" * 64)).replace(b'"20PP"', deep)
    batch = events_from_json_lines([line], domain, "f", 1)
    assert batch.rejects["reason"].to_pylist() == ["bad_field"]


def test_damaged_lines_are_never_lost_and_never_raise(domain: Domain) -> None:
    """Every damaged line ends in events or rejects, and the quick way's verdict is the careful one's."""
    chance = random.Random(20260302)
    good = [orjson.dumps(one) for one in (event(), event("police.call.made"), event(time=..., occurredon="2026-03"))]
    lines = [damaged(chance.choice(good), chance) for _ in range(FUZZ)]
    batch = events_from_json_lines(lines, domain, "f", 0)
    accepted = dict(zip(batch.events["position"].to_pylist(), batch.events["id"].to_pylist(), strict=True))
    refused = dict(zip(batch.rejects["position"].to_pylist(), batch.rejects["reason"].to_pylist(), strict=True))
    blank = {place for place, line in enumerate(lines) if not line.strip()}
    assert accepted.keys() | refused.keys() | blank == set(range(FUZZ))
    assert not accepted.keys() & refused.keys()
    for place in chance.sample(range(FUZZ), min(FUZZ, 5000)):
        try:
            verdict = row_or_reject(orjson.loads(lines[place]), domain.rules)
        except orjson.JSONDecodeError:
            assert place in refused or place in blank
            continue
        if isinstance(verdict, Reject):
            assert refused.get(place) in {verdict.reason, "too_large"}
        else:
            assert accepted[place] == verdict[1]


def test_damaged_values_agree_too(domain: Domain) -> None:
    """Events that are JSON but have a wrong value somewhere: both ways say the same, row for row."""
    chance = random.Random(7)
    odd = [
        None,
        "",
        0,
        1,
        -1,
        True,
        False,
        [],
        {},
        [""],
        ["refer"],
        "refer",
        "2026-03-02T10:15:00Z",
        "2026-03",
        1.5,
        2**63,
        2**70,
        "\0",
        "x" * 5000,
        {"urn": "1"},
        "0000-01-01T00:00:00Z",
        "20",
        "cps",
    ]
    lines = []
    for _ in range(FUZZ // 4):
        given = event()
        place = chance.choice([given, given["data"], given["data"]["identifiers"]])
        place[chance.choice([*place, "agency", "occurredon", "enhanced", "contenthash"])] = chance.choice(odd)
        lines.append(
            orjson.dumps(given, option=orjson.OPT_PASSTHROUGH_SUBCLASS, default=str) if not _too_big(given) else b"{"
        )
    batch = events_from_json_lines(lines, domain, "f", 0)
    accepted = {one.pop("position"): one for one in batch.events.to_pylist()}
    refused = {one["position"]: (one["reason"], one["field"]) for one in batch.rejects.to_pylist()}
    for place, line in enumerate(lines):
        if line == b"{":
            continue
        verdict = row_or_reject(orjson.loads(line), domain.rules)
        if isinstance(verdict, Reject):
            assert refused[place] == (verdict.reason, verdict.field), line
            continue
        expected = dict(zip(ROW_COLUMNS, verdict, strict=True))
        found = accepted[place]
        for name in ("id", "agency", "unit", "decision", "reason", "data", "sequence", "correlation", "area"):
            assert found[name] == expected[name], line
        assert [(i["kind"], i["value"]) for i in found["identifiers"]] == expected["identifiers"]


def _too_big(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_too_big, value.values()))
    return isinstance(value, int) and value >= 2**64
