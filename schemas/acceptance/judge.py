"""One CloudEvent, already a dict, to a row of EVENTS by the catalogue's rules: the one place where an event
is judged.

The quick ways (JSON lines, Avro columns) decide only what is certainly good; whatever else comes here.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson

from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import Row
from throughline.schemas.acceptance.rules import Refused, Rules, TypeRule
from throughline.schemas.acceptance.type_form import SHARED
from throughline.schemas.wire.cloudevents import check_attributes

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
KNOWN_ATTRIBUTES = frozenset(["specversion", "id", "source", "type", "data", *_TEXT_ATTRIBUTES])
_TEXT = frozenset(_TEXT_ATTRIBUTES)
NOT_FIELDS = frozenset(["unit", "identifiers", "agency"])
# Where a shared column stands among the others.
SHARED_PLACE = {column: place for place, column in enumerate(SHARED.values())}
_SORTED = orjson.OPT_SORT_KEYS


def row_or_reject(event: Any, rules: Rules) -> Row | Reject:
    """A row with the columns of EVENTS up to `data`, or why not."""
    try:
        return _row(event, rules, True)
    except Refused as refused:
        return refused.reject


def _row(event: Any, rules: Rules, deep: bool) -> Row:
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
    if deep:
        for name, value in event.items():
            if type(value) is str:
                rules.check_text(value, name)
    rule = rules.by_wire_type.get(wire_type) or rules.find_type(wire_type)

    occurred, precision = _occurred(get("time"), get("occurredon"), rules)
    recorded = get("recordedtime")
    if recorded is not None:
        recorded = rules.read_time(recorded, "recordedtime")
    area = get("partitionkey")
    if not area:
        raise Refused("missing_attribute", "partitionkey", "an event needs its area in `partitionkey`")
    if rules.areas is not None and area not in rules.areas:
        raise Refused("unknown_area", "partitionkey", "the domain has no such area")

    data = get("data")
    if type(data) is not dict:
        if data is None:
            raise Refused("missing_field", "data", "an event needs an object `data`")
        raise Refused("bad_field", "data", "`data` must be a JSON object")
    stated_hash = get("contenthash")
    if stated_hash is not None:
        check_content_hash(data, stated_hash)
    agency = _agency(data.get("agency"), rule, rules)
    unit = data.get("unit")
    if unit is not None:
        if type(unit) is not str:
            raise Refused("bad_field", "data.unit", "`unit` must be text")
        if deep:
            rules.check_text(unit, "data.unit")
    elif "unit" in rule.form.required_envelope:
        raise Refused("missing_field", "data.unit", "`unit` is required")
    identifiers = rules.read_identifiers(data.get("identifiers"), rule, deep)
    shared, rest = _fields(data, rule, rules, deep)
    form = rule.form
    return (
        source, event_id, form.type, form.version, area, agency, unit or None, occurred, precision, recorded,
        get("sequence"), identifiers, *shared, get("correlationid"), get("causationid"), rest,
    )  # fmt: skip


def _occurred(time: Any, occurred_on: Any, rules: Rules) -> tuple[int, str]:
    if time is None:
        if occurred_on is None:
            raise Refused("missing_attribute", "time", "an event needs `time` or, for a date, `occurredon`")
        return rules.read_label(occurred_on, "occurredon")
    if occurred_on is not None:
        raise Refused("precision_conflict", "occurredon", "an event has `time` or `occurredon`, not both")
    return rules.read_time(time, "time"), "instant"


def _agency(stated: Any, rule: TypeRule, rules: Rules) -> str:
    ours = rule.form.agency
    if stated is None or stated == "":
        if ours is None:
            raise Refused("missing_field", "data.agency", "events of this type say their agency in `data.agency`")
        return ours
    if type(stated) is not str:
        raise Refused("bad_field", "data.agency", "`agency` must be text")
    if rules.agencies is not None and stated not in rules.agencies:
        raise Refused("unknown_agency", "data.agency", "the domain has no such agency")
    if ours is not None and stated != ours:
        raise Refused("wrong_agency", "data.agency", "events of this type are another agency's")
    rules.check_text(stated, "data.agency")
    return stated


def check_content_hash(data: Any, stated: str) -> None:
    """Compare `contenthash` with the SHA-256 of the canonical JSON of `data` (sorted keys, no spaces)."""
    try:
        canonical = orjson.dumps(data, option=_SORTED)
    except orjson.JSONEncodeError:  # nests deeper than any field of ours
        raise Refused("bad_field", "data", "`data` nests too deep") from None
    if sha256(canonical).hexdigest() != stated.lower():
        raise Refused("content_hash_mismatch", "contenthash", "`data` is not what its hash says")


def _fields(data: dict[str, Any], rule: TypeRule, rules: Rules, deep: bool) -> tuple[list[Any], str]:
    """The shared columns in their order, and the canonical JSON of the rest."""
    shared: list[Any] = [None] * len(SHARED_PLACE)
    rest: dict[str, Any] = {}
    missing = len(rule.required)
    forms = rule.fields
    for name, value in data.items():
        if value is None or name in NOT_FIELDS:
            continue
        form = forms.get(name)
        if form is None:
            raise Refused("bad_field", "data", "`data` has a field that the catalogue does not list for this type")
        if name in rule.required:
            if value in ("", []):
                raise Refused("missing_field", f"data.{name}", f"`{name}` is required and empty")
            missing -= 1
        if form.column is not None and form.kind == "timestamp":
            shared[SHARED_PLACE[form.column]] = rules.read_time(value, f"data.{name}")
            continue
        value = rules.read_field(form, value, rule, deep)
        if form.column is None:
            rest[name] = value
        elif form.column == "reason":
            shared[SHARED_PLACE[form.column]] = "; ".join(sorted(set(value))) or None
        else:
            shared[SHARED_PLACE[form.column]] = value
    if missing:
        lost = sorted(name for name in rule.required if data.get(name) is None)
        raise Refused("missing_field", f"data.{lost[0]}", f"`{lost[0]}` is required")
    return shared, orjson.dumps(rest, option=_SORTED).decode() if rest else "{}"
