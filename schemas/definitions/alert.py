"""Which alerts a domain raises, how grave each is, and after how many days what lasts becomes one.

In domain.yaml, where it differs from the usual: `alerts: {limbo_unacknowledged: {severity: high, days: 10}}`; a kind
that is not to be raised has `enabled: false`.
"""

from __future__ import annotations

from dataclasses import dataclass

from throughline.schemas.definitions.entry import Entry

SEVERITIES = ("low", "medium", "high")


@dataclass(frozen=True)
class AlertRule:
    """A kind of alert; `days` only where it is raised for something that lasts."""

    kind: str
    severity: str
    days: int | None = None


USUAL = (
    AlertRule("clock_overdue", "medium"),
    AlertRule("limbo_unacknowledged", "high", 14),
    AlertRule("contact_broken", "medium"),
    AlertRule("decision_not_told", "high", 14),
    AlertRule("each_points_at_other", "high"),
    AlertRule("both_claim", "low"),
    AlertRule("conflict", "medium"),
)


def parse_alerts(domain: Entry) -> tuple[AlertRule, ...]:
    """The alerts of a domain: the usual ones, as its key `alerts` changes them."""
    given = domain.under("alerts")
    given.only(*(rule.kind for rule in USUAL))
    rules = []
    for usual in USUAL:
        entry = given.under(usual.kind)
        entry.only("severity", "enabled", *(() if usual.days is None else ("days",)))
        if entry.flag("enabled", True):
            severity = entry.choice("severity", SEVERITIES, needed=False) or usual.severity
            days = None if usual.days is None else entry.whole("days", usual.days, most=36_500)
            rules.append(AlertRule(usual.kind, severity, days))
    return tuple(rules)
