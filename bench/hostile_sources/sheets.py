"""Spreadsheets as files of rows, written by hand so that they may say what no spreadsheet program would."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from xml.sax.saxutils import escape, quoteattr

from bench.hostile.values import damaged
from bench.hostile_sources.damage import CELLS, legal
from bench.hostile_sources.markup import spoil_xml
from bench.hostile_sources.text_files import NAMES

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_SPACES = " ".join(f'xmlns:{name}="{_OASIS}{name}:1.0"' for name in ("table", "office", "text", "style"))
_NUMBERS = (
    "46083.4",
    "-1",
    "1e308",
    "1e400",
    "nan",
    "inf",
    "2958465",
    "2958466",
    "60",
    "0",
    "9" * 400,
    "1_0",
    "",
    "٣",
    "0.99999999",
)
_LONGEST = 30_000


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def xlsx_of(rows: list[list[str]], odd: set[int], chance: random.Random) -> bytes:
    """A workbook with one sheet; cells of odd rows may be numbers, dates, errors, formulas and shared texts."""
    lines = [_xlsx_row(list(NAMES), False, chance)]
    lines += [_xlsx_row(row, place in odd, chance) for place, row in enumerate(rows)]
    is_1904 = chance.random() < 0.2
    formats = "".join(f'<xf numFmtId="{one}"/>' for one in (0, 14, 22, 46, 20))
    return zipped(
        {
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>'.encode(),
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><workbookPr date1904="{int(is_1904)}"/>'
            '<sheets><sheet name="Contacts" sheetId="1" r:id="r1"/></sheets></workbook>'.encode(),
            "xl/_rels/workbook.xml.rels": (
                f'<Relationships xmlns="{_PACKAGE}">'
                f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
                f'<Relationship Id="r2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
                f'<Relationship Id="r3" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
            ).encode(),
            "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs>{formats}</cellXfs></styleSheet>'.encode(),
            "xl/sharedStrings.xml": (
                f'<sst xmlns="{_MAIN}"><si><t>shared</t></si><si><r><t>a_xD83D_</t></r></si></sst>'
            ).encode(),
            "xl/worksheets/sheet1.xml": (
                f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
            ).encode(),
        }
    )


def _xlsx_row(row: list[str], is_odd: bool, chance: random.Random) -> str:
    return f"<row>{''.join(_xlsx_cell(one, is_odd and chance.random() < 0.15, chance) for one in row)}</row>"


def _xlsx_cell(text: str, is_odd: bool, chance: random.Random) -> str:
    if not is_odd:
        return f'<c t="inlineStr"><is><t>{escape(legal(text)[:_LONGEST])}</t></is></c>' if text else "<c/>"
    kind = chance.choice(("n", "n", "n", "s", "e", "b", "d", "str", "x"))
    style = chance.choice(("0", "1", "2", "3", "4", "99"))
    value = escape(legal(chance.choice((*_NUMBERS, *CELLS[:60])))[:_LONGEST])
    inside = chance.choice(
        (f"<v>{value}</v>", f"<f>1</f><v>{value}</v>", "<f>1</f>", f"<?p i?><v>{value}</v>", "<is><t>_xD800_</t></is>")
    )
    return f'<c t="{kind}" s="{style}">{inside}</c>'


def ods_of(rows: list[list[str]], odd: set[int], chance: random.Random) -> bytes:
    """A document with one table; cells of odd rows may be of other types than text."""
    lines = []
    for place, row in enumerate([list(NAMES), *rows], -1):
        cells = (_ods_cell(one, place in odd and chance.random() < 0.15, chance) for one in row)
        lines.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    body = f'<table:table table:name="Contacts">{"".join(lines)}</table:table>'
    content = f"<office:document-content {_SPACES}><office:body><office:spreadsheet>{body}"
    return zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f"{content}</office:spreadsheet></office:body></office:document-content>".encode(),
        }
    )


def _ods_cell(text: str, is_odd: bool, chance: random.Random) -> str:
    shown = escape(legal(text)[:_LONGEST])
    if not is_odd:
        return f"<table:table-cell><text:p>{shown}</text:p></table:table-cell>" if text else "<table:table-cell/>"
    kind = chance.choice(("float", "date", "time", "boolean", "percentage", "string", "x"))
    value = quoteattr(legal(chance.choice((*_NUMBERS, *CELLS[:60])))[:_LONGEST])
    said = " ".join(f"office:{name}={value}" for name in ("value", "date-value", "time-value"))
    inside = chance.choice(
        (f"<text:p>{shown}</text:p>", f"<?p i?><text:p>{shown}<?p i?></text:p>", "", f"<text:p>{shown}</text:p>" * 3)
    )
    formula = chance.choice(("", 'table:formula="of:=1" '))
    return f'<table:table-cell {formula}office:value-type="{kind}" {said}>{inside}</table:table-cell>'


_REPEATED = ("1", "0", "-1", "2", "16384", "1048576", "9" * 400, "x", "")
_PUT = (
    b'<table:table-row table:number-rows-repeated="%b"><table:table-cell table:number-columns-repeated="%b">'
    b"<text:p>x</text:p></table:table-cell></table:table-row>"
)


def spoil_package(content: bytes, chance: random.Random) -> bytes:
    """A whole zip file with one part that is damaged, missing, there twice, packed otherwise, endless, or something
    else than it says; or with another header."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(sorted(parts))
    what = chance.randrange(10)
    if what < 3:
        return zipped(parts | {name: damaged(parts[name], chance)})
    if what == 3:
        return zipped(parts | {name: spoil_xml(parts[name], chance)})
    if what == 4:
        return zipped({one: inside for one, inside in parts.items() if one != name})
    if what == 5:
        return zipped(parts | {name: parts[chance.choice(sorted(parts))]})
    if what == 6:
        sheet = next(one for one in parts if one.endswith(("content.xml", "sheet1.xml")))
        put = _PUT % (chance.choice(_REPEATED).encode(), chance.choice(_REPEATED).encode())
        inside = parts[sheet].replace(b"</table:table>", put + b"</table:table>")
        cell = chance.choice(("A1", "XFD1", "ZZZ1", "1", "A0", "a1"))
        row = f'<row r="{chance.choice(_REPEATED)}"><c r="{cell}"><v>1</v></c></row>'
        ref = chance.choice(("A1:XFD1048576", "C2:A1", "A1:B99999999", "A2:A3"))
        inside = inside.replace(
            b"</sheetData>", row.encode() + b"</sheetData><mergeCells><mergeCell ref='%b'/></mergeCells>" % ref.encode()
        )
        return zipped(parts | {sheet: inside})
    if what == 7:
        head, mark, rest = parts[name].partition(b">")
        return zipped(parts | {name: head + mark + chance.choice((b" ", b"<a>", b"<!--x-->")) * 4_000_000 + rest})
    made = bytearray(content)
    at = made.rfind(b"PK\x01\x02")
    if what == 8:
        # version, flags, way of packing, and the sizes of the last part, in the central directory
        place, size = chance.choice(((4, 2), (8, 2), (10, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (42, 4)))
        value = chance.choice((0, 1, 8, 9, 12, 14, 93, 99, 2**16 - 1, 2**31, 2**32 - 1)) % (1 << (8 * size))
        made[at + place : at + place + size] = value.to_bytes(size, "little")
        if place == 10:
            made[8:10] = value.to_bytes(size, "little")
        return bytes(made)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for one, inside in parts.items():
            archive.writestr(one, inside, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)))
    packed = out.getvalue()
    return packed if chance.random() < 0.3 else damaged(packed, chance)


