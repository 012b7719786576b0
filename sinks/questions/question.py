"""Named questions: an SQL file each, whose first comment says what it answers, what a row is and what may be set.

The comment has a line for the question, a line for the row, and then, in any order,

    -- $rows integer = 50: rows at most            a parameter with its default (`= null` for none)
    -- $now time: to which the days are counted    one that must be given
    -- needs: edges                                tables that the caller has made on the connection
    -- spare: kind, reason                         columns that a narrow table can do without, the first one first
    -- reads: events                               for the reader

Values are bound by DuckDB as `$rows`; nothing is written into the text of a query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import takewhile
from typing import Any

import duckdb

from throughline.errors import UsageError
from throughline.sql import sql

_FOLDER = "sql"
_PARAMETER = re.compile(r"\$(?P<name>\w+) (?P<kind>\w+)(?: = (?P<default>.+?))?: (?P<meaning>.+)")


@dataclass(frozen=True)
class Parameter:
    """What may be set: `kind` is integer, text, texts (a list) or time (UTC); one without a default must be given."""

    name: str
    kind: str
    default: Any
    is_required: bool
    meaning: str


@dataclass(frozen=True)
class Question:
    """`asks` is the question, `row` what one row of the answer is, `needs` the tables that the caller makes first.

    `spare` are columns that a narrow table can do without, the first one first.
    """

    name: str
    asks: str
    row: str
    parameters: tuple[Parameter, ...]
    needs: tuple[str, ...]
    spare: tuple[str, ...]
    sql: str

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The value of every parameter: as given (a text is read as its kind), or its default.

        Raises UsageError for a name that it does not have, a value that does not fit, and one that is missing.
        """
        known = {one.name: one for one in self.parameters}
        if unknown := [name for name in given if name not in known]:
            raise UsageError(f"`{self.name}` has no `{unknown[0]}` to set.", hint=self._may_be_set())
        values = {name: one.default for name, one in known.items()} | {
            name: _read(self.name, known[name], value) for name, value in given.items()
        }
        if missing := [name for name, one in known.items() if one.is_required and name not in given]:
            raise UsageError(f"`{self.name}` needs `{missing[0]}`.", hint=self._may_be_set())
        return values

    def _may_be_set(self) -> str:
        said = [f"{one.name} ({one.kind}): {one.meaning}" for one in self.parameters]
        return f"It has {'; '.join(said)}." if said else "Nothing can be set."


@dataclass(frozen=True)
class Answer:
    """The names of the columns and the rows, as DuckDB gives them; times are UTC without a zone."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


@cache
def questions() -> dict[str, Question]:
    """Every question by its name, in alphabetical order."""
    found = files(__package__).joinpath(_FOLDER).iterdir()
    names = sorted(file.name.removesuffix(".sql") for file in found if file.name.endswith(".sql"))
    return {name: parsed(name, sql(__package__, f"{_FOLDER}/{name}")) for name in names}


def question(name: str) -> Question:
    """The question called `name`. Raises UsageError where there is none."""
    if name not in questions():
        raise UsageError(f"There is no question `{name}`.", hint=f"There are {', '.join(questions())}.")
    return questions()[name]


def ask(connection: duckdb.DuckDBPyConnection, name: str, /, **given: Any) -> Answer:
    """Ask a store the question called `name`. Raises UsageError as `question` and `Question.values` do."""
    asked = question(name)
    cursor = connection.execute(asked.sql, asked.values(given))
    return Answer([column[0] for column in cursor.description], cursor.fetchall())


def written(text: str) -> Question:
    """The question that somebody's SQL is: with parameters where its first comment offers some, else without."""
    name = "the query"
    lines = [
        line
        for line in _first_comment(text.lstrip())
        if (found := _PARAMETER.fullmatch(line)) and found["kind"] in _KINDS
    ]
    return Question(name, "", "", tuple(_parameter(name, line) for line in lines), (), (), text)


def parsed(name: str, text: str) -> Question:
    """The question that an SQL file is. Raises ValueError where its first comment has not the form said above."""
    comment = _first_comment(text)
    if len(comment) < 2 or not comment[0].endswith("?") or not comment[1].startswith("One row"):
        raise ValueError(f"{name}.sql must begin with a question and with what one row is")
    parameters, needs, spare = [], [], []
    for line in comment[2:]:
        if line.startswith("$"):
            parameters.append(_parameter(name, line))
        elif line.startswith("needs: "):
            needs += line.removeprefix("needs: ").split(", ")
        elif line.startswith("spare: "):
            spare += line.removeprefix("spare: ").split(", ")
    return Question(name, comment[0], comment[1], tuple(parameters), tuple(needs), tuple(spare), text)


def _first_comment(text: str) -> list[str]:
    return [line.removeprefix("-- ") for line in takewhile(lambda line: line.startswith("-- "), text.splitlines())]


def _parameter(question_name: str, line: str) -> Parameter:
    found = _PARAMETER.fullmatch(line)
    if found is None or found["kind"] not in _KINDS:
        raise ValueError(f"{question_name}.sql: `{line}` is not of the form `$name kind = default: meaning`")
    bare = Parameter(found["name"], found["kind"], None, found["default"] is None, found["meaning"])
    if found["default"] in (None, "null"):
        return bare
    default = _read(question_name, bare, found["default"])
    return Parameter(bare.name, bare.kind, default, bare.is_required, bare.meaning)


def _read(question_name: str, parameter: Parameter, value: Any) -> Any:
    """A text as the kind of its parameter; a value that is no text, and None, as it is."""
    if not isinstance(value, str):
        return value
    try:
        return _KINDS[parameter.kind](value)
    except ValueError:
        raise UsageError(
            f"`{value}` is no {parameter.kind}, which `{parameter.name}` of `{question_name}` is.",
            hint=f"`{parameter.name}` is: {parameter.meaning}.",
        ) from None


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


_KINDS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "text": str,
    "texts": lambda text: text.split(","),
    "time": _time,
}
