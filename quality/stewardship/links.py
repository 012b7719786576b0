"""A steward's acts on pairs of identifiers: propose a link, second it, undo it, unlink (docs/rules.md, section 2).

What is checked here spares a steward an act that would count for nothing. Whether an act counts is decided by the
rules, from the set of events.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from throughline.errors import DataError, UsageError
from throughline.quality.stewardship.desk import Act, Desk, publish_acts
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.store import Store
from throughline.streams.join.link import prepare_edges

# of an id that is too long to be copied from a narrow table
ENOUGH_OF_AN_ID = 8


class Identifier(NamedTuple):
    """An identifier in its normal form, of some area."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


def identifier_of(domain: Domain, text: str) -> Identifier:
    """The identifier that `kind:value` names, normalised. Raises UsageError for one that cannot link."""
    name, colon, value = text.partition(":")
    kind = next((one for one in domain.identifiers if one.kind == name.strip()), None)
    if not colon or kind is None:
        linking = ", ".join(one.kind for one in domain.identifiers if one.links)
        raise UsageError(f"`{text}` names no identifier.", hint=f"Write kind:value; kinds that link are {linking}.")
    normal = kind.normalise_value(value)
    if not kind.links or not kind.is_well_formed(normal) or kind.is_placeholder(normal):
        raise UsageError(f"`{text}` can join nothing.", hint=f"{kind.name}: {kind.note or 'no such form.'}")
    return Identifier(kind.kind, normal)


def propose(
    store: Store,
    domain: Domain,
    outbox: Path,
    left: Identifier,
    right: Identifier,
    *,
    reason_code: str,
    desk: Desk,
    at: datetime,
) -> str:
    """Link two identifiers, or propose it where the domain asks for a second person; the id of the act.

    `at` is UTC, naive; see `publish_acts`. Raises DataError where an identifier is not in the store, or the pair is
    joined or proposed already; UsageError where nobody is named whom another could second, or where a decision on the
    pair is dated later.
    """
    if domain.second_person and desk.officer is None:
        raise UsageError(
            "A link takes two stewards, and nobody is said to propose it: it could never be seconded.",
            hint="Give --officer, your keyed pseudonym.",
        )
    connection = store.connection
    left_key, right_key = _keys(connection, desk.area, left, right)
    if is_joined(connection, left_key, right_key):
        raise DataError(f"{left} and {right} are joined already.", hint="`throughline links show` says by what.")
    waiting = connection.execute(
        "select event_id from link_acts where state = 'waiting' and left_key = ? and right_key = ? order by act",
        [left_key, right_key],
    ).fetchone()
    if waiting is not None:
        raise DataError(
            f"That {left} and {right} are one case is proposed already.",
            hint=f"`throughline links second {waiting[0]}` seconds it; `links undo` takes it back.",
        )
    _check_is_latest(connection, left_key, right_key, at)
    act = Act("steward.identifiers.linked", _pair(left, right) | {"reason_code": reason_code})
    (id,) = publish_acts(store, domain, outbox, [act], desk=desk, at=at)
    return id


def second(store: Store, domain: Domain, outbox: Path, proposal_id: str, *, desk: Desk, at: datetime) -> None:
    """Second a link that waits, as another person than its author. `at` is UTC, naive; see `publish_acts`.

    `proposal_id` is the id of the act, or its beginning of at least eight characters.
    Raises DataError where no such proposal, or more than one, waits in the area of the desk; UsageError where its
    author is not named or is the one who would second it, or where it is dated later than `at`.
    """
    found = store.connection.execute(
        """
        select source, event_id, left_kind, left_value, right_kind, right_value, acted_by, names_a_person, acted_at
        from link_acts
        where state = 'waiting' and area = $area
          and (event_id = $id or (len($id) >= $enough and starts_with(event_id, $id)))
        """,
        {"area": desk.area, "id": proposal_id, "enough": ENOUGH_OF_AN_ID},
    ).fetchall()
    if len(found) != 1:
        what = "No proposal" if not found else "More than one proposal"
        raise DataError(
            f"{what} `{proposal_id}` waits in the area {desk.area}.",
            hint="`throughline links list` shows what waits. Where two have one id, publish the event with its source.",
        )
    source, event_id, left_kind, left_value, right_kind, right_value, author, names_a_person, proposed_at = found[0]
    if desk.officer is None:
        raise UsageError("Nobody is said to second it.", hint="Give --officer, your keyed pseudonym.")
    if not names_a_person:
        raise UsageError(
            f"The proposal `{event_id}` does not say by pseudonym who made it, and cannot be seconded.",
            hint="Take it back with `throughline links undo` and propose it with --officer.",
        )
    if author.lower() == desk.officer:
        raise UsageError(f"{desk.officer} proposed this link.", hint="Another steward has to second it.")
    if at <= proposed_at:
        raise UsageError(
            f"The proposal is dated {proposed_at:%Y-%m-%d %H:%M:%S} UTC, which is not past yet.",
            hint="Correct the clock of one of the machines, or wait until then.",
        )
    pair = _pair(Identifier(left_kind, left_value), Identifier(right_kind, right_value))
    named = {"proposal_source": source, "proposal_id": event_id}
    publish_acts(store, domain, outbox, [Act("steward.identifiers.seconded", named | pair)], desk=desk, at=at)


