"""SQL kept in files: each file beside the module that runs it, its first comment saying what a row is."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def sql(package: str, name: str) -> str:
    """The text of `name`.sql in the folder of `package` (`name` may have folders: `models/steps`)."""
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")
