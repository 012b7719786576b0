"""A store in a notebook gives its public views, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from typed import run

from throughline import notebook
from throughline.errors import QueryError, StoreError, UsageError
from throughline.notebook import Notebook


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("notebook") / "cases.duckdb"
    run("demo", "--cases", 30, "--store", path)
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Notebook]:
    with notebook.open(path) as opened:
        yield opened


def test_a_view_comes_as_pandas_polars_and_arrow(store: Notebook) -> None:
    pandas, polars, arrow = store.cases.df(), store.cases.pl(), store["cases"].arrow()

    assert isinstance(arrow, pa.Table)
    assert sorted(pandas["case_id"]) == sorted(polars["case_id"]) == sorted(arrow["case_id"].to_pylist())
    assert len(pandas) >= 30


def test_it_is_narrowed_down_before_it_is_fetched(store: Notebook) -> None:
    assert store.cases.filter("handoffs > 0").order("case_id").limit(3).df().shape[0] == 3
    assert store.cases.columns[0] == "case_id"


def test_every_view_is_found_by_completion(store: Notebook) -> None:
    assert {"cases", "timeline", "handoffs", "clocks"} <= set(store.views) <= set(dir(store))


def test_sql_reads_the_public_views_with_bound_values(store: Notebook) -> None:
    found = store.sql("select count(*) as n from cases where handoffs >= $least", {"least": 0}).df()

    assert found["n"].tolist() == [len(store.cases.df())]


@pytest.mark.parametrize("text", ["from identifiers", "select * from duckdb_tables()", "drop view cases", "selekt 1"])
def test_sql_reads_and_does_nothing_else(store: Notebook, text: str) -> None:
    with pytest.raises(QueryError):
        store.sql(text)


def test_what_is_no_view_is_named(store: Notebook) -> None:
    with pytest.raises(QueryError, match="`event_data` is not a public view"):
        store["event_data"]
    with pytest.raises(AttributeError, match="no public view `case`"):
        _ = store.case


def test_views_count_to_an_earlier_day(path: Path, store: Notebook) -> None:
    """Given as text, or as a time of any zone."""
    now = len(store.handoffs.df())
    (middle,) = store.sql("select quantile_disc(sent_at, 0.5) as at from handoffs").df()["at"]
    for as_of in (str(middle), middle.to_pydatetime(), datetime.fromisoformat(f"{middle}+00:00")):
        with notebook.open(path, as_of=as_of) as then:
            assert 0 < len(then.handoffs.df()) < now


def test_a_view_of_the_present_does_not_count_back(path: Path) -> None:
    with notebook.open(path, as_of="2020-01-01") as then, pytest.raises(QueryError, match="cannot be counted"):
        _ = then.quarantine


def test_polars_that_is_not_installed_is_said(store: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)

    with pytest.raises(UsageError, match="Polars is not installed"):
        store.cases.pl()


def test_what_is_no_store_and_no_time_is_said(tmp_path: Path, path: Path) -> None:
    with pytest.raises(StoreError):
        notebook.open(tmp_path / "none.duckdb")
    with pytest.raises(UsageError, match="`soon` is no time"):
        notebook.open(path, as_of="soon")
