"""Whose a source is, as a schema: what schemas/acceptance/owner.py finds out of a text."""

from __future__ import annotations

from typing import Any

from throughline.schemas.acceptance.owner import Owners
from throughline.schemas.contracts.texts import whole


def source_schema(owners: Owners, agency: str, text: dict[str, Any]) -> dict[str, Any]:
    """The schema of the sources that an agency may speak as, `text` being that of any: those listed for it, and of the
    others those whose first form is its own, or that have none."""
    listed = [source for source, owner in owners.listed.items() if owner == agency]
    if owners.only_listed:
        return {**text, "enum": sorted(listed)}
    others: list[dict[str, Any]] = [{"enum": sorted(owners.listed)}] if owners.listed else []
    nobodys = [*others, *({"pattern": whole(pattern.pattern)} for pattern, _ in owners.patterns)]
    mine: list[dict[str, Any]] = [{"enum": sorted(listed)}] if listed else []
    for pattern, owner in owners.patterns:
        form: dict[str, Any] = {"pattern": whole(pattern.pattern)}
        if owner == agency:
            mine.append(form | {"not": {"anyOf": others}} if others else form)
        else:
            others = [*others, form]
    return {**text, "anyOf": [*mine, {"not": {"anyOf": nobodys}}]}
