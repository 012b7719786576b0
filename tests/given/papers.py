"""A paper for a board, written by hand: two figures, one of them with a hidden number, and no store behind it."""

from __future__ import annotations

from datetime import date, datetime

from throughline.sinks.board.pack.paper import Chapter, Chart, Figure, Line, Number, Paper, Reliance, Table
from throughline.sinks.sheets.grid import Column, Grid

MARKING = "For those who work on these cases: small numbers are shown. Do not pass this on."
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 3"><text x="1" y="2" font-family="Arial">45%</text></svg>'
)
TOLD = Figure(
    name="decisions_told",
    number=Number(
        "Decisions told", "45%", "of decisions the victim was never told of", "Of 90 cases.",
        "On 31 March 2026 it was 42%, of 80 cases.", "3 percentage points more.",
    ),
    asks="Was the victim told of each decision?",
    chart=Chart(_SVG, "Chart: Decisions told, by agency. Police: 45%."),
    table=Table(
        "Decisions told, by agency",
        ("Agency", "Cases", "Share"),
        1,
        (Line(("All", "90", "45%"), True), Line(("Tŷ'r Police", "80", "46%")), Line(("CPS", "[c]", "–"))),
        "[c]: hidden.",
    ),
    months=Chart(_SVG, "Chart: Decisions told, month by month."),
    usual="There are too few whole months to say what is usual.",
    months_table=Table("Decisions told, month by month", ("Month", "Share"), 1, (Line(("June 2026", "45%")),)),
    unknown="A telling that nobody recorded.",
    not_for="Saying that a victim does not know.",
    method="Every decision, and the first event that tells it.",
    review="Victims are notified of decisions.",
    grid=Grid(
        (Column("Agency", "text"), Column("Cases", "number"), Column("Share", "share"), Column("suppressed", "text")),
        (("All", 90, 0.45, None), ("=1+1", 80, 0.4625, None), ("CPS", "[c]", "[c]", "small")),
    ),
    months_grid=Grid(
        (Column("Month", "month"), Column("Share", "share"), Column("Cases", "number"), Column("Remark", "text")),
        (
            (date(2026, 4, 1), 0.4, 30, ""),
            (date(2026, 5, 1), None, "[c]", "Hidden"),
            (date(2026, 6, 1), 0.5, 30, "Not over yet"),
        ),
    ),
)  # fmt: skip
HELD = Figure(
    name="held",
    number=Number(
        "Time in one pair of hands", "3 weeks", "until half of all holdings end", "Of 90 holdings in 70 cases."
    ),
    asks="How long does an agency hold a case?",
    chart=None,
    table=Table("Time in one pair of hands", ("Agency", "Half took"), 1, (Line(("Police", "3 weeks")),)),
    months=None,
    usual="",
    months_table=None,
    unknown="Times in which nobody holds it.",
    not_for="Judging the work done.",
    method="After Kaplan and Meier.",
    review="The protracted time scale.",
    grid=Grid((Column("Agency", "text"), Column("Half took (days)", "days")), (("Police", 21.5),)),
    months_grid=None,
)


def paper_of(*figures: Figure, marking: str = "") -> Paper:
    """The paper of these figures, counted to the end of 30 June 2026."""
    return Paper(
        title="Paper for the board",
        subtitle="Criminal cases with a victim",
        day="Counted to 30 June 2026",
        facts=(("Area", "West Midlands"), ("Counted to", "30 June 2026 at 11.59pm")),
        marking=marking,
        counted_to=datetime.fromisoformat("2026-06-30T22:59:59.999999"),
        last_day=date(2026, 6, 30),
        first=tuple(figure.number for figure in figures),
        since=("Decisions told: 45% of decisions the victim was never told of.",),
        questions=(),
        chapters=(Chapter("Promises and telling", "What victims were told.", figures),),
        reliance=Reliance(
            "Not everywhere: 1 of 9 checks failed.",
            ("Nothing is in quarantine.",),
            (Table("Which systems are silent", ("System", "Silent for"), 1, (Line(("Police (rms)", "4 days")),)),),
        ),
    )
