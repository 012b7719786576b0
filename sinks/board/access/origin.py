"""Where a request was sent to, and from where: host names and origins, read as a browser writes them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?").fullmatch
_PORT = re.compile(r"[0-9]{1,5}").fullmatch

# what a browser says of a request that another site caused; `none` is an address that somebody typed or has kept
_FROM_ELSEWHERE = {"cross-site", "same-site"}


def host_of(header: str) -> str | None:
    """The host of a Host header in small letters, without port and brackets; None where it is no host."""
    text = header.strip().lower()
    if text.startswith("["):
        name, closing, rest = text[1:].partition("]")
        if not closing or (rest and not (rest.startswith(":") and _PORT(rest[1:]))):
            return None
        try:
            return str(ipaddress.IPv6Address(name))
        except ValueError:
            return None
    name, colon, port = text.partition(":")
    if (colon and not _PORT(port)) or not _NAME(name):
        return None
    return name.removesuffix(".")


def one_header(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """The value of a header that stands once; None where it is missing. Raises ValueError where it stands twice."""
    wanted = name.lower().encode()
    found = [value.decode("latin-1").strip() for key, value in headers if key.lower() == wanted]
    if len(found) > 1:
        raise ValueError(f"the header {name} stands {len(found)} times")
    return found[0] if found else None


def is_from_elsewhere(headers: Mapping[str, str | None], own: str) -> bool:
    """Whether another site caused a request: by Sec-Fetch-Site, which pages cannot forge, or by Origin.

    `headers` has `sec-fetch-site` and `origin`, or None for them; `own` is our origin (`http://127.0.0.1:8080`).
    """
    site, origin = (headers.get("sec-fetch-site") or "").lower(), headers.get("origin")
    if site in _FROM_ELSEWHERE:
        return True
    # a page that says nobody where it was (Referrer-Policy) sends its forms from `null`
    if site == "same-origin" and origin == "null":
        return False
    return origin is not None and origin.lower() != own.lower()


def own_page(page: str) -> str:
    """A page of ours by its path and query; the first one where it is an address of somebody else's."""
    is_ours = page.startswith("/") and not page.startswith("//") and "\\" not in page
    return page if is_ours and page.isascii() and page.isprintable() else "/"
