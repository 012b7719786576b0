"""Values that nobody should send: for JSON, text, numbers, times and raw bytes. All by a given random.Random."""

from __future__ import annotations

import random
from typing import Any

TEXTS: tuple[str, ...] = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\n",
    "\r\n",
    "\t\x0b\x0c\x1b[31m",
    "\ufeff",
    "\u202e20/1/26",
    "\u2028",
    "\x1e\x1f",
    "é" * 4096,
    "x" * 4096,
    "x" * 4097,
    "😀" * 5000,
    "UNKNOWN",
    "null",
    "NaN",
    "-0",
    "1e999",
    "'; drop table events; --",
    "=cmd|'/c calc'!A1",
    "{{7*7}}",
    "%s%n",
    "../../etc/passwd",
    "Ⅷ²",
    "ß" * 30,
    "İi̇",
    "\u0130" * 200,
    "a\u0301" * 50,
    "\U0010ffff",
    "\ufffe",
    "20PP0012326",
    "20/1/26",
    "true",
    "[]",
    "{}",
    '"',
    "\\",
    "; ; ",
)
TIMES: tuple[str, ...] = (
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "1899-12-31T23:59:59Z",
    "1900-01-01T00:00:00+14:00",
    "2099-12-31T23:59:59.999999Z",
    "2100-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59.999999-23:59",
    "10000-01-01T00:00:00Z",
    "-2026-03-02T10:15:00Z",
    "2026-02-29T00:00:00Z",
    "2024-02-29T00:00:00Z",
    "2026-06-30T23:59:60Z",
    "2026-03-29T01:30:00",
    "2026-10-25T01:30:00+01:00",
    "2026-03-02T24:00:00Z",
    "2026-03-02t10:15:00z",
    "2026-03-02 10:15:00Z",
    "2026-03-02T10:15Z",
    "2026-03-02T10:15:00.1234567890123456789Z",
    "2026-03-02T10:15:00+99:99",
    "2026-03-02T10:15:00Z[Europe/London]",
    "２０２６-03-02T10:15:00Z",
    "2026-03-02",
    "2026-03",
    "2026-13",
    "2026-00-00",
    "2026-W10-1",
    "1772446500",
    "",
    "now",
    "infinity",
    "epoch",
)
# for microseconds since 1970, and any other 64-bit number
LONGS: tuple[int, ...] = (
    0,
    -1,
    2**63 - 1,
    -(2**63),
    -(2**63) + 1,
    2**62,
    2**31,
    253_402_300_799_999_999,
    253_402_300_800_000_000,
    -62_135_596_800_000_000,
    -62_135_596_800_000_001,
    -62_167_219_200_000_000,
    4_102_444_800_000_000,
    4_102_444_799_999_999,
)
NUMBERS: tuple[Any, ...] = (*LONGS, 0.0, -0.0, 1e308, 5e-324, 0.1, 1.0, True, False)
# JSON as bytes that no serialiser writes
RAW_JSON: tuple[bytes, ...] = (
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-1e999",
    b"99999999999999999999999999",
    b"18446744073709551616",
    b"01",
    b"1.",
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\ud83d\\ude00"',
    b'"\\u0000"',
    b'"\xff\xfe"',
    b'"\xc0\xaf"',
    b'"\xed\xa0\x80"',
    b'"\xf4\x90\x80\x80"',
    b'"\x01"',
    b'"\\x41"',
    b"'single'",
    b"undefined",
    b"[1,]",
    b'{"a":1,}',
    b'{"a":1,"a":2}',
    b"/* */ 1",
    b"\xef\xbb\xbf1",
)


def hostile_value(chance: random.Random) -> Any:
    """A value of any JSON type; rarely large or deep."""
    what = chance.randrange(12)
    if what < 4:
        return chance.choice(TEXTS)
    if what < 6:
        return chance.choice(TIMES)
    if what < 8:
        return chance.choice(NUMBERS)
    if what == 8:
        return None
    if what == 9:
        return chance.choice(([], {}, [[]], [None], [""], {"": ""}, {"a": {"b": []}}, ["a", 1], [{}]))
    if what == 10:
        return [chance.choice(TEXTS) for _ in range(chance.randint(1, 4))]
    rare = chance.randrange(40)
    if rare == 0:
        return nested(chance.choice((50, 200, 900)))
    if rare == 1:
        return ["x"] * chance.choice((1000, 1001, 5000))
    if rare == 2:
        return {f"k{i}": i for i in range(2000)}
    if rare == 3:
        return "y" * chance.choice((100_000, 262_100, 300_000))
    return chance.choice(TEXTS)


def nested(depth: int) -> Any:
    """Lists and objects in turn, `depth` deep."""
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def damaged(good: bytes, chance: random.Random) -> bytes:
    """A copy with one to three faults: bits flipped, bytes cut, doubled, put in, replaced."""
    made = bytearray(good)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(made) + 1)
        what = chance.randrange(7)
        if what == 0 and at < len(made):
            made[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            del made[at:]
        elif what == 2:
            made[at:at] = chance.randbytes(chance.randint(1, 9))
        elif what == 3:
            made += made[at:]
        elif what == 4:
            del made[at : at + chance.randint(1, 4)]
        elif what == 5:
            made[at : at + 10] = chance.choice((b"\xff" * 9 + b"\x01", b"\x80" * 11, b"\xfe\xff\xff\xff\x0f"))
        else:
            made[at : at + 2] = chance.choice(
                (b"\xff\xff", b"[[[[", b"\\u0000", b"NaN", b"\\ud800", b"1e999", b'"', b"null", b"\x00", b"\xc0\xaf")
            )
    return bytes(made)
