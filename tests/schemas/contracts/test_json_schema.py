"""The JSON Schema of a domain says what the reader says, of examples and of whatever is done to them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import orjson
import pytest
from catalogue_events import SMALL, event, examples

from throughline.schemas.acceptance.judge import row_or_reject
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.contracts.json_schema import json_schema
from throughline.schemas.contracts.texts import years
from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, Domain, load_domain

DOMAINS = [DEFAULT_DOMAIN, DEFAULT_DOMAIN.parent / "road_fines", DEFAULT_DOMAIN.parent / "process_log", SMALL]
MUTANTS = 4000


@cache
def domain_at(path: Path) -> Domain:
    return load_domain(path)


@cache
def schema_of(path: Path) -> Any:
    # the texts of ECMA-262, whose `$` is the end and nothing before it
    return jsonschema_rs.Draft202012Validator(json_schema(domain_at(path)))


@pytest.mark.parametrize("path", DOMAINS, ids=lambda path: path.name)
def test_schema_is_one_and_takes_the_example_of_every_type(path: Path) -> None:
    domain = domain_at(path)
    jsonschema_rs.meta.validate(json_schema(domain))
    for made in examples(domain):
        if not isinstance(row_or_reject(made, domain.rules), Reject):
            assert [fault.message for fault in schema_of(path).iter_errors(made)] == [], made["type"]


def test_schema_of_one_type_judges_its_events_alone() -> None:
    domain = domain_at(SMALL)
    jsonschema.Draft202012Validator.check_schema(json_schema(domain, "police.suspect.decided"))
    schema = jsonschema_rs.Draft202012Validator(json_schema(domain, "police.suspect.decided"))
    assert schema.is_valid(event())
    assert not schema.is_valid(event(type="test.small.police.crime.recorded.v1"))


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": "0.3"},
        {"id": ""},
        {"source": "urn:throughline:police:20:rms\u0000"},
        {"type": "test.small.police.suspect.decided.v9"},
        {"time": "2026-02-29T10:00:00Z"},
        {"time": "2026-03-02 10:00"},
        {"time": "2026-03-02T24:00:00Z"},
        {"time": "1899-03-02T10:00:00Z"},
        {"occurredon": "2026-03-02"},
        {"time": ..., "occurredon": "2026-03-32"},
        {"time": ..., "occurredon": "2026-03/2026-04-01"},
        {"time": ...},
        {"partitionkey": ...},
        {"partitionkey": "nowhere"},
        {"retracts": True},
        {"revision": -1},
        {"revision": "2026-13"},
        {"Attribute": "x"},
        {"extra": 1.5},
        {"extra": 2**31},
        {"data": {"decision": None}},
        {"data": {"decision": "perhaps"}},
        {"data": {"identifiers": {"urn": "=20"}}},
        {"data": {"identifiers": {"urn": ["20PP0000126", 1]}}},
        {"data": {"identifiers": {"kind": "20PP0000126"}}},
        {"data": {"identifiers": {"crime_ref": "2.00009E+11"}}},
        {"data": {"nobody_lists_this": 1}},
        {"data": {"agency": "cps"}},
        {"data": {"effect_at": "2026-03-05"}},
    ],
    ids=str,
)
def test_what_the_reader_refuses_is_refused(changes: dict[str, Any]) -> None:
    made = event(**changes)
    assert isinstance(row_or_reject(deepcopy(made), domain_at(SMALL).rules), Reject)
    assert not schema_of(SMALL).is_valid(made)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "police.suspect.decided"},
        {"time": "2024-02-29t10:00:00.123456789z"},
        {"time": None, "occurredon": "2026-03"},
        {"time": ..., "occurredon": "2026-03-02/2026-03-05"},
        {"retracts": "true", "revision": 7},
        {"revision": "0007"},
        {"revision": "2026-03-02T10:00:00+01:00"},
        {"extra": True},
        {"data": {"unit": None}},
        {"data": {"reasons": "evidence"}},
        {"data": {"nobody_lists_this": None}},
        {"data": {"identifiers": {"crime_ref": "UNKNOWN"}}},
        {"data": {"agency": "police"}},
    ],
    ids=str,
)
def test_what_the_reader_accepts_is_accepted(changes: dict[str, Any]) -> None:
    made = event(**changes)
    assert not isinstance(row_or_reject(deepcopy(made), domain_at(SMALL).rules), Reject)
    assert [fault.message for fault in schema_of(SMALL).iter_errors(made)] == []


AWKWARD: list[Any] = [
    *(None, "", " ", 0, 1, -1, 2**31, 2**63, 10**18, 1.5, True, False, "true", [], {}, [""], [None], ["x", "x"]),
    *("x\u0000", "x" * 5000, "UNKNOWN", "N/A", "20pp 0000126", "1.0", "2.5E+11", "'12", "a b", "\u00e9", "x\n"),
    *(
        "2026-03-02",
        "2026-3-2",
        "2026-02-29",
        "2024-02-29",
        "2026-03",
        "2026-03-02/2026-03-05",
        "2026-03-05/2026-03-02",
    ),
    *("2026-03/2026-05", "2026-03-02/2026-04", "2026-03-02T10:15:00Z", "2026-03-02T10:15:00", "2026-03-02T25:00:00Z"),
    *("2026-03-02T10:15:60Z", "2026-03-02T10:15:00+23:59", "2026-03-02T10:15:00+24:00", "2200-01-01T00:00:00Z"),
    *(
        "1850-01-01",
        "0000-01-01",
        "9999-12-31",
        "police",
        "cps",
        "20",
        "urn:throughline:cps:20",
        "12345678901234567890",
    ),
]
ATTRIBUTES = (
    *("time", "occurredon", "recordedtime", "revision", "retracts", "sequence", "contenthash", "subject", "ext"),
    *("partitionkey", "source", "id", "type", "Bad", "datacontenttype"),
)


def mutants(path: Path, count: int) -> Iterator[dict[str, Any]]:
    """Events with one to three things done to them."""
    domain, chance = domain_at(path), random.Random(20260302)
    made = [*examples(domain), *([event()] if path == SMALL else [])]
    for _ in range(count):
        one: dict[str, Any] = deepcopy(chance.choice(made))
        for _ in range(chance.randint(1, 3)):
            data = one["data"] if isinstance(one.get("data"), dict) else {}
            numbers = data.get("identifiers") if isinstance(data.get("identifiers"), dict) else {}
            fields = [*data, *(field for kind in domain.fields for field in [kind])]
            where, name = chance.choice(
                [
                    (one, chance.choice(ATTRIBUTES)),
                    (one, chance.choice(list(one))),
                    (data, chance.choice(fields)),
                    (numbers, chance.choice([kind.kind for kind in domain.identifiers])),
                ]
            )
            if chance.random() < 0.15:
                where.pop(name, None)
            elif chance.random() < 0.1:
                where[name] = [chance.choice(AWKWARD), chance.choice(AWKWARD)]
            else:
                where[name] = chance.choice(AWKWARD)
        yield one


def is_explained(made: dict[str, Any], verdict: Any, domain: Domain) -> bool:
    """Whether the reader and the schema differ for one of the reasons that the schema names."""
    if isinstance(verdict, Reject):
        interval = str(made.get("occurredon"))
        first, _, last = interval.partition("/")
        return verdict.reason in {"content_hash_mismatch", "unlisted_steward"} or (
            verdict.field == "occurredon" and last < first and last != ""
        )
    numbers = (made.get("data") or {}).get("identifiers") or {}
    for kind in domain.identifiers:
        values = numbers.get(kind.kind)
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, str) and kind.normalise_value(value) != value:
                return True
    return "data_base64" in made


@pytest.mark.parametrize("path", [DEFAULT_DOMAIN, SMALL], ids=lambda path: path.name)
def test_reader_and_schema_agree_but_for_the_differences_that_the_schema_names(path: Path) -> None:
    domain, schema = domain_at(path), schema_of(path)
    accepted = refused = 0
    for made in mutants(path, MUTANTS):
        try:
            text = orjson.dumps(made)
        except orjson.JSONEncodeError:
            continue  # a number that JSON's readers do not have
        verdict = row_or_reject(orjson.loads(text), domain.rules)
        is_accepted = not isinstance(verdict, Reject)
        accepted, refused = accepted + is_accepted, refused + (not is_accepted)
        if schema.is_valid(made) != is_accepted:
            assert is_explained(made, verdict, domain), (made, verdict)
    assert min(accepted, refused) > MUTANTS / 10, "both are tried"


@pytest.mark.parametrize("only_listed", [False, True])
def test_source_belongs_to_its_agency_in_the_schema_as_for_the_reader(only_listed: bool) -> None:
    """By the list of a deployment, and by the forms of agencies' sources."""
    usual = domain_at(DEFAULT_DOMAIN)
    listed = {"urn:example:connect": "police", "urn:x:police:lent": "cps"}
    domain = replace(usual, owners=replace(usual.owners, listed=listed, only_listed=only_listed, _known={}))
    verdicts = set()
    for type_ in ("police.crime.recorded", "cps.pcd.received"):
        schema = jsonschema_rs.Draft202012Validator(json_schema(domain, type_))
        made = next(one for one in examples(domain) if one["type"] == f"uk.cjs.{type_}.v1")
        for source in (*listed, "urn:x:police:20", "urn:x:cps", "urn:x:nobody", "urn:x:policeman", ""):
            verdict = row_or_reject(made | {"source": source}, domain.rules)
            assert schema.is_valid(made | {"source": source}) is not isinstance(verdict, Reject), (type_, source)
            verdicts.add(getattr(verdict, "reason", "accepted"))
    assert verdicts >= {"accepted", "wrong_source"} | ({"unknown_source"} if only_listed else set())


def test_years_are_a_pattern_of_no_other() -> None:
    for first, last in ((1900, 2099), (1998, 2003), (2026, 2026)):
        matches = re.compile(years(first, last)).fullmatch
        assert [year for year in range(10_000) if matches(f"{year:04}")] == list(range(first, last + 1))
