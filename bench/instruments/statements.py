"""What each SQL statement costs: a connection that measures, and the names of the model files that its texts are."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

import throughline.streams.join.derive as derive_module
from bench.instruments.stages import cpu_seconds
from throughline.sql import sql

_STREAMS = Path(derive_module.__file__).parent
_FETCHES = frozenset(["fetchone", "fetchall", "fetchmany", "to_arrow_table", "fetch_arrow_table", "arrow", "df"])


@dataclass
class Cost:
    """Seconds, CPU seconds and calls of one statement."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    calls: int = 0


class Statements:
    """Costs by the name of a statement: its model or step file, or its first words."""

    def __init__(self) -> None:
        self.costs: defaultdict[str, Cost] = defaultdict(Cost)
        self._names: dict[str, str] = {}
        self._files = {
            file.read_text(encoding="utf-8").strip(): file.relative_to(_STREAMS).with_suffix("").as_posix()
            for file in sorted(_STREAMS.rglob("*.sql"))
        }
        self._files[sql("throughline.sinks.quarantine", "sql/record").strip()] = "quarantine"

    def name(self, text: str) -> str:
        """`models/steps` for the text of that file, alone or behind `create table as` or `insert into`."""
        known = self._names.get(text)
        if known is None:
            known = self._names[text] = next(
                (name for body, name in self._files.items() if body in text), _first_words(text)
            )
        return known

    def add(self, name: str, seconds: float, cpu: float, calls: int) -> None:
        cost = self.costs[name]
        cost.seconds += seconds
        cost.cpu_seconds += cpu
        cost.calls += calls

    def clear(self) -> None:
        self.costs.clear()

    def lines(self, count: int = 15) -> list[str]:
        """A flat profile for people: the statements that cost most."""
        whole = sum(cost.seconds for cost in self.costs.values())
        lines = [f"{'seconds':>9}{'share':>7}{'CPU s':>9}{'calls':>7}  statement ({whole:.2f} s in all of them)"]
        for name, cost in sorted(self.costs.items(), key=lambda item: -item[1].seconds)[:count]:
            lines.append(
                f"{cost.seconds:>9.2f}{cost.seconds / max(whole, 1e-9):>7.1%}{cost.cpu_seconds:>9.2f}"
                f"{cost.calls:>7}  {name}"
            )
        return lines


class MeasuredConnection:
    """A DuckDB connection whose `execute`, and the fetching of what it gives, are measured."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, statements: Statements) -> None:
        self._connection = connection
        self._statements = statements

    def execute(self, query: str, *arguments: Any) -> _MeasuredResult:
        name = self._statements.name(query)
        began, cpu = time.perf_counter(), cpu_seconds()
        try:
            result = self._connection.execute(query, *arguments)
        finally:
            self._statements.add(name, time.perf_counter() - began, cpu_seconds() - cpu, 1)
        return _MeasuredResult(result, name, self._statements)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class _MeasuredResult:
    """A result whose rows are made while they are fetched: that time is its statement's too."""

    def __init__(self, result: Any, name: str, statements: Statements) -> None:
        self._result = result
        self._name = name
        self._statements = statements

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._result, name)
        if name not in _FETCHES:
            return found

        def fetch(*arguments: Any, **options: Any) -> Any:
            began, cpu = time.perf_counter(), cpu_seconds()
            try:
                return found(*arguments, **options)
            finally:
                self._statements.add(self._name, time.perf_counter() - began, cpu_seconds() - cpu, 0)

        return fetch


def _first_words(text: str) -> str:
    plain = re.sub(r"--[^\n]*", "", text)
    return " ".join(plain.split())[:60]