def undo(
    store: Store,
    domain: Domain,
    outbox: Path,
    left: Identifier,
    right: Identifier,
    *,
    reason_code: str,
    desk: Desk,
    at: datetime,
) -> int:
    """Take back every link of a pair since it was last unlinked, in force or proposed; how many there were.

    What was before the links is again: what events join stays joined, what was unlinked is so again. `at` is UTC,
    naive; see `publish_acts`. Raises DataError where there is nothing to take back.
    """
    left_key, right_key = _keys(store.connection, desk.area, left, right)
    found = store.connection.execute(
        """
        select source, event_id from link_acts
        where left_key = $left and right_key = $right and links and state <> 'withdrawn'
          and act > (
            select coalesce(max(act), 0) from link_acts where left_key = $left and right_key = $right and not links
          )
        order by act
        """,
        {"left": left_key, "right": right_key},
    ).fetchall()
    if not found:
        raise DataError(
            f"No steward's link of {left} and {right} is in force or waits.",
            hint="`throughline links unlink` parts what events join.",
        )
    said = _pair(left, right) | {"reason_code": reason_code}
    acts = [
        Act("steward.identifiers.withdrawn", {"proposal_source": source, "proposal_id": id, **said})
        for source, id in found
    ]
    publish_acts(store, domain, outbox, acts, desk=desk, at=at)
    return len(acts)


def unlink(
    store: Store,
    domain: Domain,
    outbox: Path,
    left: Identifier,
    right: Identifier,
    *,
    reason_code: str,
    desk: Desk,
    at: datetime,
) -> None:
    """Part two identifiers, whatever events carry both. `at` is UTC, naive; see `publish_acts`.

    Raises DataError where nothing joins the two, UsageError where they were linked by an act that is dated later.
    """
    left_key, right_key = _keys(store.connection, desk.area, left, right)
    if not is_joined(store.connection, left_key, right_key):
        raise DataError(
            f"Nothing joins {left} and {right} directly.",
            hint="`throughline links show` says whether they are one case over others.",
        )
    _check_is_latest(store.connection, left_key, right_key, at)
    act = Act("steward.identifiers.unlinked", _pair(left, right) | {"reason_code": reason_code})
    publish_acts(store, domain, outbox, [act], desk=desk, at=at)


def _check_is_latest(connection: duckdb.DuckDBPyConnection, left_key: int, right_key: int, at: datetime) -> None:
    """Raise UsageError where the decision in force is dated at or after `at`: it would outlast one of now."""
    row = connection.execute(
        "select max(acted_at) from link_acts where left_key = ? and right_key = ? and state = 'in force'",
        [left_key, right_key],
    ).fetchone()
    if row is not None and row[0] is not None and row[0] >= at:
        raise UsageError(
            f"What a steward decided on this pair is dated {row[0]:%Y-%m-%d %H:%M:%S} UTC, which is not past yet.",
            hint="`throughline links undo` takes back a link of any time; otherwise wait until then.",
        )


def is_joined(connection: duckdb.DuckDBPyConnection, left_key: int, right_key: int) -> bool:
    """Whether an event or a steward joins the two, the lesser key first: they are one case unless one is a hub."""
    prepare_edges(connection, [left_key, right_key])
    found = connection.execute("select 1 from edges where left_key = ? and right_key = ?", [left_key, right_key])
    return found.fetchone() is not None


def key_of(connection: duckdb.DuckDBPyConnection, area: str, identifier: Identifier) -> int:
    """The key of an identifier. Raises DataError where no event of the area carries it."""
    row = connection.execute(
        "select identifier_key from identifiers where area = ? and kind = ? and value = ?", [area, *identifier]
    ).fetchone()
    if row is None:
        raise DataError(
            f"No event of the area {area} carries {identifier}.",
            hint='`throughline query "select identifiers from cases"` shows how they are written.',
        )
    return int(row[0])


def _keys(connection: duckdb.DuckDBPyConnection, area: str, left: Identifier, right: Identifier) -> tuple[int, int]:
    """The keys of a pair, the lesser first."""
    if left == right:
        raise UsageError(f"{left} is given twice.", hint="Name two identifiers.")
    one, other = sorted((key_of(connection, area, left), key_of(connection, area, right)))
    return one, other


def _pair(left: Identifier, right: Identifier) -> dict[str, str]:
    return {
        "left_kind": left.kind,
        "left_value": left.value,
        "right_kind": right.kind,
        "right_value": right.value,
    }
