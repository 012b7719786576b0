"""A measure: one SQL file whose rows are what is counted, and one entry that says how to count and to read them.

The SQL gives one row per thing counted (a handoff, a decision, a promise …) with these columns:

    case_id      varchar     its case
    counted_at   timestamp   UTC: by its month (of the domain's time zone) it is counted
    agency       varchar     whose it is; null where nobody's
    unit         varchar     that agency's unit; null where not stated
    outcome      varchar     kinds `outcomes` and `times`: what became of it; null where that is unknown
    seconds      double      kind `durations`, and `outcomes` where a row has an age: how long, up to `as_of`
    ended        boolean     kind `durations`: whether it ended by then; one that did not is censored, never dropped
    least, most  double      kind `times`: seconds that certainly count, and that at most do

and a column for each cut of its own. `getvariable('as_of')` is honoured by the views that it reads.

Beside it there may be `spans/NAME.sql`, for boards that are asked for many days: rows with the same columns of all
times, with `case_key` for the id, `from_at` and `until_at` (UTC; the first is in the span, null for no end) and, where
they have `seconds`, `grows`: those are counted from `counted_at`, and the SQL gives null for them. Of `least` and
`most` it gives what they are at `from_at`, and in `least_grows` and `most_grows` whether they grow from then on. What
both read alike stands in `parts/` of the folder, and is named in braces; a domain may name the parts that are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from throughline.errors import UsageError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import Entry, Problems, nearest, read_entry
from throughline.schemas.definitions.quality import FIGURES
from throughline.sql import with_parts

KINDS = ("outcomes", "durations", "times")
# what the rows of every measure can be cut by; a domain adds the facets of a case, a measure its own
CUTS = {"month": "Month", "agency": "Agency", "unit": "Unit", "area": "Area"}
# where rows have an age or a duration
BAND = {"band": "How long"}
PAGES = ("waiting", "handoffs", "promises", "standards", "withdrawal")
# columns of rows that say what is counted and how much it is: no cuts
COUNTED = frozenset({"case_id", "counted_at", "outcome", "seconds", "ended", "least", "most"})
_KEYS = (
    *("name", "title", "asks", "page", "counts", "kind", "outcomes", "cuts", "figure", "review", "method", "unknown"),
    *("not_for", "drawn", "headline", "has_age", "of_now"),
)
_DRAWN = ("counts", "shares", "curves", "spans")
"""How many of each outcome, what share of each, what has not ended yet, certain and at most."""
_HERE = Path(__file__).parent


_COLUMNS = {
    "outcomes": ("outcome",),
    "durations": ("seconds", "ended"),
    "times": ("outcome", "least", "most"),
}


@dataclass(frozen=True)
class Outcome:
    """`value` as the SQL writes it, `title` as people read it; one that is not `known` is left out of shares."""

    value: str
    title: str
    known: bool


@dataclass(frozen=True)
class Headline:
    """The one number of a measure: of kind `outcomes` and `times` the share of `outcomes`, of kind `durations` the
    median. `says` follows it in a sentence."""

    outcomes: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class Measure:
    """What stands in the entry, and the SQL. `figure` is that of the view `coverage` on which it rests."""

    name: str
    title: str
    asks: str
    page: str
    counts: str
    kind: str
    outcomes: tuple[Outcome, ...]
    cuts: Mapping[str, str]
    figure: str
    review: str
    method: str
    unknown: str
    not_for: str
    drawn: str
    headline: Headline
    sql: str
    has_age: bool = False
    """Whether its rows have an age or a duration, by which they can be cut too."""
    is_of_now: bool = False
    """Whether it counts how things stand: what it counts at one time it need not count at a later one."""
    spans: str = ""
    """SQL that gives its rows of all times, each with the span of `as_of` in which it is counted alike (`spans.py`);
    empty where there is none."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What the SQL has to give at least."""
        age = ("seconds",) if self.has_age and self.kind == "outcomes" else ()
        return ("case_id", "counted_at", "agency", "unit", *_COLUMNS[self.kind], *age, *self.cuts)

    @property
    def unknown_outcomes(self) -> tuple[str, ...]:
        return tuple(one.value for one in self.outcomes if not one.known)

    def outcome_title(self, value: str) -> str:
        """The words for an outcome; itself, where the entry has none (an agency)."""
        return next((one.title for one in self.outcomes if one.value == value), value)


