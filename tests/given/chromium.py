"""A real browser, one for the tests of a module, and the pages that it opens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")


# not for the whole run: while Playwright is open its event loop runs in this thread, and no other can
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; in CI it must be there."""
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail("no Chromium is installed: see .ci/run")
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser) -> Iterator[Page]:
    """A window of usual size that has kept nothing of other tests."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()
