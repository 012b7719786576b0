-- One row per event of a change: what a row of a snapshot says, where the snapshot before said something else of its id.
-- A claim that a reading without the snapshots between would have made is taken back, so that the one of more snapshots counts.
-- reads: seen (EVENTS, is_change, content), snapshots (revision, before), intervals
with said as (
  -- an id that says two things in one snapshot says nothing
  select id, revision, min(content) as content from seen where is_change group by all having count(distinct content) = 1
),
claims as (
  select n.id, n.revision, s.before, coalesce(n.content <> w.content, false) as is_change
  from said n
  join snapshots s using (revision)
  left join said w on w.id = n.id and w.revision = s.before
  where s.before is not null
    and (
      n.content <> w.content
      or exists (select 1 from said o where o.id = n.id and o.revision < s.before and o.content <> n.content)
    )
)
select
  e.* exclude (is_change, content) replace (
    e.id || ':' || c.revision as id, c.before as revision, if(c.is_change, null, true) as retracts,
    i.occurred_at as occurred_at, i.occurred_precision as occurred_precision
  )
from claims c
join seen e on e.id = c.id and e.revision = c.revision and e.is_change
join intervals i on i.before = c.before and i.revision = c.revision
qualify row_number() over (partition by c.id, c.revision order by e.origin, e.position) = 1
