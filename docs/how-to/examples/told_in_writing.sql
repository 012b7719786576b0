-- One row per decision that the victim was told of: whether in writing.
select
  case_id,
  decided_at as counted_at,
  told_by as agency,
  null::varchar as unit,
  case
    when channel is null then 'not_stated'
    when channel in ('letter', 'email', 'sms', 'portal') then 'in_writing'
    else 'not_in_writing'
  end as outcome,
  channel
from tellings
where told_at is not null
