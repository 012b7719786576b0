"""A judgement as text, JSON or one HTML page. It has counts, codes and names of systems, never what a record says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from throughline.quality.conformity.judgement import Judgement, as_said
from throughline.quality.letters.template import rendered

_LISTED = 30


def as_json(judgement: Judgement) -> str:
    """The judgement with its verdict; times are UTC."""
    said = {"verdict": judgement.verdict, **asdict(judgement)}
    return orjson.dumps(said, option=orjson.OPT_INDENT_2).decode()


def as_page(judgement: Judgement) -> str:
    """The judgement as one HTML page that needs nothing else."""
    return rendered("conformity.html", found=judgement, late=late, at=as_said)


def as_text(judgement: Judgement) -> str:
    """The judgement for a terminal."""
    return "\n".join(_lines(judgement)) + "\n"


def late(seconds: float | None) -> str:
    """How late, for people: minutes, hours or days; a dash where nobody knows."""
    if seconds is None:
        return "–"
    for size, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {name}".replace(".0 ", " ")
    return f"{seconds:.0f} s"


def _lines(found: Judgement) -> Iterator[str]:
    yield f"{found.what}: {found.verdict}"
    yield (
        f"{found.read:,} records read: {found.accepted:,} events, {found.copies:,} copies, {found.refused:,} refused, "
        f"{found.in_conflict:,} in conflict"
    )
    for title, findings in (("Against what was agreed", found.faults), ("To settle", found.points)):
        if findings:
            yield f"\n{title}"
            for one in findings:
                yield f"- {one.what}"
                yield f"  {one.do}"
    if found.types:
        yield "\nTypes (exact: times known to the instant; identified: with a number that joins cases)"
        heads = ("type", "events", "exact", "recorded", "half within", "95 % within", "identified", "revised")
        yield from _table(heads, map(_type_row, found.types))
    if found.identifiers:
        yield "\nIdentifiers"
        numbers = (
            (one["kind"], one["events"], _share(one["events"], found.accepted), one["numbers"], one["placeholders"])
            for one in found.identifiers
        )
        yield from _table(("kind", "events", "of all", "numbers", "unknown"), numbers)
    if found.feeds:
        yield "\nSources"
        feeds = (
            (one["source"], one["events"], as_said(one["first_seen"]), as_said(one["last_seen"]), _gaps(one))
            for one in found.feeds
        )
        yield from _table(("source", "events", "first", "last", "numbers missing"), feeds)
    if found.refusals:
        yield "\nRefused"
        for row in found.refusals[:_LISTED]:
            name = f" in `{row['field']}`" if row["field"] else ""
            place = f"{row['origin']}:{row['position']}"
            yield f"  {row['records']:,} {row['reason']}{name}: {row['detail']}. First at {place}"
        if len(found.refusals) > _LISTED:
            yield f"  … and {len(found.refusals) - _LISTED} kinds more"
    for title, rows_of in (("Fields never filled", found.never_filled), ("Restricted fields", found.restricted)):
        if rows_of:
            yield f"\n{title}"
            for type_ in dict.fromkeys(row["type"] for row in rows_of):
                yield f"  {type_}: {', '.join(row['field'] for row in rows_of if row['type'] == type_)}"


def _type_row(one: Mapping[str, Any]) -> tuple[Any, ...]:
    events = one["events"]
    return (
        one["type"],
        events,
        _share(one["instants"], events),
        _share(one["recorded"], events),
        late(one["late_half"]),
        late(one["late_most"]),
        _share(events - one["without_identifier"], events),
        one["superseded"] + one["retracted"],
    )


def _gaps(one: Mapping[str, Any]) -> Any:
    return "not numbered" if one["sequence_gaps"] is None else one["sequence_gaps"]


def _share(part: int, of: int) -> str:
    return f"{100 * part / of:.0f} %" if of else "–"


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    texts = [tuple(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row) for row in (heads, *rows)]
    widths = [max(len(row[place]) for row in texts) for place in range(len(heads))]
    for first, *others in texts:
        padded = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        yield "  " + "  ".join(padded).rstrip()
