"""`links`: which identifiers stewards linked, which they unlinked, and what waits for a second steward."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click

from throughline.cli.terminal.desk import at_desk, reason_option
from throughline.cli.terminal.options import Command, chosen_format, format_option, now, on_store
from throughline.cli.terminal.writing import write_answer, write_rows
from throughline.quality.stewardship import links as decisions
from throughline.quality.stewardship.desk import Desk
from throughline.quality.stewardship.links import Identifier, identifier_of
from throughline.quality.stewardship.preview import Preview, Side, preview
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.questions.query import Format
from throughline.sinks.store import Store
from throughline.streams.join.link import prepare_edges


@click.group(short_help="Link identifiers into one case, or unlink them.")
def links() -> None:
    """See what stewards have linked and unlinked, and decide on a pair of identifiers. A link takes two stewards."""


@links.command("list")
@on_store(with_domain=False)
@click.option("--area", help="Only this area.")
@click.option("--rows", type=click.IntRange(1), default=200, show_default=True, help="How many rows a table shows.")
@format_option
def list_(store: Store, area: str | None, rows: int, format_: Format | None) -> None:
    """List what waits for a second steward or is in doubt, contradictory identifiers, links, unlinked pairs and hubs.

    A hub is joined to so many identifiers that it joins nothing. Two identifiers of one case contradict each other if
    the domain says that a case has only one of their kind.

    Example: throughline links list --store cases.duckdb
    """
    hubs = store.connection.execute("select identifier_key from identifiers where is_hub").fetchall()
    prepare_edges(store.connection, [key for (key,) in hubs])
    write_answer(store.connection, "links", format_, rows, now=now(), area=area)


@links.command("show")
@click.argument("left")
@click.argument("right")
@click.option("--area", required=True, envvar="THROUGHLINE_AREA", help="Area of both identifiers.")
@on_store()
@format_option
def show_(left: str, right: str, area: str, domain: Domain, store: Store, format_: Format | None) -> None:
    """Show what linking LEFT and RIGHT (kind:value) would do: both cases, and the one that would result.

    Example: throughline links show crime_ref:20/000123/26 urn:20PP0012324 --area 20 --store cases.duckdb
    """
    found = preview(store.connection, area, identifier_of(domain, left), identifier_of(domain, right))
    write_rows(["fact", "left", "right", "linked"], _facts(found), format_)
    if chosen_format(format_) == "table":
        for line in found.advice(second_person=domain.second_person):
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


def _on_pair(reason: str) -> Callable[[Command], Command]:
    """The arguments and options of a decision on a pair of identifiers."""
    return lambda command: at_desk(click.argument("left")(click.argument("right")(reason_option(reason)(command))))


def _pair(desk: Desk, left: str, right: str) -> tuple[Identifier, Identifier]:
    return identifier_of(desk.domain, left), identifier_of(desk.domain, right)


@links.command(short_help="Link two identifiers, or propose it.")
@_on_pair("same_case")
def propose(desk: Desk, left: str, right: str, reason_code: str) -> None:
    """Propose that LEFT and RIGHT (kind:value) are one case. It counts at once where the domain needs only one steward.

    Example: throughline links propose crime_ref:20/000123/26 urn:20PP0012324 --reason-code same_case
    --officer o-5b20d4aa --area 20 --events steward.jsonl --store cases.duckdb
    """
    id = decisions.propose(desk, *_pair(desk, left, right), reason_code=reason_code)
    click.echo(f"{id} waits for a second steward" if desk.domain.second_person else f"linked by {id}")


@links.command(short_help="Second a link that another steward proposed.")
@at_desk
@click.argument("proposal")
def second(desk: Desk, proposal: str) -> None:
    """Second the link PROPOSAL, as a different officer from its author. From then on it counts.

    `links list` shows the id of a proposal as `act`. The first eight characters are enough.

    Example: throughline links second 5e1b2d6e --officer o-7c31e0bd --area 20
    --events steward.jsonl --store cases.duckdb
    """
    decisions.second(desk, proposal)
    click.echo(f"{proposal} is seconded: linked")


@links.command(short_help="Withdraw a link or a proposal.")
@_on_pair("different_case")
def undo(desk: Desk, left: str, right: str, reason_code: str) -> None:
    """Withdraw the link of LEFT and RIGHT, or its proposal. All is then as it was before. One steward is enough.

    Example: throughline links undo crime_ref:20/000123/26 urn:20PP0012324 --reason-code different_case --area 20
    --events steward.jsonl --store cases.duckdb
    """
    click.echo(f"{decisions.undo(desk, *_pair(desk, left, right), reason_code=reason_code):,} withdrawn")


@links.command(short_help="Separate two identifiers that events join.")
@_on_pair("typing_error")
def unlink(desk: Desk, left: str, right: str, reason_code: str) -> None:
    """Separate LEFT and RIGHT, even if events carry both. One steward is enough. To join them again, propose a link.

    Example: throughline links unlink crime_ref:20/000123/26 urn:20PP0012324 --reason-code typing_error --area 20
    --events steward.jsonl --store cases.duckdb
    """
    decisions.unlink(desk, *_pair(desk, left, right), reason_code=reason_code)
    click.echo("unlinked")
