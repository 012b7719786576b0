-- Which pairs of identifiers stewards linked or unlinked; rows of `decided_links` are pairs, with the latest decision.
-- reads: dated_events
create or replace temp table decided_links as
with acts as (
  select *, row_number() over (order by occurred_at, recorded_at nulls last, sequence nulls last, event_key) as act
  from dated_events
  where type in ('steward.identifiers.linked', 'steward.identifiers.unlinked') and not in_conflict
),
pairs as (
  select
    act,
    type = 'steward.identifiers.linked' as linked,
    identifier_key_of(area, data->>'$.left_kind', data->>'$.left_value') as a,
    identifier_key_of(area, data->>'$.right_kind', data->>'$.right_value') as b
  from acts
)
select least(a, b) as left_key, greatest(a, b) as right_key, arg_max(linked, act) as linked
from pairs
where a <> b
group by all;

-- identifiers whose pair was decided anew, or no longer is
insert into unsettled_identifiers
select unnest([left_key, right_key])
from (
  (from decided_links except from steward_links)
  union all
  (from steward_links except from decided_links)
);
delete from steward_links;
insert into steward_links from decided_links;

