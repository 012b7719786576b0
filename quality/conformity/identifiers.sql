-- One row per kind of identifier: in how many events it stands, how many numbers there are, and how often none was known.
-- reads: dated_events
with numbers as (
  select event_key, unnest(identifiers, recursive := true) from dated_events
),
nowhere as (
  select unnest(from_json(data -> '$.placeholder_identifiers', '["varchar"]')) as kind
  from dated_events
  where data like '%placeholder_identifiers%'
),
unknown as (
  select kind, count(*) as placeholders from nowhere group by kind
),
known as (
  select kind, count(distinct event_key) as events, count(distinct value) as numbers from numbers group by kind
)
select
  kind, coalesce(events, 0) as events, coalesce(numbers, 0) as numbers, coalesce(placeholders, 0) as placeholders
from known
full join unknown using (kind)
order by events desc, kind
