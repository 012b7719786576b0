"""Single JSON events to EVENTS, by the catalogue's rules, and back: the acceptance of everything that is not Avro.

Nothing in the data raises: a record ends as a row of `Batch.events` or as a row of `Batch.rejects`, whole and with
its reason. Reasons: not_utf8, not_json, not_an_object, too_large, missing_attribute, bad_attribute, unknown_type,
unknown_version, bad_time, time_out_of_range, precision_conflict, bad_field, missing_field, missing_identifier,
malformed_identifier, unknown_area, unknown_agency, wrong_agency, content_hash_mismatch, field_too_long,
nul_character.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from throughline.schemas.acceptance import Refused, Rules, TypeRule
from throughline.schemas.cloudevents_binding import check_attributes
from throughline.schemas.domain_rules import rules_of
from throughline.schemas.event_rows import Row, RowBatch
from throughline.schemas.reject import Reject, read_json
from throughline.schemas.rfc3339 import write_instant, write_label
from throughline.schemas.type_form import SHARED

if TYPE_CHECKING:
    from throughline.schemas.domain import Domain
    from throughline.schemas.events import Batch

# Attributes of which we know the type; an event with others takes the long way through `check_attributes`.
_TEXT_ATTRIBUTES = (
    "time occurredon recordedtime sequence partitionkey correlationid causationid contenthash subject "
    "datacontenttype dataschema"
).split()
_KNOWN = frozenset(["specversion", "id", "source", "type", "data", *_TEXT_ATTRIBUTES])
_NOT_FIELDS = frozenset(["unit", "identifiers", "agency"])
_SHARED_ORDER = tuple(SHARED)
_SHARED_PLACE = {name: place for place, name in enumerate(SHARED)}
_SORTED = orjson.OPT_SORT_KEYS


def parse_event(event: Any, domain: Domain) -> Row | Reject:
    """One CloudEvent (the dict of its JSON form) as a row of EVENTS, or why not.

    The row has the columns of EVENTS up to `data`, without `origin` and `position`; times are microseconds since
    1970 UTC, identifiers a sorted list of (kind, value).
    """
    return row_or_reject(event, rules_of(domain))


def row_or_reject(event: Any, rules: Rules) -> Row | Reject:
    """`parse_event` with the domain's rules made ready."""
    try:
        return _row(event, rules, True)
    except Refused as refused:
        return refused.reject


def events_from_json_lines(lines: Sequence[bytes], domain: Domain, origin: str, first_position: int) -> Batch:
    """Accept JSON Lines, one CloudEvent each; `first_position` is the number of the first line. Empty lines are skipped."""
    rules = rules_of(domain)
    batch = RowBatch(origin)
    add, loads = batch.add, orjson.loads
    record_bytes, field_chars = rules.record_bytes, rules.field_chars
    for position, line in enumerate(lines, first_position):
        size = len(line)
        event: Any = None
        try:
            if size > record_bytes:
                raise Refused("too_large", None, f"a record may have {record_bytes} bytes")
            try:
                event = loads(line)
            except orjson.JSONDecodeError:
                if not line.strip():
                    continue
                fault = read_json(line)
                batch.reject(position, fault, line, None)
                continue
            # No text in a short line is too long, and none has U+0000 unless it is spelt out: then only each field
            # needs to be looked at.
            add(_row(event, rules, size > field_chars or b"\\u0000" in line), position)
        except Refused as refused:
            batch.reject(position, refused.reject, line, event)
    return batch.build()


def event_object(row: Any, type_prefix: str) -> dict[str, Any]:
    """The CloudEvent (dict of its JSON form) of a row of EVENTS given as a mapping with times in microseconds UTC."""
    data: dict[str, Any] = orjson.loads(row["data"] or b"{}")
    identifiers: dict[str, list[str]] = {}
    for kind, value in row["identifiers"] or ():
        identifiers.setdefault(kind, []).append(value)
    data["identifiers"] = {
        kind: values[0] if len(values) == 1 else values for kind, values in identifiers.items()
    }
    data["agency"] = row["agency"]
    if row["unit"] is not None:
        data["unit"] = row["unit"]
    for name, column in SHARED.items():
        value = row[column]
        if value is not None:
            if name == "reasons":
                value = value.split("; ")
            elif name in {"due_at", "effect_at"}:
                value = write_instant(value)
            data[name] = value
    head = f"{type_prefix}." if type_prefix else ""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": row["id"],
        "source": row["source"],
        "type": f"{head}{row['type']}.v{row['version']}",
        "partitionkey": row["area"],
    }
    if row["occurred_precision"] == "instant":
        event["time"] = write_instant(row["occurred_at"])
    else:
        event["occurredon"] = write_label(row["occurred_at"], row["occurred_precision"])
    if row["recorded_at"] is not None:
        event["recordedtime"] = write_instant(row["recorded_at"])
    for attribute, column in (
        ("sequence", "sequence"),
        ("correlationid", "correlation"),
        ("causationid", "causation"),
    ):
        if row[column] is not None:
            event[attribute] = row[column]
    event["data"] = data
    return event


def _row(event: Any, rules: Rules, deep: bool) -> Row:
    if type(event) is not dict:
        raise Refused("not_an_object", None, "an event must be a JSON object")
    get = event.get
    source, event_id, wire_type = get("source"), get("id"), get("type")
    if not (
        type(source) is str
        and source
        and type(event_id) is str
        and event_id
        and type(wire_type) is str
        and get("specversion") == "1.0"
        and event.keys() <= _KNOWN
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
    identifiers = rules.read_identifiers(data.get("identifiers"), rule, deep)
    shared, rest = _fields(data, rule, rules, deep)
    form = rule.form
    return (
        source, event_id, form.type, form.version, area, agency, unit or None, occurred, precision, recorded,
        get("sequence"), identifiers, *shared, get("correlationid"), get("causationid"), rest,
    )  # fmt: skip


_TEXT = frozenset(_TEXT_ATTRIBUTES)


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
    shared: list[Any] = [None] * len(_SHARED_ORDER)
    rest: dict[str, Any] = {}
    missing = len(rule.required)
    forms = rule.fields
    for name, value in data.items():
        if value is None or name in _NOT_FIELDS:
            continue
        form = forms.get(name)
        if form is None:
            raise Refused("bad_field", "data", "`data` has a field that the catalogue does not list for this type")
        if name in rule.required:
            if value in ("", []):
                raise Refused("missing_field", f"data.{name}", f"`{name}` is required and empty")
            missing -= 1
        value = rules.read_field(form, value, rule, deep)
        if form.column is None:
            rest[name] = value
        elif name == "reasons":
            shared[_SHARED_PLACE[name]] = "; ".join(sorted(set(value))) or None
        elif form.kind == "timestamp":
            shared[_SHARED_PLACE[name]] = rules.read_time(data[name], f"data.{name}")
        else:
            shared[_SHARED_PLACE[name]] = value
    if missing:
        lost = sorted(name for name in rule.required if data.get(name) is None)
        raise Refused("missing_field", f"data.{lost[0]}", f"`{lost[0]}` is required")
    return shared, orjson.dumps(rest, option=_SORTED).decode() if rest else "{}"
