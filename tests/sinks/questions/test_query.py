"""Questions to a store: what may be asked, and in what forms the answer comes."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from throughline.errors import QueryError
from throughline.sinks.questions.limits import Limits
from throughline.sinks.questions.query import query
from throughline.sinks.store import Store, open_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("store") / "cases.duckdb"
    with open_store(path, write=True) as store, store.transaction() as connection:
        connection.execute(
            "insert into claim_facts by name select i as case_key, 'police' as agency, 1 as position, "
            "'cps' as claimed_holder, timestamp '2026-03-02 10:15:00' as from_at, i as event_key "
            "from range(500) r(i)"
        )
    with open_store(path, write=False) as store:
        yield store


def asked(store: Store, sql: str, form: str = "csv", **options: object) -> str:
    out = io.StringIO()
    query(store.connection, sql, out=out, format=form, **options)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) as n from claims",
        "from claims select count(*) as n;",
        "-- how many?\n/* all */ with c as (from claims) select count(*) as n from c",
        "(select 500 as n)",
    ],
)
def test_one_select_is_run(store: Store, sql: str) -> None:
    """SELECT in each of its forms, with comments and a semicolon."""
    assert asked(store, sql) == "n\n500\n"


@pytest.mark.parametrize("sql", ["describe claims", "show tables", "summarize claims", "explain from claims"])
def test_what_describes_is_run(store: Store, sql: str) -> None:
    """What tells about the tables only reads, too."""
    assert asked(store, sql)


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("", "no query"),
        ("-- nothing", "no query"),
        ("select 1; select 2", "2 statements"),
        ("attach 'x.db'", "`ATTACH`"),
        ("copy claims to '/tmp/x.csv'", "`COPY`"),
        ("pragma database_size", "`PRAGMA`"),
        ("set threads = 8", "`SET`"),
        ("SET VARIABLE as_of = '2026-01-01'", "`SET`"),
        ("insert into unsettled values (1)", "`INSERT`"),
        ("create temp table t as select 1", "`CREATE`"),
        ("drop view claims", "`DROP`"),
        ("call pragma_version()", "`CALL`"),
        ("checkpoint", "`CHECKPOINT`"),
        ("load icu", "`LOAD`"),
        ("begin", "`BEGIN`"),
        ("select ?", "parameters"),
        ("select * from read_text('/etc/passwd')", "disabled"),
        ("select * from '/etc/passwd'", "."),
        ("explain analyze copy claims to '/tmp/x.csv'", "."),
    ],
)
def test_what_does_not_only_read_is_refused(store: Store, sql: str, sentence: str) -> None:
    """Several statements, and any that writes, sets or reaches out: refused with a sentence."""
    with pytest.raises(QueryError, match=sentence):
        asked(store, sql)
    assert asked(store, "select count(*) as n from claims") == "n\n500\n"


def test_an_unknown_table_is_answered_with_the_nearest(store: Store) -> None:
    """A wrong name of a table: where it stands, which is meant, which there are."""
    with pytest.raises(QueryError, match="Line 2, column 6") as caught:
        asked(store, "select *\nfrom handofs")
    assert "`handoffs`" in caught.value.hint
    assert "`timeline`" in caught.value.hint


def test_an_unknown_column_is_answered_with_the_nearest(store: Store) -> None:
    """A wrong name of a column, in a long line: its place there, and the columns that there are."""
    sql = "select " + "1, " * 100 + "hoder_agency from cases"
    with pytest.raises(QueryError, match=f"Line 1, column {sql.index('hoder') + 1}:") as caught:
        asked(store, sql)
    assert "Perhaps `holder_agency`" in caught.value.hint


def test_a_slip_of_the_pen_is_shown(store: Store) -> None:
    """A syntax error: where."""
    with pytest.raises(QueryError, match=r"syntax error.*Line 1, column 1"):
        asked(store, "selec 1")


def test_a_long_query_is_stopped(store: Store) -> None:
    """After its time a query is stopped, and the connection answers the next one."""
    started = time.monotonic()
    with pytest.raises(QueryError, match=r"longer than 0\.3 seconds"):
        asked(store, "select count(*) from range(1000000000000)", limits=Limits(seconds=0.3))
    assert time.monotonic() - started < 10
    assert asked(store, "select 1 as n") == "n\n1\n"


def test_a_table_says_what_it_left_out(store: Store) -> None:
    """A table shows so many rows, and how to get the others."""
    text = asked(store, "select agency, to_at from claims", "table", rows=3, width=80)
    assert text.count("police") == 3
    assert "first 3 rows" in text
    assert "–" in text
    assert "500 rows" in asked(store, "from claims", "table", rows=500, width=200)


def test_a_table_cannot_steer_the_terminal(store: Store) -> None:
    """Control characters and markup in a value are shown as text."""
    text = asked(store, "select chr(27) || '[31m' as a, '[bold]x[/bold]' as b", "table", width=80)
    assert "\x1b" not in text
    assert "[bold]x[/bold]" in text


VALUES = """
select null as nothing, '' as empty, 'a,"b"\nc' as text, true as yes, 1.5::double as half,
  12345678901234567890 as big,
  timestamp '2026-03-02 10:15:00' as at, date '2026-03-02' as day, [1, null] as list,
  {'a': date '2026-03-02'} as pair,
  '\\xFF'::blob as raw, 'nan'::double as nan, 1 as x, 2 as x
