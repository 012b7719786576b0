"""Every page of the board in a real browser: for everybody, on a narrow window, on paper, and without JavaScript."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from urllib.parse import urlsplit

import pikepdf
import pytest
from playwright.sync_api import Browser, Page, Request
from test_board_pages import addresses, long_case

__all__ = ["addresses", "long_case"]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
JUDGE = """async (tags) => {
  const found = await axe.run(document, {
    runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'], preload: false,
  });
  return found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).join(' | '));
}"""


def judged(page: Page) -> list[str]:
    """What axe, which is in the page that is open, finds fault with."""
    found: list[str] = page.evaluate(JUDGE, TAGS)
    return found


@pytest.fixture
def open_window(chromium: Browser) -> Iterator[Page]:
    """A window into which axe can be put: the page's own policy lets no script in."""
    context = chromium.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()


def test_axe_finds_no_fault_at_any_width_and_sees_one(
    open_window: Page, demo_address: str, addresses: list[str]
) -> None:
    """WCAG 2.2 AA, on every page, and 1.4.10: what is wide by nature, a table or a drawing, scrolls by itself.

    A window of 640 or 320 pixels is one of 1280 at a zoom of 200 % or 400 %. A page that is spoilt is found.
    """
    for address in addresses:
        open_window.goto(demo_address + address)
        open_window.evaluate(AXE)
        for width in (1280, 800, 660, 640, 320):
            open_window.set_viewport_size({"width": width, "height": 900})
            assert open_window.evaluate("document.documentElement.scrollWidth") == width, (address, width)
            if width in (1280, 320):
                assert judged(open_window) == [], (address, width)
    open_window.evaluate("document.querySelector('h1').style.color = '#ddd'")
    assert "color-contrast" in str(open_window.evaluate(JUDGE, TAGS))


@dataclass
class Visit:
    """What every page shows by its address, what all ask for, and what each says to the console."""

    shown: dict[str, str] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    said: list[list[str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def visit(chromium: Browser, demo_address: str, addresses: list[str]) -> Visit:
    """Each opened in turn in a window of usual size."""
    made, context = Visit(), chromium.new_context(viewport={"width": 1280, "height": 900})
    window = context.new_page()
    window.on("request", lambda request: made.asked.append(request))
    window.on("console", lambda message: made.said[-1].append(message.text))
    window.on("pageerror", lambda error: made.said[-1].append(str(error)))
    for address in addresses:
        made.said.append([])
        window.goto(demo_address + address)
        made.shown[address] = window.inner_text("main")
    context.close()
    return made


def test_nothing_is_asked_of_anybody_else(visit: Visit, demo_address: str) -> None:
    """And nothing that the page asks for is missing, or refused by its own policy."""
    assert {urlsplit(one.url).netloc for one in visit.asked} == {urlsplit(demo_address).netloc}
    assert {urlsplit(one.url).path for one in visit.asked} >= {"/static/look.css", "/static/fresh.js", "/fresh"}
    # but for the page that there is not, which comes last
    assert [*map(bool, visit.said)] == [False] * (len(visit.said) - 1) + [True]


def test_without_javascript_every_page_is_whole(
    chromium: Browser, visit: Visit, demo_address: str, addresses: list[str]
) -> None:
    """The same words, and forms that work."""
    context = chromium.new_context(java_script_enabled=False)
    plain = context.new_page()
    for address in addresses:
        plain.goto(demo_address + address)
        assert plain.inner_text("main") == visit.shown[address], address
    plain.goto(demo_address + "/cases")
    plain.fill("#find", "20/900003/24")
    plain.get_by_role("button", name="Find").click()
    assert "/cases/c" in plain.url
    context.close()


def test_the_keyboard_alone_reaches_everything(window: Page, demo_address: str) -> None:
    """First a way past the navigation; each stop is seen; a case is found without a mouse."""
    window.goto(demo_address + "/cases")
    window.keyboard.press("Tab")
    assert window.evaluate("document.activeElement.textContent") == "Skip to main content"
    window.keyboard.press("Enter")
    assert window.evaluate("document.activeElement.id") == "main"
    window.keyboard.press("Tab")
    assert window.evaluate("document.activeElement.id") == "find"
    window.keyboard.type("20/900003/24")
    window.keyboard.press("Enter")
    window.wait_for_url("**/cases/c*")
    stops = window.evaluate(
        "document.querySelectorAll('a[href], button, input:not([type=hidden]), summary, [tabindex=\"0\"]').length"
    )
    reached: set[str] = set()
    for _ in range(stops + 5):
        window.keyboard.press("Tab")
        where = window.evaluate(
            """() => {
              const one = document.activeElement;
              if (one === document.body) return null;
              const look = getComputedStyle(one);
              const shown = look.outlineStyle !== 'none' || look.boxShadow !== 'none';
              return [shown, one.outerHTML.slice(0, 200)];
            }"""
        )
        if where is not None:
            assert where[0], f"the focus is not seen on {where[1]}"
            reached.add(where[1])
    assert len(reached) > 15


def test_every_case_is_printed_on_one_page(window: Page, demo_address: str, addresses: list[str]) -> None:
    """The longest, the shortest, and one in limbo; all pages fit the width of the paper."""
    for address in addresses:
        window.goto(demo_address + address)
        if "/cases/" in address:
            assert len(pikepdf.open(io.BytesIO(window.pdf(format="A4"))).pages) == 1, address
        window.emulate_media(media="print")
        window.set_viewport_size({"width": 700, "height": 900})
        assert window.evaluate("document.documentElement.scrollWidth") <= 700, address
        window.emulate_media(media="null")
        window.set_viewport_size({"width": 1280, "height": 900})


def test_the_drawing_says_what_it_shows(window: Page, demo_address: str, long_case: str) -> None:
    """A title and a description, and no two marks of a lane on one another."""
    window.goto(f"{demo_address}/cases/{long_case}")
    drawing = window.locator("svg.drawing").first
    assert drawing.get_attribute("role") == "img"
    assert window.locator("#lanes-title").text_content() == "The case over time"
    assert "The tables on this page say the same." in (window.locator("#lanes-desc").text_content() or "")
    boxes = window.locator("svg.drawing >> nth=0 >> rect.event.many").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(r => [r.x, r.y, r.width, r.height])"
    )
    assert len(boxes) > 5
    overlapping = [
        (one, other)
        for place, one in enumerate(boxes)
        for other in boxes[place + 1 :]
        if abs(one[1] - other[1]) < 2 and abs(one[0] - other[0]) < one[2] - 1
    ]
    assert overlapping == []
