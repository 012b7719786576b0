"""What a store says of the feed that was read into it: counts for sign-off, and whether it keeps to what was agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import duckdb

from throughline.quality.checks.check import CheckResult, checks_of, judged_measures
from throughline.schemas.acceptance.type_form import SHARED
from throughline.schemas.definitions.catalogue import ENVELOPE, EventType
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.quality import QualityRules, load_quality_rules
from throughline.sql import cursor_of, one_row, rows_by_name, sql

Verdict = Literal["conforms", "conforms, with points to settle", "does not conform"]
_USUAL = {"refused": 0.0, "numbers_missing": 0.0}
_DAYS = 7
_SHOWN = 5
# checks of what is judged against what was agreed
_SAID = {"ids_used_twice", "records_refused", "numbers_missing", "written_before_it_happened"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """Something found: what it is, in a sentence, and what to do about it."""

    what: str
    do: str


@dataclass(frozen=True)
class Judgement:
    """What was found of `what`: `read` records, and rows of the SQL beside this module. `fields` says of each field of
    each type how many events have it. `faults` break what was agreed, `points` are to be settled.
    """

    what: str
    domain: str
    read: int
    accepted: int
    copies: int
    refused: int
    in_conflict: int
    types: tuple[Row, ...]
    fields: tuple[Row, ...]
    identifiers: tuple[Row, ...]
    refusals: tuple[Row, ...]
    feeds: tuple[Row, ...]
    types_never_sent: tuple[str, ...]
    faults: tuple[Finding, ...]
    points: tuple[Finding, ...]

    @property
    def never_filled(self) -> list[Row]:
        return [row for row in self.fields if not row["filled"]]

    @property
    def restricted(self) -> list[Row]:
        return [row for row in self.fields if row["filled"] and row["sensitivity"] == "restricted"]

    @property
    def verdict(self) -> Verdict:
        if self.faults:
            return "does not conform"
        return "conforms, with points to settle" if self.points else "conforms"


def judge_feed(connection: duckdb.DuckDBPyConnection, domain: Domain, what: str, read: int, copies: int) -> Judgement:
    """Judge what was read into a store: `read` records, of which `copies` said nothing new. `connection` may only read.

    Limits are the service levels of the domain; where it has none, no record may be refused and no number missing.
    """
    rules = load_quality_rules(domain)
    days = next((one.days for one in rules.service_levels if one.days is not None), _DAYS)
    with cursor_of(connection) as cursor:
        cursor.execute(
            "set variable linking = ?::varchar[]", [[kind.kind for kind in domain.identifiers if kind.links]]
        )
        cursor.execute("set variable recorded_days = ?::integer", [days])
        rows = {
            name: tuple(rows_by_name(cursor, sql(__package__, name)))
            for name in ("types", "identifiers", "refused", "feeds")
        }
        (in_conflict,) = one_row(cursor, "select count(distinct event_key) from quarantined where reason = 'conflict'")
        fields = tuple(
            row for kind in rows["types"] for row in _fields(cursor, domain.types[kind["type"]], kind["events"])
        )
    refused = sum(row["records"] for row in rows["refused"])
    agencies = {domain.types[row["type"]].agency for row in rows["types"]}
    sent = {row["type"] for row in rows["types"]}
    accepted = sum(row["events"] for row in rows["types"])
    failed = (
        [] if not accepted else [one for one in judged_measures(connection, domain, rules, None) if not one.success]
    )
    return Judgement(
        what=what,
        domain=domain.title,
        read=read,
        accepted=accepted,
        copies=copies,
        refused=refused,
        in_conflict=in_conflict,
        types=rows["types"],
        fields=fields,
        identifiers=rows["identifiers"],
        refusals=rows["refused"],
        feeds=rows["feeds"],
        types_never_sent=tuple(
            name for name, kind in domain.types.items() if kind.agency in agencies and name not in sent
        ),
        faults=tuple(_faults(rows, rules, accepted, refused, in_conflict, days)),
        points=tuple(_points(rows, fields, failed, rules)),
    )


def _fields(cursor: duckdb.DuckDBPyConnection, kind: EventType, events: int) -> list[Row]:
    """How many events of a type have each of its fields."""
    names = [name for name in kind.fields if name not in ENVELOPE]
    if not names:
        return []
    counted = ", ".join(
        f"count({SHARED[name]})" if name in SHARED else f"""count(data->>'$."{name}"')""" for name in names
    )
    found = one_row(cursor, f"select {counted} from dated_events where type = ?", [kind.type])
    return [
        {
            "type": kind.type,
            "field": name,
            "filled": filled,
            "events": events,
            "required": kind.fields[name].required,
            "sensitivity": kind.fields[name].sensitivity,
        }
        for name, filled in zip(names, found, strict=True)
    ]


def _agreed(rules: QualityRules, level: str, feed: str = "") -> float | None:
    found = next((one.agreed for one in rules.service_levels if one.level == level), None)
    if found is None:
        return _USUAL.get(level)
    return found.get(feed, found.get(""))


def _faults(
    rows: dict[str, tuple[Row, ...]], rules: QualityRules, accepted: int, refused: int, in_conflict: int, days: int
) -> list[Finding]:
    found = []
    if not accepted:
        found.append(Finding("No event could be accepted.", "Mend what was refused most, and try again."))
    most = _agreed(rules, "refused")
    share = refused / max(1, accepted + refused)
    if accepted and most is not None and share > most:
        what = f"{share:.1%} of {accepted + refused:,} records refused; agreed are {most:.1%} at most."
        found.append(Finding(what, "See below what was expected. Mend the system, or its mapping."))
    if in_conflict:
        events = "1 event says" if in_conflict == 1 else f"{in_conflict:,} events say"
        what = f"{events} different things under one id, at one revision or at none."
        found.append(Finding(what, "Give each change of an event a higher `revision`, or another event another id."))
    for feed in rows["feeds"]:
        limit = _agreed(rules, "numbers_missing", feed["source"])
        if limit is not None and (feed["sequence_gaps"] or 0) > limit:
            what = f"{feed['sequence_gaps']:,} numbers are missing in the sequence of `{feed['source']}`."
            found.append(Finding(what, "Send what is missing, or number only what is sent."))
    least = _agreed(rules, "recorded_in_time")
    timed = sum(row["timed"] for row in rows["types"])
    in_time = sum(row["in_time"] for row in rows["types"])
    if least is not None and timed and in_time / timed < least:
        what = f"{in_time / timed:.1%} of events were written down within {days} days; agreed are {least:.1%} at least."
        found.append(Finding(what, "Look at the types that are latest below."))
    return found


def _points(
    rows: dict[str, tuple[Row, ...]], fields: tuple[Row, ...], failed: list[CheckResult], rules: QualityRules
) -> list[Finding]:
    found = []
    restricted = sorted({row["field"] for row in fields if row["filled"] and row["sensitivity"] == "restricted"})
    if restricted:
        what = f"Fields are sent that only some may see: {', '.join(restricted)}."
        found.append(Finding(what, "Confirm that they are to be shared."))
    for row in rows["types"]:
        if row["recorded_before"]:
            what = f"{row['recorded_before']:,} events `{row['type']}` were written down before they happened."
            found.append(Finding(what, "Look at time zones and at which column is which."))
    checks = checks_of(rules)
    by_check: dict[str, list[str]] = {}
    for one in failed:
        if one.check not in _SAID:
            by_check.setdefault(one.check, []).append(one.subject)
    for name, subjects in by_check.items():
        check = checks[name]
        more = f" and {len(subjects) - _SHOWN} more" if len(subjects) > _SHOWN else ""
        where = ", ".join(f"`{subject}`" for subject in subjects[:_SHOWN])
        what = f"{name.replace('_', ' ').capitalize()}: {where}{more}. {check.why}"
        found.append(Finding(what, check.asks or check.do))
    return found


def as_said(moment: datetime | None) -> str:
    """A moment for people, UTC, to the minute; '' for none."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
