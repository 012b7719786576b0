-- One row per reason given with a file that came back; one with none, where none was given.
select
  case_id,
  sent_at as counted_at,
  to_agency as agency,
  to_unit as unit,
  if(reason is null, 'not_stated', 'stated') as outcome,
  unnest(coalesce(string_split(reason, '; '), ['not stated'])) as reason,
  from_agency as sent_back_by
from handoffs
where kind = 'return' and from_agency <> to_agency
