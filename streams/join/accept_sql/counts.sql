-- One row: how many records of the batch are kept as new contents, how many of these are in conflict, and how many others are:
-- contents that the store has, stated anew at the highest revision beside another.
-- reads: arrived, repeated, kept_copies, copies, stated_anew, statements, events
with in_conflict as (
  select event_key, content_hash_of(e) as content_hash
  from events e
  semi join copies using (event_key)
  where e.standing = 'conflict'
),
highest as (
  select event_key, max(revision) as revision from statements semi join in_conflict using (event_key) group by event_key
)
select
  (select count(*) from arrived anti join repeated using (event_key)) + (select count(*) from kept_copies),
  (select count(*) from kept_copies semi join in_conflict using (event_key, content_hash)),
  (
    select count(distinct (event_key, content_hash))
    from stated_anew
    semi join highest using (event_key, revision)
    semi join in_conflict using (event_key, content_hash)
    anti join kept_copies using (event_key, content_hash)
    where not is_known
  )
