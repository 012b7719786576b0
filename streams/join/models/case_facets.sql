-- One row per case, facet and value that an event states and that is another than the one stated before.
-- reads: case_records, case_events, facet_statements
with stated as (
  select
    d.case_key, s.facet, e.position, e.occurred_at as stated_at,
    coalesce(s.value, case s.field
      when 'decision' then d.decision
      when 'holder' then d.holder
      when 'channel' then d.channel
      when 'enhanced' then d.enhanced::varchar
      else d.data->>('$.' || s.field)
    end) as value
  from case_records d
  join facet_statements s on s.type = d.type and (s.when_decision is null or s.when_decision = d.decision)
  join case_events e using (event_key)
),
followed as (
  select *, lag(value) over (partition by case_key, facet order by position) as before
  from stated
  where value is not null
)
select case_key, facet, position, stated_at, value
from followed
where value is distinct from before
