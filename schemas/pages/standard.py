"""The standards of a domain as Markdown: the limit of each version, what acts on its clock, its state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.standard import Period, Standard, Trigger
from throughline.schemas.pages.catalogue import agency_page
from throughline.schemas.pages.markdown import code, codes, link, page, table

PAGE = "standards.md"
_MATCHES = {
    "case": "an event of the same case",
    "about": "an event of the same case whose `about` is the id of the start",
    "reference": "an event of the same case that answers the `reference` of the start",
}


def standards_pages(domain: Domain) -> dict[str, str]:
    """The page of standards by its path under `docs/`."""
    ordered = sorted(domain.standards, key=lambda s: (s.id, s.effective_from or date.min))
    by_id = [(name, list(versions)) for name, versions in groupby(ordered, key=lambda s: s.id)]
    return {
        PAGE: page(
            f"Standards: {domain.title}",
            "What is owed by when. How a clock is counted: [rules, section 5](rules.md#5-clocks). "
            "A standard that is not confirmed by a source says so. One that is off runs no clock.",
            table(
                ("Standard", "Version", "Title", "Owner", "Limit", "State"),
                (
                    (link(code(s.id), "", s.id), s.version, s.title, code(s.owner), _limit(s), _state(s))
                    for _, versions in by_id
                    for s in versions
                ),
            ),
            *(_standard(name, versions, domain) for name, versions in by_id),
        )
    }


def _standard(name: str, versions: Sequence[Standard], domain: Domain) -> str:
    return "\n\n".join((f"## {name}", *(_version(standard, domain) for standard in versions)))


def _version(standard: Standard, domain: Domain) -> str:
    facts = [
        f"- Owner: {code(standard.owner)}.",
        f"- Limit: {_limit(standard)}.",
        f"- With enhanced rights: {_period(standard.enhanced)}." if standard.enhanced else "",
        f"- Starts: {_triggers(standard.starts, domain)}"
        + (", the first one of the case only." if standard.once else "."),
        f"- Stops: {_triggers(standard.stops, domain)}.",
        f"- Match: {_MATCHES[standard.match]}.",
        *(
            f"- {head}: {_triggers(triggers, domain)}."
            for head, triggers in (
                ("Cancelled by", standard.cancels),
                ("Paused by", standard.pauses),
                ("Resumed by", standard.resumes),
            )
            if triggers
        ),
        f"- In force: {_dates(standard)}.",
        f"- State: {_state(standard)}.",
        f"- Source: {standard.source.rstrip('.')}.",
        f"- Note: {standard.note}" if standard.note else "",
    ]
    listed = "\n".join(fact for fact in facts if fact)
    return f"**Version {standard.version}: {standard.title}.**\n\n{listed}"


def _limit(standard: Standard) -> str:
    if standard.due_field:
        return "`due_at` of the start event"
    return _period(standard.within) if standard.within else "none: it only measures"


def _period(period: Period | None) -> str:
    if period is None:
        return "none"
    unit = period.unit.replace("_", " ")
    return f"{period.amount:g} {unit.removesuffix('s') if period.amount == 1 else unit}"


def _dates(standard: Standard) -> str:
    first, last = standard.effective_from, standard.effective_to
    if first is None and last is None:
        return "on every day"
    begins = "" if first is None else f"from {first.isoformat()}"
    ends = "" if last is None else f"to {last.isoformat()}"
    return f"{begins} {ends}".strip()


def _state(standard: Standard) -> str:
    words = ["confirmed" if standard.confirmed else "unconfirmed", "on" if standard.enabled else "off"]
    return ", ".join([*words, *(["local"] if standard.local else [])])


def _triggers(triggers: Sequence[Trigger], domain: Domain) -> str:
    return "; ".join(
        link(code(one.type), agency_page(domain.types[one.type].agency), one.type)
        + (f" when the decision is {codes(one.when)}" if one.when else "")
        for one in triggers
    )
