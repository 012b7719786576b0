-- One row per event to be published of a snapshot: of rows that are new or say something else than in the last one, and of
-- what differs. reads: seen_now and seen_earlier (EVENTS, is_change, content, said), differing (EVENTS)
select e.* exclude (is_change, content, said)
from seen_now e
where
  not e.is_change
  and not exists (
    select 1 from seen_earlier s
    where s.id = e.id and s.said = e.said and not s.is_change and s.revision = getvariable('last_at')
  )
union all by name
-- what was found between two earlier ones was published then
select *
from differing
where revision = getvariable('taken_at') or ends_with(id, ':' || getvariable('taken_at'))
