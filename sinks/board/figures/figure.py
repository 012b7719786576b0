"""A figure as a page needs it: read from the stores once for each state, whoever asks for it how often."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from throughline.errors import StoreError
from throughline.sinks.board.figures.choice import Choice, measures_of
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import NotFoundError
from throughline.sinks.board.reading.hindsight import Known, known_then
from throughline.sinks.measures.answer import answer, totals
from throughline.sinks.measures.comparison import compared
from throughline.sinks.measures.coverage import all_not_covered, withhold
from throughline.sinks.measures.facts import cases_of, facts
from throughline.sinks.measures.headline import Number, Series, headline, series_of
from throughline.sinks.measures.measure import Measure
from throughline.sinks.measures.nearby import adds_up, counted, moved
from throughline.sinks.measures.shown import Audience
from throughline.sinks.measures.spans import Spans, cases_ever, has_spans, spans
from throughline.sinks.store import Store


def rows_of(asked: Asked, measure: Measure, as_of: datetime | None, names: Collection[str] | None = None) -> pa.Table:
    """What is counted (see `facts`), to `as_of`; as it was known then, where the address asks for that.

    Where `names` are given, other cuts than these may be left out. Raises NotFoundError where the stores cannot tell
    what was known then.
    """
    moment = as_of or asked.facts.last_at
    if asked.known_at is not None and moment is not None:
        return known(asked, moment, asked.known_at).then[measure.name]
    facets = [facet.name for facet in asked.settings.domain.facets]
    if moment is not None and has_spans(measure, moment):
        return _rows_at(asked, measure, moment, names)

    def read() -> pa.Table:
        # the same for every measure of a time
        cases = asked.kept.get(asked.facts.stamp, ("cases", as_of), lambda: cases_of(asked.connection, facets, as_of))
        return facts(asked.connection, measure, facets, as_of, cases)

    return asked.kept.get(asked.facts.stamp, ("rows", measure.name, as_of), read)


def _rows_at(asked: Asked, measure: Measure, moment: datetime, names: Collection[str] | None) -> pa.Table:
    """The rows of a measure that has spans: these are read once for every time that is asked for."""
    kept, stamp, found = asked.kept, asked.facts.stamp, _spans(asked, measure)
    chosen = kept.get(stamp, ("chosen", measure.name, moment), lambda: found.at(moment))
    if names is not None:
        return found.rows(chosen, names)
    return kept.get(stamp, ("rows", measure.name, moment), lambda: found.rows(chosen))


def _spans(asked: Asked, measure: Measure) -> Spans:
    facets = [facet.name for facet in asked.settings.domain.facets]
    kept, stamp = asked.kept, asked.facts.stamp

    def read() -> Spans:
        cases = kept.get(stamp, "cases ever", lambda: cases_ever(asked.connection, facets))
        found = spans(asked.connection, measure, cases)
        return found.laid_out() if adds_up(measure, ()) else found

    return kept.get(stamp, ("spans", measure.name), read)


def is_empty(asked: Asked, chosen: Choice) -> bool:
    """Whether nothing is counted of it at all."""
    return not any(_answered(asked, chosen, (), asked.as_of)["cases"].to_pylist())


def known(asked: Asked, as_of: datetime, known_at: datetime) -> Known:
    """The rows of every measure, counted to `as_of`, as they were known at `known_at`: made once for all of them."""
    now = Store(asked.connection, Path("the stores"), is_writable=False)

    def make() -> Known:
        try:
            return known_then(now, asked.settings.domain, [*measures_of(asked).values()], as_of, known_at)
        except StoreError as error:
            raise NotFoundError(error.what, "Leave `known_at` out of the address to see what is known now.") from None

    return asked.kept.get(asked.facts.stamp, ("known", as_of, known_at), make)


def figure(asked: Asked, chosen: Choice, cuts: tuple[str, ...] | None = None) -> pa.Table:
    """The figure (see `answer`) by the chosen cuts, or by `cuts`; with the earlier one beside it, if that is asked."""
    by = chosen.cuts if cuts is None else cuts

    now = _counted(asked, chosen, by, asked.as_of)
    if chosen.beside is None:
        return now
    return compared(chosen.measure, _counted(asked, chosen, by, chosen.beside), now, by)


def number(asked: Asked, chosen: Choice, as_of: datetime | None) -> Number:
    """The one number of the figure, counted to `as_of`."""
    return headline(chosen.measure, _counted(asked, chosen, (), as_of))


def months(asked: Asked, chosen: Choice) -> Series:
    """The one number month by month."""
    found = figure(asked, Choice(chosen.measure, ("month",), chosen.where, None))
    return series_of(chosen.measure, found, asked.counted_to, asked.names.zone)


def _counted(asked: Asked, chosen: Choice, cuts: tuple[str, ...], as_of: datetime | None) -> pa.Table:
    key = ("figure", chosen.key, cuts, as_of, asked.known_at)
    return asked.kept.get(asked.facts.stamp, key, lambda: _shown(asked, chosen, cuts, as_of))


def _shown(asked: Asked, chosen: Choice, cuts: tuple[str, ...], as_of: datetime | None) -> pa.Table:
    found = _answered(asked, chosen, cuts, as_of)
    audience = Audience(asked.settings.domain, asked.settings.register)
    shown = audience.may_see(chosen.measure, found, cuts, chosen.where, as_of or asked.facts.last_at)
    return withhold(chosen.measure, shown, cuts, chosen.where, _withheld(asked, chosen.measure))


def _answered(asked: Asked, chosen: Choice, cuts: tuple[str, ...], as_of: datetime | None) -> pa.Table:
    """The figure as it was counted. By fewer cuts than it is chosen by, it is the totals of that one."""
    if {*cuts} < {*chosen.cuts}:
        return totals(_answered(asked, chosen, chosen.cuts, as_of), chosen.cuts, cuts)

    def count() -> pa.Table:
        if asked.known_at is None and (found := _near(asked, chosen, cuts, as_of)) is not None:
            return found
        rows = rows_of(asked, chosen.measure, as_of, {*cuts, *chosen.where})
        return answer(chosen.measure, rows, cuts, chosen.where)

    return asked.kept.get(asked.facts.stamp, ("answer", chosen.key, cuts, as_of, asked.known_at), count)


def _near(asked: Asked, chosen: Choice, cuts: tuple[str, ...], as_of: datetime | None) -> pa.Table | None:
    """The figure from the same one of the nearest time that was counted in full, which it is itself where there is none
    near it; None of a measure of which that cannot be."""
    measure, moment = chosen.measure, as_of or asked.facts.last_at
    if moment is None or not has_spans(measure, moment) or not adds_up(measure, {*cuts, *chosen.where}):
        return None
    kept, stamp, found = asked.kept, asked.facts.stamp, _spans(asked, measure)
    key = (chosen.key, cuts)
    times: list[datetime] = kept.get(stamp, ("times", key), list)
    for time in sorted(times, key=lambda one: abs(one - moment))[:1]:
        near = kept.at_hand(stamp, ("near", key, time))
        if near is not None and (figure := moved(found, near, moment, cuts, chosen.where)) is not None:
            return figure
    full = kept.get(stamp, ("near", key, moment), lambda: counted(found, moment, cuts, chosen.where))
    times.append(moment)
    return full.figure


def _withheld(asked: Asked, measure: Measure) -> dict[str, str]:
    """See `not_covered`: asked once of each state for all measures, since no time is counted to."""
    found = asked.kept.get(asked.facts.stamp, "withheld", lambda: all_not_covered(asked.connection))
    return found.get(measure.figure, {})


def numbers_of(measure: Measure, found: pa.Table) -> list[str]:
    """The columns of a figure that are shown, with its keys: where cases are what is counted, they are said once."""
    twice = {"counted", "counted_before"} if measure.counts == "cases" else set()
    return [
        name for name in found.column_names if name not in twice and not name.startswith(("suppressed", "withheld"))
    ]
