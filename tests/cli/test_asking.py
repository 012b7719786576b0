"""Boards ask: queries as text and as files, counted to a day; a case as it was known, written down, or had happened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typed import run

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples"
QUESTION = """-- Which handoffs of one agency?
-- One row per handoff.
-- $from text = police: the agency that gave
select from_agency, sent_at::date::varchar as sent from handoffs where from_agency = $from order by sent"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example events: three handoffs of police and two of the CPS, from January to March 2026."""
    path = tmp_path_factory.mktemp("asking") / "cases.duckdb"
    run("replay", EXAMPLES / "events.jsonl", "--store", path)
    return path


def asked(store: Path, *arguments: object) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(run(*arguments, "--store", store, "--format", "json").stdout)
    return rows


def test_sql_may_begin_with_a_comment(store: Path) -> None:
    """As it is copied from a page: two dashes are no option."""
    assert asked(store, "query", "-- how many?\nselect count(*) as n from cases") == [{"n": 2}]
    assert asked(store, "query", "--how many?\nselect count(*) as n from cases") == [{"n": 2}]
    assert asked(store, "query", "/* how many? */ select count(*) as n from cases") == [{"n": 2}]
    assert "No such option" in run("query", "--nonsense", "--store", store, code=2).stderr


def test_a_file_is_asked_with_what_its_first_lines_offer(store: Path, tmp_path: Path) -> None:
    (tmp_path / "handoffs.sql").write_text(QUESTION)

    given = asked(store, "query", "--file", tmp_path / "handoffs.sql")
    of_cps = asked(store, "query", "--file", tmp_path / "handoffs.sql", "--set", "from=cps")

    assert (len(given), len(of_cps)) == (3, 2)
    assert asked(store, "query", QUESTION) == given
    assert "has no `agency` to set" in run("query", QUESTION, "--set", "agency=cps", "--store", store, code=2).stderr
    assert "cannot be read" in run("query", "--file", tmp_path / "none.sql", "--store", store, code=2).stderr


def test_a_query_is_counted_to_a_day(store: Path) -> None:
    """Nothing that was sent later is there, and what was received later had not been."""
    question = (
        "select sent_at::date::varchar as sent, received_at is not null as received from handoffs order by sent_at"
    )

    assert asked(store, "query", question, "--as-of", "2026-01-20") == [{"sent": "2026-01-19", "received": False}]
    assert len(asked(store, "query", question, "--as-of", "now")) == 5


def test_a_view_of_the_present_is_not_shown_as_of_an_earlier_day(store: Path) -> None:
    said = run("query", "from cases", "--as-of", "2026-01-20", "--store", store, code=1).stderr

    assert "cannot be counted to an earlier day" in said
    assert "`handoffs`" in said
    assert asked(store, "query", "from cases", "--as-of", "now")
    assert (
        "is not a public view"
        in run("query", "from identifiers", "--as-of", "2026-01-20", "--store", store, code=1).stderr
    )


def test_delays_and_handoffs_count_nothing_that_was_sent_later(store: Path) -> None:
    """On 1 February one file had been sent and received; the CPS had given nothing back."""
    assert [(row["from"], row["handoffs"]) for row in asked(store, "delays", "--as-of", "2026-02-01")] == [
        ("police", 1)
    ]
    assert [row["received"] for row in asked(store, "handoffs", "--as-of", "2026-02-01")] == ["2026-01-21 09:30"]
    assert [row["received"] for row in asked(store, "handoffs", "--as-of", "2026-01-20")] == ["never"]


def test_a_case_is_shown_as_it_was_written_down(tmp_path: Path) -> None:
    """Two events of the same day, one of them written down a month later, both received today."""
    event = json.loads((EXAMPLES / "events.jsonl").read_text().splitlines()[0])
    late = event | {"id": "late", "sequence": "2", "recordedtime": "2026-02-05T09:00:00Z"}
    lines = [json.dumps(event | {"recordedtime": "2026-01-05T11:00:00Z"}), json.dumps(late)]
    (tmp_path / "events.jsonl").write_text("\n".join(lines) + "\n")
    store = tmp_path / "cases.duckdb"
    run("replay", tmp_path / "events.jsonl", "--store", store)
    case = ["timeline", "crime_ref:20/000123/26"]

    assert [len(asked(store, *case, "--recorded-by", day)) for day in ("2026-01-05", "2026-01-06", "2026-02-06")] == [
        *(0, 1, 2)
    ]
    for option in ("--recorded-by", "--known-at", "--as-of"):
        said = run(*case, option, "2026-01-05", "--store", store, "--format", "csv").stderr
        assert "Nothing of this case yet. Of its 2 events the first happened 2026-01-05 10:15" in said
        assert "written down 2026-01-05 11:00" in said


def test_checks_on_old_events_say_so_first(store: Path) -> None:
    """The last of them is of April 2026: asked as of now, silence is what is found."""
    assert run("quality", "--store", store).stderr.startswith("The latest events are of 2026-0")
    assert "The latest events" not in run("quality", "--as-of", "2026-04-21", "--store", store).stderr