"""


def test_json_is_one_array(store: Store) -> None:
    """JSON: an array of objects, one in each line; times ISO; no value that is not JSON; no column lost."""
    text = asked(store, VALUES, "json")
    assert json.loads(text) == [
        {
            "nothing": None,
            "empty": "",
            "text": 'a,"b"\nc',
            "yes": True,
            "half": 1.5,
            "big": 12345678901234567890,
            "at": "2026-03-02T10:15:00",
            "day": "2026-03-02",
            "list": [1, None],
            "pair": {"a": "2026-03-02"},
            "raw": "ff",
            "nan": "nan",
            "x": 1,
            "x_2": 2,
        }
    ]
    assert len(asked(store, "from claims", "json").splitlines()) == 502
    assert json.loads(asked(store, "from claims where false", "json")) == []


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_csv_has_no_text_that_a_spreadsheet_would_run(begin: str, store: Store) -> None:
    """Not as a value, nor as the name of a column; inside of a text, and as a number, the sign stays."""
    sql = f"""select '{begin}1' as "{begin}2", 'a{begin}1' as b, -1 as c, -1.5::decimal as d"""
    header, row = csv.reader(io.StringIO(asked(store, sql), newline=""))

    assert (header[0], row[0]) == (f"'{begin}2", f"'{begin}1")
    assert row[1:] == [f"a{begin}1", "-1", "-1.500"]


def test_csv_reads_back(store: Store) -> None:
    """CSV: a header, quotes where needed, lists and structs as JSON."""
    header, row = csv.reader(io.StringIO(asked(store, VALUES)))
    values = dict(zip(header[:12], row[:12], strict=True))
    assert values["text"] == 'a,"b"\nc'
    assert (values["nothing"], values["yes"], values["at"]) == ("", "true", "2026-03-02T10:15:00")
    assert json.loads(values["pair"]) == {"a": "2026-03-02"}


def test_parquet_reads_back(store: Store) -> None:
    """Parquet: the same rows and types, an empty answer too."""
    for sql, rows in (("from claims", 500), ("from claims where false", 0)):
        out = io.BytesIO()
        assert query(store.connection, sql, out=out, format="parquet") == rows
        table = pq.read_table(io.BytesIO(out.getvalue()))
        assert (table.num_rows, table.column_names[0]) == (rows, "case_id")


def test_a_large_answer_is_streamed(store: Store, tmp_path: Path) -> None:
    """An answer larger than the memory of the store comes row by row."""
    target = tmp_path / "rows.csv"
    with target.open("w") as out:
        assert query(store.connection, "select i from range(300000) r(i)", out=out, format="csv") == 300000
    assert target.read_text().endswith("\n299999\n")
