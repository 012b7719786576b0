"""CloudEvents over HTTP: a request in structured, binary or batch mode, to the events that it states.

Source: CloudEvents 1.0 HTTP protocol binding, sections 3.1 to 3.3. Nothing here judges: what cannot be read is a
`Reject` in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice

from throughline.errors import RequestRefused
from throughline.schemas.acceptance.media import media_type
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.wire.cloudevents import BATCH, Stated, from_batch, from_kafka

STRUCTURED = "application/cloudevents+json"

Headers = Sequence[tuple[bytes, bytes]]

_NAME = re.compile(r"[a-z0-9]{1,200}").fullmatch
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
_STRAY = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_PRINTABLE = re.compile(rb"[\x20-\x7e]*").fullmatch
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)", re.I)
_UTF_8 = {"utf-8", "utf8", "us-ascii"}


def events_of(headers: Headers, body: bytes, *, record_bytes: int, most: int) -> list[Stated]:
    """The events of a request (names of headers in small letters); an event may have `record_bytes`, a batch
    `most` events.

    Raises RequestRefused where the request as a whole is none of CloudEvents, or has more events.
    """
    content_type = _content_type(headers)
    attributes = [(name[3:].decode("latin-1"), value) for name, value in headers if name.startswith(b"ce-")]
    media = media_type(content_type or "")
    if media == BATCH:
        return _batch(body, record_bytes, most)
    if media.startswith("application/cloudevents"):
        if media != STRUCTURED:
            raise _media_refused(f"`{media}` is not read: events are JSON.")
        return from_kafka([("content-type", STRUCTURED.encode())], body, record_bytes)
    if not attributes:
        raise _media_refused("The request has neither a content type of CloudEvents nor `ce-` headers.")
    return [_binary(attributes, content_type, body, record_bytes)]


def fingerprint_of(headers: Headers, body: bytes) -> bytes:
    """A hash over all of a request that says something: its content type, its `ce-` headers and its body, unpacked."""
    found = sha256()
    for name, value in sorted(
        (name, value) for name, value in headers if name.startswith(b"ce-") or name == b"content-type"
    ):
        found.update(b"%d %d " % (len(name), len(value)) + name + value)
    found.update(body)
    return found.digest()


def _content_type(headers: Headers) -> str | None:
    found = [value for name, value in headers if name == b"content-type"]
    if len(found) > 1:
        raise RequestRefused("The header Content-Type stands twice.", code="header_twice", status=400)
    if not found:
        return None
    text = found[0].decode("latin-1").strip()
    charset = _CHARSET.search(text)
    if charset and charset[1].lower() not in _UTF_8:
        raise _media_refused("JSON is UTF-8: another charset is not read.")
    return text


def _batch(body: bytes, record_bytes: int, most: int) -> list[Stated]:
    if len(body) <= 100 and b"".join(body.split()) == b"[]":
        return []  # nothing to say, and still heard of
    events = list(islice(from_batch(body, record_bytes), most + 1))
    if len(events) > most:
        raise RequestRefused(
            f"The batch has more than {most:,} events.",
            code="too_many_events",
            status=413,
            hint="Send it in several requests.",
        )
    return events


def _binary(
    attributes: Iterable[tuple[str, bytes]], content_type: str | None, body: bytes, record_bytes: int
) -> Stated:
    told: dict[str, bytes] = {}
    for name, value in attributes:
        fault = None
        if not _NAME(name):
            return (
                Reject("bad_attribute", None, "an attribute's name has characters other than a–z and 0–9"),
                body,
                None,
            )
        if name in told:
            fault = "the header of an attribute stands twice"
        elif name in ("datacontenttype", "data"):
            fault = "the media type of `data` is the header Content-Type, and `data` is the body"
        elif not _PRINTABLE(value):
            fault = "a header has only printable ASCII: other characters are percent-encoded"
        elif _STRAY.search(value):
            fault = "a header has a `%` that encodes nothing: `%` itself is written %25"
        if fault is not None:
            return Reject("bad_attribute", name, fault), body, None
        told[name] = decoded(value)
    headers = [(f"ce_{name}", value) for name, value in told.items()]
    if content_type is not None:
        headers.append(("content-type", content_type.encode()))
    return from_kafka(headers, body or None, record_bytes)[0]


def decoded(value: bytes) -> bytes:
    """The value of a header as its attribute has it, in UTF-8: out of its quotation marks, percent-decoded once."""
    text = value.strip()
    if len(text) > 1 and text[:1] == text[-1:] == b'"':
        text = re.sub(rb"\\(.)", rb"\1", text[1:-1])
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text)


def _media_refused(what: str) -> RequestRefused:
    return RequestRefused(
        what,
        code="unsupported_media",
        status=415,
        hint=f"Send `{STRUCTURED}`, `{BATCH}`, or `ce-` headers with the data as application/json.",
    )
