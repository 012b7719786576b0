"""XES event logs (IEEE 1849) to Rows: one row per event, with the attributes of its trace as `case:…`
columns.

Streamed by expat in two passes: the first gathers the names of the attributes, so that a log which is not
well-formed is refused before a row is read. A document type declaration is refused, so no entity of its own
is ever expanded. Nested attributes are columns `outer/inner`. An event with a key twice, of its own or of its trace, is
a reject: of two values nobody knows which is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

import orjson
import pyarrow as pa

from throughline.errors import DataError
from throughline.sources.formats.kinds import OCEL_HINT
from throughline.sources.formats.registry import RowFormat
from throughline.sources.formats.rows import Fault, Rows, row_rejects, row_table
from throughline.sources.formats.text import FIRST, SECOND, Share, open_bytes

_CHUNK = 1 << 20
_ATTRIBUTES = {"string", "date", "int", "float", "boolean", "id", "list", "container"}
_COLUMNS_LIMIT = 2000
_DEPTH_LIMIT = 50


# the parts of an OCEL log, whose outermost element is `log` too
_OF_OCEL = {"events", "objects", "event-types", "object-types"}

# an event's attributes, and the first key of them that stands twice
Event = tuple[dict[str, str], str | None]


class _OtherKind(Exception):  # noqa: N818 — leaves the parser's callback only
    """The file is no XES log."""


class _DeclaredTypes(Exception):  # noqa: N818 — leaves the parser's callback only
    """The log declares a document type."""


def read_xes(path: Path, batch_rows: int = 100_000) -> Iterator[Rows]:
    """The events of a log in the order of the file; `position` counts them from 1. The first Rows has none.

    Raises DataError with the line where the log is not well-formed, declares a document type, or has no
    event.
    """
    names: dict[str, None] = {}
    for event, _ in _events(path, FIRST):
        names.update(dict.fromkeys(event))
        if len(names) > _COLUMNS_LIMIT:
            raise DataError(f"has more than {_COLUMNS_LIMIT} different attributes", file=path)
    columns = tuple(names)
    yield _rows(columns, [], 1, path)
    first = 1
    gathered: list[Event] = []
    for found in _events(path, SECOND):
        gathered.append(found)
        if len(gathered) == batch_rows:
            yield _rows(columns, gathered, first, path)
            first, gathered = first + batch_rows, []
    if gathered:
        yield _rows(columns, gathered, first, path)


def _rows(columns: tuple[str, ...], found: list[Event], first: int, path: Path) -> Rows:
    placed = [(position, event) for position, (event, twice) in enumerate(found, first) if twice is None]
    values = [pa.array([event.get(name) or None for _, event in placed], pa.string()) for name in columns]
    faults: list[Fault] = [
        (position, "repeated_name", twice, "the event has this key twice", orjson.dumps(event))
        for position, (event, twice) in enumerate(found, first)
        if twice is not None
    ]
    positions = pa.array([position for position, _ in placed], pa.int64())
    return Rows(columns, row_table(values, positions, None), row_rejects(str(path), faults))


class _Log:
    """What the parser has seen: the attributes of the open trace and event, and the events that were
    closed.
    """

    def __init__(self) -> None:
        self.path: list[str] = []
        self.keys: list[str] = []
        self.trace: dict[str, str] = {}
        self.event: dict[str, str] | None = None
        # the first key that stands twice in the open trace, and in the open event
        self.trace_twice: str | None = None
        self.event_twice: str | None = None
        self.closed: list[Event] = []
        # Attributes of a trace may follow its events: they are given out when the trace closes.
        self.of_trace: list[Event] = []
        self.is_log = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if not self.path:
            self.is_log = name == "log"
        elif len(self.path) == 1 and name in _OF_OCEL:
            raise _OtherKind
        self.path.append(name)
        if len(self.path) > _DEPTH_LIMIT:
            raise _DeclaredTypes("nests too deep")
        if name == "trace":
            self.trace, self.of_trace, self.trace_twice = {}, [], None
        elif name == "event":
            self.event, self.event_twice = {}, None
        elif name in _ATTRIBUTES:
            self.keys.append(attributes.get("key", ""))
            target = self.event if self.event is not None else self.trace if "trace" in self.path else None
            value = attributes.get("value", "").strip()
            if target is not None and value and "\x00" not in value:
                key = ("" if self.event is not None else "case:") + "/".join(self.keys)
                if key in target and self.event is not None:
                    self.event_twice = self.event_twice or key
                elif key in target:
                    self.trace_twice = self.trace_twice or key
                target.setdefault(key, value)

    def end(self, tag: str) -> None:
        name = self.path.pop()
        if name in _ATTRIBUTES:
            self.keys.pop()
        elif name == "event" and self.event is not None:
            (self.of_trace if "trace" in self.path else self.closed).append((self.event, self.event_twice))
            self.event = None
        elif name == "trace":
            self.closed += [(event | self.trace, twice or self.trace_twice) for event, twice in self.of_trace]
            self.of_trace = []


def _events(path: Path, share: Share) -> Iterator[Event]:
    log = _Log()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = log.start
    parser.EndElementHandler = log.end

    def refuse(*_: object) -> None:
        raise _DeclaredTypes("declares a document type")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        with open_bytes(path, share) as file:
            while chunk := file.read(_CHUNK):
                parser.Parse(chunk, False)
                yield from log.closed
                log.closed = []
            parser.Parse(b"", True)
            yield from log.closed
    except _OtherKind:
        raise DataError("is an OCEL log (object-centric), not an XES log", file=path, hint=OCEL_HINT) from None
    except _DeclaredTypes as error:
        raise DataError(
            str(error),
            file=path,
            line=parser.CurrentLineNumber,
            hint="An XES log needs none: take the <!DOCTYPE> out.",
        ) from None
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DataError(
            f"is not well-formed XML ({error})",
            file=path,
            line=parser.CurrentLineNumber,
            hint="Export the log again.",
        ) from None
    if not log.is_log:
        raise DataError("is no XES log: its outermost element is not `log`", file=path, line=1)


FORMATS = (RowFormat((".xes",), lambda path, settings: read_xes(path), is_packed=True),)
