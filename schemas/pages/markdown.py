"""Markdown of generated pages: tables, links to headings, and text that cannot break out of its cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

GENERATED = "<!-- generated, do not edit: `python -m throughline.generated.pages` writes this page -->"


def page(title: str, *blocks: str) -> str:
    """A generated page: the marker, its title, and its blocks with an empty line between them."""
    return "\n\n".join((GENERATED, f"# {title}", *(block for block in blocks if block))) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, or an empty text where there is no row."""
    lines = [f"| {' | '.join(cell(value) for value in row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join((f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *lines))


def cell(text: str) -> str:
    """Text on one line; a bar would end the cell, and an empty one is drawn as a dash."""
    return " ".join(text.split()).replace("|", "\\|") or "–"


def code(text: str) -> str:
    return f"`{text}`"


def codes(values: Iterable[str]) -> str:
    return ", ".join(code(value) for value in values)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading: small letters, digits, `-` and `_`; a space becomes `-`."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def link(text: str, target: str, heading: str = "") -> str:
    """A link to a page, or to a heading of it; an empty target is the same page."""
    return f"[{text}]({target}{'#' + anchor(heading) if heading else ''})"
