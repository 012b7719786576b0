"""Every key of a mapping has an example, and the example does what the page says of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
import yaml
from england_wales import england_wales

from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.schemas.pages.key import Key, Section
from throughline.sources.mapping.grammar import EXAMPLE, ROW, sections
from throughline.sources.mapping.mapping import dated, load_mapping
from throughline.sources.workbench.pairs import rows_beside_events

ENDINGS = {"xml": ".xml", "json": ".json", "fixed": ".dat", "excel": ".xlsx", "ocel": ".jsonocel"}
KEYS = [pytest.param(section, key, id=f"{section.where}: {key.name}") for section in sections() for key in section.keys]


def mapping_of(example: str, path: Path) -> Path:
    """The usual mapping, in which the keys of the example stand for its own."""
    usual = {line.partition(":")[0]: line for line in EXAMPLE.splitlines()}
    for key in yaml.safe_load(example):
        usual.pop(key, None)
    path.write_text("\n".join([*usual.values(), example]) + "\n", encoding="utf-8")
    return path


def file_of(key: Key, mapping: Path) -> Path:
    """The file that an example is tried with: its own, or one with a row that has the columns that are used."""
    said = yaml.safe_load(mapping.read_text(encoding="utf-8"))
    path = mapping.with_name("crimes" + next((end for kind, end in ENDINGS.items() if kind in said), ".csv"))
    if path.suffix == ".xlsx":
        write_sheet(path, key.file)
        return path
    if key.file:
        path.write_text(key.file, encoding="utf-8")
        return path
    read = load_mapping(mapping)
    row = {name: text for name, text in (ROW | dict(key.row)).items() if name in read.columns() or name in key.row}
    path.write_text(f"{','.join(row)}\n{','.join(row.values())}\n", encoding="utf-8")
    return path


def write_sheet(path: Path, text: str) -> None:
    """Sheet `Cases`; `^` is merged with the cell above it. Another sheet has rows, so that one has to be named."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Cases")
        rows = [line.split("\t") for line in text.splitlines()]
        for place, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if cell == "^":
                    sheet.merge_range(place - 1, column, place, column, rows[place - 1][column])
                elif not (place + 1 < len(rows) and rows[place + 1][column : column + 1] == ["^"]):
                    sheet.write(place, column, cell)


def becomes(mapping: Path, file: Path) -> list[str]:
    """What the first row gives, in the words of the examples."""
    read = load_mapping(mapping)
    if read.snapshot is not None and read.snapshot.as_of is None:  # as a poll does, and `--as-of`
        read = dated(read, "2026-01-31")
    shown = list(rows_beside_events(read, file, england_wales(), 1))
    said = [f"{part.name} → {part.becomes}" for one in shown for part in one.parts]
    said += [f"refused: {one.refused.partition(' ')[0].rstrip(':')}" for one in shown if one.refused]
    return said or ["left out"]


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_an_example_gives_what_it_says(section: Section, key: Key, tmp_path: Path) -> None:
    mapping = mapping_of(key.example, tmp_path / "mapping.yaml")

    said = becomes(mapping, file_of(key, mapping))

    assert any(one.startswith(key.gives) for one in said), said
    assert key.name in key.example, "an example shows its key"


def test_a_key_that_nothing_reads_is_told_with_the_nearest_or_where_it_stands(tmp_path: Path) -> None:
    """A slip of the pen, a key of another place, and one that is nowhere."""
    mapping = mapping_of(
        "time: {column: When, fromat: iso, not_in: [x]}\nidentifers: {urn: URN}", tmp_path / "mapping.yaml"
    )

    with pytest.raises(MappingProblemsError) as error:
        load_mapping(mapping)

    said = {problem.key: problem.hint for problem in error.value.problems}
    assert said["identifers"] == "Did you mean `identifiers`?"
    assert said["time.fromat"] == "Did you mean `format`?"
    assert said["time.not_in"] == "It stands under a condition."


def test_no_key_is_declared_twice_in_one_place() -> None:
    for section in sections():
        assert len(set(section.names)) == len(section.names)
        assert section.says
