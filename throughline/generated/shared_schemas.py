"""Avro schemas of the shared topics: written by `python -m throughline.generated.shared_schemas`; a test compares."""

from __future__ import annotations

import sys
from pathlib import Path

from throughline.schemas.definitions.topics import SHARED
from throughline.schemas.wire.avro.shared import schema_text
from throughline.sinks.store import open_memory_store
from throughline.streams.shared.form import made_schema


def made_texts() -> dict[str, str]:
    """The text of each schema file by its name, made from the tables of an empty store."""
    with open_memory_store() as store:
        return {f"{topic}.avsc": schema_text(made_schema(store.connection, topic)) for topic in SHARED}


def main() -> None:
    """Write the schemas of the repository in the current directory."""
    folder = Path("schemas/shared")
    for name, text in made_texts().items():
        (folder / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{folder / name}\n")


if __name__ == "__main__":
    main()
