-- One row per reason given with a file that came back (one with none, where none was given), from its sending on.
select
  case_key,
  sent_at as from_at,
  null::timestamp as until_at,
  sent_at as counted_at,
  to_agency as agency,
  to_unit as unit,
  if(reason is null, 'not_stated', 'stated') as outcome,
  unnest(coalesce(string_split(reason, '; '), ['not stated'])) as reason,
  from_agency as sent_back_by
from handoff_facts
where kind = 'return' and from_agency <> to_agency
