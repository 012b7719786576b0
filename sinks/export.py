"""The public views of a store as files that others read: Parquet with a manifest, or DuckLake.

All views are read in one transaction, so that they agree. In the manifest stands what the files should be; it is
written last and takes its place in one step, so a reader that finds a file with another digest knows that the next
export is under way. A DuckLake catalogue is changed in one transaction on a copy of it, which then takes its place:
DuckDB lets nobody read a catalogue that is being written, and so a reader goes on with the one that it has open.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from throughline.errors import StoreError, UsageError
from throughline.sinks.damage import translated
from throughline.sinks.schema import meta, public_schema, views_as_of
from throughline.sinks.store import Store
from throughline.sql import cursor_of

Format = Literal["parquet", "ducklake"]
FORMATS: tuple[Format, ...] = ("parquet", "ducklake")
MANIFEST = "manifest.json"
CATALOGUE = "throughline.ducklake"
_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class ExportedFile:
    """A file of an export: its name, the view that it holds, its rows and the digest of its bytes."""

    file: str
    view: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What was exported: to when it is counted, and which state of which store it was.

    `left_out`: public views that show only what is known today, where it is counted to an earlier day.
    """

    as_of: str | None
    store: str
    commit: int
    schema_version: int
    release: str
    left_out: tuple[str, ...]
    files: tuple[ExportedFile, ...]


def export_parquet(store: Store, folder: Path, *, as_of: datetime | None = None) -> Manifest:
    """Write every public view to `folder`/<view>.parquet, and manifest.json; what was written.

    `as_of` (UTC, naive) is to when the views are counted; else to the latest event. All files are of that time: a view
    that cannot be counted to an earlier one is left out, and what an export before left of it is taken away. Raises
    UsageError where the folder cannot be made, StoreError where the store cannot be read or the disk is full.
    """
    _make(folder)
    files = []
    with _one_state(store, as_of) as cursor, _written(folder):
        views = views_as_of(cursor, as_of)
        for view in views:
            new = folder / f"{view}.parquet.new"
            rows = _write(cursor, view, new)
            with new.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            files.append(ExportedFile(f"{view}.parquet", view, rows, digest))
        made = _manifest(cursor, tuple(files))
        (folder / f"{MANIFEST}.new").write_text(json.dumps(asdict(made), indent=2) + "\n", encoding="utf-8")
        for name in (*(file.file for file in files), MANIFEST):
            (folder / f"{name}.new").replace(folder / name)
        for view in made.left_out:
            (folder / f"{view}.parquet").unlink(missing_ok=True)
    return made


def export_ducklake(store: Store, folder: Path, *, as_of: datetime | None = None) -> Manifest:
    """Replace the tables of the DuckLake catalogue in `folder` by the public views, in one of its transactions.

    The catalogue keeps what was before as its earlier snapshots. One export at a time; raises as `export_parquet` does.
    """
    _make(folder)
    files = []
    catalogue = folder.resolve() / CATALOGUE
    new = catalogue.with_name(f"{CATALOGUE}.new")
    with _one_state(store, as_of) as cursor, _written(folder), closing(_lake(catalogue, new)) as lake:
        lake.execute("begin transaction")
        for view in views_as_of(cursor, as_of):
            lake.register("exported", cursor.execute(f'from "{view}"').to_arrow_reader(_ROWS_AT_ONCE))
            lake.execute(f'create or replace table lake."{view}" as from exported')
            lake.unregister("exported")
            rows = lake.execute(f'select count(*) from lake."{view}"').fetchall()[0][0]
            files.append(ExportedFile("", view, rows, ""))
            for target, comment in _comments(cursor, view):
                lake.execute(f"comment on {target} is '{comment.replace(chr(39), chr(39) * 2)}'")
        made = _manifest(cursor, tuple(files))
        for view in made.left_out:
            lake.execute(f'drop table if exists lake."{view}"')
        facts = pa.table({"fact": list(_facts(made)), "value": list(_facts(made).values())})
        lake.register("exported", facts)
        lake.execute("create or replace table lake.manifest as from exported")
        lake.execute("comment on table lake.manifest is 'One row per fact about the export.'")
        lake.execute("commit")
        lake.execute("detach lake")
        new.replace(catalogue)
    return made


