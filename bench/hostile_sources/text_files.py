"""Text as files of rows: with a delimiter, of fixed width, and JSON; and the damage that is theirs alone."""

from __future__ import annotations

import csv
import io
import json
import random

import orjson

from bench.hostile.values import RAW_JSON, hostile_value
from bench.hostile_sources.damage import CELLS, sound

NAMES = ("entry", "area", "unit", "crime", "file", "at", "entered", "what", "channel", "person", "remark")
_WIDTH = 20
_BOMB = 3_000_000


def csv_of(rows: list[list[str]], odd: set[int], chance: random.Random) -> bytes:
    """A file that says each cell as RFC 4180 has it; odd rows may have a cell too many or too few, or bytes of no
    encoding."""
    lines = [",".join(NAMES).encode()]
    for place, row in enumerate(rows):
        made = _row(row, csv.QUOTE_MINIMAL)
        if place in odd and chance.random() < 0.15:
            made = chance.choice((made + b",x", made.rpartition(b",")[0] or b"x", made + b"\xff", b"\xc0\xaf" + made))
        lines.append(made)
    return b"\n".join(lines) + b"\n"


def loose_csv_of(rows: list[list[str]], odd: set[int], chance: random.Random) -> bytes:
    """A file in which odd rows are written without care for quotes and line ends."""
    lines = [",".join(NAMES).encode()]
    for place, row in enumerate(rows):
        loose = place in odd and chance.random() < 0.8
        made = sound(",".join(row)).encode() if loose else _row(row, csv.QUOTE_ALL)
        lines.append(made.replace(b"x", b'"', 1) if loose and chance.random() < 0.3 else made)
    return chance.choice((b"\n", b"\r\n")).join(lines)


def _row(row: list[str], quoting: int) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator="").writerow([sound(one) for one in row])  # type: ignore[arg-type]
    return out.getvalue().encode()


def spoil_csv(content: bytes, chance: random.Random) -> bytes:
    head, _, rest = content.partition(b"\n")
    return chance.choice(
        (
            lambda: head + b",entry\n" + rest,
            lambda: b",".join(b"c%d" % place for place in range(chance.choice((2000, 40_000)))) + b"\n" + rest,
            lambda: (
                head.replace(b"area", chance.choice((b"", b"AREA", b"are\x00a", b'"area', b"a" * 300_000)))
                + b"\n"
                + rest
            ),
            lambda: b"\n" * 5000 + content,
            lambda: content.replace(b"\n", b"\r"),
            lambda: content + b'"' + b"x," * 200_000,
            lambda: content + b'"' * 100_001,
            lambda: content.replace(b",", chance.choice((b";", b"\t", b"|", b"\x00", b",,"))),
            lambda: head,
            lambda: head + b"\n" + b"\n".join(b"," * chance.randrange(30) for _ in range(3000)),
        )
    )()


def fixed_of(rows: list[list[str]], odd: set[int], chance: random.Random) -> bytes:
    """Lines of 220 places; an odd one may be longer, shorter, or have bytes of no encoding."""
    lines = []
    for place, row in enumerate(rows):
        cells = [sound(one).replace("\n", " ").replace("\r", " ") for one in row]
        line = "".join(one[: _WIDTH - 1].ljust(_WIDTH) for one in cells).encode()
        if place in odd and chance.random() < 0.3:
            at = chance.randrange(len(line))
            put = chance.choice((b"\t", b"\x00", b"\x81", b"\xc3", b" " * 400, b"\xe2\x80\xa8", b"x" * 300_000))
            line = chance.choice((line[:at], line[:at] + put + line[at:], line + put))
        lines.append(line)
    return b"\n".join(lines) + b"\n"


def spoil_lines(content: bytes, chance: random.Random) -> bytes:
    return chance.choice(
        (
            lambda: b" " * _BOMB + content,
            lambda: content.replace(b"\n", chance.choice((b"", b"\r", b"\r\n", b"\x85", b"\n\n"))),
            lambda: b"\n" * 10_000 + content,
            lambda: content.replace(b" ", b"\t"),
            lambda: content.replace(b"2", b"\xc2\xb2"),
            lambda: content[:40],
        )
    )()


def json_of(rows: list[list[str]], odd: set[int], chance: random.Random) -> bytes:
    """A document a line, each with one row; odd ones have values of any type, raw bytes and other shapes."""
    lines = []
    for place, row in enumerate(rows):
        said: dict[str, object] = {name: sound(value) for name, value in zip(NAMES, row, strict=True) if value}
        if place not in odd:
            lines.append(orjson.dumps({"log": {"contacts": [said]}}))
            continue
        what, name = chance.randrange(8), chance.choice(NAMES)
        if what < 3:
            said[name] = _scalar(chance)
        elif what == 3:
            said[name] = "@@"
        line = dumped({"log": {"contacts": [said]}}).replace(b'"@@"', chance.choice(RAW_JSON))
        if what == 4:
            line = line.replace(b'"contacts":[', chance.choice((b'"contacts":{', b'"contacts":[[', b'"contacts":[3,')))
        elif what == 5 and chance.random() < 0.2:
            line = chance.choice((b'{"log":{"contacts":[]}}', b'{"log":[]}', b"{}", b'{"log":{"contacts":[{}]}}'))
        elif what == 6 and chance.random() < 0.3:
            line = line.replace(b'"entry"', b'"area":"20","area":"21","entry"')
        lines.append(line.replace(b"\n", b" "))
    return b"\n".join(lines) + b"\n"


def _scalar(chance: random.Random) -> object:
    # a list would make the column one for every row, which the mapping does not read
    value = hostile_value(chance)
    return value if not isinstance(value, list | dict) else chance.choice((10**30, 2**64, -(2**63), True, 1e22, 0.1))


def dumped(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def spoil_json(content: bytes, chance: random.Random) -> bytes:
    first = content.partition(b"\n")[0]
    deep = chance.choice((90, 101, 300, 5000, 200_000))
    return chance.choice(
        (
            lambda: b"[" + content.strip().replace(b"\n", b",") + b"]",
            lambda: first.replace(b'"area":"20"', b'"area":' + b"[" * deep + b"]" * deep),
            lambda: first.replace(b'"area":"20"', b'"area":' + b'{"a":' * deep + b"1" + b"}" * deep),
            lambda: first.replace(b'"area":"20"', b'"area":' + chance.choice(RAW_JSON)) + b"\n" + content,
            lambda: b"".join(b'{"log":{"contacts":[{"k%d":1}]}}\n' % place for place in range(2500)),
            lambda: b'{"log":{"contacts":[' + b",".join(b'{"entry":%d}' % place for place in range(3000)) + b"]}}",
            lambda: b'{"log":' * deep,
            lambda: b'"' + b"\\u0041" * 100_000,
            lambda: content.replace(b"}\n{", b"}{"),
            lambda: content.replace(b'"', b"'"),
            lambda: first.replace(b"area", sound(chance.choice(CELLS)).encode()[:2000]),
            lambda: b"1\n2\nnull\n" + content,
        )
    )()
