"""JSON values one after another, over as many lines as they like, and the elements of arrays: each as its own bytes.

The bytes come in portions, and no more of them is held than one record may have. What is not JSON is given as it
stands, for its reader to refuse, and costs no neighbour: a value that was never closed ends where the next begins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_TOKEN = re.compile(rb'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"|[{}\[\],:\n]|"|[^\s{}\[\],:"]+').finditer
# how far is looked for what an array begins with
_AHEAD = 200
# it knows no bytes: of Latin-1, a character is a byte
_scan_once: Callable[[str, int], tuple[Any, int]] = json.scanner.make_scanner(json.JSONDecoder())  # type: ignore[attr-defined]
_CLOSES = {b"}": b"{", b"]": b"["}


class Value(NamedTuple):
    """The bytes of a value, the line where it begins, and which of its array it is (from 1), if it is of one. An array
    without any is a value itself."""

    line: int
    raw: bytes
    number: int | None


class Documents:
    """Takes JSON apart, portion by portion; `most_bytes` a value may have: of a longer one only so many and one more
    are given. `is_array` says that what begins with a bracket is an array of records, whatever its first is."""

    def __init__(self, most_bytes: int, line: int = 1, *, is_array: bool = False) -> None:
        self._most = most_bytes
        self._is_array = is_array
        self._line = line
        self._held = b""
        self._scanned = 0
        # how far into its line the next byte is, and whether only blanks stand before it
        self._column = 0
        self._is_first = True
        # of the array that is open
        self._array_line: int | None = None
        self._number = 0
        # of the value that is open
        self._stack: list[bytes] = []
        self._first_line = line
        self._indent: int | None = None
        self._is_text = self._is_closed = self._is_open = self._is_cut = False
        self._before = b""

    @property
    def is_open(self) -> bool:
        """Whether a value or an array has begun and not ended."""
        return self._is_open or self._array_line is not None

    def feed(self, portion: bytes) -> Iterator[Value]:
        """The values that end in this portion."""
        return self._scan(portion, is_last=False)

    def close(self) -> Iterator[Value]:
        """The value that has not ended, or the bracket of the array that has not."""
        yield from self._scan(b"", is_last=True)
        if self._is_open:
            yield from self._end(self._held)
        elif self._array_line is not None:
            yield Value(self._array_line, b"[", None)

    def _scan(self, portion: bytes, *, is_last: bool) -> Iterator[Value]:
        text = self._held + portion
        start, at = (0 if self._is_open else self._scanned), self._scanned
        line_start = at - self._column
        chars, untried = "", at
        tokens = _TOKEN(text, at)
        while (found := next(tokens, None)) is not None:
            token, place = found[0], found.start()
            if place < at:
                continue  # of a line whose string was never closed
            at = found.end()
            if token == b'"':
                newline = text.find(b"\n", place)
                if newline < 0 and not is_last and len(text) - place <= self._most:
                    at = place  # the rest of it is still to come
                    break
                at = len(text) if newline < 0 else newline
            indent = place - line_start if self._is_first else None
            self._is_first = token == b"\n"
            if self._is_first:
                line_start = at
            has_begun = False
            if self._is_open and self._goes_on(token, indent):
                self._before = token if token != b"\n" else self._before
            elif self._is_open:
                # it has ended before this token, or with it
                ends = at if token in _CLOSES and self._is_closed and self._array_line is not None else place
                yield from self._end(text[start:ends])
                start = at
                if ends == place:
                    start = self._begin(token, place, text[at : at + _AHEAD], indent)
                    has_begun = bool(self._stack)
            else:
                if token == b"]" and self._array_line is not None and not self._number:
                    yield Value(self._array_line, b"[]", None)
                start = self._begin(token, place, text[at : at + _AHEAD], indent)
                has_begun = bool(self._stack)
            if token == b"\n":
                self._line += 1
            elif has_begun and place >= untried:
                # a value has begun: where it is sound and ends here, the parser of the standard library finds the end
                chars = chars or text.decode("latin-1")
                end, untried = _end_of(chars, place)
                if end is not None:
                    lines = text.count(b"\n", place, end)
                    line_start = text.rfind(b"\n", place, end) + 1 if lines else line_start
                    self._line += lines
                    self._stack.clear()
                    self._is_closed, at = True, end
                    tokens = _TOKEN(text, at)
                    if self._array_line is not None:
                        yield from self._end(text[start:at])
                        start = at
        self._column = at - line_start
        kept = text[start:] if self._is_open else text[at:]
        self._scanned = len(kept) - (len(text) - at)
        if self._is_open and not self._is_cut and len(kept) > self._most:
            yield Value(self._first_line, kept[: self._most + 1], self._number or None)
            self._is_cut = True
        if self._is_cut:
            kept, self._scanned = kept[self._scanned :], 0
        self._held = kept

    def _begin(self, token: bytes, place: int, ahead: bytes, indent: int | None) -> int:
        """What a token between values begins, with what stands after it; where its value does."""
        end = place + len(token)
        if token == b"\n" or (token == b"," and self._array_line is not None):
            return end
        # where nobody says so, an array of anything else is a line that was damaged
        is_array = self._is_array or ahead.lstrip()[:1] in (b"", b"{", b"]")
        if token == b"[" and self._array_line is None and is_array:
            self._array_line, self._number = self._line, 0
            return end
        if token == b"]" and self._array_line is not None:
            self._array_line, self._number = None, 0
            return end
        self._number += self._array_line is not None
        self._is_open, self._is_closed, self._is_cut = True, False, False
        self._first_line, self._indent, self._before = self._line, indent, token
        self._stack = [token] if token in (b"{", b"[") else []
        self._is_text = not self._stack
        return place

    def _goes_on(self, token: bytes, indent: int | None) -> bool:
        """Whether the open value goes on with this token; if not, it has ended before it, or (`_is_closed`) with it."""
        in_array = self._array_line is not None
        if self._is_text:
            return token != b"\n" and not (in_array and token in (b",", b"]"))
        if self._is_closed:  # and no array is open: the rest of the line is a part of it, unless another value begins
            if token == b"\n" or (token in (b"{", b"[") and self._line > self._first_line):
                return False
            self._is_text = True
            return True
        if token == b'"' and self._line == self._first_line:
            self._is_text = True  # a string that its line does not close: no value goes on after that
            return True
        if token in (b"{", b"[") and indent is not None:
            is_value = self._before == b":" if self._stack[-1] == b"{" else self._before in (b"[", b",")
            if not is_value or (token == b"{" and indent == self._indent):
                return False  # the open value was never closed
        if token in (b"{", b"["):
            self._stack.append(token)
        elif token in _CLOSES:
            opener = _CLOSES[token]
            if opener not in self._stack:
                return not (in_array and token == b"]")
            while self._stack.pop() != opener:
                pass
            self._is_closed = not self._stack
            return not (self._is_closed and in_array)
        return True

    def _end(self, raw: bytes) -> Iterator[Value]:
        self._is_open = False
        self._stack = []
        if not self._is_cut:
            yield Value(self._first_line, raw.strip(), self._number or None)


def _end_of(chars: str, start: int) -> tuple[int | None, int]:
    """The end of the JSON value from `start`, or None; and before which place it makes no sense to try again."""
    try:
        return _scan_once(chars, start)[1], start
    except json.JSONDecodeError as error:
        return None, error.pos
    except StopIteration as stopped:
        return None, stopped.value
    except (ValueError, RecursionError):  # digits without end, brackets without end
        return None, len(chars)


def values_of(raw: bytes, most_bytes: int, *, is_array: bool = False) -> Iterator[Value]:
    """The values in bytes that are there whole."""
    documents = Documents(most_bytes, is_array=is_array)
    yield from documents.feed(raw)
    yield from documents.close()
