"""Pages by template, and how they say numbers, days and months."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape


def rendered(template: str, **facts: Any) -> str:
    """The template of that name (`letter.html`), filled in."""
    return _templates().get_template(template).render(**facts)


@cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("throughline.quality.letters"),
        autoescape=True,  # whatever the ending of the template: what a publisher wrote stands in these pages
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "agency": lambda agency: agency or "not known",
        "agreed": agreed,
        "coded": coded,
        "feed": lambda source: Markup("<code>{}</code>").format(source),
        "moment": _moment,
        "month": month_name,
        "observed": observed,
        "plain": plain,
        "spaced": spaced,
    }
    return made


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


def plain(value: float | None) -> str:
    """At most one decimal, thousands apart; a dash for what is not known."""
    return "–" if value is None else f"{value:,.1f}".removesuffix(".0")


def observed(level: Mapping[str, Any]) -> str:
    """What was observed of a service level: a row of `scores.service_levels`."""
    return _said_of(level["level"], level["observed"])


def agreed(level: Mapping[str, Any]) -> str:
    """What was agreed: `at least 95 %`."""
    return f"{'at least' if level['is_least'] else 'at most'} {_said_of(level['level'], level['agreed'])}"


def _said_of(level: str, value: float) -> str:
    if level in ("recorded_in_time", "refused"):
        return percent(value)
    said = plain(value)
    unit = "day" if level == "silence_days" else "number"
    return f"{said} {unit}" if said == "1" else f"{said} {unit}s"


def coded(text: str) -> Markup:
    """Text in which what stands between backticks is code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _moment(at: datetime) -> Markup:
    """A time in one piece: `2026-05-01 09:30`."""
    return Markup(f"<time>{at:%Y-%m-%d %H:%M}</time>")


def spaced(code: str) -> str:
    """A code as words: `Unit missing`."""
    return code.replace("_", " ").capitalize()
