"""`throughline measure`: figures of the example events by any cut and day, what they mean, and what is refused."""

from __future__ import annotations

import csv
import json
import shutil
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typed import run

from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.disclosure.register import register_of
from throughline.sinks.measures.measure import load_measures
from throughline.sinks.store import open_store

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example events: three handoffs of police and two of the CPS, from January to March 2026."""
    path = tmp_path_factory.mktemp("measured") / "cases.duckdb"
    run("replay", EXAMPLES / "events.jsonl", "--store", path)
    return path


def measured(store: Path, *arguments: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(run("measure", *arguments, "--store", store, "--format", "json").stdout)
    return rows


def refused(store: Path, *arguments: object) -> str:
    """What is said of a call that cannot work."""
    return run("measure", *arguments, "--store", store, code=2).stderr


def test_without_a_name_it_lists_what_there_is(tmp_path: Path) -> None:
    """In the order of the file, and of a domain that has no measures of its own only those that all have."""
    listed = json.loads(run("measure", "--format", "json").stdout)
    of_fines = json.loads(run("measure", "--domain", "road_fines", "--format", "json").stdout)

    known = load_measures(load_domain())
    assert listed == [{"measure": one.name, "asks": one.asks} for one in known.values()]
    assert {one["measure"] for one in listed} - {one["measure"] for one in of_fines} == {
        "withdrawals",
        "before_withdrawal",
    }


def test_every_measure_is_answered_with_a_number_for_all(store: Path) -> None:
    for name, measure in load_measures(load_domain()).items():
        first = measured(store, name)[0]
        assert first["cases"] >= 0, name
        assert ("withheld" in first) == bool(measure.figure), name


def test_it_is_cut_and_every_total_stands_with_it(store: Path) -> None:
    rows = measured(store, "between_agencies", "--by", "from_agency,to_agency")

    counts = {(row["from_agency"], row["to_agency"]): row["counted"] for row in rows}
    assert counts[None, None] == 5
    assert counts["police", None] == counts["police", "cps"] == 3
    assert counts[None, "police"] == counts["cps", "police"] == 2


def test_only_what_has_a_value_is_counted(store: Path) -> None:
    """Values of several cuts at once; a value that nothing has counts nothing."""
    by_police = measured(store, "between_agencies", "--where", "from_agency=police")
    in_march = measured(store, "between_agencies", "--where", "from_agency=police", "--where", "month=2026-03")

    assert [row["counted"] for row in by_police] == [3]
    assert in_march[0]["counted"] < 3
    assert [row["counted"] for row in measured(store, "between_agencies", "--where", "from_agency=nobody")] == [0]


def test_it_is_counted_to_a_day(store: Path) -> None:
    """One file had been sent by 20 January, and not yet received."""
    (row,) = measured(store, "between_agencies", "--as-of", "2026-01-20")

    assert (row["counted"], row["still_open"], row["median_seconds"]) == (1, 1, None)
    (row,) = measured(store, "between_agencies", "--as-of", "2020-01-01")
    assert (row["cases"], row["counted"], row["still_open"]) == (0, 0, 0)


def test_an_earlier_day_stands_beside_it(store: Path) -> None:
    (row,) = measured(store, "between_agencies", "--beside", "2026-01-20")

    assert (row["counted_before"], row["counted"]) == (1, 5)


def test_what_was_received_later_is_left_out_on_request(store: Path) -> None:
    """All was received today: before that nothing was known, and of what was known then all is there."""
    assert measured(store, "between_agencies", "--known-at", "2026-03-31") == [
        {"cases": 0, "counted": 0, "still_open": 0, "median_seconds": None, "median_least": None, "median_most": None,
         "p90_seconds": None, "withheld": None}
    ]  # fmt: skip
    known = measured(store, "between_agencies", "--known-at", "2126-01-01")
    assert known == measured(store, "between_agencies")
    assert known[0]["counted"] == 5


def test_what_is_counted_is_listed_row_by_row(store: Path) -> None:
    """As many rows as are counted, in order of time, each with its case and band."""
    rows = measured(store, "between_agencies", "--cases", "--where", "from_agency=police")

    assert len(rows) == 3
    assert {row["from_agency"] for row in rows} == {"police"}
    assert [row["counted_at"] for row in rows] == sorted(row["counted_at"] for row in rows)
    assert all(row["case_id"].startswith("c") and row["band"] for row in rows)


def test_what_is_listed_is_chosen_by_whatever_a_figure_is(store: Path) -> None:
    """A band, an outcome, what is not stated: as many as are counted."""
    for name, where in (
        ("between_agencies", "band=under 1 week"),
        ("decisions_told", "outcome=not_told"),
        ("standards_kept", "unit=not stated"),
    ):
        listed = measured(store, name, "--cases", "--where", where)
        counted = measured(store, name, "--where", where)[0]["counted"]
        assert len(listed) == counted > 0, name


def test_a_column_that_is_no_text_is_refused_by_name(store: Path) -> None:
    """In a figure and in a list alike."""
    for how in ((), ("--cases",)):
        assert "`between_agencies` cannot be cut by `ended`." in refused(
            store, "between_agencies", "--where", "ended=true", *how
        )
        assert "`between_agencies` cannot be cut by `counted_at`." in refused(
            store, "between_agencies", "--where", "counted_at=2026-01-19", *how
        )


def test_it_says_what_it_means_and_shows_its_sql(store: Path) -> None:
    """Without a store, too."""
    known = load_measures(load_domain())["owed"]
    said = run("measure", "owed", "--about").stdout

    for text in (known.title, known.asks, known.review, known.method, known.unknown, known.not_for, known.sql):
        assert text in said


def test_a_table_is_for_people_and_a_file_for_programs(store: Path) -> None:
    """Days, per cent and words in the one; seconds and shares in the other."""
    table = run("measure", "decisions_told", "--store", store, "--format", "table")
    asked = ("measure", "decisions_told", "--store", store)
    plain = list(csv.DictReader(StringIO(run(*asked, "--format", "csv").stdout)))
    kept = pq.read_table(BytesIO(run(*asked, "--format", "parquet").raw))

    assert "told before it took effect" in table.stdout or "never told" in table.stdout
    assert "%" in table.stdout
    assert "withheld" not in table.stdout
    assert "Cut it by Month, Agency, Unit" in table.stderr or "Cut it by month, agency, unit" in table.stderr
    assert list(plain[0]) == kept.column_names == ["outcome", "cases", "counted", "share", "withheld"]
    assert len(plain) == kept.num_rows
    durations = run("measure", "held", "--store", store, "--format", "table").stdout
    assert "median days" in durations
    assert "p90 days" in durations


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("hold",), "There is no measure `hold`.\n\nDid you mean `held`?"),
        (("hold", "--about"), "There is no measure `hold`."),
        (("held", "--by", "agencies"), "`held` cannot be cut by `agencies`.\n\nDid you mean `agency`?"),
        (("held", "--where", "agencies=cps"), "`held` cannot be cut by `agencies`."),
        (("promises", "--by", "band"), "`promises` cannot be cut by `band`."),
        (("held", "--by", "month,agency,unit,area"), "At most 3 cuts at once"),
        (("held", "--by", "month,month"), "A figure is cut once by each thing"),
        (("held", "--where", "agency"), "`agency` is not of the form CUT=VALUE."),
        (("held", "--where", "agency=cps", "--where", "agency=police"), "`agency` is chosen twice."),
        (("held", "--as-of", "soon"), "`soon` is not a time."),
        (("held", "--cases", "--by", "agency"), "--cases lists what is counted"),
        (("held", "--cases", "--beside", "2026-01-01"), "--cases lists what is counted"),
    ],
)
def test_what_cannot_be_asked_is_refused(store: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in refused(store, *arguments)


def test_where_there_is_no_store_it_says_so(tmp_path: Path) -> None:
    assert "none.duckdb" in run("measure", "held", "--store", tmp_path / "none.duckdb", code=1).stderr


def test_figures_of_an_agency_of_which_too_little_is_there_are_withheld(tmp_path: Path) -> None:
    """The CPS numbers its events: 1 and 4 arrive, 2 and 3 never do, so that half is there."""
    path = tmp_path / "cases.duckdb"
    run("replay", EXAMPLES / "events.jsonl", "--store", path)
    with open_store(path, write=True) as store, store.transaction() as connection:
        connection.execute("update events set sequence = null where agency = 'cps'")
        (there,) = connection.execute("select count(*) from events where agency = 'cps'").fetchone() or (0,)
        # the first and the last of twice as many numbers
        for number, order in ((1, "asc"), (2 * there, "desc")):
            connection.execute(
                f"update events set sequence = ? where event_key = (select event_key from events where agency = 'cps' "
                f"order by occurred_at {order}, event_key {order} limit 1)",
                [str(number)],
            )

    asked = ("measure", "between_agencies", "--by", "from_agency", "--store", path)
    done = run(*asked, "--format", "json")
    rows = {row["from_agency"]: row for row in json.loads(done.stdout)}

    assert "Of what cps should have published," in done.stderr
    assert "Totals rest on it all the same." in done.stderr
    assert rows["cps"]["counted"] == 2
    assert rows["cps"]["median_seconds"] is None
    assert rows["cps"]["withheld"] in done.stderr
    assert rows["police"]["median_seconds"] is not None
    assert rows["police"]["withheld"] is None
    table = run(*asked, "--format", "table")
    assert "withheld" in table.stdout
    assert "Of what" in table.stderr


def test_shared_with_others_it_hides_small_numbers(demo: Path, tmp_path: Path) -> None:
    """Nothing but the figure goes to standard output, and what was shown is on the record beside the store."""
    copied = tmp_path / "demo.duckdb"
    for ending in ("", ".mark"):
        shutil.copyfile(f"{demo}{ending}", f"{copied}{ending}")
    rows = measured(copied, "whose_time", "--by", "offence_group", "--shared")
    all_rows = measured(demo, "whose_time", "--by", "offence_group")
    whole = {(row["offence_group"], row["outcome"]): row["cases"] for row in all_rows}

    small = {place for place, cases in whole.items() if 0 < cases < 10}
    hidden = {(row["offence_group"], row["outcome"]) for row in rows if row["suppressed"]}
    assert small
    assert small < hidden
    assert all(row["cases"] is None for row in rows if row["suppressed"])
    assert all(row["cases"] == whole[row["offence_group"], row["outcome"]] for row in rows if not row["suppressed"])
    assert register_of(copied).exists()


def test_what_changed_is_shared_as_the_board_shows_it(demo: Path, tmp_path: Path) -> None:
    """No count from 1 to 9 is said, and what was said goes on the record beside what the board says."""
    store = Path(shutil.copyfile(demo, tmp_path / "cases.duckdb"))
    asked = ("since", "2026-05-31", "--until", "2026-06-29", "--store", store, "--format", "json")

    of_workers = [row["cases"] for row in json.loads(run(*asked).stdout)]
    of_others = [row["cases"] for row in json.loads(run(*asked, "--shared").stdout)]

    small = [int(cases) for cases in of_workers if 0 < int(cases) < 10]
    assert small
    assert of_others.count("fewer than 10") == len(small)
    assert not [said for said in of_others if said.isdecimal() and 0 < int(said) < 10]
    assert register_of(store).exists()
    assert "to be passed on" in run(*asked, "--shared", "--restated", code=2).stderr
