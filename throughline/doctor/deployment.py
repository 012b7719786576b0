"""A deployment: the broker and its topics, its clock beside ours, a store, an outbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughline.doctor.diagnosis import Diagnosis
from throughline.errors import OutboxLocked, StoreLocked
from throughline.schemas.definitions.topics import Topics
from throughline.sinks.schema import meta
from throughline.sinks.store import open_store
from throughline.sources.connection.security import Security
from throughline.sources.publish.account import Account
from throughline.sources.publish.ledger import damage_of, refusals_of, refused_by_broker
from throughline.streams.log.broker_clock import seconds_ahead
from throughline.streams.log.broker_topics import compare_topics

TOLERATED_SECONDS = 5.0


def look_at_broker(bootstrap: str, topics: Topics, security: Security) -> Iterator[Diagnosis]:
    """Whether it answers and lets us in, and keeps its topics as the domain says."""
    differences = compare_topics(bootstrap, topics, security)
    yield Diagnosis("broker", "ok", f"{bootstrap} answers {security.who}.")
    if not differences:
        yield Diagnosis("topics", "ok", f"All {len(list(topics))} are as the domain says.")
        return
    more = f" {len(differences) - 1} more." if len(differences) > 1 else ""
    yield Diagnosis(
        "topics",
        "wrong",
        f"{differences[0]}{more}",
        "`throughline topics create` makes those that are missing; `topics check` lists every difference.",
        70,
    )


def look_at_clock(bootstrap: str, security: Security) -> Iterator[Diagnosis]:
    """An event dated later than it was received is refused, so that a clock that is wrong costs records."""
    ahead = seconds_ahead(bootstrap, security)
    if ahead is None:
        yield Diagnosis("clock", "not asked", "The broker does not tell its time to this user.")
    elif abs(ahead) <= TOLERATED_SECONDS:
        yield Diagnosis("clock", "ok", f"Within {TOLERATED_SECONDS:.0f} seconds of the broker's.")
    else:
        yield Diagnosis(
            "clock",
            "wrong",
            f"The broker's clock is {abs(ahead):,.0f} seconds {'ahead of' if ahead > 0 else 'behind'} this machine's.",
            "Set both by NTP, and find out which one is wrong.",
            70,
        )


def look_at_store(path: Path) -> Iterator[Diagnosis]:
    """Whether it opens, is of this version, and is as far as its mark says."""
    try:
        with open_store(path, write=False) as store:
            found = meta(store.connection)
            domain = store.connection.execute("select name from domain").fetchone()
    except StoreLocked as error:
        yield Diagnosis("store", "look", error.what, error.hint)
        return
    named = "no domain yet" if domain is None else f"domain {domain[0]}"
    yield Diagnosis(
        "store", "ok", f"{path} opens: schema version {found['schema_version']}, {named}, commit {found['commit']}."
    )


def look_at_outbox(path: Path) -> Iterator[Diagnosis]:
    """What waits in it, and what was refused: by the broker, or before it was sent."""
    if not path.exists():
        yield Diagnosis("outbox", "wrong", f"There is no outbox at {path}.", "Check --outbox.", 1)
        return
    try:
        with Account(path) as outbox:
            damage = outbox.look(damage_of)
            waiting = outbox.waiting
            by_broker = outbox.look(refused_by_broker)
            here = len(outbox.look(refusals_of))
    except OutboxLocked as error:
        yield Diagnosis("outbox", "look", error.what, error.hint)
        return
    if damage:
        yield Diagnosis(
            "outbox",
            "wrong",
            f"{path} is damaged: {damage}",
            "Move it away, and publish again from a new one: what was published before counts once.",
            70,
        )
        return
    said = f"{path}: {waiting:,} waiting, {by_broker:,} refused by the broker, {here:,} refused before they were sent."
    hints = []
    if waiting:
        hints.append(f"`throughline publish --outbox {path}` with no files sends what waits.")
    if by_broker or here:
        hints.append("`throughline source reconcile --each` names what was refused, and why.")
    yield Diagnosis("outbox", "look" if hints else "ok", said, " ".join(hints))
