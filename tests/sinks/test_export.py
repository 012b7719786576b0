"""What is exported is what the store shows, whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from throughline.cli.main import throughline
from throughline.demo.run import run_demo
from throughline.errors import StoreError, UsageError
from throughline.sinks.export import CATALOGUE, attach_ducklake, export_ducklake, export_parquet
from throughline.sinks.schema import public_schema
from throughline.sinks.store import Store, open_store


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "demo.duckdb"
    run_demo(path, cases=40, seed=4, report=lambda stage, done, total: None)
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(path, write=False) as store:
        yield store


def rows(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"from {relation} order by all").fetchall()


def test_parquet_is_what_the_views_show(store: Store, tmp_path: Path) -> None:
    """Row for row, each file with its digest; done again, the same files."""
    for _ in range(2):
        made = export_parquet(store, tmp_path / "to")
    manifest = json.loads((tmp_path / "to" / "manifest.json").read_text())

    assert manifest["commit"] == store.commit
    assert manifest["store"] == store.store_id
    assert manifest["schema_version"] == public_schema().version
    assert manifest["as_of"] == store.connection.execute("select as_of from as_at").fetchall()[0][0].isoformat()
    assert {file["view"] for file in manifest["files"]} == set(public_schema().views)
    assert sorted(file.name for file in (tmp_path / "to").iterdir()) == sorted(
        ["manifest.json", *(f"{view}.parquet" for view in public_schema().views)]
    )
    for file in made.files:
        exported = tmp_path / "to" / file.file
        assert hashlib.sha256(exported.read_bytes()).hexdigest() == file.sha256
        assert pq.read_metadata(exported).row_group(0).column(0).compression == "ZSTD" if file.rows else True
        read = duckdb.connect()
        assert rows(read, f"read_parquet('{exported}')") == rows(store.connection, file.view)
        read.close()
        assert file.rows == len(rows(store.connection, file.view))


def test_ducklake_is_what_the_views_show(store: Store, tmp_path: Path) -> None:
    """And a reader that began before the next export goes on with the last one; each export is one snapshot."""
    folder = tmp_path / "lake's"
    export_ducklake(store, folder, as_of=datetime(2027, 1, 1))  # noqa: DTZ001 - UTC without zone
    with duckdb.connect() as before, duckdb.connect() as read:
        attach_ducklake(before, folder / CATALOGUE)
        earlier = rows(before, "lake.as_at")
        made = export_ducklake(store, folder)
        assert rows(before, "lake.as_at") == earlier

        attach_ducklake(read, folder / CATALOGUE)
        for view in public_schema().views:
            assert rows(read, f"lake.{view}") == rows(store.connection, view), view
        assert rows(read, "lake.as_at") != earlier
        assert dict(rows(read, "lake.manifest"))["store"] == made.store
        assert rows(read, "lake.as_at at (version => 1)") == earlier
        assert read.execute("select max(snapshot_id) from lake.snapshots()").fetchall() == [(2,)]
        comments = read.execute("select comment from duckdb_tables() where table_name = 'cases'").fetchall()
        assert comments == [("One row per case: who holds it now, what it consists of, and what it is about.",)]
    assert sorted(file.name for file in folder.iterdir()) == ["data", CATALOGUE]


def test_an_export_of_an_earlier_day_has_nothing_of_today(store: Store, path: Path, tmp_path: Path) -> None:
    """Views that show only what is known today are left out and named; nothing of an export before stays of them."""
    to, lake = tmp_path / "to", tmp_path / "lake"
    export_parquet(store, to)
    export_ducklake(store, lake)
    ((middle,),) = store.connection.execute("select quantile_disc(sent_at, 0.5) from handoffs").fetchall()

    made = export_parquet(store, to, as_of=middle)
    made_lake = export_ducklake(store, lake, as_of=middle)

    left_out = {"cases", "quarantine", "timeline"}
    kept = {file.view for file in made.files}
    assert left_out <= set(made.left_out) == set(made_lake.left_out)
    assert {"alerts", "clocks", "delays", "handoffs", "holdings"} <= kept
    assert kept | set(made.left_out) == set(public_schema().views)
    assert {file.stem for file in to.glob("*.parquet")} == kept
    assert json.loads((to / "manifest.json").read_text())["left_out"] == list(made.left_out)
    with duckdb.connect() as read:
        attach_ducklake(read, lake / CATALOGUE)
        tables = {name for (name,) in read.execute("select table_name from duckdb_tables()").fetchall()}
        assert tables & set(public_schema().views) == kept
        assert dict(rows(read, "lake.manifest"))["left_out"] == ", ".join(made.left_out)
        sent = f"select max(sent_at) <= timestamp '{middle}' from read_parquet('{to}/handoffs.parquet')"
        assert read.execute(sent).fetchall() == [(True,)]

    given = ["export", "--store", str(path), "--to", str(to), "--as-of", middle.isoformat()]
    said = CliRunner().invoke(throughline, given)
    assert said.exit_code == 0, said.output
    assert f"only what is known today: {', '.join(made.left_out)}." in said.stderr


def test_what_is_no_catalogue_is_said(store: Store, tmp_path: Path) -> None:
    """And is left as it was."""
    (tmp_path / CATALOGUE).write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="could not be written"):
        export_ducklake(store, tmp_path)


def test_a_folder_that_cannot_be_made_is_said(store: Store, tmp_path: Path) -> None:
    """It is a file, for example."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be made"):
        export_parquet(store, tmp_path / "file" / "to")


@pytest.mark.parametrize("kind", ["parquet", "ducklake"])
def test_the_command_says_how_much(path: Path, tmp_path: Path, kind: str) -> None:
    """Views, rows, and to when they are counted."""
    given = ["export", "--store", str(path), "--to", str(tmp_path / "to"), "--format", kind, "--as-of", "2026-07-02"]
    result = CliRunner().invoke(throughline, given)

    assert result.exit_code == 0, result.output
    assert "as of 2026-07-02T00:00:00" in result.output
