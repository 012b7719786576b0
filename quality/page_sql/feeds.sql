-- One row per feed: what came, how long it has been silent, and what is missing; those longest silent first.
-- reads: sources, agencies
select
  source, agency, events, last_seen, silence_seconds / 86400 as silent_days, sequence_gaps, quarantined, waiting
from sources
where agency is null or agency not in (select agency from agencies where role = 'steward')
order by silent_days desc nulls last, source
