"""`links`: which identifiers stewards made one case, which they parted, and what waits for a second person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from throughline.cli.terminal.desk import desk_of, desk_options
from throughline.cli.terminal.options import chosen_format, domain_of, domain_option, format_option, now, store_option
from throughline.cli.terminal.writing import write_answer, write_rows
from throughline.quality.stewardship.links import identifier_of
from throughline.quality.stewardship.links import propose as propose_link
from throughline.quality.stewardship.links import second as second_link
from throughline.quality.stewardship.links import undo as undo_link
from throughline.quality.stewardship.links import unlink as unlink_pair
from throughline.quality.stewardship.preview import Preview, Side, preview
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.questions.query import Format
from throughline.sinks.store import open_store
from throughline.streams.join.link import prepare_edges


@click.group(short_help="Make two cases one, or part them.")
def links() -> None:
    """See what stewards linked and unlinked, and decide on a pair of identifiers. Merging cases takes two stewards."""


@links.command("list")
@store_option
@click.option("--area", help="The matters of one area.")
@click.option("--rows", type=click.IntRange(1), default=200, show_default=True, help="Rows of a table to show.")
@format_option
def list_(store_path: Path, area: str | None, rows: int, format_: Format | None) -> None:
    """List proposals that wait for a second person, contradictory identifiers, links and unlinked pairs in force, hubs.

    A hub is joined to too many others, and joins nothing. Contradictory are two identifiers of one case and of a kind
    that, so the domain says, stands once in a case.

    Example: throughline links list --store cases.duckdb
    """
    with open_store(store_path, write=False) as store:
        hubs = store.connection.execute("select identifier_key from identifiers where is_hub").fetchall()
        prepare_edges(store.connection, [key for (key,) in hubs])
        write_answer(store.connection, "links", format_, rows, now=now(), area=area)


@links.command("show")
@click.argument("left")
@click.argument("right")
@click.option("--area", required=True, envvar="THROUGHLINE_AREA", help="Area of both identifiers.")
@domain_option
@store_option
@format_option
def show_(left: str, right: str, area: str, domain: Domain | None, store_path: Path, format_: Format | None) -> None:
    """Show what linking LEFT and RIGHT (kind:value) would do: both cases, and the one that would result.

    Example: throughline links show crime_ref:20/000123/26 urn:20PP0012324 --area 20 --store cases.duckdb
    """
    with open_store(store_path, write=False) as store:
        domain = domain_of(store, domain)
        found = preview(store.connection, area, identifier_of(domain, left), identifier_of(domain, right))
    write_rows(["fact", "left", "right", "linked"], _facts(found), format_)
    if chosen_format(format_) == "table":
        for line in _verdict(found, domain.second_person):
            click.echo(line)


def _facts(found: Preview) -> list[tuple[str, str, str, str]]:
    left, right = found.left, found.right

    def row(name: str, say: Callable[[Side], object], then: object = "") -> tuple[str, str, str, str]:
        return name, _text(say(left)), _text(say(right)), _text(then)

    opened = [side.opened_at for side in (left, right) if side.opened_at is not None]
    return [
        row("identifier", lambda side: str(side.identifier)),
        row("case", lambda side: side.case_id),
        row("opened", lambda side: side.opened_at, min(opened) if found.merges and opened else None),
        row("latest event", lambda side: side.last_at),
        row("state", lambda side: side.state),
        row("holder", lambda side: side.holder),
        row("agencies", lambda side: side.agencies),
        row("events", lambda side: side.events, found.events),
        row("handoffs", lambda side: side.handoffs),
        row("identifiers", lambda side: side.identifiers, found.identifiers),
        row("joined to", lambda side: [f"{n} {kind}" for kind, n in side.neighbours.items()]),
        row("joined then", lambda side: [f"{n} {kind}" for kind, n in side.neighbours_then.items()]),
        row("hub above", lambda side: side.hub_limit),
    ]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _verdict(found: Preview, second_person: bool) -> list[str]:
    """What a steward should know before proposing, a sentence a line."""
    lines = []
    for side in (found.left, found.right):
        if side.is_hub:
            lines.append(f"{side.identifier} is a hub and joins nothing: a link to it would count for nothing.")
        elif side.becomes_hub:
            lines.append(f"The link would make {side.identifier} a hub: it would join nothing any more.")
    lines += [f"Both cases have a {kind}, and a case has one: they may be two." for kind in found.contradictory]
    if found.joined_by:
        lines.append(f"Joined by {' and '.join(found.joined_by)} already.")
    elif found.is_one_case:
        lines.append("They are one case already, over other identifiers.")
    if found.unlinked:
        lines.append("A steward unlinked them: a link would take that back.")
    lines += [f"A link is proposed and waits: {id}." for id in found.waiting]
    if found.merges:
        takes = "a second steward" if second_person else "one steward"
        lines.append(f"Linked they are one case of {found.events:,} events; that takes {takes}.")
    return lines


def _on_pair(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments that every act on a pair has."""
    reason = click.option("--reason-code", required=True, metavar="CODE", help="Why, as in the catalogue: same_case, …")
    return desk_options(click.argument("left")(click.argument("right")(reason(command))))


