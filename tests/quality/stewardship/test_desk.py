"""The types of a steward's actions: one list, which the catalogue and the rules keep to."""

from __future__ import annotations

import re
from pathlib import Path

import throughline
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.steward import CHECKED, DECISIONS, PUBLISHED

FOLDER = Path(throughline.__file__).parent
ACTIONS = (*DECISIONS, CHECKED, PUBLISHED)


def test_the_list_has_what_the_catalogue_lets_a_steward_publish() -> None:
    """No type more, no type less."""
    assert sorted(ACTIONS) == sorted(name for name in load_domain().types if name.startswith("steward."))


def test_the_rules_name_no_other_type() -> None:
    """Neither those of the join nor a view; and each decision is judged by one of them."""
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.glob("*/**/*.sql")]
    named = {name for text in texts for name in re.findall(r"'(steward\.[a-z_.]+)'", text)}

    assert named <= set(ACTIONS)
    assert set(DECISIONS) <= named
