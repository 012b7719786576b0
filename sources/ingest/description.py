"""The service described: as OpenAPI 3.1 for programs, and as one page for people, made of the same."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from throughline import __version__
from throughline.schemas.wire.cloudevents import BATCH
from throughline.sources.ingest.binding import STRUCTURED
from throughline.sources.ingest.body import ENCODINGS
from throughline.sources.ingest.intake import MOST_EVENTS
from throughline.sources.ingest.problem import MEDIA

_HERE = Path(__file__).parent
_STYLE = (_HERE / "page.css").read_text(encoding="utf-8")
STYLE_HASH = f"sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode()}"

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer", "minimum": 0}
_EVENT: Mapping[str, Any] = {
    "type": "object",
    "description": "A CloudEvent 1.0 in the JSON event format; what it can say is in the catalogue of events.",
    "required": ["specversion", "id", "source", "type", "partitionkey", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {**_TEXT, "minLength": 1, "description": "Yours. It keeps its id for ever."},
        "source": {**_TEXT, "minLength": 1, "description": "The system that publishes: that of the token."},
        "type": _TEXT,
        "time": {**_TEXT, "format": "date-time", "description": "When it happened, with an offset."},
        "occurredon": {**_TEXT, "description": "When it happened, where only the day or month is known."},
        "recordedtime": {**_TEXT, "format": "date-time"},
        "partitionkey": {**_TEXT, "minLength": 1, "description": "The area."},
        "sequence": {**_TEXT, "description": "Your own number; where there is none, one is given."},
        "datacontenttype": {**_TEXT, "const": "application/json"},
        "data": {"type": "object", "properties": {"unit": _TEXT, "identifiers": {"type": "object"}}},
    },
}
_FATE: Mapping[str, Any] = {
    "type": "object",
    "required": ["record", "fate"],
    "properties": {
        "record": {"type": "integer", "minimum": 1, "description": "Which record of the request, from 1."},
        "fate": {"enum": ["accepted", "known", "refused"]},
        "source": _TEXT,
        "id": _TEXT,
        "type": _TEXT,
        "reason": {**_TEXT, "description": "One word; the same as `throughline publish` gives."},
        "field": {"type": ["string", "null"]},
        "detail": _TEXT,
        "status": {"enum": [403, 422]},
    },
}
_RECEIPT: Mapping[str, Any] = {
    "type": "object",
    "required": ["receipt", "taken_at", "source", "records", "accepted", "known", "refused", "fates"],
    "properties": {
        "receipt": {**_TEXT, "pattern": "^r-[0-9a-f]{32}$"},
        "taken_at": {**_TEXT, "format": "date-time"},
        "source": _TEXT,
        **dict.fromkeys(("records", "accepted", "known", "refused"), _NUMBER),
        "fates": {"type": "array", "items": {"$ref": "#/components/schemas/Fate"}},
    },
}
_PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `errors` has one entry for each record that was refused.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        **dict.fromkeys(("type", "title", "detail", "hint", "instance", "receipt"), _TEXT),
        "status": _NUMBER,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["record", "reason", "field", "detail", "status"],
                "properties": {
                    **{name: _FATE["properties"][name] for name in ("record", "reason", "field", "detail", "status")}
                },
            },
        },
    },
}
_FAULTS = {
    400: "The request cannot be read: its headers, or the way its body is packed.",
    401: "No token, or one that is not known, has expired or was revoked.",
    403: "None of the records is this token's to send; or the request did not come by the proxy.",
    404: "There is no such receipt of this publisher.",
    408: "The body came too slowly.",
    413: "The body is too large, as it comes or unpacked, or has too many events.",
    415: "Neither a form of CloudEvents, nor a way of packing, that is read.",
    422: "Every record was refused, each for its reason; or the Idempotency-Key was sent with another request.",
    429: "More events than this publisher may send; `Retry-After` has the seconds to wait. Nothing was taken.",
    503: "Too much at once, or nothing can be kept at the moment. Nothing was taken that will not count once.",
}
_ASKED = (400, 401, 403, 429, 503)


def description(title: str, types: Sequence[str], most_bytes: int) -> dict[str, Any]:
    """The OpenAPI document; `types` are those of events that may be posted, by their full names."""
    event = {**_EVENT, "properties": {**_EVENT["properties"], "type": {**_TEXT, "enum": list(types)}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Events of agencies: {title}",
            "version": __version__,
            "description": "An agency's system posts what happened as CloudEvents. A 202 says that the events are on "
            "the disk and will arrive; its receipt names the fate of each record.",
        },
        "security": [{"token": []}],
        "paths": {
            "/events": {"post": _posting(most_bytes)},
            "/receipts/{receipt}": {
                "get": {
                    "operationId": "getReceipt",
                    "summary": "The receipt of an earlier request of yours.",
                    "parameters": [
                        {"name": "receipt", "in": "path", "required": True, "schema": {**_TEXT, "minLength": 1}}
                    ],
                    "responses": {**_says(200, "The receipt as it was given.", "Receipt"), **_faults(*_ASKED, 404)},
                }
            },
            "/alive": {
                "post": {
                    "operationId": "sayAlive",
                    "summary": "Say that your system lives and has nothing to say.",
                    "description": "Any request with a token says so, too. Then silence is told from nothing to say.",
                    "responses": {"204": {"description": "Heard."}, **_faults(*_ASKED)},
                }
            },
            "/live": {"get": _state("live", "Whether the service works; 503: start it again.")},
            "/ready": {"get": _state("ready", "Whether it takes requests now, and how many records wait to be sent.")},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Event": event, "Receipt": _RECEIPT, "Fate": _FATE, "Problem": _PROBLEM},
        },
    }


def page(described: Mapping[str, Any]) -> str:
    """The page: no script, and nothing from outside."""
    environment = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("page.html").render(described=described, style=_STYLE)


def _posting(most_bytes: int) -> dict[str, Any]:
    event = {"$ref": "#/components/schemas/Event"}
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key with the same request gives the same receipt; with another request, 422.",
        "schema": {**_TEXT, "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    }
    batch = {"type": "array", "items": event}
    return {
        "operationId": "postEvents",
        "summary": "Post one event, or a batch of them.",
        "description": f"Structured mode (`{STRUCTURED}`), batch mode (`{BATCH}`), or binary mode: attributes as "
        f"percent-encoded `ce-` headers and `data` as the body (`application/json`). A body has at most {most_bytes:,} "
        f"bytes and {MOST_EVENTS:,} events, and may be packed ({ENCODINGS}). Each record is judged alone: what is "
        "refused does not hold up the others.",
        "parameters": [key],
        "requestBody": {
            "required": True,
            "content": {STRUCTURED: {"schema": event}, BATCH: {"schema": batch}},
        },
        "responses": {
            **_says(202, "The events are kept. The receipt names the fate of each record.", "Receipt"),
            **_faults(*_ASKED, 408, 413, 415, 422),
        },
    }


def _state(name: str, summary: str) -> dict[str, Any]:
    said = {
        "type": "object",
        "required": [name],
        "properties": {name: {"type": "boolean"}, "waiting": _NUMBER, "broker": _TEXT},
    }
    content = {"application/json": {"schema": said}}
    return {
        "operationId": f"is{name.capitalize()}",
        "summary": summary,
        "security": [],
        "responses": {
            "200": {"description": "It is.", "content": content},
            "503": {"description": "It is not.", "content": content},
        },
    }


def _says(status: int, what: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {str(status): {"description": what, "content": content}}


def _faults(*statuses: int) -> dict[str, Any]:
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(status): {"description": _FAULTS[status], "content": content} for status in sorted(statuses)}
