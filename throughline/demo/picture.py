"""Draw README's picture, one made-up case: `python -m throughline.demo.picture docs/picture.svg`."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from throughline.demo.findings import run_demo
from throughline.sinks.questions.question import ask
from throughline.sinks.store import open_store

CASES, SEED, WIDTH = 500, 1, 118
COLOURS = {"police": "blue", "cps": "magenta", "advocate": "green", "hmcts": "yellow", "wcu": "cyan"}


def picture() -> str:
    """The timeline of the demo's case as SVG, without anything fetched from elsewhere."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "picture.duckdb"
        run_demo(path, cases=CASES, seed=SEED, report=lambda stage, done, total: None)
        with open_store(path, write=False) as store:
            ((case_id,),) = ask(store.connection, "demo_case").rows
            lines = ask(store.connection, "timeline", case_ids=[case_id]).rows
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    table = Table(box=None, pad_edge=False)
    for heading in ("when (UTC)", "who", "what", "victim told", "written down"):
        table.add_column(heading, no_wrap=heading != "what")
    for _, when, who, what, told, written in lines:
        table.add_row(when, who, what, told or "", written or "", style=COLOURS.get(who.split()[0], "white"))
    console.print(table)
    svg = console.export_svg(title=f"case {case_id} (made up)")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
