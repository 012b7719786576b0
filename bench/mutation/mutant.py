"""One slip put into one file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb


@dataclass(frozen=True)
class Mutant:
    """`file` (relative to the checkout) with the characters from `start` to `stop` of its text replaced by `new`."""

    file: str
    text: str
    start: int
    stop: int
    new: str

    @property
    def changed(self) -> str:
        """The whole text with the slip in it."""
        return self.text[: self.start] + self.new + self.text[self.stop :]

    @property
    def line(self) -> int:
        return self.text.count("\n", 0, self.start) + 1

    @property
    def before(self) -> str:
        """The line, or lines, as they stand, with blanks made one."""
        return self._lines(self.text[self.start : self.stop])

    @property
    def after(self) -> str:
        """The same with the slip."""
        return self._lines(self.new)

    def can_be_parsed(self) -> bool:
        """Whether it is SQL, or Python, at all. Asks DuckDB, which starts threads."""
        try:
            if not self.file.endswith(".sql"):
                compile(self.changed, self.file, "exec")
                return True
            return bool(duckdb.extract_statements(self.changed))
        except (SyntaxError, duckdb.Error):
            return False

    def _lines(self, between: str) -> str:
        first = self.text.rfind("\n", 0, self.start) + 1
        last = self.text.find("\n", self.stop)
        rest = self.text[self.stop : last if last >= 0 else None]
        return " ".join((self.text[first : self.start] + between + rest).split())

    def __str__(self) -> str:
        return f"{self.file}:{self.line}\n    {self.before}\n -> {self.after}"


def distinct(mutants: Iterator[Mutant]) -> list[Mutant]:
    """The mutants that change something, each text once, in the order of their place."""
    found = {(m.file, m.start, m.stop, m.new): m for m in mutants if m.new != m.text[m.start : m.stop]}
    return [found[key] for key in sorted(found)]
