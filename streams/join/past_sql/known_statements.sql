-- One row per revision of a content that had been received by $known_at and written down by $recorded_by.
-- reads: statements
from statements
where ($known_at::timestamp is null or received_at <= $known_at::timestamp)
  and ($recorded_by::timestamp is null or coalesce(recorded_at, received_at) <= $recorded_by::timestamp)
