"""Whatever the bytes of a file are, it is drafted from or refused with the reason: nothing else ends a draft."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
import yaml
from england_wales import england_wales

from throughline.errors import DataError, ThroughlineError
from throughline.sources.workbench.plan import draft_of
from throughline.sources.workbench.sample import sample_of

FUZZ = int(os.environ.get("THROUGHLINE_FUZZ", "40"))
SEEDS = (
    b"Crime No;Recorded;Status;Offence\n20/000789/26;14/03/2026 21:40;NEW;STALK\n20/000790/26;15/03/2026 08:05;NEW;\n",
    b'{"cases": [{"no": "20/000803/26", "entries": [{"at": "2026-03-18T11:00:00Z", "unit": {"code": "20PP"}}]}]}',
    b'<export xmlns="urn:x"><case no="20/000801/26"><at>2026-03-18</at></case><case no="2"/></export>',
    b"20/000804/26 2026-03-18 20PP stalking\n20/000805/26 2026-03-19 20PA harassment\n",
    b'<log><trace><event><date key="time:timestamp" value="2026-03-18T11:00:00Z"/></event></trace></log>',
    *(
        b"",
        b"\x00" * 40,
        b"a",
        b"\n\n",
        b"a,b\n\xff,\xfe\n",
        b'"',
        b"PK\x03\x04",
        b"PAR1",
        b"[]",
        b"{}",
        b"<a/>",
        b"\xef\xbb\xbf",
    ),
)
ENDINGS = (".csv", ".txt", ".xlsx", ".xml", ".json", ".jsonl", ".dat", ".parquet", ".xes", ".xls", ".tsv", ".csv.gz")


def spoilt(rng: random.Random) -> bytes:
    """A file with up to five places changed, cut out, put in or copied."""
    raw = bytearray(rng.choice(SEEDS))
    for _ in range(rng.randrange(6)):
        place = rng.randrange(len(raw) + 1)
        what = rng.randrange(4)
        if what == 0:
            raw[place : place + 1] = rng.randbytes(1)
        elif what == 1:
            del raw[place : place + rng.randrange(1, 30)]
        elif what == 2:
            raw[place:place] = rng.randbytes(rng.randrange(1, 8))
        else:
            raw[place:place] = raw[place // 2 :][:40]
    return bytes(raw)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", 'no,day\n1,"2026-01-01\n', r"1 rows cannot be read: of row 2, a quote is not closed"),
        ("a.json", '{"cases": [{"no": 1},\n{"no": NaN}]}', r"a\.json:2: .*not JSON"),
        ("a.json", '{"no": 1, "no": 2}', r"a name twice"),
    ],
)
def test_file_of_which_no_row_can_be_read_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DataError, match=said):
        sample_of(path)


def test_line_break_in_a_name_adds_no_line_to_a_draft(tmp_path: Path) -> None:
    """Of a file or of a column: as Excel writes a header cell of two lines."""
    path = tmp_path / "a\nsource: urn:x.csv"
    path.write_text('"Crime\nid: row",Recorded\n20/000001/26,2026-01-05T10:15:00Z\n20/000002/26,2026-01-06T10:15:00Z\n')
    draft = draft_of(sample_of(path), england_wales())
    read = yaml.safe_load(draft.text())
    assert read["source"].startswith("DECIDE:")
    assert read["identifiers"] == {"crime_ref": "Crime\nid: row"}
    assert read["id"] == {"columns": ["Crime\nid: row"]}


def test_apostrophes_around_values_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("'no','day','note'\n'1','2026-01-01','one, two'\n")
    sample = sample_of(path)
    assert sample.layout.settings == {"delimiter": ",", "quote": "'"}
    assert [(column.name, column.values) for column in sample.columns] == [
        ("no", ("1",)),
        ("day", ("2026-01-01",)),
        ("note", ("one, two",)),
    ]


def test_no_bytes_end_a_draft_but_by_a_reason(tmp_path: Path) -> None:
    rng = random.Random(26)
    drafted = 0
    for _ in range(FUZZ):
        path = tmp_path / f"a{rng.choice(ENDINGS)}"
        path.write_bytes(spoilt(rng))
        try:
            text = draft_of(sample_of(path), england_wales()).text()
        except ThroughlineError:
            continue
        drafted += 1
        assert isinstance(yaml.safe_load(text), dict), text

    assert drafted, "some of them can be read"
