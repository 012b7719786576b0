"""What the monthly letter says, given what is on the record."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from on_record import RMS, put_on_record, result

from throughline.errors import DataError, UsageError
from throughline.quality.checks.check import Check, all_checks
from throughline.quality.checks.scores import month_before
from throughline.quality.letters.letter import Letter, letter, letter_html
from throughline.quality.letters.pdf import letter_pdf
from throughline.quality.letters.template import coded
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.quality import QualityRules, ServiceLevel
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.replay import replay

MARCH = date(2026, 3, 1)
AS_OF = datetime.fromisoformat("2026-04-20T00:00")
RULES = QualityRules((), (), {}, service_levels=(ServiceLevel("silence_days", False, {"": 7.0}),))
EXAMPLES = Path(__file__).parents[3] / "docs" / "how-to" / "examples"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Two runs of the checks of the example cases: of February, and of March, in which five checks fail."""
    folder = tmp_path_factory.mktemp("desk")
    with open_memory_store() as made:
        replay(made, load_domain(), [EXAMPLES / "events.jsonl"], received_at=AS_OF)
        put_on_record(made, folder, "2026-02-28T12:00", [result("unit_missing", RMS, passed=False)])
        failing = [
            result("unit_missing", RMS),
            result("numbers_lost", RMS, passed=False, observed=0.4),
            result("field_filled", f"{RMS} police.crime.recorded unit", passed=False, observed=0.9),
            result("field_filled", f"{RMS} police.crime.recorded <b>", passed=False, observed=0.8),
            result("clocks_apart", "police to cps", passed=False, observed=0.6),
            result("midnights", RMS, passed=False, observed=0.3),
            result("told_before_decided", "cps", passed=False, observed=0.7),
        ]
        put_on_record(made, folder, "2026-03-31T12:00", failing)
        yield made


def to(store: Store, agency: str, month: date = MARCH) -> Letter:
    return letter(
        store.connection,
        RULES,
        agency,
        month,
        as_of=AS_OF,
        sender="The steward, Office of the Commissioner",
        ask="Ask the desk",
    )


def test_scores_stand_beside_those_of_the_month_before(store: Store) -> None:
    """What was measured in one month alone is not made up for the other."""
    said = {one.dimension: (one.score, one.before, one.counted) for one in to(store, "police").scores}

    assert said["Completeness"] == ("33", "0", "1 of 3 checks held")
    assert said["Accuracy"] == ("0", "not measured", "0 of 2 checks held")
    assert said["Validity"] == ("not measured", "not measured", "no check could be made")


def test_the_three_problems_furthest_from_their_limit_are_told(store: Store) -> None:
    """Each check once, by its worst result; what a pair of agencies shows is told to both."""
    said = to(store, "police")

    assert [(one.check, one.observed, one.others) for one in said.problems] == [
        ("field_filled", "0.9 times the usual scatter", 1),
        ("clocks_apart", "0.6 times the usual scatter", 0),
        ("numbers_lost", "40 %", 0),
    ]
    assert said.problems_all == 4
    assert [one.check for one in to(store, "cps").problems] == ["told_before_decided", "clocks_apart"]


def test_an_agency_reads_of_its_own_feeds_only(store: Store) -> None:
    """Its service levels are those of its sources, those missed first."""
    assert {(one.source, one.observed, one.agreed, one.met) for one in to(store, "police").levels} == {
        (RMS, "35.6 days", "at most 7 days", False)
    }


def test_a_month_without_a_run_has_no_letter(store: Store) -> None:
    """Nothing is known of it; the fault says how to make it known."""
    with pytest.raises(DataError, match=r"No run of the checks speaks for police in January 2026\.[\s\S]+quality run"):
        to(store, "police", month_before(month_before(MARCH)))


@pytest.mark.parametrize("agency", ["polize", "steward"])
def test_an_agency_that_publishes_nothing_is_answered_with_those_that_may(store: Store, agency: str) -> None:
    """The steward writes letters and gets none."""
    with pytest.raises(UsageError, match=f"No agency `{agency}`[\\s\\S]+advocate, cps, hmcts"):
        to(store, agency)


