"""The standards and events of England and Wales as they are written, before anything has read them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "schemas" / "domains" / "england_wales"
ROLES = ("starts", "stops", "cancels", "pauses", "resumes")


@cache
def files() -> dict[str, list[dict[str, Any]]]:
    """Return the standards as they are written, by the name of their file."""
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((FOLDER / "standards").glob("*.yaml"))
    }


def standards() -> list[dict[str, Any]]:
    return [standard for written in files().values() for standard in written]


def key(standard: dict[str, Any]) -> tuple[str, str]:
    return standard["id"], standard["version"]


def one(name: str, version: str) -> dict[str, Any]:
    (found,) = (standard for standard in standards() if key(standard) == (name, version))
    return found


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    return {
        event_type["type"]: event_type
        for path in (FOLDER / "events").glob("*.yaml")
        for event_type in yaml.safe_load(path.read_text(encoding="utf-8"))
    }


def uses() -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    """Yield every event that a standard names: the standard, the role and the entry."""
    for standard in standards():
        for role in ROLES:
            for entry in standard.get(role, []):
                yield standard, role, entry
