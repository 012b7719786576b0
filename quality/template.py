"""Pages by template, and how they say numbers, days and months."""

from __future__ import annotations

from datetime import date
from typing import Any

import jinja2

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("throughline.quality"),
    autoescape=True,  # whatever the ending of the template: what a publisher wrote stands in these pages
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def rendered(template: str, **facts: Any) -> str:
    """The template of that name (`letter.html`), filled in."""
    return _TEMPLATES.get_template(template).render(**facts)


def month_name(month: date) -> str:
    """`May 2026`."""
    return f"{month:%B %Y}"


def amount(value: float | None, limit: float) -> str:
    """A value beside its limit: a share of 1 is a percentage, whatever else is judged stands as it is."""
    if value is None:
        return "not known"
    return percent(value) if limit < 1 else plain(value)


def percent(share: float) -> str:
    """`4.2 %`; what is less than can be shown is said to be."""
    return "under 0.1 %" if 0 < share < 0.001 else f"{plain(100 * share)} %"


def plain(value: float) -> str:
    """At most one decimal, thousands apart."""
    return f"{value:,.1f}".removesuffix(".0")
