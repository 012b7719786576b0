-- One row per area, or per value of a field: events of some types that were recorded in a period.
-- reads: dated_events
select if($field::varchar is null, area, data->>('$.' || $field::varchar)) as part, count(*) as events
from dated_events
where list_contains($types::varchar[], type)
  and standing = 'stands'
  and coalesce(recorded_at, occurred_at) >= $begin::timestamp
  and coalesce(recorded_at, occurred_at) < $end::timestamp
group by part
having part is not null
