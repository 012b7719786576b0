"""Everything that a mapping can say as Markdown: each key with its meaning, an example, and what the example gives."""

from __future__ import annotations

from throughline.schemas.pages.key import Key, Section
from throughline.schemas.pages.markdown import cell, code, link, page
from throughline.sources.mapping.grammar import EXAMPLE, ROW, sections

PAGE = "mappings.md"


def mapping_pages() -> dict[str, str]:
    """The page of mappings by its path under `docs/`."""
    places = sections()
    listed = "\n".join(
        f"- {link(section.where, '', _heading(section))}: {', '.join(code(key.name) for key in section.keys)}"
        for section in places
    )
    row = ", ".join(f"{code(name)} {value}" for name, value in ROW.items())
    return {
        PAGE: page(
            "Mappings: every key",
            "A mapping says how the rows of an existing system become events. `throughline source new FILE` drafts one "
            "([how](how-to/agencies.md#mapping-an-export)), `throughline source check` tells every column at fault. "
            "A key that nothing reads is an error.",
            listed,
            "Each example below is tried in this mapping, of which its own keys take the place, with a row that has "
            f"{row} and what the example says besides. A test runs every one.",
            f"```yaml\n{EXAMPLE}```",
            *(_section(section) for section in places),
        )
    }


def _heading(section: Section) -> str:
    where = section.where
    return where if where.startswith("`") else f"{where[0].upper()}{where[1:]}"


def _section(section: Section) -> str:
    return "\n\n".join((f"## {_heading(section)}", section.says, *map(_key, section.keys)))


def _key(key: Key) -> str:
    given = [f"{code(name)} {value or 'empty'}" for name, value in key.row.items()]
    tried = f" with {', '.join(given)}" if given else " with this file:" if key.file else ""
    file = f"\n\n```text\n{key.file.expandtabs(16).rstrip()}\n```" if key.file else ""
    return (
        f"**{code(key.name)}** {cell(key.says)}\n\n```yaml\n{key.example}\n```\n\nGives {code(key.gives)}{tried}{file}"
    )
