"""What the paper says, before it is a PDF or a workbook: words, numbers in words, charts as SVG, tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from throughline.sinks.sheets.grid import Grid


@dataclass(frozen=True)
class Chart:
    """`says` is what somebody hears who does not see it; every number of it stands in a table of the paper."""

    svg: str
    says: str


@dataclass(frozen=True)
class Line:
    """A row of a table, in words."""

    cells: tuple[str, ...]
    is_total: bool = False


@dataclass(frozen=True)
class Table:
    """The first `names` columns say what a row is, the others are numbers; `note` stands beneath it."""

    caption: str
    heads: tuple[str, ...]
    names: int
    lines: tuple[Line, ...]
    note: str = ""


@dataclass(frozen=True)
class Number:
    """The one number of a figure: `number` and `says` are one sentence, `of` what it is of.

    `earlier` says what it was at the meeting before, and `change` by how much it moved; empty without one.
    """

    title: str
    number: str
    says: str
    of: str
    earlier: str = ""
    change: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.number} {self.says}." if self.says else f"{self.number}."

    @property
    def then(self) -> str:
        """What it was, and by how much it moved; empty where there is no earlier meeting."""
        return f"{self.earlier} It is now {self.change}" if self.change else self.earlier


@dataclass(frozen=True)
class Figure:
    """A measure as a chapter shows it. `name` is its code; `grid` and `months_grid` are its tables for a spreadsheet,
    the first with the earlier meeting beside it. `months` is null where there are too few to draw."""

    name: str
    number: Number
    asks: str
    chart: Chart | None
    table: Table
    months: Chart | None
    usual: str
    months_table: Table | None
    unknown: str
    not_for: str
    method: str
    review: str
    grid: Grid
    months_grid: Grid | None


@dataclass(frozen=True)
class Chapter:
    title: str
    lead: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Reliance:
    """Whether the data can be trusted: the verdict of the checks, sentences that explain it, and tables."""

    verdict: str
    says: tuple[str, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Paper:
    """`facts` stand on the first page, by name. `since` is what changed since the earlier meeting; null without one.

    `marking` stands on every page; `counted_to` (UTC, naive) is the time of the paper and of its files,
    `last_day` the day of it where the domain is.
    """

    title: str
    subtitle: str
    day: str
    facts: tuple[tuple[str, str], ...]
    marking: str
    counted_to: datetime
    last_day: date
    first: tuple[Number, ...]
    since: tuple[str, ...] | None
    questions: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    reliance: Reliance

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(figure for chapter in self.chapters for figure in chapter.figures)
