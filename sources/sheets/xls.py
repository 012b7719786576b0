"""Old Excel workbooks (.xls) as sheets, read by calamine in a process of its own with a limit of memory and time.

calamine makes a whole sheet at once of what the file says of itself: a few bytes can ask for hundreds of gigabytes, and
what Rust cannot have ends its process. Here that costs the file and no more.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import orjson

from throughline.errors import DataError
from throughline.sources.sheets.cells import Area, Cell, Row, Sheet, clock_text, instant_text, number_text

MEMORY_BYTES = 2 << 30
SECONDS = 120
_REFUSED = 3


def sheets(path: Path) -> list[Sheet]:
    """The sheets of a workbook in its order."""
    with _answers(path, "sheets") as lines:
        return [
            Sheet(name, is_hidden, lambda place=place: merged(path, place), lambda place=place: rows(path, place))  # type: ignore[misc]
            for place, (name, is_hidden) in enumerate(lines)
        ]


def merged(path: Path, place: int) -> list[Area]:
    with _answers(path, "merged", str(place)) as lines:
        return [(first, last, left, right) for first, last, left, right in lines]


@contextmanager
def rows(path: Path, place: int) -> Iterator[Iterator[Row]]:
    with _answers(path, "rows", str(place)) as lines:
        yield ((number, {int(column): cell for column, cell in cells.items()}) for number, cells in lines)


@contextmanager
def _answers(path: Path, *asked: str) -> Iterator[Iterator[Any]]:
    """What the process says of the file, a line of JSON each. Raises DataError where it was ended, or refused it."""
    command = [sys.executable, "-m", __name__, str(path), *asked]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None

        def lines() -> Iterator[Any]:
            for line in process.stdout or ():
                yield orjson.loads(line)
            said = (process.stderr.read() if process.stderr else b"").decode(errors="replace").strip()
            if process.wait() == _REFUSED:
                raise DataError(said, file=path, hint="Open it in a spreadsheet program and save it as .xlsx.")
            if process.returncode:
                hint = "It is damaged, or hostile. Open it in a spreadsheet program and save it as .xlsx."
                raise DataError("cannot be read within 2 GB of memory and two minutes", file=path, hint=hint)

        try:
            yield lines()
        finally:
            process.kill()


def main(path: str, asked: str, place: str = "0") -> None:
    """The process: answers in lines of JSON on standard output."""
    import resource

    import python_calamine

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        sheets = [one for one in book.sheets_metadata if one.typ == python_calamine.SheetTypeEnum.WorkSheet]
        if asked == "sheets":
            for one in sheets:
                _say([one.name, one.visible != python_calamine.SheetVisibleEnum.Visible])
            return
        sheet = book.get_sheet_by_name(sheets[int(place)].name)
        if asked == "merged":
            for (first, left), (last, right) in sheet.merged_cell_ranges or ():
                _say([first + 1, last + 1, left, right])
            return
        left = sheet.start[1] if sheet.start else 0
        for number, row in enumerate(sheet.iter_rows(), 1):
            cells = {str(left + i): text for i, value in enumerate(row) if (text := _text(value)) is not None}
            if cells:
                _say([number, cells])
    except python_calamine.PasswordError:
        _refuse("is protected by a password")
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        _refuse(f"cannot be read as an old Excel file ({error})")


def _say(answer: list[Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")


def _refuse(problem: str) -> None:
    sys.stdout.buffer.flush()
    print(problem, file=sys.stderr)
    sys.exit(_REFUSED)


def _text(value: object) -> Cell:
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number_text(repr(value))
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return clock_text(value)
    assert isinstance(value, timedelta)
    seconds = round(value.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


if __name__ == "__main__":
    main(*sys.argv[1:])
