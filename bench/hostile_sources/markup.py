"""XML as a file of rows, and the damage that is XML's alone."""

from __future__ import annotations

import random
from xml.sax.saxutils import escape, quoteattr

from bench.hostile_sources.damage import legal
from bench.hostile_sources.text_files import NAMES

_LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "ha"}">' for i in range(12))
_FILE = '<!ENTITY x SYSTEM "file:///etc/hostname">'


def xml_of(rows: list[list[str]], odd: set[int], chance: random.Random) -> bytes:
    """A log of contacts; the cells of odd rows may be written in parts, by references, with comments."""
    made = ["<log>"]
    for place, row in enumerate(rows):
        made.append("<contact>")
        for name, value in zip(NAMES, row, strict=True):
            text = escape(legal(value))
            if place in odd and chance.random() < 0.08:
                text = chance.choice(
                    (
                        f"<!--c-->{text}",
                        f"<?p i?>{text}",
                        f"{text}<?p i?>{text}",
                        f"<![CDATA[{text}]]>",
                        f"&#x20;{text}&#xD7FF;",
                    )
                ).replace("]]>]]>", "]]>")
            made.append(f"<{name}>{text}</{name}>" if text else f"<{name}/>")
        made.append("</contact>")
    return "".join([*made, "</log>"]).encode()


def spoil_xml(content: bytes, chance: random.Random) -> bytes:
    deep = chance.choice((100, 255, 300, 20_000))
    text = content.decode()
    entity = chance.choice(("&x;", "&l11;", "&#0;", "&#xD800;", "&#xFFFFFFFF;", "&lt"))
    typed = chance.choice(
        (f"<!DOCTYPE log [{_LAUGHS}]>", f"<!DOCTYPE log [{_FILE}]>", "<!DOCTYPE log SYSTEM 'http://0.0.0.0/x'>")
    )
    made = chance.choice(
        (
            lambda: typed + text.replace("<at>", f"<at>{entity}", 1),
            lambda: " " * 100_000 + "<?x " + "y" * 100_000 + "?>" + typed + text,
            lambda: text.replace("<at>", f"<at>{entity}", 1),
            lambda: text.replace("<unit/>", "<a>" * deep + "</a>" * deep, 1),
            lambda: "<a>" * deep,
            lambda: text.replace("<contact>", "".join(f"<k{i}>1</k{i}>" for i in range(2500)) + "<contact>", 1),
            lambda: text.replace("<contact>", "<contact " + " ".join(f'a{i}="1"' for i in range(2500)) + ">", 1),
            lambda: text.replace("<log>", f"<log xmlns={quoteattr(legal(entity))}>"),
            lambda: (
                text.replace("<log>", '<log xmlns:p="urn:p">').replace("<at>", "<p:at>").replace("</at>", "</p:at>")
            ),
            lambda: text.replace("<contact>", "<contact area='20' area='21'>", 1),
            lambda: text.replace("</contact>", "<at>2026-03-02</at></contact>", 1),
            lambda: text.replace("</log>", "<made>later</made></log>"),
            lambda: text.replace("<log>", "<log>stray "),
            lambda: (
                "<?xml version='1.0' encoding='"
                + chance.choice(("utf-16", "utf-7", "x", "EBCDIC-CP-US", ""))
                + "'?>"
                + text
            ),
            lambda: text.replace("<remark>", "<remark>" + "z" * chance.choice((70_000, 11_000_000)), 1),
            lambda: "<log>" + "<!-- -->" * 50_000 + "<contact/>" * 5000 + "</log>",
            lambda: text + text,
        )
    )()
    return made.encode(errors="replace")
