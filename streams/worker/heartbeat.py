"""The sign of life of a source that has nothing to say, as a row that fits its table, or why it is refused.

Any publisher may write one, and whatever it says comes into the store of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa

from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rfc3339 import read_instant
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics
from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.misplaced import wrong_partition

HEARTBEATS = pa.schema(
    [
        ("source", pa.string()),
        ("area", pa.string()),
        ("sent_at", pa.timestamp("us")),
        ("sequence", pa.int64()),
        ("waiting", pa.int64()),
        ("every_seconds", pa.float64()),
    ]
)
_LARGEST_SEQUENCE = 2**63 - 1
# of one source and area; the view `sources` adds those of all areas in 64 bits
_MOST_WAITING = 10**12
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.001, 86_400.0 * 366
_DAY_US = 86_400_000_000


def read_heartbeat(
    fetch: Fetch, place: int, named: Mapping[str, bytes | None], domain: Domain, topics: Topics
) -> dict[str, Any] | Reject:
    """The row of HEARTBEATS that the record at `place` of the fetch says; `named` are its headers."""
    value = fetch.values[place] or b""
    if len(value) > domain.limits.record_bytes:
        return Reject("too_large", None, f"a record may have {domain.limits.record_bytes} bytes")
    try:
        said = orjson.loads(value)
    except orjson.JSONDecodeError:
        return Reject("bad_heartbeat", None, "a sign of life is JSON")
    if not isinstance(said, dict):
        return Reject("bad_heartbeat", None, "a sign of life is an object with sequence, waiting and every_seconds")
    try:
        return {
            "source": _source(named, fetch.topic, domain, topics),
            "area": _area(named, fetch.partition, domain, topics),
            "sent_at": _sent_at(named, fetch.times[place], domain),
            "sequence": _number(said, "sequence", 0, _LARGEST_SEQUENCE, int),
            "waiting": _number(said, "waiting", 0, _MOST_WAITING, int),
            "every_seconds": float(_number(said, "every_seconds", _SHORTEST_SECONDS, _LONGEST_SECONDS, int, float)),
        }
    except _BadHeartbeat as bad:
        return bad.reject


class _BadHeartbeat(Exception):  # noqa: N818 - no error: a verdict on data
    def __init__(self, reject: Reject) -> None:
        self.reject = reject


def _bad(field: str | None, detail: str) -> _BadHeartbeat:
    return _BadHeartbeat(Reject("bad_heartbeat", field, detail))


def _text(named: Mapping[str, bytes | None], name: str, limit: int) -> str:
    """The text of an attribute: there, UTF-8, without NUL, and not longer than the domain allows a field to be."""
    try:
        text = (named.get(f"ce_{name}") or b"").decode()
    except UnicodeDecodeError:
        raise _bad(name, f"`{name}` must be UTF-8") from None
    if not text or len(text) > limit or "\x00" in text:
        raise _bad(name, f"`{name}` must have 1 to {limit} characters, none of them U+0000")
    return text


def _source(named: Mapping[str, bytes | None], topic: str, domain: Domain, topics: Topics) -> str:
    """The source that lives: one of an agency of the topic. What is nobody's in particular, anybody could say it of."""
    source = _text(named, "source", domain.limits.field_chars)
    agencies = topics.agencies_of(topic) or ()
    owners = domain.owners
    if agencies and not owners.bind_nothing and owners.of(source) is None:
        told = "no agency is known to have this source: list it in sources.yaml, so that its signs of life count"
        raise _BadHeartbeat(Reject("unknown_source", "source", told))
    faults = [fault for agency in agencies if (fault := domain.rules.source_fault(source, agency)) is not None]
    if faults and len(faults) == len(agencies):
        raise _BadHeartbeat(faults[0])
    return source


def _sent_at(named: Mapping[str, bytes | None], written: int, domain: Domain) -> int:
    """Microseconds since 1970 UTC: not before anything of the domain, and not long after the broker wrote it."""
    micros = read_instant((named.get("ce_time") or b"").decode("ascii", "replace"))
    if isinstance(micros, str):
        raise _bad("time", "`time` must be RFC 3339 with an offset")
    earliest = datetime.combine(domain.limits.earliest, datetime.min.time(), UTC)
    if not int(earliest.timestamp()) * 1_000_000 <= micros <= written * 1000 + domain.limits.ahead_days * _DAY_US:
        raise _bad("time", "`time` lies before what the domain allows, or too long after the broker had the record")
    return micros


def _number(said: dict[str, Any], name: str, least: float, most: float, *kinds: type) -> Any:
    value: Any = said.get(name)
    # not isinstance: true is an int
    if type(value) not in kinds or not least <= value <= most:
        raise _bad(name, f"`{name}` must be a number from {least:g} to {most:g}")
    return value


def _area(named: Mapping[str, bytes | None], partition: int, domain: Domain, topics: Topics) -> str:
    area = _text(named, "partitionkey", domain.limits.field_chars)
    if domain.areas is not None and area not in domain.areas:
        raise _bad("partitionkey", "the domain has no such area")
    if topics.partition_of(area) != partition:
        raise _BadHeartbeat(wrong_partition(area, topics))
    return area
