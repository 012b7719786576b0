-- One row per further revision of a content that had been received by $known_at.
-- reads: statements
from statements where $known_at::timestamp is null or received_at <= $known_at::timestamp