def xls_of(rows: list[list[str]], odd: set[int], chance: random.Random) -> bytes:
    """An old workbook (BIFF8 in a compound file) with one sheet; cells of odd rows may be numbers, truths and errors.

    Source: [MS-XLS] 2.4 (BOF, BoundSheet8, Dimensions, Label, Number, BoolErr), [MS-CFB] 2.2 to 2.6.
    """
    sheet = [_record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))]
    sheet.append(_record(0x200, struct.pack("<IIHHH", 0, len(rows) + 1, 0, len(NAMES), 0)))
    for y, row in enumerate([list(NAMES), *rows]):
        for x, text in enumerate(row):
            is_odd = y - 1 in odd and chance.random() < 0.1
            sheet.append(_xls_cell(y, x, text, is_odd, chance))
    sheet.append(_record(0x0A, b""))
    head = _record(0x809, struct.pack("<HHHHII", 0x600, 0x05, 0, 0, 0, 0)) + _record(0x42, struct.pack("<H", 1200))
    bound = struct.pack("<BB", 0, 0) + b"\x08\x00Contacts"
    at = len(head) + 4 + 4 + len(bound) + 4
    return _compound(head + _record(0x85, struct.pack("<I", at) + bound) + _record(0x0A, b"") + b"".join(sheet))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _xls_cell(y: int, x: int, text: str, is_odd: bool, chance: random.Random) -> bytes:
    place = struct.pack("<HHH", y, x, 0)
    if is_odd:
        number = chance.choice((0.0, -1.5, 46083.25, 1e300, float("nan"), float("inf"), 2**53 + 0.0))
        return chance.choice(
            (
                _record(0x203, place + struct.pack("<d", number)),
                _record(0x205, place + chance.choice((b"\x01\x00", b"\x2a\x01", b"\xff\x00"))),
                _record(0x27E, place + chance.randbytes(4)),
                _record(0x204, place + struct.pack("<HB", chance.choice((0, 3)), 1) + chance.randbytes(6)),
                _record(0xFD, place + struct.pack("<I", chance.choice((0, 7, 2**32 - 1)))),
            )
        )
    if not text:
        return b""
    written = text[:2000].encode("utf-16-le", errors="replace")
    return _record(0x204, place + struct.pack("<HB", len(written) // 2, 1) + written)


def _compound(stream: bytes) -> bytes:
    stream = stream.ljust(4096, b"\0")
    stream += b"\0" * (-len(stream) % 512)
    size = len(stream) // 512
    tables = 1
    while tables * 128 < tables + 1 + size:
        tables += 1
    chain = [0xFFFFFFFD] * tables + [0xFFFFFFFE] + [*range(tables + 2, tables + 1 + size), 0xFFFFFFFE]
    chain += [0xFFFFFFFF] * (tables * 128 - len(chain))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    head += struct.pack("<IIIIIIIII", 0, tables, tables, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", *(list(range(tables)) + [0xFFFFFFFF] * 109)[:109])
    folder = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + _entry("Workbook", 2, 0xFFFFFFFF, tables + 1, len(stream))
    folder += (b"\0" * 68 + b"\xff" * 12 + b"\0" * 48) * 2
    return head + struct.pack(f"<{len(chain)}I", *chain) + folder + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    written = name.encode("utf-16-le") + b"\0\0"
    made = written.ljust(64, b"\0") + struct.pack("<HBBIII", len(written), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    return made + b"\0" * 36 + struct.pack("<IQ", start, size)


def spoil_xls(content: bytes, chance: random.Random) -> bytes:
    """Numbers of the compound file and of records that say more than there is."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 3))):
        at = chance.choice(
            (chance.randrange(0x18, 0x50), chance.randrange(512, 1600), chance.randrange(1500, len(made) - 4))
        )
        value = chance.choice((0, 1, 2, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF, chance.randrange(2**32)))
        size = chance.choice((1, 2, 4))
        made[at : at + size] = (value % (1 << 8 * size)).to_bytes(size, "little")
    return bytes(made)