def load_measures(domain: Domain) -> dict[str, Measure]:
    """Every measure by its name: those that come with Throughline, then the domain's own (`DOMAIN/measures/`), which
    may replace one. Raises DomainProblemsError with file, line and key of each thing that is wrong."""
    problems = Problems()
    found: dict[str, Measure] = {}
    parts: dict[str, str] = {}
    for folder in (_HERE, domain.path / "measures"):
        file = folder / "measures.yaml"
        if file.is_file():
            parts |= {part.stem: part.read_text(encoding="utf-8") for part in (folder / "parts").glob("*.sql")}
            found |= _read(file, folder / "sql" if folder == _HERE else folder, parts, problems)
    problems.raise_any()
    return found


def measure_of(domain: Domain, name: str) -> Measure:
    """The measure called `name`. Raises UsageError where there is none."""
    known = load_measures(domain)
    if name not in known:
        raise UsageError(f"There is no measure `{name}`.", hint=nearest(name, known))
    return known[name]


def _read(file: Path, sql_folder: Path, parts: Mapping[str, str], problems: Problems) -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for given in read_entry(file, problems).entries("measures"):
        # known by its own name in what is said of it
        entry = replace(given, name=str(given.map.get("name") or given.name))
        measure = _measure(entry, sql_folder, parts)
        if measure.name and measure.name in found:
            entry.fault("name", f"`{measure.name}` stands twice.")
        found[measure.name] = measure
    return found


def _measure(entry: Entry, sql_folder: Path, parts: Mapping[str, str]) -> Measure:
    entry.only(*_KEYS)
    name = entry.text("name")
    file = sql_folder / f"{name}.sql"
    text = _text(file, parts)
    if name and not text.startswith("-- One row per "):
        entry.fault("name", f"`{file}` must be there and begin with `-- One row per …`.")
    kind = entry.choice("kind", KINDS)
    outcomes = tuple(_outcomes(entry.under("outcomes")))
    cuts = {str(key): entry.under("cuts").text(key) for key in entry.under("cuts").map}
    for taken in sorted(cuts.keys() & (CUTS | BAND).keys()):
        entry.under("cuts").fault(taken, "is a cut of every measure.", "Give it another name.")
    for taken in sorted(cuts.keys() & COUNTED):
        entry.under("cuts").fault(taken, "is a column that every measure has for itself.", "Give it another name.")
    given = entry.under("headline")
    given.only("outcomes", "says")
    if kind == "outcomes":
        headline = Headline(given.names("outcomes", [one.value for one in outcomes], needed=True), given.text("says"))
    else:
        headline = Headline(given.texts("outcomes", needed=kind == "times"), given.text("says"))
    return Measure(
        name=name,
        title=entry.text("title"),
        asks=entry.text("asks"),
        page=entry.choice("page", PAGES),
        counts=entry.text("counts"),
        kind=kind,
        outcomes=outcomes,
        cuts=cuts,
        figure=entry.choice("figure", FIGURES, needed=False),
        review=entry.text("review"),
        method=entry.text("method"),
        unknown=entry.text("unknown"),
        not_for=entry.text("not_for"),
        drawn=entry.choice("drawn", _DRAWN),
        headline=headline,
        sql=text,
        has_age=kind == "durations" or entry.flag("has_age", False),
        is_of_now=entry.flag("of_now", False),
        spans=_text(sql_folder / "spans" / f"{name}.sql", parts),
    )


def _text(file: Path, parts: Mapping[str, str]) -> str:
    """The SQL of a file, with each part for its name in braces; empty where there is no such file."""
    return with_parts(file.read_text(encoding="utf-8"), parts) if file.is_file() else ""


def _outcomes(entry: Entry) -> list[Outcome]:
    found = []
    for value in entry.map:
        if isinstance(entry.map[value], str):
            found.append(Outcome(value, entry.text(value), True))
        else:
            given = entry.under(value)
            given.only("title", "known")
            found.append(Outcome(value, given.text("title"), given.flag("known", True)))
    return found