def attach_ducklake(connection: duckdb.DuckDBPyConnection, catalogue: Path, *, read_only: bool = True) -> None:
    """Attach a catalogue as `lake`, by the extension that is installed with Throughline: no network is asked."""
    found = find_spec("duckdb_extension_ducklake")
    folder = None if found is None or found.origin is None else Path(found.origin).parent
    files = [] if folder is None else sorted(folder.glob(f"extensions/v{duckdb.__version__}/ducklake.duckdb_extension"))
    if not files:
        raise StoreError(
            f"The DuckLake extension of DuckDB {duckdb.__version__} is not installed.",
            hint=f"`pip install duckdb-extension-ducklake=={duckdb.__version__}` installs it.",
        )
    connection.execute(f"load '{_quoted(files[0])}'")
    options = f"data_path '{_quoted(catalogue.parent / 'data')}/'" + (", read_only" if read_only else "")
    connection.execute(f"attach 'ducklake:{_quoted(catalogue)}' as lake ({options})")


def _lake(catalogue: Path, new: Path) -> duckdb.DuckDBPyConnection:
    """A connection with a copy of the catalogue attached for writing, or a first one."""
    if catalogue.exists():
        shutil.copyfile(catalogue, new)
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    try:
        attach_ducklake(connection, new, read_only=False)
    except BaseException:
        connection.close()
        raise
    return connection


def _facts(made: Manifest) -> dict[str, str | None]:
    facts = asdict(made) | {"left_out": ", ".join(made.left_out) or None}
    return {name: None if value is None else str(value) for name, value in facts.items() if name != "files"}


@contextmanager
def _one_state(store: Store, as_of: datetime | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees one state of the store throughout."""
    with cursor_of(store.connection) as cursor, translated(store.path):
        cursor.execute("begin transaction")
        cursor.execute("set variable as_of = ?::timestamp", [as_of])
        yield cursor


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """Faults of files and of DuckLake as StoreError; what was begun is taken away."""
    try:
        yield
    except (OSError, duckdb.IOException) as error:
        raise StoreError(
            f"The export to `{folder}` could not be written: {str(error).splitlines()[0]}",
            hint="What was there before is whole. Make room, or wait until it is no longer in use, then do it again.",
        ) from None
    finally:
        for left in (*folder.glob("*.new"), *folder.glob("*.new.wal")):
            left.unlink()


def _write(cursor: duckdb.DuckDBPyConnection, view: str, file: Path) -> int:
    reader = cursor.execute(f'from "{view}"').to_arrow_reader(_ROWS_AT_ONCE)
    rows = 0
    with pq.ParquetWriter(file, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _manifest(cursor: duckdb.DuckDBPyConnection, files: tuple[ExportedFile, ...]) -> Manifest:
    found = meta(cursor)
    (as_of,) = cursor.execute("select as_of from as_at").fetchall()[0]
    return Manifest(
        as_of=None if as_of is None else as_of.isoformat(),
        store=found["store"],
        commit=int(found["commit"]),
        schema_version=int(found["schema_version"]),
        release=found["release"],
        left_out=tuple(view for view in public_schema().views if view not in {file.view for file in files}),
        files=files,
    )


def _comments(cursor: duckdb.DuckDBPyConnection, view: str) -> Iterator[tuple[str, str]]:
    for (comment,) in cursor.execute("select comment from duckdb_views() where view_name = ?", [view]).fetchall():
        yield f'table lake."{view}"', comment or ""
    for name, comment in cursor.execute(
        "select column_name, comment from duckdb_columns() where table_name = ?", [view]
    ).fetchall():
        yield f'column lake."{view}"."{name}"', comment or ""


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"`{folder}` cannot be made: {error.strerror}.", hint="Name another folder.") from None


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
