"""Hostile inputs over every way in of existing systems end accepted or refused with a reason (the lane, smaller)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench.hostile_sources.requests import Requests
from bench.hostile_sources.trial import READERS, Told, read_case
from throughline.schemas.definitions.domain import load_domain

# old Excel files take three processes each: their reader's own tests have them
_READERS = sorted(READERS.keys() - {"xls"})


@pytest.mark.parametrize("name", _READERS)
def test_hostile_inputs_end_accepted_or_refused(name: str, tmp_path: Path) -> None:
    """No crash, no warning; the counts add up, and what nothing was done to comes out as it is."""
    domain = load_domain(None)
    reader = READERS[name](domain, tmp_path)
    for number in range(2):
        told = Told(number)
        read_case(reader.case(random.Random(f"{name} 7 {number}")), domain, told)
        assert told.faults == []
        assert told.inputs
    if isinstance(reader, Requests):
        reader.close()
