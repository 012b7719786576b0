"""A steward's desk, and what is published from it: each action is an event, in the outbox and in the store.

Nobody is named: the steward, and whoever is meant, is a role or a keyed pseudonym.
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
class Action:
    """One action: its type (see `schemas.definitions.steward`), and the fields of its data but the officer."""

    type: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Desk:
    """Who does what is done, for which area, when, and where it goes: the store, and the file that is the outbox.

    `officer` is the keyed pseudonym of the steward, if it is said; `publisher` the URN that the events come from, by
    default that of the area's desk. `at` is UTC, naive.
    """

    store: Store
    domain: Domain
    outbox: Path
    area: str
    at: datetime
    officer: str | None = None
    publisher: str | None = None

    @property
    def source(self) -> str:
        """The source of what is published from here."""
        return self.publisher or f"urn:throughline:steward:{self.area}:desk"

    def publish(self, actions: Sequence[Action]) -> list[str]:
        """Write actions to the outbox, a CloudEvent a line, and accept them into the store; the ids of the events.

        Both or neither, but for a machine that dies between the two: then the outbox alone has them, and publishing it
        or replaying it brings them in. Raises UsageError where the domain does not take the events, the officer is
        given by name or the area is not one of the store's; InfrastructureError where the outbox cannot be written.
        """
        check_pseudonym(self.officer)
        for type_name in {action.type for action in actions} - self.domain.types.keys():
            raise UsageError(
                f"The domain {self.domain.name} has no event type `{type_name}`.",
                hint="Add it to the catalogue of the domain, as england_wales has it.",
            )
        self._check_area()
        ids = [str(uuid.uuid4()) for _ in actions]
        lines = [self._line(id, action) for id, action in zip(ids, actions, strict=True)]
        before = _whole_lines(self.outbox)
        batch = events_from_json_lines(lines, self.domain, str(self.outbox), before.count(b"\n") + 1)
        for fault in batch.rejects.slice(0, 1).to_pylist():
            if fault["reason"] == "unlisted_steward":
                raise self._unlisted(fault["field"])
            raise UsageError(
                f"The catalogue refuses the action: {fault['detail']} (`{fault['field']}`).",
                hint=f"`throughline catalogue {fault['type'] or actions[0].type}` says what it takes.",
            )
        open_domain(self.store, self.domain)
        with self.store.transaction() as connection:
            take(connection, stamped(batch, self.at))
            bring_up_to_date(connection)
            _append(self.outbox, before, lines)
        return ids

    def check_outlasts(
        self,
        earlier: datetime | None,
        what: str,
        hint: str = "Correct the clock of one of the machines, or wait until then.",
    ) -> None:
        """Raise UsageError where `earlier`, when `what` was done, is not before now: it would outlast an action."""
        if earlier is not None and earlier >= self.at:
            raise UsageError(f"{what} is dated {earlier:%Y-%m-%d %H:%M:%S} UTC, which is not past yet.", hint=hint)

    def _line(self, id: str, action: Action) -> bytes:
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": id,
            "source": self.source,
            "type": wire_type(self.domain.type_prefix, action.type, self.domain.types[action.type].version),
            "time": f"{self.at.isoformat()}Z",
            "partitionkey": self.area,
            "data": action.data if self.officer is None else action.data | {"officer": self.officer},
        }
        return orjson.dumps(event)

    def _unlisted(self, field: str) -> UsageError:
        """What a deployment has to list before anything can be done from here."""
        whom = f"`{self.officer}`" if field == "data.officer" else f"`{self.source}` in the area {self.area}"
        entry = f'- {{source: "{self.source}", areas: ["{self.area}"], officers: [{self.officer or "…"}]}}'
        return UsageError(
            f"The deployment does not list {whom} among its stewards, so nothing is done.",
            hint=f"List it under `stewards:` in sources.yaml of the domain folder, beside domain.yaml: {entry}. "
            "Then name that folder: --domain, or THROUGHLINE_DOMAIN.",
        )

    def _check_area(self) -> None:
        """An action reaches a store that is fed from topics only in the partition number of its area."""
        found = self.store.connection.execute("select distinct partition from log_positions").fetchall()
        numbers = {number for (number,) in found}
        if not numbers:
            return
        topics = load_topics(self.domain)
        number = topics.partition_of(self.area)
        if number not in numbers:
            fit = sorted(one for one in self.domain.areas or () if topics.partition_of(one) in numbers)
            raise UsageError(
                f"An action for the area {self.area} would come to partition {number}, and this store is another's.",
                hint=f"Give --area with one of this store's: {', '.join(fit) or 'the domain lists none'}.",
            )


def check_pseudonym(given: str | None) -> None:
    """Raise UsageError where somebody is given otherwise than by a keyed pseudonym."""
    if given is not None and PSEUDONYM.fullmatch(given) is None:
        raise UsageError(
            "An assignee or officer is given by a keyed pseudonym, never by name.",
            hint="A pseudonym is a letter or word, a hyphen and at least eight hexadecimal digits: o-5b20d4aa.",
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
