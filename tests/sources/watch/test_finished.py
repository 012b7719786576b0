"""Which files of a folder are finished: given what a look sees, and when."""

from __future__ import annotations

import gzip
import os
import sqlite3
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from throughline.sources.watch.ends import missing_end, missing_gzip_end
from throughline.sources.watch.finished import Finished


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_file_is_finished_once_it_has_rested(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "crimes.csv"
    looks = Finished(tmp_path, 10, clock)
    seen = []
    for clock.now, text in ((0, "a"), (5, "a"), (9, "ab"), (12, "ab"), (18.9, "ab"), (19, "ab")):
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
        seen.append([one.name for one in looks.look()])

    assert seen == [[], [], [], [], [], ["crimes.csv"]]


def test_file_that_was_replaced_by_one_of_the_same_size_and_time_begins_to_rest_anew(
    tmp_path: Path, clock: Clock
) -> None:
    file, other = tmp_path / "crimes.csv", tmp_path / ".other"
    file.write_text("a")
    other.write_text("b")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    looks = Finished(tmp_path, 10, clock)
    looks.look()
    clock.now = 9
    other.replace(file)
    looks.look()
    clock.now = 10
    assert looks.look() == []


def test_what_programs_are_still_writing_is_left_alone(tmp_path: Path, clock: Clock) -> None:
    partial = ["a.csv.part", "b.xlsx.filepart", "c.tmp", ".d.csv", "~$e.xlsx", ".~lock.f.ods#", "g.csv~", "H.CSV.PART"]
    for name in [*partial, "whole.csv"]:
        (tmp_path / name).write_text("x")
    (tmp_path / "done").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "whole.csv")

    assert [one.name for one in Finished(tmp_path, 0, clock).look()] == ["whole.csv"]


def test_file_without_its_end_is_left_alone_until_it_has_one(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "crimes.xlsx"
    with zipfile.ZipFile(tmp_path / ".whole", "w") as package:
        package.writestr("xl/workbook.xml", "<workbook/>")
    whole = (tmp_path / ".whole").read_bytes()
    looks = Finished(tmp_path, 0, clock)
    file.write_bytes(whole[:-10])
    assert looks.look() == []
    assert looks.waiting == {"crimes.xlsx": "its end, the directory of the ZIP, is missing"}
    file.write_bytes(whole)
    assert looks.look() == [file]
    assert looks.waiting == {}


def test_every_kind_that_has_an_end_is_known_by_it(tmp_path: Path) -> None:
    """Cut anywhere near its end each says so; whole, none does."""
    made = {name: tmp_path / name for name in ("a.parquet", "a.xlsx", "a.sqlite", "a.xml", "a.json")}
    pq.write_table(pa.table({"a": [1]}), made["a.parquet"])
    with zipfile.ZipFile(made["a.xlsx"], "w") as package:
        package.writestr("a", "b" * 1000)
        package.comment = b"a comment"
    with sqlite3.connect(made["a.sqlite"]) as database:
        database.execute("create table a as select 1")
    database.close()
    made["a.xml"].write_text("<a><b/></a>\n")
    made["a.json"].write_text('{"a": [1]}\n')
    for path in made.values():
        assert missing_end(path) is None, path.name
        whole = path.read_bytes()
        path.write_bytes(whole.rstrip()[:-3])
        assert missing_end(path) is not None, path.name
    csv = tmp_path / "a.csv"
    csv.write_text("a,b\n1,")
    assert missing_end(csv) is None


def test_packed_file_is_whole_when_all_of_its_parts_unpack(tmp_path: Path) -> None:
    packed = gzip.compress(os.urandom(10_000)) + gzip.compress(b"b")
    file = tmp_path / "a.csv.gz"
    for cut, is_whole in ((len(packed), True), (len(packed) - 1, False), (5_000, False)):
        file.write_bytes(packed[:cut])
        assert (missing_gzip_end(file) is None) is is_whole
