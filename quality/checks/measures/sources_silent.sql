-- One row per source and area: how long it has been silent, in times of a silence that is long for it.
-- reads: observed
with heard as (
  select concat_ws(' ', source, area) as subject, coalesce(recorded_at, occurred_at) as written_at from observed where not is_backlog
)
from silence('heard', 0.995)
