"""`throughline worker` without what the peers leave out: it derives holdings, handoffs and the state of cases only."""

from __future__ import annotations

import throughline.streams.join.derive as derive_module
from throughline.cli.main import main

_KEPT = frozenset(
    [
        *("case_records", "rules", "case_events", "days", "steps", "holding_facts", "handoff_facts"),
        *("case_facets", "case_facts"),
    ],
)

if __name__ == "__main__":
    derive_module.MODELS = tuple(model for model in derive_module.MODELS if model[0] in _KEPT)
    main()
