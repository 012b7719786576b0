"""Damage that any file may have, and cells that nobody should send."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Sequence

from bench.hostile.values import LONGS, TEXTS, TIMES, damaged

CELLS: tuple[str, ...] = (
    *TEXTS,
    *TIMES,
    *map(str, LONGS),
    "9" * 5000,
    "-" + "9" * 400,
    "1e400",
    "1E+999999999",
    "0x7f",
    "1_000",
    "٣",
    "_xD800_",
    "_x0000_",
    "a" * 66_000,
    "0" * 30,
    ",",
    ";",
    "\t",
    "20/1/26; 20/2/26",
    '["a", "b"]',
    "\u0085",
    "\u00a0",
    "31/02/2026 25:61",
    "2958466",
    "-0.0000000001",
)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKS = (
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\x00\x00\xfe\xff",
    b"\x1f\x8b\x08",
    b"\x00",
    b"PK\x03\x04",
    b"\n" * 9,
)


def cell(chance: random.Random, was: str = "") -> str:
    """A text that is odd, or nearly what it was."""
    what = chance.randrange(10)
    if what < 7 or not was:
        return chance.choice(CELLS)
    at = chance.randrange(len(was))
    if what == 7:
        return (
            was[:at]
            + chr(chance.choice((0, 10, 0x1F, 0x7F, 0x2028, 0xFFFE, 0x1F600, chance.randrange(0xD000))))
            + was[at:]
        )
    if what == 8:
        return was[:at] + was[at + 1 :]
    return was[:at] + chr(ord(was[at]) ^ (1 << chance.randrange(7))) + was[at + 1 :]


def legal(text: str) -> str:
    """What XML may have of a text."""
    return _ILLEGAL.sub("", text)


def sound(text: str) -> str:
    """What UTF-8 may have of a text."""
    return text.encode(errors="replace").decode()


def spoilt(content: bytes, chance: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """A file with bits turned, bytes cut, put in, moved or repeated, marks before it, or in another encoding; `words`
    are what its form has a meaning for."""
    what = chance.randrange(13)
    if what < 4 or not content:
        return damaged(content, chance)
    at, to = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    if what == 4:
        return content[:at]
    if what == 5:
        return content[:at] + content[to:]
    if what == 6:
        return content[:to] + content[at:]
    if what == 7:
        return content[:at] + chance.choice(_MARKS) + content[at:]
    if what == 8:
        return chance.choice(_MARKS) + content
    if what == 9:
        packed = gzip.compress(content, 1)
        return chance.choice((packed, packed[: len(packed) * 2 // 3], packed * 2, damaged(packed, chance)))
    if what == 10:
        name = chance.choice(("utf-16", "utf-32", "utf-16-le", "utf-7", "cp500"))
        return content.decode("latin-1").encode(name, errors="replace")
    if words and what == 11:
        word = chance.choice(words)
        return content.replace(word, chance.choice((b"", word * 2, word.swapcase(), b"9" * 5000, b"-1", b"\xff")), 1)
    if words:
        return content[:at] + chance.choice(words) + content[at:]
    return content[:at] + chance.randbytes(chance.choice((1, 40, 5000))) + content[at:]
