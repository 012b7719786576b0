"""One entry of a domain file or a mapping, read key by key: what is wrong becomes a problem with file and line."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from throughline.errors import AccessError, DataError, DomainError, MappingError
from throughline.schemas.definitions.yaml_lines import YamlList, YamlMap, read_yaml


@dataclass(frozen=True)
class Problem:
    """One thing that does not hold together: where (`line` from 1, `key` dotted or empty), what, and what to do."""

    file: str
    line: int | None
    key: str
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        line = "" if self.line is None else f":{self.line}"
        key = f"`{self.key}`: " if self.key else ""
        return f"{self.file}{line}: {key}{self.problem}{f' {self.hint}' if self.hint else ''}"


class ProblemsError(DataError):
    remedy = ""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda p: (p.file, p.line or sys.maxsize, p.key, p.problem)))
        first, rest = self.problems[0], self.problems[1:]
        what = first.problem
        if rest:
            listed = "\n".join(f"  {problem}" for problem in rest)
            what += f"{f' {first.hint}' if first.hint else ''}\nand {len(rest)} more:\n{listed}"
        hint = self.remedy if rest else first.hint
        super().__init__(what, file=first.file, line=first.line, field=first.key or None, hint=hint)


class DomainProblemsError(ProblemsError, DomainError):
    """Every problem of a domain, in `problems` by file and line; file, line and field are those of the first."""

    remedy = "Correct them in the domain's files and load it again."


class MappingProblemsError(ProblemsError, MappingError):
    """Every problem of a mapping, in the same way."""

    remedy = "Correct them in the mapping and run it again."


class AccessProblemsError(ProblemsError, AccessError):
    """Every problem of a file that says who may see what, in the same way."""

    remedy = "Correct them in the access file and start again."


@dataclass
class Problems:
    """What was found wrong so far."""

    found: list[Problem] = field(default_factory=list)

    def add(self, file: Path, line: int | None, key: str, problem: str, hint: str = "") -> None:
        self.found.append(Problem(str(file), line, key, problem, hint))

    def raise_any(self, error: type[ProblemsError] = DomainProblemsError) -> None:
        if self.found:
            raise error(self.found)


def nearest(name: object, known: Iterable[str]) -> str:
    """A hint: the known name most like this one, or the first of them all."""
    names = list(known)
    same = [known for known in names if known.casefold() == str(name).casefold()]
    close = same or difflib.get_close_matches(str(name), names, n=1)
    if close:
        return f"Did you mean `{close[0]}`?"
    if not names:
        return "There are none."
    return f"Known: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}."


@dataclass(frozen=True)
class Entry:
    """A mapping in a domain file, known by `name` (a type, a standard, a field …) in what is said of it."""

    map: YamlMap
    file: Path
    name: str
    problems: Problems

    def line(self, key: str | None = None) -> int:
        return self.map.line if key is None else self.map.line_of(key)

    def path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def fault(self, key: str | None, problem: str, hint: str = "", line: int | None = None) -> None:
        where = self.name if key is None else self.path(key)
        self.problems.add(self.file, line or self.line(key), where or self.file.stem, problem, hint)

    def only(self, *keys: str) -> None:
        """Every other key is a problem."""
        for key in self.map:
            if key not in keys:
                self.fault(key, "is not a key here.", nearest(key, keys))

    def text(self, key: str, *, needed: bool = True) -> str:
        """Text, not empty; '' where it is missing."""
        value = self.map.get(key)
        if value is None or (isinstance(value, str) and not value.strip()):
            if needed:
                self.fault(key, "is missing or empty.", f"Write `{key}: …`.")
            return ""
        if not isinstance(value, str):
            self.fault(key, f"{value!r} is not text.", 'Put it in quotation marks ("…").')
            return str(value)
        return value.strip()

    def word(self, key: str) -> str:
        """Text as it stands, with its spaces; it may be empty, and has to be there."""
        value = self.map.get(key)
        if not isinstance(value, str):
            self.fault(key, "is missing." if value is None else "must be a text.")
            return ""
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """A list of text as it stands; one text stands for a list of one, and nothing for an empty one."""
        value = self.map.get(key)
        found: list[str] = []
        for item, line in () if value is None else _items(value, self.line(key)):
            if isinstance(item, str):
                found.append(item)
            else:
                self.fault(key, "must be a list of texts.", line=line)
        return tuple(found)

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.map.get(key, default)
        if not isinstance(value, bool):
            self.fault(key, f"{value!r} is neither true nor false.")
            return default
        return value

    def whole(self, key: str, default: int = 1, *, most: int = 2**31 - 1) -> int:
        """A whole number from 1."""
        value = self.map.get(key, default)
        if type(value) is not int or not 1 <= value <= most:
            self.fault(key, f"{value!r} is not a whole number from 1 to {most}.")
            return default
        return value

    def day(self, key: str, default: date | None = None) -> date | None:
        value = self.map.get(key, default)
        if value is not None and (isinstance(value, datetime) or not isinstance(value, date)):
            self.fault(key, f"{value!r} is not a date.", "Write YYYY-MM-DD.")
            return default
        return value

    def days(self, key: str) -> frozenset[date]:
        """A list of dates."""
        value = self.map.get(key)
        found = set()
        for item, line in () if value is None else _items(value, self.line(key)):
            try:
                found.add(item if type(item) is date else date.fromisoformat(str(item)))
            except ValueError:
                self.fault(key, f"{item!r} is not a date.", "Write YYYY-MM-DD.", line)
        return frozenset(found)

    def number(self, key: str, default: float | None = None) -> float:
        """A number; without a default it has to be there."""
        value = self.map.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(key, f"{value!r} is not a number.", f"Write `{key}: number`.")
            return default or 0.0
        return float(value)

    def choice(self, key: str, known: Iterable[str], *, needed: bool = True) -> str:
        """One of the known names; '' where it is missing or is none of them."""
        value = self.text(key, needed=needed)
        names = list(known)
        if value and value not in names:
            self.fault(key, f"`{value}` is not known.", nearest(value, names))
            return ""
        return value

    def texts(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        """A list of text, each once; one text stands for a list of one."""
        value = self.map.get(key)
        if value is None:
            if needed:
                self.fault(key, "is missing.", f"Write `{key}: […]`.")
            return ()
        found: list[str] = []
        for item, line in _items(value, self.line(key)):
            if not isinstance(item, str) or not item:
                self.fault(key, f"{item!r} is not text.", 'Put it in quotation marks ("…").', line)
            elif item in found:
                self.fault(key, f"`{item}` stands twice.", line=line)
            else:
                found.append(item)
        if needed and not found:
            self.fault(key, "is empty.")
        return tuple(found)

    def names(self, key: str, known: Iterable[str], *, needed: bool = False) -> tuple[str, ...]:
        allowed = set(known)
        given = self.texts(key, needed=needed)
        for name in given:
            if name not in allowed:
                self.fault(key, f"`{name}` is not known.", nearest(name, sorted(allowed)))
        return tuple(name for name in given if name in allowed)

    def entry(self, key: str) -> Entry | None:
        """The mapping under a key; None where it is missing or null."""
        value = self.map.get(key)
        if value is None:
            return None
        if not isinstance(value, YamlMap):
            self.fault(key, "must be a mapping.", f"Write `{key}: {{…: …}}`.")
            return None
        return Entry(value, self.file, self.path(key), self.problems)

    def under(self, key: str) -> Entry:
        """The mapping under a key; an empty one where it is missing or null."""
        return self.entry(key) or Entry(YamlMap(self.line(key)), self.file, self.path(key), self.problems)

    def numbers(self, default: float | None = None) -> dict[str, float]:
        """The number under each key."""
        return {key: self.number(key, default) for key in self.map}

    def entries(self, key: str) -> tuple[Entry, ...]:
        """The mappings of the list under a key; one mapping stands for a list of one."""
        value = self.map.get(key)
        if value is None:
            return ()
        made = []
        for item, line in _items(value, self.line(key)):
            if isinstance(item, YamlMap):
                made.append(Entry(item, self.file, self.path(key), self.problems))
            else:
                self.fault(key, "must be a list of mappings.", line=line)
        return tuple(made)


def read_entry(path: Path, problems: Problems, *, needed: bool = True, as_words: bool = False) -> Entry:
    """A file that is one mapping; an empty one where it is empty, no mapping or, if not `needed`, missing.

    `as_words` is that of `read_yaml`.
    """
    content = _content(path, problems, as_words) if needed or path.is_file() else None
    if not isinstance(content, YamlMap):
        if content is not None:
            problems.add(path, 1, path.stem, "must be a mapping of names.")
        content = YamlMap()
    return Entry(content, path, "", problems)


def read_entries(folder: Path, name_key: str, problems: Problems) -> Iterator[Entry]:
    """The entries of every `*.yaml` in a folder, each a list of mappings, in the order of files and lines."""
    for path in sorted(folder.glob("*.yaml")):
        content = _content(path, problems)
        if content is None:
            continue
        if not isinstance(content, YamlList):
            problems.add(path, 1, path.stem, f"must be a list of entries, each `- {name_key}: …`.")
            continue
        for item, line in zip(content, content.lines, strict=True):
            if isinstance(item, YamlMap):
                yield Entry(item, path, str(item.get(name_key, "")), problems)
            else:
                problems.add(path, line, path.stem, f"must be an entry: `- {name_key}: …`.")


def _content(path: Path, problems: Problems, as_words: bool = False) -> Any:
    try:
        read = read_yaml(path, as_words=as_words)
    except DomainError as error:
        problems.add(path, error.line, path.stem, error.what, error.hint)
        return None
    for line, fault in read.faults:
        problems.add(path, line, path.stem, fault)
    return read.content


def _items(value: Any, line: int) -> Iterator[tuple[Any, int]]:
    if isinstance(value, YamlList):
        yield from zip(value, value.lines, strict=True)
    else:
        yield value, line
