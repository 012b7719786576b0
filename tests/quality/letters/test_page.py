"""What the steward's page says, given what is on the record and in quarantine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from on_record import RMS, put_on_record, result

from throughline.quality.checks.check import release_checks
from throughline.quality.letters.page import Page, page, page_html
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.quality import QualityRules
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.replay import replay

AS_OF = datetime.fromisoformat("2026-04-20T00:00")
RECEIVED = datetime.fromisoformat("2026-04-10T00:00")
EXAMPLES = Path(__file__).parents[3] / "docs" / "how-to" / "examples"


@pytest.fixture
def store() -> Iterator[Store]:
    """The example cases, with one record refused and one event in conflict, ten days ago."""
    with open_memory_store() as made:
        files = [EXAMPLES / "events.jsonl", EXAMPLES / "faults.jsonl"]
        replay(made, load_domain(), files, received_at=RECEIVED)
        yield made


def shown(store: Store, link: str | None = None, as_of: datetime = AS_OF) -> Page:
    return page(store.connection, QualityRules((), (), {}), as_of=as_of, latest=AS_OF, results_link=link)


def test_without_a_run_nothing_is_known(store: Store) -> None:
    """A page that nobody checked does not say that all is well."""
    assert shown(store).verdict == "Not known: no run of the checks is on the record."
    assert len(shown(store).not_made) == len(release_checks())


@pytest.mark.parametrize(
    ("as_of", "verdict"),
    [
        ("2026-04-11T12:00", "Not known: the last run of the checks is 8 days old."),
        ("2026-04-12T12:00", "Yes, as far as the checks see (1 held); what is below is still to be settled."),
    ],
)
def test_an_old_run_does_not_speak_for_today(store: Store, tmp_path: Path, as_of: str, verdict: str) -> None:
    """Seven days later it still does."""
    put_on_record(store, tmp_path, as_of, [result("unit_missing", RMS)])

    assert shown(store).verdict == verdict


def test_old_events_do_not_speak_for_today(store: Store, tmp_path: Path) -> None:
    """A page of today on events that ended months ago says so first, whatever was checked since."""
    today = datetime.fromisoformat("2026-07-20T00:00")
    put_on_record(store, tmp_path, "2026-07-19T12:00", [result("unit_missing", RMS)])

    seen = shown(store, as_of=today)

    assert seen.verdict == "Not known today: the latest events are 91 days old."
    assert "This page is as of <time>2026-07-20 00:00</time>" in page_html(seen)
    assert {row["silent_days"] >= 91 for row in seen.feeds} == {True}


def test_what_fails_most_stands_first(store: Store, tmp_path: Path) -> None:
    """By how many times the limit it is over, with the subjects that fail; the limit of each is a quarter."""
    made = [
        result("unit_missing", RMS, passed=False, observed=0.5),
        result("midnights", RMS, passed=False, observed=0.9),
        result("identifiers_shared", "20 urn", passed=False, observed=0.6),
        result("identifiers_shared", "20 crime_ref"),
        result("numbers_lost", RMS),
    ]
    put_on_record(store, tmp_path, "2026-04-20T12:00", made)
    seen = shown(store)

    assert [(one.name, one.observed, one.failing, one.subjects) for one in seen.failing] == [
        ("midnights", "90 %", 1, 1),
        ("identifiers_shared", "60 %", 1, 2),
        ("unit_missing", "50 %", 1, 1),
    ]
    assert [one.name for one in seen.held] == ["numbers_lost"]
    assert seen.verdict == "Not everywhere: 3 of 4 checks failed."


def test_the_history_has_a_bar_for_each_day_of_runs(store: Store, tmp_path: Path) -> None:
    """The last run of a day counts; the newest stands at the right, and one in which nothing failed is a tick."""
    put_on_record(store, tmp_path, "2026-04-01T12:00", [result("unit_missing", RMS, passed=False)])
    put_on_record(store, tmp_path, "2026-04-02T10:00", [result("unit_missing", RMS, passed=False)])
    put_on_record(store, tmp_path, "2026-04-02T12:00", [result("unit_missing", RMS)])

    (check,) = (one for one in shown(store).checks if one.name == "unit_missing")

    assert check.history == ((date(2026, 4, 1), 1), (date(2026, 4, 2), 0))
    assert check.bars == [(112.0, 24.0, True), (116.0, 2, False)]
    assert check.told == "1 Apr 2026: 1, 2 Apr 2026: none"


def test_quarantine_is_told_by_reason_and_age(store: Store) -> None:
    """One record of ten days; the conflict stands for itself."""
    seen = shown(store)

    assert [(row["reason"], row["open"], row["under_a_month"], row["oldest_days"]) for row in seen.quarantine] == [
        ("bad_time", 1, 1, 10.0)
    ]
    assert [(row["source"], row["events"], row["copies"]) for row in seen.conflicts] == [(RMS, 1, 2)]


class Outline(HTMLParser):
    """The levels of headings, the tables with and without a caption, and pictures without words."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.tables: list[bool] = []
        self.unnamed: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "table":
            self.tables.append(False)
        if tag == "caption":
            self.tables[-1] = True
        if (tag == "svg" and not given.get("aria-label")) or (tag == "th" and not given.get("scope")):
            self.unnamed.append(tag)


def test_the_page_can_be_read_without_seeing_it(store: Store, tmp_path: Path) -> None:
    """Headings skip no level, every table has a caption, every head a scope, every picture words."""
    put_on_record(store, tmp_path, "2026-04-20T12:00", [result("unit_missing", RMS, passed=False)])
    outline = Outline()
    outline.feed(page_html(shown(store)))

    assert outline.headings[0] == 1
    assert max(b - a for a, b in zip(outline.headings, outline.headings[1:], strict=False)) == 1
    assert outline.tables
    assert all(outline.tables)
    assert outline.unnamed == []


def test_the_page_needs_nothing_else(store: Store) -> None:
    """No script and nothing from a network; the one link that leaves it is the one that was given."""
    html = page_html(shown(store, "https://board.example/results"))

    assert re.findall(r"<script|src=|url\(|@import", html) == []
    assert re.findall(r'href="([^#"][^"]*)"', html) == ["https://board.example/results"]


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_paper(store: Store, mode: int) -> None:
    """At least 4.5 to 1, as WCAG 2.2 AA (1.4.3) asks for."""
    colours = [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", rule))
        for rule in re.findall(r":root \{[^}]*\}", page_html(shown(store)))
    ]
    paper = _luminance(colours[mode]["paper"])
    ratios = {}
    for name in ("ink", "soft", "bad", "good", "link"):
        one = _luminance(colours[mode][name])
        ratios[name] = (max(one, paper) + 0.05) / (min(one, paper) + 0.05)

    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}
