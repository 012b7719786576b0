-- One row per decision that the victim is to be told of.
select
  w.position, w.agency, w.type, w.decision, w.decided_at, t.occurred_precision as decided_precision, w.told_at, w.told_by, w.channel,
  w.lag_seconds, w.class, t.told_precision, t.reason
from tellings w
left join timeline t on t.case_id = w.case_id and t.position = w.position
where w.case_id = $case_id
order by w.position
