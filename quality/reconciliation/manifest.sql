-- One row per source, type and day that a manifest vouches for: how many events it has, and how many are here.
-- reads: sent (source, type, day, events), reach (source, from_day, to_day), observed
with here as (
  select o.source, o.type, coalesce(o.recorded_at, o.occurred_at)::date as day, min(o.agency) as agency, count(*) as events
  from observed o
  join reach r on r.source = o.source and coalesce(o.recorded_at, o.occurred_at)::date between r.from_day and r.to_day
  group by all
),
speakers as (
  select source, min(agency) as agency from observed group by source
)
select
  coalesce(h.agency, s.agency) as agency, concat(source, ' ', type) as subject, day as from_day, day as to_day,
  coalesce(m.events, 0) as expected, coalesce(h.events, 0) as found
from sent m
full join here h using (source, type, day)
left join speakers s using (source)
