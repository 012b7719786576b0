"""No page that is written asks anything from outside: each is opened in a browser, and the network is watched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from listed_stewards import listing_folder
from typed import run

from throughline.quality.checks.data_docs import alone

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "examples"
ASKS = """<!DOCTYPE html><html><head><link rel="stylesheet" href="https://example.invalid/a.css">
<base href="https://example.invalid/"><script src="//example.invalid/b.js"></script>
<style>body { background: url('https://example.invalid/c.png') }</style></head>
<body onload="fetch('https://example.invalid/d')" style="background: url(https://example.invalid/e.png)">
<img src="http://example.invalid/f.png?dataContextId=1"><p>What was found</p></body></html>"""


@pytest.fixture(scope="session")
def browser() -> str:
    """A headless Chromium; in CI it must be there."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium is installed: see .ci/run")
        pytest.skip("no Chromium is installed")
    return found


def asked_for(browser: str, folder: Path, pages: list[Path]) -> set[str]:
    """Every address outside the machine that a browser asks for when it opens the pages, all of them at once."""
    frames = "".join(f'<iframe src="{page.as_uri()}"></iframe>' for page in pages)
    (folder / "frames.html").write_text(f"<!DOCTYPE html><title>pages</title>{frames}<p id='end'></p>")
    log = folder / "network.json"
    done = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--dump-dom"),
            *(f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", "--virtual-time-budget=3000"),
            # nothing leaves the machine, whatever is asked for
            "--host-resolver-rules=MAP * ~NOTFOUND",
            (folder / "frames.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert 'id="end"' in done.stdout, done.stderr[-2000:]
    found = json.loads(log.read_text())
    kinds = {number: name for name, number in found["constants"]["logEventTypes"].items()}
    return {
        event["params"]["url"]
        for event in found["events"]
        if kinds[event["type"]] == "URL_REQUEST_START_JOB"
        and "url" in event.get("params", {})
        # what the browser does for itself has no origin
        and event["params"].get("initiator") != "not an origin"
    }


def test_the_watch_sees_what_a_page_asks_for(browser: str, tmp_path: Path) -> None:
    """A page as Great Expectations writes them; what was done to it stops all of that."""
    (tmp_path / "asks.html").write_text(ASKS)
    (tmp_path / "alone.html").write_text(alone(ASKS))

    assert {url.split("/")[3][:1] for url in asked_for(browser, tmp_path, [tmp_path / "asks.html"])} >= {
        "a",
        "b",
        "e",
        "f",
    }
    assert asked_for(browser, tmp_path, [tmp_path / "alone.html"]) == set()
    assert "What was found" in alone(ASKS)
    assert "example.invalid" not in alone(ASKS)


def test_no_page_asks_anything(browser: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The steward's page, the letter, and every page of Data Docs."""
    monkeypatch.setenv("THROUGHLINE_DOMAIN", str(listing_folder(tmp_path)))
    store, out = tmp_path / "cases.duckdb", tmp_path / "pages"
    run("replay", EXAMPLES / "events.jsonl", EXAMPLES / "faults.jsonl", "--store", store)
    given = ["--area", "20", "--events", tmp_path / "steward.jsonl", "--store", store]
    run("quality", "run", "--as-of", "2026-03-31", *given)
    run("quality", "page", "--out", out / "page.html", "--store", store)
    run("quality", "letter", "police", "--month", "2026-03", "--out", out, "--store", store)
    run("quality", "docs", "--out", out / "docs", "--store", store)
    pages = sorted(out.rglob("*.html"))

    assert asked_for(browser, tmp_path, pages) == set()
    assert {page.relative_to(out).parts[0] for page in pages} == {"docs", "page.html", "police-2026-03.html"}
    index = (out / "docs" / "index.html").read_text()
    linked = {page.relative_to(out / "docs").as_posix() for page in (out / "docs" / "validations").rglob("*.html")}
    assert linked
    assert all(f'href="{page}"' in index for page in linked)
