"""What a steward decides on records in quarantine: discard, restore, assign."""

from __future__ import annotations

from collections.abc import Sequence

from throughline.errors import UsageError
from throughline.quality.stewardship.desk import Action, Desk, check_pseudonym
from throughline.schemas.definitions.steward import ASSIGNED, DISCARDED, RESTORED
from throughline.sinks.quarantine.records import QuarantinedRecord, show


def discard(desk: Desk, ids: Sequence[int], *, reason_code: str) -> int:
    """Discard records: they stay in quarantine and are open no more; how many they are. See `Desk.publish`.

    Raises DataError for an id that is not there, UsageError for a conflict, which a steward decides otherwise.
    """
    found = _records(desk, ids)
    for record in found:
        if record.reason == "conflict":
            raise UsageError(
                f"The record {record.quarantine_id} is a copy in conflict: it is not discarded, another is let stand.",
                hint=f"`throughline conflicts show {record.source} {record.event_id}` has the copies; "
                "`conflicts resolve` decides.",
            )
    return _publish(desk, DISCARDED, found, reason_code=reason_code)


def restore(desk: Desk, ids: Sequence[int]) -> int:
    """Take it back that records were discarded; how many they are. See `Desk.publish`.

    Raises DataError for an id that is not there.
    """
    return _publish(desk, RESTORED, _records(desk, ids))


def assign(desk: Desk, ids: Sequence[int], *, role: str, assignee: str | None = None) -> int:
    """Say who is to see to records: a role and, if one person is meant, a keyed pseudonym; how many they are.

    See `Desk.publish`. Raises DataError for an id that is not there, UsageError for an assignee that is no pseudonym.
    """
    check_pseudonym(assignee)
    said = {"assignee_role": role} | ({} if assignee is None else {"assignee": assignee})
    return _publish(desk, ASSIGNED, _records(desk, ids), **said)


def _records(desk: Desk, ids: Sequence[int]) -> list[QuarantinedRecord]:
    """Each record once, however often it is named."""
    return [show(desk.store.connection, quarantine_id) for quarantine_id in dict.fromkeys(ids)]


def _publish(desk: Desk, type_name: str, records: Sequence[QuarantinedRecord], **said: str) -> int:
    return len(desk.publish([Action(type_name, {"quarantine_id": str(one.quarantine_id), **said}) for one in records]))
