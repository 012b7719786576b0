-- One row per case that is open on both days, or was closed on the first and is open again: what became of it meanwhile.
-- outcome: older (nothing), changed_hands, came_back (to who had it), into_limbo, out_of_limbo, sent_again, reopened.
-- reads: known, open_then, open_now, closings_then, closings_now, sendings
with both_days as (
  select
    n.case_id,
    t.state as state_then, t.from_agency as from_agency_then, t.agency as agency_then, t.seconds as seconds_then,
    if(t.case_id is null, n.since, t.since) as had_since,
    n.state, n.from_agency, n.agency, n.unit, n.since,
    t.case_id is null as was_closed,
    t.state = n.state and t.agency = n.agency and t.from_agency is not distinct from n.from_agency as is_alike,
    n.case_id in (select case_id from sendings) as was_sent,
    n.case_id in (select case_id from closings_now where closed_at > $since::timestamp) as was_closed_between
  from open_now n
  left join open_then t using (case_id)
  where t.case_id is not null or n.case_id in (select case_id from closings_then)
)
select
  k.* exclude (began_at),
  case
    when b.was_closed then 'reopened'
    when b.is_alike and b.state = 'limbo' then if(b.since = b.had_since, 'older', 'sent_again')
    when b.is_alike then if(b.was_sent or b.was_closed_between, 'came_back', 'older')
    when b.state = 'held' and b.state_then = 'held' then 'changed_hands'
    when b.state = 'held' then 'out_of_limbo'
    when b.state_then = 'held' then 'into_limbo'
    else 'sent_again'
  end as outcome,
  b.state_then, b.from_agency_then, b.agency_then, b.state, b.from_agency, b.agency, b.unit, b.since, b.had_since,
  b.seconds_then,
  (epoch_us($until::timestamp) - epoch_us(b.had_since)) / 1e6 as seconds
from both_days b
join known k using (case_id)
