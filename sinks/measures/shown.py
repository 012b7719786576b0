"""A figure as it may be shown: small counts, and what would give them away, are hidden.

`sinks/disclosure` hides counts of cases. The other numbers of a figure must not say them either: counts of other things
add up exactly, and so do shares within a group. So where a row is hidden, those are left out: of all rows the counts
that add up, of its group the shares. Of an outcome that shares are not of (a promise not due yet) they say nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from throughline.schemas.definitions.domain import Domain
from throughline.sinks.disclosure.cell import Measure as Counted
from throughline.sinks.disclosure.register import Register
from throughline.sinks.measures.grouping import NOT_STATED
from throughline.sinks.measures.measure import BAND, CUTS, Measure

ADD_UP = ("counted", "still_open", "least_seconds", "most_seconds")
_CUTS_OF_CHANGES = ("outcome", "agency", "area")
_SHARES = ("share", "least_share", "most_share")


@dataclass(frozen=True)
class Audience:
    """Who is shown figures. Without a `register` those who work on the cases, from whom nothing is hidden."""

    domain: Domain
    register: Register | None = None

    def may_see(
        self,
        measure: Measure,
        figure: pa.Table,
        cuts: Sequence[str],
        where: Mapping[str, str],
        as_of: datetime | None,
    ) -> pa.Table:
        """The figure (see `answer`) of `where`, counted to `as_of`, with a column `suppressed` (null, `small`,
        `secondary`, `table`), and null in every number of a row in which that is not null.

        Raises StoreError where the register of what was shown cannot be written: then nothing may be shown.
        """
        if self.register is None or as_of is None or figure.num_rows == 0:
            return figure.append_column("suppressed", pa.nulls(figure.num_rows, pa.string()))
        columns = {name: figure[name] for name in figure.column_names}
        held = {name: pa.array([value] * figure.num_rows) for name, value in where.items() if name not in columns}
        made = self.register.show(
            pa.table({**held, **columns}),
            counted(measure, self.domain),
            as_of=as_of,
            threshold=self.domain.disclosure.threshold,
        )
        return _without_traces(measure, cuts, made.drop_columns([*held]))

    def may_see_changes(
        self, name: str, table: pa.Table, since: datetime, until: datetime, *, overlapping: Collection[str] = ()
    ) -> pa.Table:
        """Counts of cases in which something called `name` happened after `since` and by `until`, with `suppressed`.

        Each column but `cases` is a cut; a case may be in several parts of those that are `overlapping`. Raises
        StoreError as `may_see` does.
        """
        if self.register is None or table.num_rows == 0:
            return table.append_column("suppressed", pa.nulls(table.num_rows, pa.string()))
        cuts = [column for column in table.column_names if column != "cases"]
        days = pa.array([since.isoformat()] * table.num_rows)
        given = Counted(
            f"since_{name}",
            # every cut of it, since what was shown by one is remembered beside what is shown by another
            ("since", *sorted({*_CUTS_OF_CHANGES, *cuts, *(facet.name for facet in self.domain.facets)})),
            # between two days there may be what is between two others
            overlapping=frozenset({"since", *overlapping}),
            partial=frozenset({"since"}),
        )
        threshold = self.domain.disclosure.threshold
        made = self.register.show(table.append_column("since", days), given, as_of=until, threshold=threshold)
        return made.drop_columns(["since"])


def counted(measure: Measure, domain: Domain) -> Counted:
    """What everybody knows of the counts of a measure without having seen one: a case is in one area and has one value
    of each facet; where more is counted than cases, it may stand in several parts of every other cut."""
    facets = [facet.name for facet in domain.facets]
    cuts = (*CUTS, *BAND, *measure.cuts, *facets, "outcome")
    is_of_cases = measure.kind == "outcomes" and measure.counts == "cases"
    once = set(cuts) if is_of_cases else {"area", *facets}
    return Counted(
        measure.name,
        cuts,
        overlapping=frozenset(cut for cut in cuts if cut not in once),
        # what was sent, promised or decided by a day was so by every later one, whatever became of it since
        is_cumulative=measure.kind != "times" and not measure.is_of_now,
        changing=frozenset({"outcome", *BAND}),
    )


def _without_traces(measure: Measure, cuts: Sequence[str], table: pa.Table) -> pa.Table:
    """Without the numbers from which a hidden one follows."""
    rows: list[dict[str, Any]] = table.to_pylist()
    hidden_rows = [row for row in rows if row["suppressed"]]
    if not hidden_rows:
        return table
    groups = {
        tuple(row[cut] for cut in cuts)
        for row in hidden_rows
        if row.get("outcome") not in (*measure.unknown_outcomes, NOT_STATED)
    }
    for row in rows:
        hidden = [*ADD_UP, *(_SHARES if tuple(row[cut] for cut in cuts) in groups else ())]
        row.update({name: None for name in hidden if name in row})
    return pa.Table.from_pylist(rows, schema=table.schema)
