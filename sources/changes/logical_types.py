"""Values of Kafka Connect as text, by the schema that a record carries: a time is written as one.

Source: Debezium's reference, "Data type mappings" of the connectors, and `org.apache.kafka.connect.data`. A timestamp
without a zone is the number that a clock in UTC would give, so it becomes a local time with no offset; its zone is for
the mapping to say. A number that is no time of these years (`infinity`) stays as it is.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Schema = Mapping[str, Any]

_DAY_NANOS = 86_400 * 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# PostgreSQL's `numeric` has 16,383 digits behind the point and 131,072 before it; no other database has as many
_MOST_SCALE = 16_383
_MOST_BYTES = 55_000


def fields_of(schema: Any) -> dict[str, Schema]:
    """The schemas of the fields of a struct by their names; none where it is no schema of a struct."""
    listed = schema.get("fields") if isinstance(schema, dict) else None
    found = listed if isinstance(listed, list) else []
    return {str(one.get("field")): one for one in found if isinstance(one, dict)}


def read_struct(value: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """The fields of a struct, each as text where its type says how; those without a schema as they are."""
    fields = fields_of(schema)
    return {name: _read(inner, fields.get(name)) for name, inner in value.items()}


def _read(value: Any, schema: Schema | None) -> Any:
    if schema is None or value is None:
        return value
    name = str(schema.get("name", ""))
    reader = _READERS.get(name)
    if reader is not None:
        try:
            return reader(value, schema)
        except (ArithmeticError, ValueError, TypeError, KeyError, AttributeError, binascii.Error):
            return value
    if schema.get("type") == "struct" and isinstance(value, dict):
        return read_struct(value, schema)
    return value


def _day(value: int, _: Schema) -> str:
    return (date(1970, 1, 1) + timedelta(days=_whole(value))).isoformat()


def _whole(value: Any) -> int:
    # a text can be multiplied, too, and becomes as long as it is told
    if type(value) is not int:
        raise TypeError
    return value


def _moment(nanos_a_unit: int) -> Callable[[int, Schema], str]:
    def read(value: int, _: Schema) -> str:
        seconds, rest = divmod(_whole(value) * nanos_a_unit, 10**9)
        moment = _EPOCH + timedelta(seconds=seconds)
        return moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19) + _fraction(rest)

    return read


def _clock(nanos_a_unit: int) -> Callable[[int, Schema], str]:
    def read(value: int, _: Schema) -> str:
        nanos = _whole(value) * nanos_a_unit
        if not 0 <= nanos <= _DAY_NANOS:
            raise ValueError
        seconds, rest = divmod(nanos, 10**9)
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{_fraction(rest)}"

    return read


def _fraction(nanos: int) -> str:
    return f".{nanos:09}".rstrip("0") if nanos else ""


def _decimal(value: str, schema: Schema) -> str:
    return _scaled(value, int(schema["parameters"]["scale"]))


def _variable_decimal(value: Mapping[str, Any], _: Schema) -> str:
    return _scaled(value["value"], int(value["scale"]))


def _scaled(text: str, scale: int) -> str:
    raw = b64decode(text, validate=True)
    if abs(scale) > _MOST_SCALE or len(raw) > _MOST_BYTES:
        raise ValueError
    unscaled = Decimal(int.from_bytes(raw, "big", signed=True))
    # arithmetic would round to the digits of its context
    return format(Decimal((unscaled.is_signed(), unscaled.as_tuple().digits, -scale)), "f")


def _without_zone(value: str, _: Schema) -> str:
    """Written with a Z, although the column has no zone."""
    return value.removesuffix("Z")


_CONNECT, _TIME = "org.apache.kafka.connect.data", "io.debezium.time"
_READERS: dict[str, Callable[[Any, Schema], str]] = {
    f"{_TIME}.Date": _day,
    f"{_CONNECT}.Date": _day,
    f"{_TIME}.Timestamp": _moment(10**6),
    f"{_CONNECT}.Timestamp": _moment(10**6),
    f"{_TIME}.MicroTimestamp": _moment(10**3),
    f"{_TIME}.NanoTimestamp": _moment(1),
    f"{_TIME}.Time": _clock(10**6),
    f"{_CONNECT}.Time": _clock(10**6),
    f"{_TIME}.MicroTime": _clock(10**3),
    f"{_TIME}.NanoTime": _clock(1),
    f"{_TIME}.IsoDate": _without_zone,
    f"{_TIME}.IsoTimestamp": _without_zone,
    f"{_TIME}.IsoTime": _without_zone,
    f"{_CONNECT}.Decimal": _decimal,
    "io.debezium.data.VariableScaleDecimal": _variable_decimal,
}
