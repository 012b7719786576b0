-- What stewards decided, from all of their accepted acts: the latest on a pair of identifiers, or on an event in conflict, counts.
-- reads: events
create or replace temp table acts as
select e.*, row_number() over (order by occurred_at, recorded_at nulls last, sequence nulls last, event_key) as act
from events e
where e.type in ('steward.identifiers.linked', 'steward.identifiers.unlinked', 'steward.conflict.resolved')
  and not e.in_conflict;

create or replace temp table decided_links as
with pairs as (
  select
    act,
    type = 'steward.identifiers.linked' as linked,
    identifier_key_of(area, data->>'$.left_kind', data->>'$.left_value') as a,
    identifier_key_of(area, data->>'$.right_kind', data->>'$.right_value') as b
  from acts
  where type <> 'steward.conflict.resolved'
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

create or replace temp table decided_conflicts as
select
  event_key_of(data->>'$.conflict_source', data->>'$.conflict_id') as event_key,
  arg_max(data->>'$.content_hash', act) as content_hash
from acts
where type = 'steward.conflict.resolved'
group by all;

insert into contested
select event_key
from ((from decided_conflicts except from resolutions) union all (from resolutions except from decided_conflicts));
delete from resolutions;
insert into resolutions from decided_conflicts;