def _run(act: Callable[..., Any], given: dict[str, Any]) -> tuple[Any, Domain]:
    """Do the act on the pair, at this moment; what it gives, and the domain."""
    with open_store(given["store_path"], write=True) as store:
        domain = domain_of(store, given["domain"])
        pair = [identifier_of(domain, given[side]) for side in ("left", "right")]
        done = act(
            store, domain, given["outbox"], *pair, reason_code=given["reason_code"], desk=desk_of(given), at=now()
        )
    return done, domain


@links.command(short_help="Link two identifiers, or propose it.")
@_on_pair
def propose(**given: Any) -> None:
    """Propose that LEFT and RIGHT (kind:value) are one case. Where the domain takes one steward, it counts at once.

    Example: throughline links propose crime_ref:20/000123/26 urn:20PP0012324 --reason-code same_case
    --officer o-5b20d4aa --area 20 --events steward.jsonl --store cases.duckdb
    """
    id, domain = _run(propose_link, given)
    click.echo(f"{id} waits for a second steward" if domain.second_person else f"linked by {id}")


@links.command(short_help="Second a link that another steward proposed.")
@desk_options
@click.argument("proposal")
def second(proposal: str, **given: Any) -> None:
    """Second the link PROPOSAL, as another officer than its author: now it counts. `links list` shows its id as `act`;
    the first eight characters are enough.

    Example: throughline links second 5e1b2d6e --officer o-7c31e0bd --area 20
    --events steward.jsonl --store cases.duckdb
    """
    with open_store(given["store_path"], write=True) as store:
        domain = domain_of(store, given["domain"])
        second_link(store, domain, given["outbox"], proposal, desk=desk_of(given), at=now())
    click.echo(f"{proposal} is seconded: linked")


@links.command(short_help="Take a link or a proposal back.")
@_on_pair
def undo(**given: Any) -> None:
    """Take back the link of LEFT and RIGHT, or its proposal: all is as it was before. One steward can.

    Example: throughline links undo crime_ref:20/000123/26 urn:20PP0012324 --reason-code different_case --area 20
    --events steward.jsonl --store cases.duckdb
    """
    done, _ = _run(undo_link, given)
    click.echo(f"{done:,} taken back")


@links.command(short_help="Part two identifiers that events join.")
@_on_pair
def unlink(**given: Any) -> None:
    """Part LEFT and RIGHT, whatever events carry both. One steward can; to link them again takes a link.

    Example: throughline links unlink crime_ref:20/000123/26 urn:20PP0012324 --reason-code typing_error --area 20
    --events steward.jsonl --store cases.duckdb
    """
    _run(unlink_pair, given)
    click.echo("unlinked")
