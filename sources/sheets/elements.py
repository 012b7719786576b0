"""XML streamed: elements as they end, in bounded memory, from a file that may be hostile.

A document type declaration is refused, so no entity is ever defined, let alone expanded or fetched. libxml2's own
limits stay on: 256 levels, 10 MB of one text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any, TypeAlias

from lxml import etree

from throughline.errors import DataError

_CHUNK = 1 << 16
# what may be read before an element that is looked for has ended, or has begun
HELD_BYTES = 1 << 25
_HEAD_BYTES = 1 << 20
_BEGIN = re.compile(r"<[^?!]")
_BOMS = ((b"\xff\xfe\x00\x00", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

# lxml says nothing of its types
Element: TypeAlias = Any
Stream = IO[bytes] | Any


class MarkupError(DataError):
    """XML that is not well-formed, or asks for what is refused. `line` is that of the file itself."""


def parsed(file: Stream, where: str, events: tuple[str, ...], tags: list[str]) -> Iterator[tuple[str, Element]]:
    """Each (event, element) of the names `tags` (`{namespace}name`, `{*}name`, `*`) as the parser comes by.

    What an element holds stays until the caller clears it. Raises MarkupError, whose text calls the file `where`, also
    where more than HELD_BYTES hold no such event.
    """
    parser = etree.XMLPullParser(
        events, tag=tags, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    held, is_begun, head = 0, False, b""
    try:
        while chunk := file.read(_CHUNK):
            if not is_begun:
                head += chunk
                is_begun = _begins(head, where)
                if not is_begun and len(head) > _HEAD_BYTES:
                    raise MarkupError("has no element in its first megabyte", file=where, line=1)
            parser.feed(chunk)
            held += len(chunk)
            for found in parser.read_events():
                held = 0
                yield found
            if held > HELD_BYTES:
                raise MarkupError("has an element, or something between two, of more than 32 MB", file=where)
        parser.close()
        yield from parser.read_events()
    except etree.XMLSyntaxError as error:
        line = error.lineno or None
        said = re.sub(r", (?:line \d+, column|use XML|try XML).*", "", error.msg or "it is empty", flags=re.S)
        hint = "Export the file again: it is cut off, or was damaged."
        raise MarkupError(f"is not well-formed XML ({said})", file=where, line=line, hint=hint) from None


def _begins(head: bytes, where: str) -> bool:
    """Whether the outermost element has begun. Raises MarkupError for a document type, which stands before it."""
    encoding = next((name for bom, name in _BOMS if head.startswith(bom)), "latin-1")
    text = head.decode(encoding, errors="replace").replace("\x00", "")
    if "<!" in text or "<?" in text:
        text = re.sub(r"<!--.*?-->|<\?.*?\?>", "", text, flags=re.S)
    begin = _BEGIN.search(text)
    if "<!DOCTYPE" in (text[: begin.start()] if begin else text):
        hint = "Take the <!DOCTYPE> out: an export needs none, and what it defines may be hostile."
        raise MarkupError("declares a document type", file=where, line=1, hint=hint)
    return begin is not None


def drop(element: Element) -> None:
    """Forget an element that was read, and what stood before it beside it."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
