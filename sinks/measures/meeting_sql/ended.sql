-- One row per case that was not closed on the first day and is on the second.
-- reads: known, open_now, closings_now, open_then, closings_then
select
  k.* exclude (began_at),
  k.began_at,
  c.closed_at as ended_at,
  c.agency,
  case
    when o.case_id is not null then 'was_open'
    when k.began_at > $since::timestamp then 'was_new'
    else 'was_unknown'
  end as outcome
from closings_now c
join known k using (case_id)
left join open_then o using (case_id)
where c.case_id not in (select case_id from open_now)
  and c.case_id not in (select case_id from closings_then anti join open_then using (case_id))
order by c.closed_at desc, k.case_id
