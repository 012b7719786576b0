"""The street files of data.police.uk, as published: what is known of them stays true of the events made from
them.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sources.formats.registry import read_rows
from throughline.sources.formats.rows import Rows
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.mapping.parts import Mapping

ENGLAND_WALES = Path(__file__).resolve().parents[3] / "schemas" / "domains" / "england_wales"


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(ENGLAND_WALES)


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return load_mapping(ENGLAND_WALES / "mappings" / "police_uk_street.yaml")


def download(shared_data: Path, name: str) -> list[Path]:
    return sorted((shared_data / "police_uk" / name).glob("*.csv.gz"))


def rows_of(files: list[Path], mapping: Mapping) -> list[tuple[str | None, ...]]:
    """Every row as a tuple of its twelve columns, in the order of files and lines."""
    found: list[tuple[str | None, ...]] = []
    for file in files:
        for rows in read_rows(file, mapping.settings):
            assert isinstance(rows, Rows)
            assert rows.rejects.num_rows == 0
            columns = [rows.table[f"c{i}"].to_pylist() for i in range(len(rows.columns))]
            found += zip(*columns, strict=True)
    return found


def events_of(files: list[Path], mapping: Mapping, domain: Domain) -> pa.Table:
    batches = [batch for file in files for batch in read_mapped(file, mapping, domain)]
    assert sum(batch.rejects.num_rows for batch in batches) == 0
    return pa.concat_tables([batch.events for batch in batches])


def test_facts_of_the_files(shared_data: Path, mapping: Mapping) -> None:
    """The reader sees the rows that the data's description counts.

    "296 ids repeat" are the rows beyond the first of each id: 285 ids stand more than once, in 581 rows.
    "1,545 full duplicates" are the rows beyond the first of each set of equal rows (1,540 of them without an
    id). "696 changed outcomes" compare the outcome in the first row of each id, files in the order of their
    names, lines in theirs: comparing last rows gives 692, sets of outcomes 691, and ids that share no
    outcome are 660.
    """
    first = rows_of(download(shared_data, "S1_2021-04"), mapping)
    second = rows_of(download(shared_data, "S2_2021-12"), mapping)
    assert (len(first), len(second)) == (5_925, 28_761)
    assert sum(row[0] is None for row in second) == 4_155
    assert len(second) - len(set(second)) == 1_545

    ids = Counter(row[0] for row in second if row[0] is not None)
    assert sum(count - 1 for count in ids.values()) == 296

    before = {row[0]: row[10] for row in reversed(first) if row[0] is not None}
    after = {row[0]: row[10] for row in reversed(second) if row[0] is not None}
    shared = before.keys() & after.keys()
    assert len(shared) == 5_066
    assert sum(before[crime] != after[crime] for crime in shared) == 696


def test_every_row_becomes_an_event(shared_data: Path, mapping: Mapping, domain: Domain) -> None:
    """Of 34,686 rows none is lost; those of anti-social behaviour have no identifier."""
    events = events_of([*download(shared_data, "S1_2021-04"), *download(shared_data, "S2_2021-12")], mapping, domain)
    assert events.num_rows == 34_686
    without = events.filter(pc.equal(pc.list_value_length(events["identifiers"]), 0))
    assert without.num_rows == 751 + 4_155
    assert set(without["data"].to_pylist()) == {'{"open_data_category":"anti_social_behaviour"}'}
    assert set(events["occurred_precision"].to_pylist()) == {"month"}
    assert set(events["area"].to_pylist()) == {"48"}


def test_same_id_means_same_content(shared_data: Path, mapping: Mapping, domain: Domain) -> None:
    """Rows that share their id are copies, never a conflict; a changed outcome is another event of the same
    crime.
    """
    files = [*download(shared_data, "S1_2021-04"), *download(shared_data, "S2_2021-12")]
    contents: dict[str, set[tuple[str, ...]]] = {}
    outcomes: dict[str, set[str]] = {}
    for event in events_of(files, mapping, domain).to_pylist():
        crime = "".join(one["value"] for one in event["identifiers"])
        said = (crime, str(event["occurred_at"]), str(event["decision"]), event["data"])
        contents.setdefault(event["id"], set()).add(said)
        if crime:
            outcomes.setdefault(crime, set()).add(event["decision"])
    assert {len(same) for same in contents.values()} == {1}
    assert sum(len(said) > 1 for said in outcomes.values()) > 660


def test_recorded_at_is_the_month_of_the_download(shared_data: Path, mapping: Mapping, domain: Domain) -> None:
    """The folder's name says when the file was made."""
    file = download(shared_data, "S2_2021-12")[0]
    [batch] = read_mapped(file, mapping, domain)
    assert [str(time) for time in pc.unique(batch.events["recorded_at"]).to_pylist()] == ["2021-12-01 00:00:00"]


def of_one_row(folder: Path, mapping: Mapping, domain: Domain, force: str) -> Batch:
    file = folder / "2022-08-street.csv"
    header = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type"
    row = f"c1,2022-08,{force},{force},,,,,,Burglary,,"
    file.write_text(f"{header},Last outcome category,Context\n{row}\n")
    [batch] = read_mapped(file, mapping, domain)
    return batch


def test_folder_of_any_name_will_do(tmp_path: Path, mapping: Mapping, domain: Domain) -> None:
    """One without a month in its name does not say when it was recorded."""
    batch = of_one_row(tmp_path, mapping, domain, "City of London Police")
    assert batch.events["recorded_at"].to_pylist() == [None]


def test_area_is_that_of_the_force(tmp_path: Path, mapping: Mapping, domain: Domain) -> None:
    """Every force of the domain has its area; one that it does not know is refused, never taken for another."""
    assert domain.areas is not None
    [area] = [emit.area for emit in mapping.emits]
    assert sorted((area.words or {}).values()) == sorted(domain.areas)
    batch = of_one_row(tmp_path, mapping, domain, "Devon & Cornwall Police")
    assert batch.events["area"].to_pylist() == ["50"]
    batch = of_one_row(tmp_path, mapping, domain, "Police Service of Northern Ireland")
    assert batch.rejects.select(["reason", "field"]).to_pylist() == [{"reason": "unmapped_value", "field": "area"}]
