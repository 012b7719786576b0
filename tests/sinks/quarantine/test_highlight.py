"""The field at fault is marked in the record, for who asked to see it."""

from __future__ import annotations

import pytest

from throughline.sinks.quarantine.highlight import MARK, marked

EVENT = b'{"specversion": "1.0", "time": "now", "data": {"identifiers": {"urn": "\\u001b"}, "channel": ["a"]}}'


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("time", '"time": "now"'),
        ("data.identifiers.urn", r'"urn": "\u001b"'),
        ("data.channel.0", '"channel": ["a"]'),
        ("data.decision", '"decision" is missing'),
        ("partitionkey", '"partitionkey" is missing'),
    ],
)
def test_one_line_is_marked(field: str, line: str) -> None:
    """The field itself, what it would stand in, or that it is missing; nothing that could move a cursor."""
    lines = marked(EVENT, field) or []

    assert [text.removeprefix(MARK).strip() for text in lines if text.startswith(MARK)] == [line]
    assert all(text.removeprefix(MARK).isascii() and text.removeprefix(MARK).isprintable() for text in lines)


def test_an_object_is_marked_at_both_ends() -> None:
    """The field may be an object of several lines."""
    assert [text.strip() for text in marked(EVENT, "data.identifiers") or [] if text.startswith(MARK)] == [
        f'{MARK}    "identifiers": {{'.strip(),
        f"{MARK}    }}".strip(),
    ]


def test_a_column_of_an_export_may_have_any_name() -> None:
    """A dot in it is no path; a field that a row has under another name is not called missing."""
    assert marked(b'{"a.b": 1}', "a.b") == ["  {", f'{MARK}  "a.b": 1', "  }"]
    assert marked(b'{"a.b": 1}', "offence_group") == ["  {", '    "a.b": 1', "  }"]


def test_other_bytes_have_no_fields() -> None:
    """Lines of CSV, Avro, JSON that is no object; and a record without a field at fault has no mark."""
    assert [marked(raw, "time") for raw in (b"a;b", b"\xc3\x01", b"[1]", b"")] == [None] * 4
    assert not any(text.startswith(MARK) for text in marked(EVENT, None) or [])
