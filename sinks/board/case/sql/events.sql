-- One row per event of the case, in order. `claims` is the holder that it names.
select
  t.position, t.occurred_at, t.occurred_precision, t.recorded_at, t.received_at, t.agency, t.unit, t.type, t.decision, t.reason,
  t.channel, t.told_at, t.told_precision, t.revised, t.summary,
  y.is_decision, e.holder
from timeline t
left join event_types y using (type)
left join events e
  on e.source = t.source and e.event_id = t.event_id and e.standing = 'stands'
  and e.case_key = ('0x' || substr($case_id, 2))::ubigint
where t.case_id = $case_id
order by t.position
