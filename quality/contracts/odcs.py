"""A domain as a data contract, by the Open Data Contract Standard 3.1 (bitol-io.github.io/open-data-contract-standard).

Events and public views are its schema; what agencies and the catalogue demand are its rules of quality; the
`service_levels` of `quality.yaml` are its SLA. A rule that the standard has no words for is given as the expectation of
Great Expectations by which it is checked, or as a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from throughline import __version__
from throughline.quality.checks.check import all_checks
from throughline.quality.checks.expectations import Expectation
from throughline.quality.checks.suites import view_suites
from throughline.schemas.definitions.catalogue import ENVELOPE, EventType, TypeField
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import LEVELS, AgencyExpectation, QualityRules, ServiceLevel

VERSION = "v3.1.0"
_AGREED = "agreed_fields_missing"
_LOGICAL = {"int": "integer", "bool": "boolean", "timestamp": "timestamp", "date": "date", "list<string>": "array"}
_OF_A_COLUMN = {
    "VARCHAR": "string", "BOOLEAN": "boolean", "TIMESTAMP": "timestamp", "DATE": "date", "DOUBLE": "number",
    "BIGINT": "integer", "INTEGER": "integer", "SMALLINT": "integer", "UBIGINT": "integer", "HUGEINT": "integer",
}  # fmt: skip
_SLA = {
    # property of the standard, unit, what makes a number of the limit
    "recorded_in_time": ("latency", "d"),
    "refused": ("errorRate", "percent"),
    "numbers_missing": ("completeness", "events"),
    "silence_days": ("frequency", "d"),
}

Row = dict[str, Any]


@dataclass(frozen=True)
class View:
    """A public view: what a row is, and its columns as (name, type of DuckDB, meaning)."""

    name: str
    comment: str
    columns: Sequence[tuple[str, str, str]]


def data_contract(domain: Domain, rules: QualityRules, topics: Mapping[str, str], views: Iterable[View]) -> Row:
    """The contract, ready to be written as JSON or YAML; `topics` has the topic of each agency."""
    return {
        "apiVersion": VERSION,
        "kind": "DataContract",
        "id": f"urn:throughline:{domain.name}",
        "name": domain.title,
        "version": __version__,
        "status": "active",
        "domain": domain.name,
        "dataProduct": "throughline",
        "description": {
            "purpose": "One timeline of each case, joined from what several agencies record.",
            "usage": "Agencies publish the events; the public views are for asking, and can be exported.",
            "limitations": "No names, addresses or free text. Times of views are UTC. Events that are known to the day "
            "or month have the first of it in `occurred_at`, and say so in `occurred_precision`.",
        },
        "servers": [
            {"server": "broker", "type": "kafka", "host": "localhost:9092", "format": "avro",
             "description": "Where events are published."},
            {"server": "store", "type": "duckdb", "database": "throughline.duckdb", "schema": "main",
             "description": "Where the public views are."},
        ],
        "schema": [
            *(_event(kind, rules, topics) for kind in domain.types.values()),
            *(_view(view) for view in views),
        ],
        "slaProperties": [_sla(level, feed, limit) for level in rules.service_levels
                          for feed, limit in level.agreed.items()],
        "customProperties": [
            {"property": "timeZone", "value": domain.time_zone},
            {"property": "typePrefix", "value": domain.type_prefix},
        ],
    }  # fmt: skip


def _event(kind: EventType, rules: QualityRules, topics: Mapping[str, str]) -> Row:
    written = [one for one in rules.expectations if one.type == kind.type]
    agreed = [(field, decision) for type_, field, decision in rules.agreed if type_ == kind.type]
    limit = rules.limit(_AGREED, "", next(one.at_most for one in all_checks() if one.name == _AGREED))
    properties = [
        _property("source", "string", "The system that publishes.", required=True, primaryKey=True,
                  primaryKeyPosition=1),
        _property("id", "string", "Its id of the event.", required=True, primaryKey=True, primaryKeyPosition=2),
        _property("partitionkey", "string", "The area of the case.", required=True, partitioned=True,
                  partitionKeyPosition=1),
        _property("time", "timestamp", "When it happened; where only the day or month is known, occurredon."),
        _property("occurredon", "string", "The day or month in which it happened."),
        _property("recordedtime", "timestamp", "When it was written down."),
        _property("revision", "string", "Orders what is said of one id: the highest counts."),
        _property("retracts", "boolean", "Whether the event is taken back."),
        _property("unit", "string", "The unit that acted.", required=_needs(kind, "unit")),
        _identifiers(kind),
        *(_field(field) for name, field in kind.fields.items() if name not in ENVELOPE),
    ]  # fmt: skip
    by_name = {one["name"]: one for one in properties}
    on_the_whole: list[Row] = []
    for name, decision in agreed:
        rule = _of_agreed(name, decision, limit)
        (by_name[name].setdefault("quality", []) if name in by_name else on_the_whole).append(rule)
    for one in written:
        column = {"recorded_at": "recordedtime"}.get(one.arguments.get("column", ""), one.arguments.get("column"))
        rule = _of_agency(one)
        if "metric" in rule and column in by_name:
            by_name[column].setdefault("quality", []).append(rule)
        else:
            on_the_whole.append(_custom(one.check, one.dimension, one.expect, one.arguments, one.why))
    if len(kind.requires) > 1:
        said = f"At least one of these identifiers is there: {', '.join(kind.requires)}."
        on_the_whole.append({"type": "text", "dimension": "completeness", "description": said})
    made: Row = {
        "name": kind.type,
        "physicalName": topics.get(kind.agency, ""),
        "physicalType": "event",
        "logicalType": "object",
        "description": kind.brief,
        "dataGranularityDescription": "One row per event and revision.",
        "tags": [kind.owner, kind.sensitivity],
        "properties": properties,
    }
    if not made["physicalName"]:
        del made["physicalName"]
    return made | ({"quality": on_the_whole} if on_the_whole else {})


def _needs(kind: EventType, name: str) -> bool:
    return name in kind.fields and kind.fields[name].required


def _identifiers(kind: EventType) -> Row:
    numbers = [
        _property(name, "string", "In its normal form.", required=kind.requires == (name,)) for name in kind.identifiers
    ]
    return _property(
        "identifiers", "object", "The numbers by which the case is known.", required=bool(kind.requires),
        **({"properties": numbers} if numbers else {}),
    )  # fmt: skip


def _field(field: TypeField) -> Row:
    logical = _LOGICAL.get(field.type, "string")
    made = _property(field.name, logical, field.doc, required=field.required, classification=field.sensitivity)
    if logical == "array":
        made["items"] = {"name": field.name, "logicalType": "string"}
    if field.unit is not None:
        made["customProperties"] = [{"property": "unit", "value": field.unit}]
    if field.values:
        made["quality"] = [_values(list(field.values))]
    return made


def _view(view: View) -> Row:
    properties = [
        _property(name, _OF_A_COLUMN.get(kind.upper(), "array" if kind.endswith("[]") else "string"), meaning,
                  physicalType=kind.lower())
        for name, kind, meaning in view.columns
    ]  # fmt: skip
    for one in properties:
        if one["logicalType"] == "array":
            one["items"] = {"name": one["name"], "logicalType": "string"}
    by_name = {one["name"]: one for one in properties}
    on_the_whole = []
    for suite in view_suites():
        for expectation in suite.expectations if suite.subject == view.name else ():
            rule = _library(expectation)
            if rule is None:
                on_the_whole.append(
                    _custom(expectation.name, expectation.dimension, expectation.kind, expectation.arguments, "")
                )
            else:
                by_name[expectation.arguments["column"]].setdefault("quality", []).append(rule)
    made: Row = {
        "name": view.name,
        "physicalName": view.name,
        "physicalType": "view",
        "logicalType": "object",
        "description": view.comment,
        "properties": properties,
    }
    return made | ({"quality": on_the_whole} if on_the_whole else {})


def _property(name: str, logical: str, description: str, **more: Any) -> Row:
    said = {"name": name, "logicalType": logical, "description": description or name.replace("_", " "), **more}
    return {key: value for key, value in said.items() if value not in (False, None)}


def _library(one: Expectation) -> Row | None:
    """An expectation of a view as a rule of the standard's own; None where it has none."""
    said = {"name": one.name, "dimension": _dimension(one.dimension), "type": "library"}
    if one.kind == "expect_column_values_to_not_be_null":
        return {**said, "metric": "nullValues", "mustBe": 0}
    if one.kind == "expect_column_values_to_be_unique":
        return {**said, "metric": "duplicateValues", "mustBe": 0}
    if one.kind == "expect_column_values_to_be_in_set":
        return {**said, **_values(one.arguments["value_set"])}
    return None


