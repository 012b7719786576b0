"""From a page to HTML: the templates, the words that they use, and what stands around every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import jinja2
from markupsafe import Markup

from throughline.quality.letters.template import agreed, coded, month_name, observed, plain, spaced
from throughline.sinks.board.access.declaration import Visit
from throughline.sinks.board.frame.asked import PARTS, Asked, elsewhere
from throughline.sinks.board.frame.page import Page
from throughline.sinks.board.frame.place import Place
from throughline.sinks.board.words.dates import date_words, day_words, local, moment_words
from throughline.sinks.board.words.duration import counted, duration_words
from throughline.sinks.board.words.names import Names, lowered


class Rendering:
    """The templates, for one board: `places` are all its pages, `names` the words of its domain."""

    def __init__(self, places: Sequence[Place], names: Names, title: str) -> None:
        self._places = places
        self._names = names
        self._title = title
        self._templates = jinja2.Environment(
            loader=jinja2.ChoiceLoader(
                [
                    jinja2.PackageLoader("throughline.sinks.board"),
                    # what the steward's page and the board say alike
                    jinja2.PrefixLoader({"letters": jinja2.PackageLoader("throughline.quality.letters")}),
                ]
            ),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "agency": names.agency,
            "agreed": agreed,
            "coded": coded,
            "count": _number,
            "counted": counted,
            "date": self._date,
            "day": day_words,
            "duration": duration_words,
            "feed": names.feed,
            "lowered": lowered,
            "moment": self._moment,
            "month": month_name,
            "observed": observed,
            "plain": plain,
            "spaced": spaced,
        }
        self._templates.globals |= {
            "agency": names.agency,
            "area": names.area,
            "elsewhere": elsewhere,
            "identifier_kind": names.identifier,
        }

    def html(self, page: Page, asked: Asked, place: Place) -> str:
        """The page with its frame, for a request that could be answered."""
        facts = dict(page.facts)
        return self._templates.get_template(page.template).render(
            asked=asked,
            address=asked.address,
            times=self._times(asked) if place.has_times else None,
            fresh=freshness(asked.facts.received_at, asked.settings.now()),
            stamp=asked.facts.stamp,
            stamp_of="figures" if place.is_of_figures else "stamp",
            **self._frame(page, place.under or place.name, asked.address, asked.visit),
            **facts,
        )

    def bare_html(self, page: Page) -> str:
        """The page where nothing could be asked of the stores: navigation, and no freshness."""
        frame = self._frame(page, "", lambda path: path, None)
        return self._templates.get_template(page.template).render(
            asked=None, times=None, fresh=None, stamp="", stamp_of="stamp", **frame, **page.facts
        )

    def _frame(self, page: Page, current: str, address: Any, visit: Visit | None) -> dict[str, Any]:
        """What stands around a page; the navigation leads where the visitor may go."""
        navigation = [
            {"label": place.label, "address": address(place.path), "is_current": place.name == current}
            for place in self._places
            if place.label and (visit is None or visit.may(place.needs))
        ]
        return {
            "heading": page.heading,
            "title": page.title or page.heading,
            "service": self._title,
            "navigation": navigation,
        }

    def _times(self, asked: Asked) -> dict[str, Any]:
        """To which time the page counts, and what else stands in its address, for the form that asks for another."""
        own = ("as_of", *PARTS, *(("known_at",) if asked.can_be_as_known else ()))
        return {
            "counted_to": asked.counted_to,
            "is_asked": asked.as_of is not None,
            "day": "" if asked.as_of is None else self._day(asked.as_of),
            "known_at": asked.known_at if asked.can_be_as_known else None,
            "known_day": "" if asked.known_at is None else self._day(asked.known_at),
            "others": [(name, value) for name, value in asked.given.items() if name not in own and value],
        }

    def _day(self, at: datetime) -> str:
        return local(at, self._names.zone).date().isoformat()

    def _moment(self, at: datetime | None, precision: str | None = "instant") -> Markup | str:
        """`<time>12 March 2026 at 2.15pm</time>`."""
        return self._time_element(at, precision, moment_words)

    def _date(self, at: datetime | None, precision: str | None = "instant") -> Markup | str:
        """`<time>12 March 2026</time>`."""
        return self._time_element(at, precision, date_words)

    def _time_element(self, at: datetime | None, precision: str | None, words: Any) -> Markup | str:
        if at is None:
            return ""
        precision = precision or "instant"
        said = words(at, self._names.zone, precision)
        forms: Mapping[str, str] = {"day": "%Y-%m-%d", "month": "%Y-%m"}
        machine = f"{at.replace(tzinfo=UTC):%Y-%m-%dT%H:%M:%SZ}" if precision == "instant" else ""
        machine = machine or (f"{at:{forms[precision]}}" if precision in forms else "")
        return Markup('<time datetime="{}">{}</time>').format(machine, said) if machine else said


def freshness(received: datetime | None, now: datetime) -> dict[str, Any]:
    """When the last event was received, and how long ago that is in words."""
    if received is None:
        return {"at": None, "age": ""}
    seconds = (now - received).total_seconds()
    return {"at": received, "age": duration_words(seconds), "is_old": seconds > 2 * 86_400}


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:,}"
