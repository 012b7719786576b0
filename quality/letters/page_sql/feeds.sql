-- One row per feed: what came, how long it has been silent, and what is missing; those longest silent first.
-- reads: sources, agencies
select
  -- an event of the future is no silence
  source, agency, events, greatest(silence_seconds, 0) / 86400 as silent_days, sequence_gaps, quarantined, waiting
from sources
where agency is null or agency not in (select agency from agencies where role = 'steward')
order by silent_days desc nulls last, source
