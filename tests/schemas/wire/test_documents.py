"""JSON taken apart into values: those that stand there, in portions of any size; a damaged one costs no other."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throughline.schemas.wire.documents import Documents, Value, values_of

MOST = 10_000
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text('a"\\{}[]:,\né', max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=3)),
    max_leaves=8,
)
objects = st.lists(st.dictionaries(st.text(max_size=3), anything, min_size=1, max_size=4), min_size=1, max_size=4)
STYLES = {
    "an array": lambda given, indent: json.dumps(given, indent=indent),
    "one after another": lambda given, indent: "\n".join(json.dumps(one, indent=indent) for one in given),
    "with nothing between": lambda given, indent: "".join(json.dumps(one, indent=indent or 1) for one in given),
}


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=60, deadline=None)
@given(given=objects, indent=st.sampled_from([None, 1, 2, "\t"]), sizes=st.lists(st.integers(1, 60), min_size=1))
def test_every_value_is_given_once_whatever_the_portions(
    style: str, given: list[Any], indent: int | str | None, sizes: list[int]
) -> None:
    text = STYLES[style](given, indent).encode()
    documents, found, at = Documents(MOST), list[Value](), 0
    while at < len(text):
        size = sizes[at % len(sizes)]
        found += documents.feed(text[at : at + size])
        at += size
    found += documents.close()

    assert [json.loads(one.raw) for one in found] == given
    assert found == list(values_of(text, MOST))
    lines = text.split(b"\n")
    assert all(one.raw.split(b"\n")[0] in lines[one.line - 1] for one in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # never closed: it ends where the next begins
        (b'{"a": 1,\n{"b": 2}\n', [(1, b'{"a": 1,'), (2, b'{"b": 2}')]),
        (b'{"a": ["x",\n{"b": 2}', [(1, b'{"a": ["x",'), (2, b'{"b": 2}')]),
        (b'{"a": "x\n{"b": 2}', [(1, b'{"a": "x'), (2, b'{"b": 2}')]),
        (b'{\n  "a": {\n    "b": 1\n{\n  "c": 2\n}', [(1, b'{\n  "a": {\n    "b": 1'), (4, b'{\n  "c": 2\n}')]),
        (b'[\n  {\n    "a": 1,\n  {\n    "b": 2\n  }\n]', [(2, b'{\n    "a": 1,'), (4, b'{\n    "b": 2\n  }')]),
        (b'{\n[\n{"b": 2}\n', [(1, b"{"), (3, b'{"b": 2}'), (2, b"[")]),
        # closed by the wrong bracket
        (b'{"a": [1, 2}\n{"b": 1}', [(1, b'{"a": [1, 2}'), (2, b'{"b": 1}')]),
        (b'[{"a": 1 ]\n{"b": 1}', [(1, b'{"a": 1'), (2, b'{"b": 1}')]),
        # text beside a value is not left out
        (b'{"a": 1} x\n{"b": 1}', [(1, b'{"a": 1} x'), (2, b'{"b": 1}')]),
        (b"hello\n[1, 2]\n", [(1, b"hello"), (2, b"[1, 2]")]),
        (b'[{"a": 1}]]\n', [(1, b'{"a": 1}'), (1, b"]")]),
        # cut off
        (b'[{"a": 1},', [(1, b'{"a": 1}'), (1, b"[")]),
        (b'[{"a": 1},{"b":', [(1, b'{"a": 1}'), (1, b'{"b":')]),
        (b"[]\n[ ]", [(1, b"[]"), (2, b"[]")]),
        (b" \n\n", []),
    ],
)
def test_what_is_damaged_is_given_as_it_stands(text: bytes, expected: list[tuple[int, bytes]]) -> None:
    assert [(one.line, one.raw) for one in values_of(text, MOST)] == expected


@pytest.mark.parametrize("first", ["null", '""', "[]", "[1, 2]", "7", "x"])
def test_what_is_said_to_be_an_array_is_one_whatever_it_begins_with(first: str) -> None:
    """A damaged first element costs the others nothing."""
    text = f'[{first}, {{"b": 2}}]'.encode()
    assert [(one.number, one.raw) for one in values_of(text, MOST, is_array=True)] == [
        (1, first.encode()),
        (2, b'{"b": 2}'),
    ]


def test_elements_are_numbered_and_others_are_not() -> None:
    assert [one.number for one in values_of(b'[{"a":1},{"b":2}]\n{"c":3}\n[{"d":4}]', MOST)] == [1, 2, None, 1]


def test_no_more_is_held_than_one_record_may_have() -> None:
    """A value of 2 MB is given cut, and its neighbour stands."""
    documents, found = Documents(MOST), list[Value]()
    tracemalloc.start()
    for portion in (b'[{"a": [', *[b"12345678901234567890, " * 500] * 200, b'0]}, {"b": 1}]'):
        found += documents.feed(portion)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [(len(one.raw), one.number) for one in found] == [(MOST + 1, 1), (8, 2)]
    assert peak < 200_000
