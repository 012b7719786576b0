"""A steward's acts on records in quarantine: discard, restore, assign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from throughline.errors import UsageError
from throughline.quality.stewardship.desk import Act, Desk, check_pseudonym, publish_acts
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.quarantine.records import show
from throughline.sinks.store import Store


def discard(
    store: Store, domain: Domain, outbox: Path, ids: Sequence[int], *, reason_code: str, desk: Desk, at: datetime
) -> None:
    """Discard records: they stay in quarantine and are open no more. `at` is UTC, naive; see `publish_acts`.

    Raises DataError for an id that is not there, UsageError for a conflict, which a steward decides otherwise.
    """
    for quarantine_id in ids:
        if show(store.connection, quarantine_id).reason == "conflict":
            raise UsageError(
                f"The record {quarantine_id} is a copy in conflict: it is not discarded, another is let stand.",
                hint="Publish `steward.conflict.resolved` with the `content_hash` of the copy that is true.",
            )
    acts = _acts("discarded", ids, {"reason_code": reason_code})
    publish_acts(store, domain, outbox, acts, desk=desk, at=at)


def restore(store: Store, domain: Domain, outbox: Path, ids: Sequence[int], *, desk: Desk, at: datetime) -> None:
    """Take it back that records were discarded. `at` is UTC, naive; see `publish_acts`.

    Raises DataError for an id that is not there.
    """
    _check_there(store, ids)
    publish_acts(store, domain, outbox, _acts("restored", ids, {}), desk=desk, at=at)


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

    Raises DataError for an id that is not there, UsageError for an assignee that is no pseudonym. `at` is UTC, naive.
    """
    check_pseudonym(assignee)
    _check_there(store, ids)
    said = {"assignee_role": role} | ({} if assignee is None else {"assignee": assignee})
    publish_acts(store, domain, outbox, _acts("assigned", ids, said), desk=desk, at=at)


def _check_there(store: Store, ids: Iterable[int]) -> None:
    for quarantine_id in ids:
        show(store.connection, quarantine_id)


def _acts(name: str, ids: Sequence[int], said: dict[str, str]) -> list[Act]:
    """One act for each record, however often it is named."""
    return [
        Act(f"steward.quarantine.{name}", {"quarantine_id": str(quarantine_id), **said})
        for quarantine_id in dict.fromkeys(ids)
    ]
