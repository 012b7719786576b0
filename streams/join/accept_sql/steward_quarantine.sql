-- What stewards decided on records in quarantine; rows of `quarantine_acts` are ids, with the latest acts on each.
-- A record that is discarded and one that is assigned are two matters: each has its own latest act.
-- reads: dated_events
delete from quarantine_acts;

insert into quarantine_acts
with acts as (
  select
    *, try_cast(data->>'$.quarantine_id' as ubigint) as quarantine_id,
    row_number() over (
      order by occurred_at, recorded_at nulls last, sequence_number(sequence) nulls last, sequence nulls last, event_key
    ) as act
  from dated_events
  where type in ('steward.quarantine.discarded', 'steward.quarantine.restored', 'steward.quarantine.assigned')
    and standing = 'stands'
),
latest as (
  select
    quarantine_id,
    arg_max(type = 'steward.quarantine.discarded', act) filter (type <> 'steward.quarantine.assigned') as discarded,
    max(act) filter (type = 'steward.quarantine.discarded') as discarding_act,
    max(act) filter (type = 'steward.quarantine.assigned') as assigning_act
  from acts
  where quarantine_id is not null
  group by all
)
select
  l.quarantine_id,
  coalesce(l.discarded, false),
  if(l.discarded, d.data->>'$.reason_code', null),
  a.data->>'$.assignee_role',
  a.data->>'$.assignee'
from latest l
left join acts d on d.act = l.discarding_act
left join acts a on a.act = l.assigning_act;
