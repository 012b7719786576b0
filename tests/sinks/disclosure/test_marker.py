"""What stands in the place of a hidden number."""

from __future__ import annotations

import pytest

from throughline.sinks.disclosure.cell import Suppressed
from throughline.sinks.disclosure.marker import wording


@pytest.mark.parametrize(
    ("suppressed", "words"),
    [
        ("small", "fewer than 10"),
        ("secondary", "hidden, so that a small number cannot be worked out"),
        ("table", "This table is hidden: small numbers (fewer than 10) could be worked out from it."),
    ],
)
def test_a_mark_says_why_in_plain_words(suppressed: Suppressed, words: str) -> None:
    assert wording(suppressed, 10) == words