def test_the_html_needs_nothing_else_and_shows_no_markup_of_a_publisher(store: Store) -> None:
    """No script, no picture, no font from elsewhere; what was published is shown as it is."""
    shown = letter_html(to(store, "police"))

    assert re.findall(r"<script|src=|href=|url\(|@import", shown) == []
    assert "<b>" not in shown
    assert "Data quality in March 2026: Police" in shown
    assert "<code>field_filled</code>" in shown


def test_a_letter_has_a_sender(store: Store) -> None:
    """Who writes, to whom, about what: above the first table."""
    head = letter_html(to(store, "police")).partition("<h2>")[0]

    assert re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", head) == [
        ("From", "The steward, Office of the Commissioner"),
        ("To", "Police"),
        ("About", "The events that you published, as they were in March 2026"),
    ]


def test_a_limit_that_is_no_share_has_its_unit(tmp_path: Path) -> None:
    """Five of what, where three of what are expected."""
    with open_memory_store() as made:
        replay(made, load_domain(), [EXAMPLES / "events.jsonl"], received_at=AS_OF)
        found = [
            result("sources_silent", RMS, passed=False, observed=5.0, at_most=3.0),
            result("field_filled", f"{RMS} police.crime.recorded unit", passed=False, observed=6.5, at_most=4.0),
            result("unit_missing", RMS, passed=False, observed=0.5, at_most=0.25),
        ]
        put_on_record(made, tmp_path, "2026-03-31T12:00", found)
        said = to(made, "police")

    assert {one.check: (one.observed, one.at_most) for one in said.problems} == {
        "sources_silent": ("5 times a long silence", "3 times a long silence"),
        "field_filled": ("6.5 times the usual scatter", "4 times the usual scatter"),
        "unit_missing": ("50 %", "25 %"),
    }


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.name)
def test_an_agency_is_asked_for_what_it_can_do(check: Check) -> None:
    """It has no store to query, and is not told to ask itself; whatever is code is marked as code."""
    asked = check.asks or check.do

    assert "throughline " not in asked
    assert "Ask the agency" not in asked
    assert "Ask the publisher" not in asked
    assert "`" not in str(coded(asked))


def test_the_pdf_is_one_page_and_the_same_each_time(store: Store) -> None:
    """So that a letter can be compared with the one that was sent."""
    made = letter_pdf(to(store, "police"))

    assert made.startswith(b"%PDF-")
    assert re.findall(rb"/Type ?/Page\b", inflated(made)) == [b"/Type/Page"]
    assert made == letter_pdf(to(store, "police"))


def test_the_pdf_can_be_read_without_seeing_it(store: Store) -> None:
    """It says that it keeps to PDF/UA-1, in which language it is, and which cell is the head of which."""
    made = inflated(letter_pdf(to(store, "police")))

    assert re.findall(rb"pdfuaid:part>(\d)<", made) == [b"1"]
    assert re.findall(rb"/Lang ?\(([^)]+)\)", made)[0] == b"en-GB"
    kinds = Counter(re.findall(rb"/S ?/(\w+)", made))
    assert (kinds[b"Table"], kinds[b"Caption"], kinds[b"H1"], kinds[b"H2"], kinds[b"H3"]) == (2, 2, 1, 4, 3)
    assert kinds[b"TH"] == 4 + 5


def test_the_pdf_has_every_letter_of_a_name() -> None:
    """Welsh ŵ and ŷ as they are, in the text that is copied out of it or read aloud."""
    said = Letter("x", "Heddlu Tŷ'r Ŵyl, ŵ", MARCH, (), (), 0, 0, (), 0, "Steward", "Desk")
    letters = "".join(
        chr(int(code, 16)) for code in re.findall(rb"<[0-9A-F]+> <([0-9A-F]{4})>", inflated(letter_pdf(said)))
    )

    assert {"ŷ", "Ŵ", "ŵ"} <= set(letters)


def inflated(pdf: bytes) -> bytes:
    """The bytes of a PDF, with all that is deflated in them as it is."""
    streams = re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return b"\n".join([pdf, *map(zlib.decompress, streams)])
