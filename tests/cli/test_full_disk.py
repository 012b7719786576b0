"""A disk that is full leaves no page, paper or export that is empty or half there."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from throughline.cli.terminal.writing import write_file
from throughline.errors import InfrastructureError


@contextmanager
def full_after(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes; the system says so by the same way as of a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """Nothing of a new one; of one that was there before, what it was."""
    page = tmp_path / "pages" / "page.html"

    for there in ([], ["page.html"]):
        with full_after(1000), pytest.raises(InfrastructureError, match="cannot be written"):
            write_file(page, b"x" * 5000)
        assert [file.name for file in page.parent.iterdir()] == there
        write_file(page, b"old")

    assert page.read_bytes() == b"old"
