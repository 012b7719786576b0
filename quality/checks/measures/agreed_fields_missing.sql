-- One row per source, type and field that agencies agreed to state: how many of its events do not.
-- reads: observed, agreed_fields
with given as (
  select source, o.type, a.field,
    case a.field
      when 'due_at' then due_at is not null
      when 'reasons' then reason is not null
      when 'unit' then unit is not null
      when 'channel' then channel is not null
      when 'victim' then victim is not null
      when 'officer' then officer is not null
      when 'effect_at' then effect_at is not null
      when 'reference' then reference is not null
      else data->>('$."' || a.field || '"') is not null
    end as is_stated
  from observed o
  join agreed_fields a on a.type = o.type and (a.decision is null or a.decision = o.decision)
)
select
  concat_ws(' ', source, type, field) as subject, null::date as period, count(*) as n,
  count(*) filter (not is_stated) as k, k / n as value
from given
group by all
having n >= 10
