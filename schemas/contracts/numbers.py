"""The numbers by which agencies know a case, as schemas."""

from __future__ import annotations

from typing import Any

from throughline.schemas.contracts import texts
from throughline.schemas.definitions.identifier import IdentifierKind


def identifier_schema(kind: IdentifierKind, most: int, at_once: int) -> dict[str, Any]:
    """The schema of what stands under a kind: a number in its normal form or a placeholder, of at most so many
    characters, or a list of at most so many of them (`at_once`)."""
    forms: list[dict[str, Any]] = [{"pattern": form} for form in texts.normal_forms(kind)]
    if kind.pattern is None:
        forms.append({"not": {"pattern": texts.MANGLED}})
    else:
        forms.append({"pattern": texts.whole(kind.pattern.pattern)})
    placeholders: list[dict[str, Any]] = []
    if kind.placeholders.values:
        placeholders.append({"enum": sorted(kind.placeholders.values)})
    placeholders += [{"pattern": texts.whole(one.pattern)} for one in kind.placeholders.patterns]
    one: dict[str, Any] = {
        "type": "string",
        "minLength": 1,
        "maxLength": most,
        "anyOf": [{"allOf": forms}, *placeholders],
    }
    return {
        "title": kind.name,
        "oneOf": [{"type": "null"}, one, {"type": "array", "maxItems": at_once, "items": one}],
    }
