-- One row per reason and source in quarantine, the most open records first.
with assigned as (
  select reason, source, assigned_to, count(*) as records
  from quarantine_states
  where assigned_to is not null and not discarded
  group by all
),
assignees as (
  select reason, source, list({'to': assigned_to, 'records': records} order by records desc, assigned_to) as assigned
  from assigned
  group by all
)
select
  s.reason,
  s.source,
  count(*) filter (not s.discarded) as open,
  count(*) filter (s.discarded) as discarded,
  coalesce(any_value(a.assigned), []) as assigned,
  -- of what is open; where nothing is, of all
  coalesce(min(s.received_at) filter (not s.discarded), min(s.received_at)) as first_received_at,
  max(s.received_at) as last_received_at,
  -- of the record that came last: of those that are open, if any is
  coalesce(
    arg_max(s.quarantine_id, (s.received_at, s.quarantine_id)) filter (not s.discarded),
    arg_max(s.quarantine_id, (s.received_at, s.quarantine_id))
  ) as newest_id
from quarantine_states s
left join assignees a on a.reason = s.reason and a.source is not distinct from s.source
group by s.reason, s.source
order by open desc, discarded desc, s.reason, s.source nulls last
