"""One picture of the live join for a terminal: events arriving, cases, handoffs, and how far behind it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich import box
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from throughline.live.probe import WorkerState
from throughline.live.watching import Passing
from throughline.schemas.definitions.topics import Topics

_BARS = " ▁▂▃▄▅▆▇█"


def picture(passing: Passing, topics: Topics, worker: WorkerState | None, now: float) -> RenderableType:
    """The picture at `now`. `worker` is what the worker says; None if it does not answer."""
    below = Columns([_events(passing), _handoffs(passing)], expand=True)
    return Group(_head(passing, topics, worker, now), _arriving(passing, topics, now), below)


def sparkline(counts: list[int]) -> str:
    """Counts as bars of eight heights; the greatest is the tallest."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-count * 8 // most)] if most else " " for count in counts)


def duration(seconds: float | None) -> str:
    """Seconds as people say them: 45 s, 12 min, 7 h, 5 d."""
    if seconds is None:
        return "–"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _head(passing: Passing, topics: Topics, worker: WorkerState | None, now: float) -> RenderableType:
    incoming = [one.topic.name for one in topics.case_events]
    rate = sum(passing.rate(name, now) for name in incoming)
    text = Text()
    if worker is None:
        text.append("worker does not answer", style="bold red")
    else:
        style = {"running": "bold green", "paused": "bold red"}.get(worker.state, "bold yellow")
        text.append(f"worker {worker.state}", style=style)
        text.append(f"   behind {worker.behind:,} records")
        if worker.seconds_behind is not None:
            text.append(f", {worker.seconds_behind:.1f} s")
        text.append(f"   accepted {worker.accepted:,}   quarantined {worker.quarantined:,}")
    text.append(f"   arriving {rate:,.0f}/s   cases changed {len(passing.cases):,}")
    return Panel(text, title="Throughline", box=box.ROUNDED)


def _arriving(passing: Passing, topics: Topics, now: float) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    table.add_column("topic")
    table.add_column("seen", justify="right")
    table.add_column("a second", justify="right")
    table.add_column("last 30 seconds", no_wrap=True)
    for topic in topics:
        is_shared = topic in topics.shared.values()
        history = sparkline(passing.history(topic.name, now))
        style = "cyan" if is_shared else ""
        rate = f"{passing.rate(topic.name, now):,.0f}"
        table.add_row(Text(topic.name, style=style), f"{passing.seen[topic.name]:,}", rate, Text(history, style=style))
    return table


def _events(passing: Passing) -> RenderableType:
    table = _titled("Arriving", "at", "event")
    for at, _, wire_type in reversed(passing.events):
        table.add_row(at, wire_type.removeprefix("uk.cjs.").rpartition(".v")[0] or wire_type)
    return table


def _handoffs(passing: Passing) -> RenderableType:
    table = _titled("Handoffs", "sent", "from", "to", "kind", "received after")
    for one in reversed(passing.handoffs):
        is_received = one["received_at"] is not None
        after = duration(one["limbo_seconds"]) if is_received else Text("not yet", style="bold yellow")
        table.add_row(_day(one["sent_at"]), one["from_agency"], one["to_agency"], one["kind"], after)
    return table


def _titled(title: str, *columns: str) -> Table:
    return Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")


def _day(value: Any) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, datetime) else str(value)
