"""What is wrong with a request, as `application/problem+json`: one error for each record.

Source: RFC 9457.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from throughline.errors import RequestRefused

MEDIA = "application/problem+json"


def problem(refused: RequestRefused) -> Response:
    """That a request is not taken as a whole."""
    said = {
        "type": f"urn:throughline:problem:{refused.code}",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "detail": refused.what,
    }
    if refused.hint:
        said["hint"] = refused.hint
    return Response(orjson.dumps(said), refused.status, refused.headers, MEDIA)


def records_refused(receipt: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    """That a request was read, and every record in it refused."""
    records = "Its one record was" if receipt["records"] == 1 else f"All {receipt['records']:,} records were"
    said = {
        "type": "urn:throughline:problem:records_refused",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": f"{records} refused: nothing was kept.",
        "instance": f"/receipts/{receipt['receipt']}",
        "receipt": receipt["receipt"],
        "errors": [
            {name: fate.get(name) for name in ("record", "reason", "field", "detail", "status")}
            for fate in receipt["fates"]
        ],
    }
    return Response(orjson.dumps(said), status, dict(headers), MEDIA)
