"""A browser that somebody signed in with, at a provider in the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
from gated_board import browser, gate
from identity_provider import IdentityProvider
from starlette.testclient import TestClient

from throughline.sinks.board.access.settings import AccessSettings


def as_person(
    store: Path,
    settings: AccessSettings,
    name: str,
    provider: IdentityProvider | None = None,
    client: TestClient | None = None,
    **claims: Any,
) -> TestClient:
    """A browser in which `name` has signed in, whatever the provider says; see its last answer in `arrived`."""
    provider = provider or IdentityProvider()
    client = client or browser(gate(store, settings, httpx2.ASGITransport(provider.app())))
    sent = client.get("/")
    assert sent.status_code == 303
    answer = client.get("/access/callback", params=provider.approve(sent.headers["location"], name, **claims))
    client.arrived = answer  # type: ignore[attr-defined]
    return client
