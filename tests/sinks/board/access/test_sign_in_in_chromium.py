"""Signing in and out with a real browser, whose own rules for cookies, forms and redirects hold."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from gated_board import ACCESS, CASE, england_wales, looks, settings
from identity_provider import IdentityProvider
from playwright.sync_api import Page, expect
from test_sign_in import Later, served

from throughline.sinks.board.access.looks import Looks, looks_path
from throughline.sinks.board.access.opening import guarded
from throughline.sinks.board.app import create_app
from throughline.sinks.board.frame.settings import PAGE_LIMITS, Settings
from throughline.sinks.board.reading.find import cases_called
from throughline.sinks.board.reading.present import Present


def test_a_browser_signs_in_sees_a_case_and_signs_out(window: Page, store: Path, tmp_path: Path) -> None:
    """From the address of a case to the provider, back to that case, and out: then the case is shut again."""
    provider, late, domain = IdentityProvider(says={"groups": ["stewards"]}), Later(), england_wales()
    with served(provider.app()) as issuer, closing(Present([store], PAGE_LIMITS)) as present, served(late) as address:
        provider.issuer = issuer
        text = ACCESS.replace("https://login.example.org", issuer).replace("https://board.example.org", address)
        late.app = guarded(
            create_app(present, Settings(domain)),
            host="127.0.0.1",
            settings=settings(tmp_path, text),
            looks=Looks(looks_path(store)),
            store=lambda: present.state().cursor(),
            find=lambda connection, name: cases_called(connection, domain, name),
        )
        window.goto(f"{address}/cases/{CASE}")
        window.wait_for_url(f"{issuer}/authorize**")
        window.get_by_role("textbox").fill("p1")
        window.get_by_role("button", name="Sign in").click()

        window.wait_for_url(f"{address}/cases/{CASE}")
        expect(window.get_by_role("heading", level=1)).to_contain_text("20PP0012326")

        window.goto(f"{address}/access/sign-out")
        window.get_by_role("button", name="Sign out").click()
        window.get_by_role("link", name="Sign out of the sign-in service too").click()
        window.wait_for_url(f"{address}/access/signed-out**")
        assert provider.calls[-1] == "end"
        window.goto(f"{address}/cases/{CASE}")
        window.wait_for_url(f"{issuer}/authorize**")
    assert [(look.person, look.case, look.outcome) for look in looks(store)] == [("provider:p1", CASE, "shown")]
