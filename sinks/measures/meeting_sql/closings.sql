-- One row per case that was closed by `as_of`, perhaps more than once: the last time. Whether it still is, `open_cases` says.
-- reads: events, effects, as_at
with types_that_close as (
  select distinct type from effects where effect = 'closes'
),
happened as (
  select e.event_key, e.case_key, e.type, e.decision, e.agency, e.occurred_at
  from events e
  semi join types_that_close using (type)
  cross join as_at a
  where e.standing = 'stands' and e.case_key is not null and e.occurred_at <= a.as_of
),
-- of the effects of a type, the first that fits the decision counts
effective as (
  select h.*, f.effect
  from happened h
  join effects f on f.type = h.type and coalesce(f.when_decision = h.decision, f.when_decision is null)
  qualify row_number() over (partition by h.event_key order by f.ordinal) = 1
)
select
  'c' || lpad(lower(to_hex(case_key)), 16, '0') as case_id,
  max(occurred_at) as closed_at,
  arg_max(agency, (occurred_at, event_key)) as agency
from effective
where effect = 'closes'
group by case_key
