"""The generated pages of `docs/`: written by `python -m throughline.generated.pages`, compared by a test.

Whole pages come from the default domain and an empty store. Written pages may include a file: what stands between `<!--
from PATH: generated, do not edit -->` and `<!-- end -->` is replaced by the file at PATH, relative to the page.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from throughline.errors import DataError, UsageError
from throughline.generated.broker_settings import broker_settings_pages
from throughline.generated.mappings import mapping_pages
from throughline.generated.measures import measure_pages
from throughline.generated.tables import table_pages
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.pages.catalogue import FOLDER, catalogue_pages
from throughline.schemas.pages.standard import standards_pages
from throughline.sinks.store import open_memory_store
from throughline.streams.join.rebuild import open_domain

_INCLUDED = re.compile(r"(<!-- from (\S+): generated, do not edit -->\n).*?(<!-- end -->)", re.DOTALL)
_LANGUAGES = {"jsonl": "json", "jsonocel": "json", "txt": "text", "properties": "text"}


def write_pages(root: Path) -> list[Path]:
    """Write every generated page under `root`/docs and take away those that are generated no more.

    The pages that changed, relative to `root`. Raises UsageError where `root` has no docs.
    """
    stale = stale_pages(root)
    texts = _texts(root)
    for page in stale:
        path = root / page
        if page in texts:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts[page], encoding="utf-8")
        else:
            path.unlink()
    return stale


def stale_pages(root: Path) -> list[Path]:
    """The pages, relative to `root`, that are missing, differ from what would be written, or left over."""
    texts = _texts(root)
    differ = {page for page, text in texts.items() if _read(root / page) != text}
    folder = root / "docs" / FOLDER
    left_over = {path.relative_to(root) for path in folder.glob("*.md")} - texts.keys()
    return sorted(differ | left_over)


def _texts(root: Path) -> dict[Path, str]:
    """The text of every generated page, by its path relative to `root`."""
    docs = root / "docs"
    if not docs.is_dir():
        raise UsageError(f"`{root}` has no folder `docs`.", hint="Run it in the root of the repository.")
    domain = load_domain()
    with open_memory_store() as store:
        open_domain(store, domain)
        made = {**catalogue_pages(domain), **standards_pages(domain), **measure_pages(domain)}
        made |= table_pages(store.connection)
    made |= mapping_pages() | broker_settings_pages()
    texts = {Path("docs") / name: text for name, text in made.items()}
    for path in sorted(docs.rglob("*.md")):
        page = path.relative_to(root)
        if page not in texts and page.parent != Path("docs") / FOLDER:
            text = path.read_text(encoding="utf-8")
            if _INCLUDED.search(text):
                texts[page] = _with_files(text, path)
    return texts


def _with_files(text: str, page: Path) -> str:
    def block(found: re.Match[str]) -> str:
        file = page.parent / found[2]
        content = _read(file)
        if content is None:
            raise DataError(f"includes `{found[2]}`, which is not there", file=page, hint="Correct the path.")
        ending = file.suffix.removeprefix(".")
        return f"{found[1]}```{_LANGUAGES.get(ending, ending)}\n{content.rstrip()}\n```\n{found[3]}"

    return _INCLUDED.sub(block, text)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def main() -> None:
    """Write the pages of the repository in the current directory and name those that changed."""
    changed = write_pages(Path.cwd())
    sys.stdout.write("".join(f"{page}\n" for page in changed) or "every page is up to date\n")


if __name__ == "__main__":
    main()
