-- One row per revision at which an event was stated, and of what stands in quarantine one per record; of some sources.
-- reads: dated_events, statements, asked (source)
with contents as (
  select e.*, content_hash_of(e) as content from dated_events e semi join asked using (source)
),
stated as (
  select event_key, content_hash as content, revision, min(received_at) as stated_at from statements group by all
)
select c.* exclude (content), s.revision, coalesce(s.stated_at, c.received_at) as stated_at
from contents c
left join stated s using (event_key, content)
order by c.source, c.event_id, s.revision nulls first
