"""A steward's acts on records in quarantine: each is an event, in the steward's outbox and in the store.

Nobody is named: an assignee is a role and, where one person is meant, a keyed pseudonym.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from throughline.errors import InfrastructureError, UsageError
from throughline.quality.quarantine import show
from throughline.schemas.cloudevents import events_from_json_lines
from throughline.schemas.domain import Domain
from throughline.schemas.topics import load_topics
from throughline.sinks.store import Store
from throughline.streams.join import bring_up_to_date, stamped, take
from throughline.streams.rebuild import open_domain

_PSEUDONYM = re.compile(r"[a-z]+-[0-9a-f]{8,64}").fullmatch


@dataclass(frozen=True)
class Desk:
    """Who acts: `source` publishes for `area`; `officer` is the keyed pseudonym of the steward, if it is said."""

    source: str
    area: str
    officer: str | None = None


def discard(
    store: Store, domain: Domain, outbox: Path, ids: Sequence[int], *, reason_code: str, desk: Desk, at: datetime
) -> None:
    """Discard records: they stay in quarantine and are open no more. `at` is UTC, naive; see `publish_acts`.

    Raises UsageError for a conflict, which a steward decides otherwise.
    """
    for quarantine_id in ids:
        if show(store.connection, quarantine_id).reason == "conflict":
            raise UsageError(
                f"The record {quarantine_id} is a copy in conflict: it is not discarded, another is let stand.",
                hint="Publish `steward.conflict.resolved` with the `content_hash` of the copy that is true.",
            )
    publish_acts(store, domain, outbox, ids, "discarded", {"reason_code": reason_code}, desk=desk, at=at)


def restore(store: Store, domain: Domain, outbox: Path, ids: Sequence[int], *, desk: Desk, at: datetime) -> None:
    """Take it back that records were discarded. `at` is UTC, naive; see `publish_acts`."""
    publish_acts(store, domain, outbox, ids, "restored", {}, desk=desk, at=at)


def assign(
    store: Store,
    domain: Domain,
    outbox: Path,
    ids: Sequence[int],
    *,
    role: str,
    assignee: str | None = None,
    desk: Desk,
    at: datetime,
) -> None:
    """Say who is to see to records: a role and, if one person is meant, a keyed pseudonym. See `publish_acts`.

    Raises UsageError for an assignee that is no pseudonym. `at` is UTC, naive.
    """
    _check_pseudonym(assignee)
    said = {"assignee_role": role} | ({} if assignee is None else {"assignee": assignee})
    publish_acts(store, domain, outbox, ids, "assigned", said, desk=desk, at=at)


def publish_acts(
    store: Store,
    domain: Domain,
    outbox: Path,
    ids: Sequence[int],
    name: str,
    said: dict[str, str],
    *,
    desk: Desk,
    at: datetime,
) -> None:
    """Write `steward.quarantine.<name>` for each record to `outbox`, a CloudEvent a line; accept them into the store.

    Both or neither, but for a machine that dies between the two: then the outbox alone has them, and publishing it or
    replaying it brings them in. Raises DataError for an id that is not there, UsageError where the domain does not
    take the event or the area is not one of the store's, InfrastructureError where the outbox cannot be written.
    """
    _check_pseudonym(desk.officer)
    type_name = f"steward.quarantine.{name}"
    if type_name not in domain.types:
        raise UsageError(
            f"The domain {domain.name} has no event type `{type_name}`.",
            hint="Add it to the catalogue of the domain, as england_wales has it.",
        )
    for quarantine_id in ids:
        show(store.connection, quarantine_id)
    _check_area(store, domain, desk.area)
    if desk.officer is not None:
        said = said | {"officer": desk.officer}
    lines = [_line(domain, type_name, quarantine_id, said, desk, at) for quarantine_id in dict.fromkeys(ids)]
    before = _whole_lines(outbox)
    batch = events_from_json_lines(lines, domain, str(outbox), before.count(b"\n") + 1)
    for fault in batch.rejects.slice(0, 1).to_pylist():
        raise UsageError(
            f"The catalogue refuses the act: {fault['detail']} (`{fault['field']}`).",
            hint=f"`throughline catalogue {type_name}` says what it takes.",
        )
    open_domain(store, domain)
    with store.transaction() as connection:
        take(connection, stamped(batch, at))
        bring_up_to_date(connection)
        _append(outbox, before, lines)


def _line(domain: Domain, type_name: str, quarantine_id: int, said: dict[str, str], desk: Desk, at: datetime) -> bytes:
    head = f"{domain.type_prefix}." if domain.type_prefix else ""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": desk.source,
        "type": f"{head}{type_name}.v1",
        "time": f"{at.isoformat()}Z",
        "partitionkey": desk.area,
        "data": {"quarantine_id": str(quarantine_id), **said},
    }
    return orjson.dumps(event)


def _check_pseudonym(given: str | None) -> None:
    if given is not None and _PSEUDONYM(given) is None:
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
