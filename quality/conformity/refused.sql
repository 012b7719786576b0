-- One row per reason, field and what was expected: how many records were refused, and where the first of them stands.
-- reads: quarantined
select
  reason,
  field,
  detail,
  any_value(type) as type,
  count(*) as records,
  arg_min(origin, position) as origin,
  min(position) as position
from quarantined
where reason <> 'conflict'
group by reason, field, detail
order by records desc, reason, field, detail
