-- Which systems are silent?
-- One row per source: what it sent, what it lost on the way, and how long it has been silent.
select
  source, agency, events, duplicates, quarantined, sequence_gaps, last_seen,
  round(silence_seconds / 86400, 1) as silent_days
from sources
order by silent_days desc nulls first, source;
