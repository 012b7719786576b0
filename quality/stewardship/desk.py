"""Steward's acts: each is an event, in the steward's outbox and in the store.

Nobody is named: who acts, and whoever is meant, is a role or a keyed pseudonym.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from throughline.errors import InfrastructureError, UsageError
from throughline.schemas.acceptance.type_form import wire_type
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.identifier import PSEUDONYM
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.sinks.store import Store
from throughline.streams.join.batch import bring_up_to_date, stamped, take
from throughline.streams.join.rebuild import open_domain


@dataclass(frozen=True)
class Desk:
    """Who acts: `source` publishes for `area`; `officer` is the keyed pseudonym of the steward, if it is said."""

    source: str
    area: str
    officer: str | None = None


@dataclass(frozen=True)
class Act:
    """One act: its type in the catalogue, and the fields of its data but the officer."""

    type: str
    data: dict[str, Any]


def publish_acts(
    store: Store, domain: Domain, outbox: Path, acts: Sequence[Act], *, desk: Desk, at: datetime
) -> list[str]:
    """Write acts to `outbox`, a CloudEvent a line, and accept them into the store; the ids of the events.

    Both or neither, but for a machine that dies between the two: then the outbox alone has them, and publishing it or
    replaying it brings them in. `at` is UTC, naive. Raises UsageError where the domain does not take the events or the
    area is not one of the store's, InfrastructureError where the outbox cannot be written.
    """
    check_pseudonym(desk.officer)
    for type_name in {act.type for act in acts} - domain.types.keys():
        raise UsageError(
            f"The domain {domain.name} has no event type `{type_name}`.",
            hint="Add it to the catalogue of the domain, as england_wales has it.",
        )
    _check_area(store, domain, desk.area)
    ids = [str(uuid.uuid4()) for _ in acts]
    lines = [_line(domain, id, act, desk, at) for id, act in zip(ids, acts, strict=True)]
    before = _whole_lines(outbox)
    batch = events_from_json_lines(lines, domain, str(outbox), before.count(b"\n") + 1)
    for fault in batch.rejects.slice(0, 1).to_pylist():
        raise UsageError(
            f"The catalogue refuses the act: {fault['detail']} (`{fault['field']}`).",
            hint=f"`throughline catalogue {fault['type'] or acts[0].type}` says what it takes.",
        )
    open_domain(store, domain)
    with store.transaction() as connection:
        take(connection, stamped(batch, at))
        bring_up_to_date(connection)
        _append(outbox, before, lines)
    return ids


def _line(domain: Domain, id: str, act: Act, desk: Desk, at: datetime) -> bytes:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": id,
        "source": desk.source,
        "type": wire_type(domain.type_prefix, act.type, domain.types[act.type].version),
        "time": f"{at.isoformat()}Z",
        "partitionkey": desk.area,
        "data": act.data if desk.officer is None else act.data | {"officer": desk.officer},
    }
    return orjson.dumps(event)


def check_pseudonym(given: str | None) -> None:
    """Raise UsageError where somebody is given otherwise than by a keyed pseudonym."""
    if given is not None and PSEUDONYM.fullmatch(given) is None:
        raise UsageError(
            "An assignee or officer is given by a keyed pseudonym, never by name.",
            hint="A pseudonym is a letter or word, a hyphen and at least eight hexadecimal digits: o-5b20d4aa.",
        )


def _check_area(store: Store, domain: Domain, area: str) -> None:
    """An act reaches a store that is fed from topics only in the partition number of its area."""
    numbers = {row[0] for row in store.connection.execute("select distinct partition from log_positions").fetchall()}
    if not numbers:
        return
    topics = load_topics(domain)
    number = topics.partition_of(area)
    if number not in numbers:
        fit = sorted(one for one in domain.areas or () if topics.partition_of(one) in numbers)
        raise UsageError(
            f"An act for the area {area} would come to partition {number}, and this store is another's.",
            hint=f"Give --area with one of this store's: {', '.join(fit) or 'the domain lists none'}.",
        )


def _whole_lines(outbox: Path) -> bytes:
    """What stands in the outbox, its last line ended."""
    try:
        before = outbox.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise _unwritable(outbox, error) from error
    return before if not before or before.endswith(b"\n") else before + b"\n"


def _append(outbox: Path, before: bytes, lines: Sequence[bytes]) -> None:
    try:
        with outbox.open("ab") as file:
            if file.tell() < len(before):
                file.write(b"\n")
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unwritable(outbox, error) from error


def _unwritable(outbox: Path, error: OSError) -> InfrastructureError:
    return InfrastructureError(
        f"The events cannot be written to `{outbox}`: {error.strerror}.", hint="Name another file with --events."
    )
