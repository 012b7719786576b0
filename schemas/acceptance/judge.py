"""One CloudEvent, already a dict, to a row of EVENTS by the rules of a domain, or the reason why not.

This alone knows reasons. Reasons: not_an_object, missing_attribute, bad_attribute, unknown_type, unknown_version,
bad_time, time_out_of_range, precision_conflict, bad_field, missing_field, missing_identifier,
malformed_identifier, too_many_identifiers, unknown_area, unknown_agency, wrong_agency, wrong_source,
unknown_source, unlisted_steward, content_hash_mismatch, field_too_long, nul_character.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from throughline.schemas.acceptance.media import data_of
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.revision import read_retracts, read_revision
from throughline.schemas.acceptance.rows import Row
from throughline.schemas.acceptance.rules import SHARED_PLACE, Refused, Rules

# Attributes of which we know the type; an event with others takes the long way through `check_attributes`.
_TEXT_ATTRIBUTES = [
    "time",
    "occurredon",
    "recordedtime",
    "sequence",
    "partitionkey",
    "correlationid",
    "causationid",
    "contenthash",
    "subject",
    "datacontenttype",
    "dataschema",
]
KNOWN_ATTRIBUTES = frozenset(["specversion", "id", "source", "type", "data", "revision", "retracts", *_TEXT_ATTRIBUTES])
_TEXT = frozenset(_TEXT_ATTRIBUTES)
_CORE = ("specversion", "id", "source", "type")
_NAME = re.compile(r"[a-z0-9]+").fullmatch
_INT32 = 2**31


def row_or_reject(event: Any, rules: Rules) -> Row | Reject:
    """A row with the columns of EVENTS up to `data`, or why not."""
    try:
        return _row(event, rules)
    except Refused as refused:
        return refused.reject


def _row(event: Any, rules: Rules) -> Row:
    if type(event) is not dict:
        raise Refused("not_an_object", None, "an event must be a JSON object")
    get = event.get
    source, event_id = get("source"), get("id")
    wire_type: Any = get("type")
    if not (
        type(source) is str
        and source
        and type(event_id) is str
        and event_id
        and type(wire_type) is str
        and get("specversion") == "1.0"
        and event.keys() <= KNOWN_ATTRIBUTES
    ):
        fault = check_attributes(event)
        if fault is not None:
            raise Refused(fault.reason, fault.field, fault.detail)
    for name in event:
        if name in _TEXT and type(event[name]) is not str and event[name] is not None:
            raise Refused("bad_attribute", name, f"`{name}` must be a string")
    for name, value in event.items():
        if type(value) is str:
            rules.check_text(value, name)
    rule = rules.by_wire_type.get(wire_type) or rules.find_type(wire_type)

    occurred, precision = _occurred(get("time"), get("occurredon"), rules)
    recorded = get("recordedtime")
    if recorded is not None:
        recorded = rules.read_time(recorded, "recordedtime")
    revision, retracts = read_revision(get("revision")), read_retracts(get("retracts"))
    if retracts and revision is None:
        raise Refused("missing_attribute", "revision", "an event that retracts needs a `revision`")
    area = get("partitionkey")
    rules.check_area(area)

    data = data_of(event)
    if isinstance(data, Reject):
        raise Refused(data.reason, data.field, data.detail)
    if type(data) is not dict:
        if data is None:
            raise Refused("missing_field", "data", "an event needs an object `data`")
        raise Refused("bad_field", "data", "`data` must be a JSON object")
    stated_hash = get("contenthash")
    if stated_hash is not None:
        check_content_hash(data, stated_hash)
    agency = rules.read_agency(data.get("agency"), rule)
    fault = rules.source_fault(str(source), agency)
    if fault is not None:
        raise Refused(fault.reason, fault.field, fault.detail)
    unit = rules.read_unit(data.get("unit"), rule)
    identifiers = rules.read_identifiers(data.get("identifiers"), rule)
    shared, rest = rules.read_fields(data, rule, rule.required)
    if rules.stewards.bind(rule.form.type, agency):
        rules.check_steward(str(source), str(area), shared[SHARED_PLACE["officer"]])
    form = rule.form
    return (
        source, event_id, form.type, form.version, area, agency, unit, occurred, precision, recorded,
        get("sequence"), identifiers, *shared, get("correlationid"), get("causationid"), revision, retracts, rest,
    )  # fmt: skip


def _occurred(time: Any, occurred_on: Any, rules: Rules) -> tuple[int, str]:
    if time is None:
        if occurred_on is None:
            raise Refused("missing_attribute", "time", "an event needs `time` or, for a date, `occurredon`")
        return rules.read_label(occurred_on, "occurredon")
    if occurred_on is not None:
        raise Refused("precision_conflict", "occurredon", "an event has `time` or `occurredon`, not both")
    return rules.read_time(time, "time"), "instant"


def check_content_hash(data: Any, stated: str) -> None:
    """Compare `contenthash` with the SHA-256 of the canonical JSON of `data` (sorted keys, no spaces)."""
    try:
        canonical = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # nests deeper than any field of ours
        raise Refused("bad_field", "data", "`data` nests too deep") from None
    if sha256(canonical).hexdigest() != stated.lower():
        raise Refused("content_hash_mismatch", "contenthash", "`data` is not what its hash says")


def check_attributes(event: Mapping[str, Any]) -> Reject | None:
    """What is wrong with the attributes of an event by the core specification, or None."""
    for name in _CORE:
        value = event.get(name)
        if value is None:
            return Reject("missing_attribute", name, f"an event needs the attribute `{name}`")
        if not isinstance(value, str) or not value:
            return Reject("bad_attribute", name, f"`{name}` must be a string that is not empty")
    if event["specversion"] != "1.0":
        return Reject("bad_attribute", "specversion", "only CloudEvents 1.0 is read")
    for name, value in event.items():
        if name in {"data", "data_base64"}:
            continue
        if not isinstance(name, str) or not _NAME(name):
            return Reject("bad_attribute", None, "an attribute's name has characters other than a–z and 0–9")
        if value is None or isinstance(value, (str, bool)):
            continue
        if not isinstance(value, int) or not -_INT32 <= value < _INT32:
            return Reject("bad_attribute", name, f"`{name}` must be a string, a boolean or a 32-bit integer")
    return None
