"""The generated pages of docs/ are what the catalogue, the standards, the store and included files say."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from throughline.errors import DataError, UsageError
from throughline.generated.measures import measure_pages
from throughline.generated.pages import stale_pages, write_pages
from throughline.generated.tables import table_pages
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.pages.catalogue import catalogue_pages
from throughline.schemas.pages.markdown import anchor, cell, table
from throughline.schemas.pages.standard import standards_pages
from throughline.sinks.measures.measure import load_measures
from throughline.sinks.store import open_memory_store

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = Path("sinks/questions/sql")
DOMAINS = sorted(path.parent for path in (ROOT / "schemas" / "domains").glob("*/domain.yaml"))


def test_pages_are_up_to_date() -> None:
    """No generated page differs from what would be written now."""
    stale = [str(page) for page in stale_pages(ROOT)]

    assert not stale, f"stale: {', '.join(stale)}. Run: python -m throughline.generated.pages"


@pytest.mark.parametrize("path", DOMAINS, ids=lambda path: path.name)
def test_every_type_and_standard_has_a_heading(path: Path) -> None:
    """The pages of any domain name each of its types, lists of values and standards."""
    domain = load_domain(path)

    text = "\n".join((catalogue_pages(domain) | standards_pages(domain)).values())

    headings = set(re.findall(r"^## (.+)$", text, re.MULTILINE))
    assert headings >= {*domain.types, *domain.enums, *(standard.id for standard in domain.standards)}


@pytest.mark.parametrize("path", DOMAINS, ids=lambda path: path.name)
def test_every_measure_says_on_its_page_what_its_entry_says(path: Path) -> None:
    """With its cuts, outcomes and SQL, in the order of the entries."""
    domain = load_domain(path)

    (text,) = measure_pages(domain).values()

    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    known = load_measures(domain)
    assert [part.partition("\n")[0] for part in parts] == list(known)
    for part, one in zip(parts, known.values(), strict=True):
        said = (
            one.title,
            one.asks,
            one.review,
            one.method,
            one.unknown,
            one.not_for,
            one.headline.says,
            one.sql.rstrip(),
        )
        words = (*one.cuts, *(each.title for each in one.outcomes))
        assert [text for text in (*said, *words) if text not in part] == []


def test_every_public_view_has_a_heading_and_every_column_a_meaning() -> None:
    """A view or column without a comment in the store shows as a dash; none does."""
    with open_memory_store() as store:
        (text,) = table_pages(store.connection).values()

    assert "| – |" not in text
    assert text.count("\n## ") == len(re.findall(r"^\| \[`", text, re.MULTILINE))


def test_links_lead_somewhere() -> None:
    """Every relative link of every page in docs/ is to a file that is there and a heading that it has."""
    broken = []
    for page in sorted((ROOT / "docs").rglob("*.md")):
        prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if not target.startswith(("http://", "https://")) and not _is_there(page, target):
                broken.append(f"{page.relative_to(ROOT)}: {target}")

    assert broken == []


_ANCHORS: dict[Path, set[str]] = {}


def _is_there(page: Path, target: str) -> bool:
    name, _, wanted = target.partition("#")
    file = (page.parent / name).resolve() if name else page
    if not file.exists():
        return False
    if file not in _ANCHORS and file.suffix == ".md":
        headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        _ANCHORS[file] = {anchor(heading) for heading in headings}
    return not wanted or wanted in _ANCHORS[file]


def copy_docs(folder: Path) -> None:
    """The pages, and beside them the questions that they include."""
    for part in ("docs", QUESTIONS):
        shutil.copytree(ROOT / part, folder / part)


def test_a_stale_page_is_found_and_written(tmp_path: Path) -> None:
    """A page that was edited, one that is missing and one that is left over are found, and put right."""
    copy_docs(tmp_path)
    (tmp_path / "docs" / "standards.md").write_text("edited")
    (tmp_path / "docs" / "tables.md").unlink()
    (tmp_path / "docs" / "catalogue" / "nobody.md").write_text("left over")
    found = [Path("docs/catalogue/nobody.md"), Path("docs/standards.md"), Path("docs/tables.md")]

    assert stale_pages(tmp_path) == found
    assert write_pages(tmp_path) == found
    assert stale_pages(tmp_path) == []


def test_an_included_file_that_changed_makes_its_page_stale(tmp_path: Path) -> None:
    """A page that includes a file shows the file as it is."""
    copy_docs(tmp_path)
    (tmp_path / QUESTIONS / "silent_sources.sql").write_text("from sources;\n")

    assert write_pages(tmp_path) == [Path("docs/how-to/boards.md")]
    assert "```sql\nfrom sources;\n```" in (tmp_path / "docs" / "how-to" / "boards.md").read_text()


def test_an_included_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """The error names the page and the file that it includes."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("<!-- from b.sql: generated, do not edit -->\n<!-- end -->\n")

    with pytest.raises(DataError, match=r"a\.md: includes `b\.sql`, which is not there"):
        stale_pages(tmp_path)


def test_a_folder_without_docs_is_refused(tmp_path: Path) -> None:
    """Pages are written into a repository, not just anywhere."""
    with pytest.raises(UsageError, match="has no folder `docs`"):
        write_pages(tmp_path)


def test_a_cell_stays_on_its_line_and_in_its_cell() -> None:
    """Line breaks become spaces, bars are escaped, and an empty text is a dash."""
    assert cell("one\n  two | three") == "one two \\| three"
    assert cell(" ") == "–"


def test_a_table_without_rows_is_no_table() -> None:
    """Nothing is written where there is nothing to list."""
    assert table(("A",), []) == ""


def test_an_anchor_is_that_of_github() -> None:
    """Dots and commas go, hyphens and underscores stay."""
    assert anchor("police.action_plan.item_supplied") == "policeaction_planitem_supplied"
    assert anchor("VC-R6-ARREST") == "vc-r6-arrest"
    assert anchor("5. Clocks") == "5-clocks"
