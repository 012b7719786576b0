"""`catalogue` and `standards`: what can happen, and what is owed."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import cast

import click
from click.shell_completion import CompletionItem
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from throughline.cli.agencies.contract import CONTRACTS, print_contract
from throughline.cli.terminal.options import (
    chosen_format,
    completions,
    format_option,
    topic_prefix_option,
    usual_domain_option,
)
from throughline.cli.terminal.writing import write_rows
from throughline.errors import UsageError
from throughline.schemas.definitions.catalogue import EventType
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.entry import nearest
from throughline.schemas.definitions.standard import Period, Standard
from throughline.sinks.questions.query import FORMATS, Format
from throughline.sinks.questions.table import width_of


def _complete_type(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return completions(_completed(ctx).types, incomplete)


def _complete_standard(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return completions({standard.id for standard in _completed(ctx).standards}, incomplete)


def _completed(ctx: click.Context) -> Domain:
    return ctx.params.get("domain") or load_domain()


@click.command(short_help="List what can happen: the types of event; or show one.")
@click.argument("type_", metavar="[TYPE]", required=False, shell_complete=_complete_type)
@usual_domain_option
@click.option("--agency", help="Show only the types of one agency.")
@click.option(
    "--format",
    "format_",
    type=click.Choice([*FORMATS, *CONTRACTS]),
    default=None,
    help="Default: table on a terminal, csv in a pipe. asyncapi, jsonschema and odcs are contracts for engineers, "
    "as JSON.",
)
@topic_prefix_option
def catalogue(type_: str | None, domain: Domain, agency: str | None, format_: str | None, topic_prefix: str) -> None:
    """List the types of event, or show one TYPE with its fields and an example.

    With --format, prints the fields of the TYPE as rows, or the domain as a contract: JSON Schema of its events (of all
    or of one TYPE), AsyncAPI of its topics and messages, or a data contract by the Open Data Contract Standard.

    Example: throughline catalogue cps.pcd.triaged
    """
    if format_ in CONTRACTS:
        if agency is not None or (type_ is not None and format_ != "jsonschema"):
            given = "--agency" if agency is not None else "one TYPE"
            raise UsageError(f"`--format {format_}` is of the whole domain.", hint=f"Leave {given} out.")
        _check_type(type_, domain)
        print_contract(format_, domain, type_, topic_prefix)
        return
    format_ = cast(Format | None, format_)
    _check_type(type_, domain)
    if type_ is not None:
        if format_ is None:
            _print_type(domain.types[type_], domain, Console(highlight=False))
        else:
            write_rows(*_fields(domain.types[type_]), format_)
        return
    owners = sorted({event_type.owner for event_type in domain.types.values()})
    if agency is not None and agency not in owners:
        raise UsageError(f"`{agency}` publishes nothing in {domain.title}.", hint=f"There are: {', '.join(owners)}.")
    rows = [
        (event_type.type, event_type.brief, ", ".join(sorted({effect.effect for effect in event_type.effects})))
        for event_type in domain.types.values()
        if agency in (None, event_type.owner)
    ]
    write_rows(["type", "what happened", "holder"], rows, format_)


def _check_type(type_: str | None, domain: Domain) -> None:
    if type_ is not None and type_ not in domain.types:
        raise UsageError(
            f"`{type_}` is not in the catalogue of {domain.title}.",
            hint=f"{nearest(type_, domain.types)} `throughline catalogue` lists the types.".strip(),
        )


def _fields(event_type: EventType) -> tuple[list[str], list[tuple[str, ...]]]:
    return ["field", "type", "required", "values", "meaning"], [
        (part.name, part.type, "required" if part.required else "", ", ".join(part.values or ()), part.doc)
        for part in event_type.fields.values()
    ]


def _print_type(event_type: EventType, domain: Domain, console: Console) -> None:
    console.print(f"[bold]{event_type.type}[/] version {event_type.version}, published by {event_type.owner}")
    console.print(event_type.brief, markup=False)
    if event_type.note:
        console.print(event_type.note, style="dim", markup=False)
    for part in event_type.fields.values():
        console.print(f"[bold]{part.name}[/] {part.type}{', required' if part.required else ''}")
        values = f" One of: {', '.join(part.values)}." if part.values else ""
        console.print(Padding(Text(part.doc + values), (0, 0, 0, 4)))
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


@click.command(short_help="List what is owed, by whom, by when; or show one.")
@click.argument("standard_id", metavar="[STANDARD]", required=False, shell_complete=_complete_standard)
@usual_domain_option
@click.option("--all", "all_", is_flag=True, help="Show those that are switched off, too.")
@format_option
def standards(standard_id: str | None, domain: Domain, all_: bool, format_: Format | None) -> None:
    """List the standards: what is owed, by whom and by when. Or show one STANDARD, and where it is written.

    Example: throughline standards VC-R6-ARREST
    """
    ids = {standard.id for standard in domain.standards}
    if standard_id is not None and standard_id not in ids:
        raise UsageError(
            f"`{standard_id}` is not a standard of {domain.title}.",
            hint=f"{nearest(standard_id, ids)} `throughline standards --all` lists them.".strip(),
        )
    wanted = [
        standard
        for standard in domain.standards
        if standard_id == standard.id or (standard_id is None and (standard.enabled or all_))
    ]
    rows = [_row(standard) for standard in wanted]
    if standard_id is not None and format_ is None:
        for row in rows:
            for name, text in row.items():
                if text:
                    label = f"{name + ':':<14}"
                    wrapped = textwrap.fill(
                        text,
                        width_of(sys.stdout),
                        initial_indent=label,
                        subsequent_indent=" " * len(label),
                        break_long_words=False,
                        break_on_hyphens=False,
                    )
                    click.echo(wrapped)
            click.echo()
        return
    columns = list(rows[0]) if rows else ["standard"]
    if chosen_format(format_) == "table":
        # where it is written and what moves it would leave no room for the rest
        columns = ["standard", "owner", "what", "limit", "enhanced", "marks"]
    write_rows(columns, [tuple(row[name] for name in columns) for row in rows], format_)


def _row(standard: Standard) -> dict[str, str]:
    words = (("unconfirmed", not standard.confirmed), ("local", standard.local), ("off", not standard.enabled))
    row = {
        "standard": standard.id,
        "version": standard.version,
        "owner": standard.owner,
        "what": standard.title,
        "limit": _limit(standard),
        "enhanced": _period(standard.enhanced),
        "marks": ", ".join(word for word, is_so in words if is_so),
        "from": str(standard.effective_from or ""),
        "to": str(standard.effective_to or ""),
    }
    for role in ("start", "stop", "cancel", "pause", "resume"):
        row[role] = "; ".join(
            one.type + (f" when {', '.join(one.when)}" if one.when else "")
            for name, one in standard.triggers()
            if name == role
        )
    return {**row, "source": standard.source, "note": standard.note}


def _period(period: Period | None) -> str:
    return "" if period is None else f"{period.amount:g} {period.unit.replace('_', ' ')}"


def _limit(standard: Standard) -> str:
    if standard.within is not None:
        return _period(standard.within)
    return "set per case" if standard.due_field else "measured only"
