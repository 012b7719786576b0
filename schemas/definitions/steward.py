"""Types of a steward's actions: the names by which the rules know them, in whatever domain lists them."""

LINKED = "steward.identifiers.linked"
SECONDED = "steward.identifiers.seconded"
WITHDRAWN = "steward.identifiers.withdrawn"
UNLINKED = "steward.identifiers.unlinked"
RESOLVED = "steward.conflict.resolved"
DISCARDED = "steward.quarantine.discarded"
RESTORED = "steward.quarantine.restored"
ASSIGNED = "steward.quarantine.assigned"
CHECKED = "steward.quality.checked"
PUBLISHED = "steward.figure.published"

DECISIONS = (LINKED, SECONDED, WITHDRAWN, UNLINKED, RESOLVED, DISCARDED, RESTORED, ASSIGNED)
"""What changes how other records stand; the others only put something on the record."""

ACTS = frozenset((*DECISIONS, CHECKED, PUBLISHED))
"""All of them: what only a steward's own command says."""