def _values(values: Sequence[Any]) -> Row:
    allowed = {"validValues": list(values)}
    return {"type": "library", "dimension": "conformity", "metric": "invalidValues", "mustBe": 0, "arguments": allowed}


def _of_agency(one: AgencyExpectation) -> Row:
    said = {"name": one.check, "dimension": _dimension(one.dimension), "description": one.why, "type": "library"}
    most = {"unit": "percent", "mustBeLessOrEqualTo": _percent(one.at_most)}
    if one.expect == "expect_column_values_to_not_be_null":
        return {**said, "metric": "nullValues", **most}
    if one.expect == "expect_column_values_to_be_in_set":
        return {**said, "metric": "invalidValues", "arguments": {"validValues": one.arguments["value_set"]}, **most}
    return {}


def _of_agreed(field: str, decision: str | None, limit: float) -> Row:
    said: Row = {"name": _AGREED, "dimension": "completeness"}
    if decision is not None:
        told = f"`{field}` is stated where the decision is `{decision}`: at most {_percent(limit):g} % lack it."
        return {**said, "type": "text", "description": told}
    told = f"Agencies agreed to state `{field}` though the catalogue does not require it."
    most = {"unit": "percent", "mustBeLessOrEqualTo": _percent(limit)}
    return {**said, "type": "library", "description": told, "metric": "nullValues", **most}


def _custom(name: str, dimension: str, kind: str, arguments: Mapping[str, Any], why: str) -> Row:
    made = {
        "name": name,
        "dimension": _dimension(dimension),
        "type": "custom",
        "engine": "great-expectations",
        "implementation": {"type": kind, "kwargs": dict(arguments)},
    }
    return made | ({"description": why} if why else {})


def _dimension(name: str) -> str:
    # the standard calls validity otherwise
    return "conformity" if name == "validity" else name


def _percent(share: float) -> float:
    return round(100 * share, 6)


def _sla(level: ServiceLevel, feed: str, limit: float) -> Row:
    name, unit = _SLA[level.level]
    value: float = limit
    said = LEVELS[level.level].capitalize()
    if level.days is not None:
        value, told = level.days, f"{said}: at least {_percent(limit):g} % within {level.days} days, month by month."
    elif unit == "percent":
        value, told = _percent(limit), f"{said}: at most {_percent(limit):g} %, month by month."
    else:
        told = f"{said}: at most {limit:g}, month by month."
    made: Row = {"property": name, "value": value, "unit": unit, "driver": "operational", "description": told}
    return made | ({"element": feed} if feed else {})
