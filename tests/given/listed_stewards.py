"""A domain whose deployment lists stewards, as its `sources.yaml` would say it."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from throughline.schemas.acceptance.owner import Desk
from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, Domain

FIRST, SECOND = "o-5b20d4aa", "o-7c31e0bd"
OFFICERS = (FIRST, SECOND, "o-00000001", "o-00000002")
LIST = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples" / "stewards.yaml"


def with_stewards(domain: Domain, *sources: str, officers: Collection[str] = OFFICERS) -> Domain:
    """The domain with the desk of each of its areas and these `sources` (of any area) listed for the officers; without
    an agency of stewards, as it is."""
    found = frozenset(officers)
    desks = {f"urn:throughline:steward:{area}:desk": Desk(frozenset({area}), found) for area in domain.areas or ()}
    desks |= {source: Desk(None, found) for source in sources}
    if not domain.stewards.agencies:
        return domain
    (agency,) = domain.stewards.agencies
    listed = {**domain.owners.listed, **dict.fromkeys(desks, agency)}
    return replace(
        domain,
        stewards=replace(domain.stewards, desks=desks),
        owners=replace(domain.owners, listed=listed, _known={}),
    )


def listing_folder(folder: Path) -> Path:
    """A copy of the domain of England and Wales in `folder`, with the list of docs/how-to/stewards.md beside it."""
    made = folder / "ours"
    if not made.exists():
        shutil.copytree(DEFAULT_DOMAIN, made)
        shutil.copyfile(LIST, made / "sources.yaml")
    return made
