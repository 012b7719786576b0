"""`catalogue` and `standards`: what can happen, and what is owed."""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.table import Table

from throughline.cli.options import domain_option
from throughline.errors import UsageError
from throughline.schemas.catalogue import EventType
from throughline.schemas.domain import Domain
from throughline.schemas.standard import Standard


@click.command()
@click.argument("type_", metavar="[TYPE]", required=False)
@domain_option
@click.option("--agency", help="Only the types of one agency.")
def catalogue(type_: str | None, domain: Domain, agency: str | None) -> None:
    """List the types of events, or show one TYPE with its fields and an example.

    Example: throughline catalogue cps.pcd.triaged
    """
    console = Console()
    if type_ is not None:
        if type_ not in domain.types:
            raise UsageError(
                f"`{type_}` is not in the catalogue of {domain.title}.",
                hint="`throughline catalogue` lists the types.",
            )
        _print_type(domain.types[type_], domain, console)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("type", "what happened", "holder"):
        table.add_column(column, overflow="fold")
    for event_type in domain.types.values():
        if agency in (None, event_type.owner):
            table.add_row(event_type.type, event_type.brief, ", ".join(sorted({e.effect for e in event_type.effects})))
    console.print(table)


def _print_type(event_type: EventType, domain: Domain, console: Console) -> None:
    console.print(f"[bold]{event_type.type}[/] version {event_type.version}, published by {event_type.owner}")
    console.print(event_type.brief)
    if event_type.note:
        console.print(event_type.note, style="dim")
    table = Table(box=None, pad_edge=False)
    for column in ("field", "type", "", "values", "meaning"):
        table.add_column(column, overflow="fold")
    for part in event_type.fields.values():
        values = ", ".join(part.values or ())
        table.add_row(part.name, part.type, "required" if part.required else "", values, part.doc)
    console.print(table)
    for effect in event_type.effects:
        when = f" when {', '.join(effect.when)}" if effect.when else ""
        target = f" to {effect.target}" if effect.target else ""
        console.print(f"Holder: {effect.effect}{target}{when}")
    acts = [
        f"{role} {standard.id}"
        for standard in domain.standards
        for role, trigger in standard.triggers()
        if trigger.type == event_type.type and standard.enabled
    ]
    if acts:
        console.print("Clocks: " + ", ".join(acts))
    console.print("An example of its data:")
    console.print_json(json.dumps(event_type.example, default=str))


@click.command()
@domain_option
@click.option("--all", "all_", is_flag=True, help="Those that are switched off too.")
def standards(domain: Domain, all_: bool) -> None:
    """List the standards: what is owed, by whom, by when, and where that is written."""
    table = Table(box=None, pad_edge=False)
    for column in ("standard", "version", "owner", "what", "limit", "enhanced", "", "source"):
        table.add_column(column, overflow="fold")
    for standard in domain.standards:
        if standard.enabled or all_:
            table.add_row(
                standard.id,
                standard.version,
                standard.owner,
                standard.title,
                _limit(standard),
                "" if standard.enhanced is None else f"{standard.enhanced.amount:g} {standard.enhanced.unit}",
                ", ".join(
                    word
                    for word, is_so in (
                        ("unconfirmed", not standard.confirmed),
                        ("local", standard.local),
                        ("off", not standard.enabled),
                    )
                    if is_so
                ),
                standard.source,
            )
    Console().print(table)


def _limit(standard: Standard) -> str:
    if standard.within is not None:
        return f"{standard.within.amount:g} {standard.within.unit}"
    return "set per case" if standard.due_field else "measured only"
