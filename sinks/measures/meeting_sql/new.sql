-- One row per case that began between the two days, and how it stands on the second.
-- reads: known, open_now, closings_now
select
  k.* exclude (began_at),
  k.began_at,
  coalesce(o.state, if(c.case_id is null, 'unknown', 'closed')) as outcome,
  coalesce(o.agency, c.agency) as agency
from known k
left join open_now o using (case_id)
left join closings_now c using (case_id)
where k.began_at > $since::timestamp
order by k.began_at desc, k.case_id
