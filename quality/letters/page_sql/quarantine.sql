-- One row per reason: records in quarantine that nobody discarded, by how long they have been there, the oldest first.
-- reads: quarantine_states
with aged as (
  select reason, discarded, (epoch(getvariable('now')::timestamp) - epoch(received_at)) / 86400 as days from quarantine_states
)
select
  reason, count(*) filter (not discarded) as open,
  count(*) filter (not discarded and days < 1) as under_a_day,
  count(*) filter (not discarded and days >= 1 and days < 7) as under_a_week,
  count(*) filter (not discarded and days >= 7 and days < 30) as under_a_month,
  count(*) filter (not discarded and days >= 30) as older,
  max(days) filter (not discarded) as oldest_days, count(*) filter (discarded) as discarded
from aged
where reason <> 'conflict'
group by reason
order by oldest_days desc nulls last, reason
