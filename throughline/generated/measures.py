"""The measures of a domain as Markdown: what each asks, how it is counted, what it cannot know, and its SQL."""

from __future__ import annotations

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.pages.markdown import code, codes, link, page, table
from throughline.sinks.measures.measure import BAND, CUTS, Measure, load_measures

PAGE = "measures.md"
_KINDS = {
    "outcomes": "counted by what became of it; shares are of what is known",
    "durations": "how long it takes, with what has not ended (Kaplan and Meier)",
    "times": "whose the time was, for certain and at most",
}


def measure_pages(domain: Domain) -> dict[str, str]:
    """The page of measures by its path under `docs/`. Raises DomainProblemsError for an entry that is wrong."""
    known = load_measures(domain)
    facets = {facet.name: facet.title for facet in domain.facets}
    return {
        PAGE: page(
            f"Measures: {domain.title}",
            "Figures that a board can ask for by any cut and to any day: `throughline measure NAME` "
            "([how](how-to/boards.md#figures-by-any-cut)). Each is an SQL file over the [public views](tables.md) and "
            "an entry that says what it means; [adding one](how-to/extend.md#a-measure) takes no code. The passages "
            "are of the Vulnerable Victims Review of the West Midlands Police and Crime Commissioner (2020).",
            f"Every figure can be cut by {_words(CUTS | facets)}; "
            f"where rows have an age or a duration, by {_words(BAND)} too. "
            "A cut that is not stated is a value like any other.",
            table(
                ("Measure", "It asks", "It counts"),
                ((link(code(one.name), "", one.name), one.asks, one.counts) for one in known.values()),
            ),
            *(_measure(one) for one in known.values()),
        )
    }


def _words(cuts: dict[str, str]) -> str:
    return ", ".join(f"{code(name)} ({title.lower()})" for name, title in cuts.items())


def _measure(one: Measure) -> str:
    rests = (
        f"the {link(code('coverage'), 'tables.md', 'coverage')} of {code(one.figure)}" if one.figure else "no threshold"
    )
    facts = (
        f"- Title: {one.title}.",
        f"- Why: {one.review}",
        f"- How it is counted: {one.method}",
        f"- What is not known: {one.unknown}",
        f"- Not for: {one.not_for}",
        f"- Counts: {one.counts}; {_KINDS[one.kind]}.",
        f"- Cuts of its own: {_words(dict(one.cuts)) or 'none'}.",
        f"- Headline: … {one.headline.says}{_headline(one)}.",
        f"- Withheld by: {rests}.",
    )
    outcomes = table(
        ("Outcome", "In words", "In shares"),
        ((code(each.value), each.title, "yes" if each.known else "no: not known yet") for each in one.outcomes),
    )
    sql = f"<details><summary>SQL</summary>\n\n```sql\n{one.sql.rstrip()}\n```\n\n</details>"
    return "\n\n".join(part for part in (f"## {one.name}", one.asks, "\n".join(facts), outcomes, sql) if part)


def _headline(one: Measure) -> str:
    return f" (the share of {codes(one.headline.outcomes)})" if one.headline.outcomes else " (the median)"
