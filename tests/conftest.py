"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from boards import demo_address, demo_board
from brokers import broker, topic_prefix
from chromium import chromium, window
from hypothesis import settings
from made_up import demo
from postgres import agency_database, postgres
from proofs import empty_store, made_once
from secured_broker import secured_broker

# a slow machine is no fault of the software
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

__all__ = [
    "agency_database",
    "broker",
    "chromium",
    "demo",
    "demo_address",
    "demo_board",
    "empty_store",
    "made_once",
    "postgres",
    "secured_broker",
    "topic_prefix",
    "window",
]

_BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, used in place: THROUGHLINE_DATA, or `shared/data` beside the checkout.

    A test that needs it is skipped where it is absent, and fails there in CI.
    """
    folder = Path(os.environ.get("THROUGHLINE_DATA") or _BESIDE_CHECKOUT)
    if not folder.is_dir():
        what = f"the real data is not at {folder}: set THROUGHLINE_DATA to its folder"
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)
    return folder
