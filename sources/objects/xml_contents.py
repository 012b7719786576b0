"""OCEL 2.0 in XML, streamed.

Source: OCEL 2.0 specification, XML format. A relationship is an element `relationship` or `object` with `object-id`.
"""

from __future__ import annotations

from pathlib import Path

from throughline.errors import DataError
from throughline.sources.objects.contents import Contents, Event, Kind, Object, Relation
from throughline.sources.sheets.elements import Element, Stream, drop, parsed

_TAGS = ["{*}object-type", "{*}event-type", "{*}object", "{*}event"]


def read_ocel_xml(file: Stream, path: Path) -> Contents:
    """What stands in a file, which is open. Raises DataError with its line where it is damaged, hostile, or lacks what
    it needs."""
    for _, element in parsed(file, str(path), ("end",), _TAGS):
        kind = _local(element)
        if kind == "object" and "object-id" in element.attrib:
            continue  # a relationship: its event or object is still to end
        try:
            yield from _content(kind, element)
        except KeyError as error:
            said = f"has an element `{kind}` without {error}"
            raise DataError(said, file=path, line=element.sourceline) from None
        drop(element)


def _content(kind: str, element: Element) -> Contents:
    given = element.attrib
    if kind.endswith("-type"):
        attributes = tuple(one.attrib["name"] for one in element.iter("{*}attribute"))
        yield Kind(kind.removesuffix("-type"), given["name"], attributes)
        return
    values = [(one.attrib, (one.text or "").strip()) for one in element.iter("{*}attribute")]
    if kind == "object":
        stated = ((said["name"], said["time"], text) for said, text in values if text)
        yield Object(given["id"], given["type"], tuple(stated))
    else:
        yield Event(given["id"], given["type"], given["time"], {said["name"]: text for said, text in values})
    for one in element.iter("{*}relationship", "{*}object"):
        if "object-id" in one.attrib:
            yield Relation(kind, given["id"], one.attrib["object-id"], one.attrib.get("qualifier", ""))


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
