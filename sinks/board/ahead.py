"""Pages worked out before anybody asks: those that the navigation leads to, and what draws the charts."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from functools import cache, partial

import duckdb

from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.place import Place
from throughline.sinks.board.frame.settings import Settings
from throughline.sinks.board.reading.kept import Kept
from throughline.sinks.board.reading.present import State
from throughline.sinks.board.reading.settled import Step
from throughline.sinks.board.words.names import Names


def page_key(path: str, query: str) -> Hashable:
    """Under what a page of figures is kept."""
    return ("page", path, query)


def ahead(places: Sequence[Place], names: Names, settings: Settings, kept: Kept) -> list[Step]:
    """A step for each page of figures in the navigation, as it is asked for without filters."""

    def work_out(place: Place, state: State, cursor: duckdb.DuckDBPyConnection) -> None:
        asked = Asked(
            place.path, {}, {}, cursor, state.facts, names, settings, kept, can_be_as_known=place.can_be_as_known
        )
        cursor.execute("set variable as_of = ?::timestamp", [asked.as_of])
        kept.get(state.facts.stamp, page_key(place.path, ""), lambda: place.show(asked))

    return [partial(work_out, place) for place in places if place.label and place.needs == "figures"]


@cache
def begin_drawing() -> None:
    """Draw once in a thread: the first chart of a process takes a second longer than those after it."""
    # imported there: that takes as long
    threading.Thread(target=_draw, name="board-drawing", daemon=True).start()


def _draw() -> None:
    from throughline.sinks.charts.bars import Bar, bars

    bars([Bar("", "", 1, "")], "", "")
