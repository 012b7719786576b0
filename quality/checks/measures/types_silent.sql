-- One row per source and type: how long it has not been heard of, in times of its longest silence so far.
-- reads: observed
with heard as (
  select concat_ws(' ', source, type) as subject, coalesce(recorded_at, occurred_at) as written_at from observed where not is_backlog
)
from silence('heard', 1.0)
